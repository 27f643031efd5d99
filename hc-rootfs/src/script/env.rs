//! What env(1) of GNU makes of its one argument on a `#!` line (main() in src/env.c).

use super::Line;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// The program that an interpreter starts instead of reading the script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Starts {
    /// None: it is not env.
    Nothing,
    Program(OsString),
    /// One that the line does not plainly name.
    Unknown,
}

/// What an option does with the word after it.
#[derive(Clone, Copy)]
enum Value {
    None,
    /// Only after `=`.
    Optional,
    Needed,
    /// Is a command line of its own.
    Split,
}

/// Those after which there is a program.
const LONG: [(&[u8], Value); 11] = [
    (b"argv0", Value::Needed),
    (b"block-signal", Value::Optional),
    (b"chdir", Value::Needed),
    (b"debug", Value::None),
    (b"default-signal", Value::Optional),
    (b"ignore-environment", Value::None),
    (b"ignore-signal", Value::Optional),
    (b"list-signal-handling", Value::None),
    (b"null", Value::None),
    (b"split-string", Value::Split),
    (b"unset", Value::Needed),
];

pub(crate) fn starts(line: &Line) -> Starts {
    if line.interpreter.as_bytes().rsplit(|&byte| byte == b'/').next() != Some(b"env") {
        return Starts::Nothing;
    }
    match program(line) {
        Some(word) => Starts::Program(OsStr::from_bytes(word).to_owned()),
        None => Starts::Unknown,
    }
}

/// Goes over options and assignments. `None` where what follows is not on the line: then it is the script.
fn program(line: &Line) -> Option<&[u8]> {
    let mut words = VecDeque::from([line.argument.as_ref()?.as_bytes()]);
    while let Some(option) = words.front()?.strip_prefix(b"-").filter(|option| !option.is_empty()) {
        words.pop_front();
        match option.strip_prefix(b"-") {
            Some(b"") => break,
            Some(long) => long_option(long, &mut words)?,
            None => short_options(option, &mut words)?,
        }
    }
    // A mere - is -i.
    if words.front() == Some(&&b"-"[..]) {
        words.pop_front();
    }
    words.into_iter().find(|word| !word.contains(&b'='))
}

fn long_option<'a>(option: &'a [u8], words: &mut VecDeque<&'a [u8]>) -> Option<()> {
    let mut parts = option.splitn(2, |&byte| byte == b'=');
    let (name, value) = (parts.next()?, parts.next());
    let mut meant = LONG.iter().filter(|(long, _)| long.starts_with(name));
    let exact = LONG.iter().find(|(long, _)| *long == name);
    let (_, takes) = exact.or_else(|| meant.next().filter(|_| meant.next().is_none()))?;
    match (takes, value) {
        (Value::None, Some(_)) => None,
        (takes, value) => take_value(*takes, value, words),
    }
}

fn short_options<'a>(options: &'a [u8], words: &mut VecDeque<&'a [u8]>) -> Option<()> {
    let mut options = options;
    while let Some((option, rest)) = options.split_first() {
        let takes = match option {
            b'i' | b'0' | b'v' => {
                options = rest;
                continue;
            }
            b'u' | b'C' | b'a' => Value::Needed,
            b'S' => Value::Split,
            _ => return None,
        };
        return take_value(takes, Some(rest).filter(|rest| !rest.is_empty()), words);
    }
    Some(())
}

fn take_value<'a>(takes: Value, value: Option<&'a [u8]>, words: &mut VecDeque<&'a [u8]>) -> Option<()> {
    if let Value::None | Value::Optional = takes {
        return Some(());
    }
    let value = value.or_else(|| words.pop_front())?;
    if let Value::Split = takes {
        // Quotes, escapes, variables and comments are left to env.
        if value.iter().any(|byte| b"\\'\"$#".contains(byte)) {
            return None;
        }
        let split = value.split(|byte| b" \t\n\x0b\x0c\r".contains(byte)).filter(|word| !word.is_empty());
        split.rev().for_each(|word| words.push_front(word));
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_env(argument: &str) -> Option<String> {
        let line = Line { interpreter: "/usr/bin/env".into(), argument: Some(argument.into()) };
        match starts(&line) {
            Starts::Program(name) => Some(name.into_string().unwrap()),
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
            "-S 'perl'",
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
}
