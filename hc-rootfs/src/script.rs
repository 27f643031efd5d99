//! The `#!` line, as the kernel reads it (load_script() in fs/binfmt_script.c), and env(1)'s part in it.

pub(crate) mod env;
mod split;

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
}
