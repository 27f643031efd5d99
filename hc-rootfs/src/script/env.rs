//! What env(1) of GNU makes of its one argument on a `#!` line (main() in src/env.c), and hc-env(1) with it.

use super::Line;
use super::split::{Word, split};
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// The program that an interpreter starts instead of reading the script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Starts {
    /// None: it is not env.
    Nothing,
    Program {
        name: OsString,
        path: Search,
    },
    /// One that the line does not plainly name.
    Unknown,
}

/// The PATH in which env looks for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Search {
    /// The caller's.
    Inherited,
    Unset,
    Value(Vec<u8>),
}

/// What an option does with the word after it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    None,
    /// Only after `=`.
    Optional,
    Needed,
    /// Is a command line of its own.
    Split,
}

/// An option: its long name, its letter (0 or [`FILE`] when it has none), and what it takes.
type Known = (&'static [u8], u8, Value);

/// Those after which there is a program.
const ORIGINAL: [Known; 12] = [
    (b"argv0", b'a', Value::Needed),
    (b"block-signal", 0, Value::Optional),
    (b"chdir", b'C', Value::Needed),
    (b"debug", b'v', Value::None),
    (b"default-signal", 0, Value::Optional),
    (b"env0-from", FILE, Value::Needed),
    (b"ignore-environment", b'i', Value::None),
    (b"ignore-signal", 0, Value::Optional),
    (b"list-signal-handling", 0, Value::None),
    (b"null", b'0', Value::None),
    (b"split-string", b'S', Value::Split),
    (b"unset", b'u', Value::Needed),
];
/// Those of hc-env(1) beside them.
const OWN: [Known; 3] =
    [(b"env-file", FILE, Value::Needed), (b"keep", FILE, Value::Needed), (b"scrub", 0, Value::None)];
/// The letter of an option by which PATH may come from somewhere else than the line.
const FILE: u8 = b'<';

pub(crate) fn starts(line: &Line) -> Starts {
    match line.interpreter.as_bytes().rsplit(|&byte| byte == b'/').next() {
        Some(b"env" | b"hc-env") => {}
        _ => return Starts::Nothing,
    }
    program(line).unwrap_or(Starts::Unknown)
}

/// What is known after some options.
#[derive(Default)]
struct Env {
    words: VecDeque<Word>,
    ignore: bool,
    unset: bool,
    from_file: bool,
    directory: Option<Vec<u8>>,
}

/// Goes over options and assignments. `None` where what follows is not on the line (then it is the script), or
/// depends on a variable.
fn program(line: &Line) -> Option<Starts> {
    let mut env = Env::default();
    env.words.push_back(Word::Known(line.argument.as_ref()?.as_bytes().to_vec()));
    while let Some(option) = option(env.words.front()?) {
        env.words.pop_front();
        match option.strip_prefix(b"-") {
            Some(b"") => break,
            Some(long) => env.long(long)?,
            None => env.short(&option)?,
        }
    }
    // A mere - is -i.
    if matches!(env.words.front()?, Word::Known(word) if word == b"-") {
        env.words.pop_front();
        env.ignore = true;
    }
    let mut path = None;
    while let Some(name) = env.words.front()?.assigned() {
        if name == b"PATH" {
            path = Some(env.words.front()?.known()?.strip_prefix(b"PATH=")?.to_vec());
        }
        env.words.pop_front();
    }
    let name = env.words.front()?.known()?.to_vec();
    env.start(name, path)
}

/// What stands behind the `-` of a word, if it is an option.
fn option(word: &Word) -> Option<Vec<u8>> {
    word.known()?.strip_prefix(b"-").filter(|option| !option.is_empty()).map(<[u8]>::to_vec)
}

impl Env {
    fn start(self, name: Vec<u8>, path: Option<Vec<u8>>) -> Option<Starts> {
        let has_slash = name.contains(&b'/');
        let name = OsString::from_vec(name);
        let path = match path {
            Some(value) => Search::Value(value),
            None if self.from_file && !has_slash => return None,
            None if self.ignore || self.unset => Search::Unset,
            None => Search::Inherited,
        };
        let name = match self.directory {
            Some(directory) if has_slash => {
                Path::new(OsStr::from_bytes(&directory)).join(name).into_os_string()
            }
            _ => name,
        };
        Some(Starts::Program { name, path })
    }

    fn long(&mut self, option: &[u8]) -> Option<()> {
        let mut parts = option.splitn(2, |&byte| byte == b'=');
        let (name, value) = (parts.next()?, parts.next());
        let begins = |list: &[Known]| -> Vec<Known> {
            list.iter().filter(|(long, ..)| long.starts_with(name)).copied().collect()
        };
        let exact = ORIGINAL.iter().chain(&OWN).find(|(long, ..)| *long == name).copied();
        let mut meant = if let Some(exact) = exact { vec![exact] } else { begins(&ORIGINAL) };
        if meant.is_empty() {
            meant = begins(&OWN);
        }
        let [(_, letter, takes)] = meant.as_slice() else { return None };
        match (takes, value) {
            (Value::None, Some(_)) => None,
            (takes, value) => self.apply(*letter, *takes, value),
        }
    }

    fn short(&mut self, options: &[u8]) -> Option<()> {
        let mut options = options;
        while let Some((letter, rest)) = options.split_first() {
            let (_, _, takes) =
                ORIGINAL.iter().find(|(_, short, _)| short == letter && letter.is_ascii_alphanumeric())?;
            if *takes == Value::None {
                self.apply(*letter, *takes, None)?;
                options = rest;
                continue;
            }
            return self.apply(*letter, *takes, Some(rest).filter(|rest| !rest.is_empty()));
        }
        Some(())
    }

    /// Does what an option does, with its value if that was in the same word.
    fn apply(&mut self, letter: u8, takes: Value, value: Option<&[u8]>) -> Option<()> {
        let value = match (takes, value) {
            (Value::None | Value::Optional, _) => Vec::new(),
            (_, Some(value)) => value.to_vec(),
            (_, None) => self.words.pop_front()?.known()?.to_vec(),
        };
        match letter {
            b'i' => self.ignore = true,
            b'u' => self.unset |= value == b"PATH",
            b'C' => self.directory = Some(value),
            b'S' => split(&value)?.into_iter().rev().for_each(|word| self.words.push_front(word)),
            FILE => self.from_file = true,
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_env(argument: &str) -> Option<String> {
        let line = Line { interpreter: "/usr/bin/env".into(), argument: Some(argument.into()) };
        match starts(&line) {
            Starts::Program { name, .. } => Some(name.into_string().unwrap()),
            Starts::Nothing => panic!("it is env"),
            Starts::Unknown => None,
        }
    }

    #[test]
    fn env_starts_another_program() {
        for argument in [
            "perl",
            "-S perl -u",
            "-Sperl",
            "-vS perl",
            "-iS perl -e",
            "-i0vSperl",
            "--split-string=perl -w",
            "--s=perl",
            "-S -i -u X A=1 B=2 perl -w",
            "-S -iu X perl",
            "-S -uX -C / -a me perl",
            "-S --uns X perl",
            "-S --unset=X --ignore-e --block-signal --ignore-signal=INT perl",
            "-S -i -- perl",
            "-S - A=1 perl",
            "-S -S perl",
            "-S --argv0=x -ay -v perl",
            "-S --env0-from=f PATH=/x perl",
            "-S -i --keep=L* PATH= perl",
            "-S --env-file f --scrub PATH=/x perl",
            "-S 'perl' -e '1'",
            "-S \"perl\" # comment",
            r"-S\_perl\_-w",
            r"-S perl\c ${A}",
            "-S perl -I${LIB}",
            "-S A=${A} perl",
            "-S -C / perl",
        ] {
            assert_eq!(by_env(argument).as_deref(), Some("perl"), "{argument}");
        }
        assert_eq!(by_env("a name").as_deref(), Some("a name"));
    }

    #[test]
    fn what_is_not_plain_is_unknown() {
        for argument in [
            "-i",
            "A=1",
            "-S ${X}/bin",
            "-S 'perl",
            "-S \"perl",
            r"-S perl\q",
            r"-S perl\",
            "-S $A perl",
            "-S ${1} perl",
            "-S -u ${X} perl",
            "-S --unset=${X} perl",
            "-S -${X} perl",
            "-S PATH=${HOME}/bin perl",
            "-S --env0-from=f perl",
            "-S -i --keep=PATH perl",
            "-S --env-file f perl",
            "-S --de perl",
            "-S # perl",
            "-S A=1",
            "-u",
            "-S -u X",
            "-S --i perl",
            "-S --debug=1 perl",
            "-S --version perl",
            "-S -x perl",
            "-i perl",
            "- perl",
        ] {
            assert_eq!(by_env(argument), None, "{argument}");
        }
        let starts_of = |interpreter: &str| starts(&Line { interpreter: interpreter.into(), argument: None });
        assert_eq!(starts_of("/bin/sh"), Starts::Nothing);
        assert_eq!(starts_of("env"), Starts::Unknown);
    }

    #[test]
    fn it_is_looked_for_in_the_path_that_env_has_then() {
        let path_of = |argument: &str| {
            let line = Line { interpreter: "/usr/bin/env".into(), argument: Some(argument.into()) };
            match starts(&line) {
                Starts::Program { path, .. } => path,
                other => panic!("{argument}: {other:?}"),
            }
        };
        for argument in ["p", "-S -u HOME p", "-S A=b p", "-S --scrub p", "-S --env-file=f /bin/p"] {
            assert_eq!(path_of(argument), Search::Inherited, "{argument}");
        }
        for argument in ["-iSp", "-S - p", "-S -uPATH p", "-S --ignore-env A=b p"] {
            assert_eq!(path_of(argument), Search::Unset, "{argument}");
        }
        for argument in ["-S PATH=/x p", "-S -i PATH=/y PATH=/x p", "-S --env0-from=f 'PATH=/x' p"] {
            assert_eq!(path_of(argument), Search::Value(b"/x".to_vec()), "{argument}");
        }
        assert_eq!(by_env("-S -C /opt bin/p").as_deref(), Some("/opt/bin/p"));
        assert_eq!(by_env("-S -C opt /bin/p").as_deref(), Some("/bin/p"));
    }
}
