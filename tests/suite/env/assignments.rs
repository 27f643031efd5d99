//! What the environment becomes, as it is printed and as a command gets it.

use super::{GROUP, Group, IN_C, IN_UTF_8, Lines};
use hc_tests::Cmd;

pub(super) const GROUPS: &[Group] = &[
    Group { about: "printed", lines: Lines::Whole(LINES), ..IN_C },
    Group { about: "printed with NULs", before: &["-0"], lines: Lines::Whole(LINES), ..IN_C },
    Group { about: "traced", before: &["--debug"], lines: Lines::Whole(LINES), ..IN_UTF_8 },
    Group { about: "in a command", lines: Lines::Whole(LINES), after: LIST, ..IN_C },
    Group { about: "of nothing", start: |cmd| cmd.environ([""; 0]), lines: Lines::Whole(LINES), ..IN_C },
    Group { about: "odd ones", start: odd, lines: Lines::Whole(LINES), ..IN_UTF_8 },
    Group { about: "bytes", before: &["-i"], lines: Lines::Bytes(BYTES), ..IN_C },
    Group { about: "bytes, traced", before: &["-vi"], lines: Lines::Bytes(BYTES), ..GROUP },
    Group { about: "bytes to unset", start: odd, before: &["-u"], lines: Lines::Bytes(BYTES), ..GROUP },
];

/// A command that shows its environment wherever it is looked for.
const LIST: &[&str] = &["/usr/bin/env"];

fn odd(cmd: Cmd) -> Cmd {
    cmd.environ(super::environments()[1].iter().copied())
}

const LINES: &[&[&str]] = &[
    &["A=2"],
    &["A="],
    &["A=2", "A=3"],
    &["A=2", "Z=1", "A=3", "Z=2"],
    &["=x"],
    &["="],
    &["=x", "=y"],
    &["=="],
    &["A==2"],
    &["A=B=C"],
    &["a b=c d"],
    &["A=\n"],
    &["A\n=x"],
    &["A=\x1b[1m"],
    &["é=è"],
    &["-i=x"],
    &["A=2", "-i=x"],
    &["A=2", "--=x"],
    &["A=2", "-=x"],
    &["--", "-i=x"],
    &["PATH="],
    &["PATH=/nosuch"],
    &["noequals=1"],
    &["A=-", "-u=x"],
    &["-i"],
    &["-i", "A=2"],
    &["-i", "A=2", "A=3"],
    &["-ii", "-i", "--ignore-environment", "=x"],
    &["-", "A=2"],
    &["-i", "-", "A=2"],
    &["--", "-", "A=2"],
    &["-u", "A"],
    &["-uA"],
    &["-u", "A", "-u", "A"],
    &["-u", "A", "A=2"],
    &["-u", "PATH"],
    &["-u", "noequals"],
    &["-u", "nosuch"],
    &["-u", "B", "-u", "EMPTY", "-uQ", "Q=2"],
    &["-u", " "],
    &["-u", "a\nb"],
    &["-u", "é"],
    &["-u", "-i"],
    &["-u", "--"],
    &["-i", "-u", "A", "A=2"],
    &["-u", "", "-i"],
    &["-u", "a=b", "-", "A=2"],
    &["-u", "="],
    &["-u", ""],
    &["-u", "A", "-u", "", "-u", "B"],
    &["-u", "A=again"],
    &["-u=A"],
    &["-u", "it's="],
    &["-u", "é="],
    &["-u", "\n="],
];

const BYTES: &[&[u8]] = &[
    b"\xff=\x80",
    b"\xff=",
    b"=\xff",
    b"A=\xc3",
    b"\xc3\xa9=\xc3",
    b"A=\x01\x7f",
    b"\x01=",
    b"A=\xe2\x80\xae",
    b"\xff",
    b"\xc2\x9b",
];
