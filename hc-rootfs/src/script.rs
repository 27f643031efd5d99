//! The `#!` line, as the kernel reads it (load_script() in fs/binfmt_script.c), and env(1)'s part in it.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// How much of a file the kernel looks at: BINPRM_BUF_SIZE.
pub(crate) const HEAD: usize = 256;

/// The first line of a script.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) interpreter: OsString,
    /// The rest, which is one argument whatever is in it.
    pub(crate) argument: Option<OsString>,
}

/// Reads the line out of the first [`HEAD`] bytes of a file (fewer if it is shorter). `None` when the kernel
/// would not take the file for a script: no `#!`, no interpreter, or one whose name does not end in time.
pub(crate) fn parse(head: &[u8]) -> Option<Line> {
    let head = head.get(..HEAD).unwrap_or(head);
    let line = head.strip_prefix(b"#!")?;
    let ended = line.iter().position(|&byte| byte == b'\n');
    let line = match ended {
        Some(end) => line.get(..end)?,
        // A short file ends the line too; in a full buffer at least the name must have ended.
        None => line.get(..line.iter().position(|&byte| byte == 0).unwrap_or(line.len()))?,
    };
    let line = trim(line);
    let length = line.iter().position(|&byte| is_space(byte) || byte == 0);
    if length.is_none() && ended.is_none() && head.len() == HEAD && !head.contains(&0) {
        return None;
    }
    let (interpreter, rest) = line.split_at_checked(length.unwrap_or(line.len()))?;
    if interpreter.is_empty() {
        return None;
    }
    let argument = Some(trim(rest)).filter(|argument| !argument.is_empty());
    Some(Line {
        interpreter: OsStr::from_bytes(interpreter).to_owned(),
        argument: argument.map(|argument| OsStr::from_bytes(argument).to_owned()),
    })
}

/// The program that env(1) would start when it is the interpreter: `env NAME`, `env -S [OPTION]...
/// [NAME=VALUE]... NAME [ARG]...`. Quotes, escapes and variables of -S are left to env: `None`.
pub(crate) fn program_of_env(line: &Line) -> Option<OsString> {
    let last = line.interpreter.as_bytes().rsplit(|&byte| byte == b'/').next();
    if last != Some(b"env") {
        return None;
    }
    let argument = line.argument.as_ref()?.as_bytes();
    let split = argument.strip_prefix(b"-S").or_else(|| argument.strip_prefix(b"--split-string="));
    let Some(words) = split.or_else(|| argument.strip_prefix(b"-vS")) else {
        // Not split: a name with blanks inside is one name, and an option or assignment starts nothing.
        return Some(argument).filter(|name| is_name(name)).map(|name| OsStr::from_bytes(name).to_owned());
    };
    if words.iter().any(|byte| b"\\'\"$#".contains(byte)) {
        return None;
    }
    let mut words = words.split(|byte| b" \t\n\x0b\x0c\r".contains(byte)).filter(|word| !word.is_empty());
    let mut word = words.next()?;
    while word.starts_with(b"-") {
        // The options that have their value in the next word.
        if [&b"-u"[..], b"-C", b"-a", b"--unset", b"--chdir", b"--argv0"].contains(&word) {
            words.next()?;
        }
        let last_option = word == b"--";
        word = words.next()?;
        if last_option {
            break;
        }
    }
    while word.contains(&b'=') {
        word = words.next()?;
    }
    Some(OsStr::from_bytes(word).to_owned())
}

fn is_name(word: &[u8]) -> bool {
    !word.starts_with(b"-") && !word.contains(&b'=')
}

fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &[u8]) -> Option<(String, Option<String>)> {
        let text_of = |word: OsString| word.into_string().unwrap();
        parse(text).map(|line| (text_of(line.interpreter), line.argument.map(text_of)))
    }

    #[test]
    fn the_line_is_a_name_and_one_argument() {
        assert_eq!(line(b"#!/bin/sh\n"), Some(("/bin/sh".into(), None)));
        assert_eq!(line(b"#! \t/bin/sh -e  -x \t\nmore"), Some(("/bin/sh".into(), Some("-e  -x".into()))));
        assert_eq!(line(b"#!/bin/sh"), Some(("/bin/sh".into(), None)));
        assert_eq!(line(b"#!/bin/sh\r\n"), Some(("/bin/sh\r".into(), None)));
        assert_eq!(line(b"#!\n/bin/sh\n"), None);
        assert_eq!(line(b"#!  \t"), None);
        assert_eq!(line(b"\x7fELF"), None);
    }

    #[test]
    fn a_name_that_does_not_end_in_256_bytes_is_none() {
        let script = |length: usize| [b"#!/", "x".repeat(length - 3).as_bytes(), b"\n"].concat();
        assert!(line(&script(255)).is_some());
        assert!(line(&script(256)).is_none());
        let long_argument = [b"#!/bin/sh ", "x".repeat(300).as_bytes()].concat();
        assert_eq!(line(&long_argument).unwrap().1.unwrap().len(), 246);
    }

    fn by_env(argument: &str) -> Option<String> {
        let line = Line { interpreter: "/usr/bin/env".into(), argument: Some(argument.into()) };
        program_of_env(&line).map(|name| name.into_string().unwrap())
    }

    #[test]
    fn env_starts_another_program() {
        assert_eq!(by_env("python3").as_deref(), Some("python3"));
        assert_eq!(by_env("-S python3 -u").as_deref(), Some("python3"));
        assert_eq!(by_env("-Spython3").as_deref(), Some("python3"));
        assert_eq!(by_env("-S -i -u X A=1 B=2 perl -w").as_deref(), Some("perl"));
        assert_eq!(by_env("-S -i -- perl").as_deref(), Some("perl"));
        assert_eq!(by_env("-i"), None);
        assert_eq!(by_env("A=1"), None);
        assert_eq!(by_env("-S ${X}/bin"), None);
        let sh = Line { interpreter: "/bin/sh".into(), argument: Some("x".into()) };
        assert_eq!(program_of_env(&sh), None);
    }
}
