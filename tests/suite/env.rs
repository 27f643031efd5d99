//! hc-env, beside the env(1) of coreutils.

mod execution;
mod printing;

use hc_tests::{Cmd, Output, compare};
use std::ffi::OsStr;

/// Environments that env(1) may be started with.
fn environments() -> [Vec<&'static [u8]>; 4] {
    let usual: [&[u8]; 3] = [b"PATH=/usr/bin:/bin", b"LC_ALL=C", b"A=1"];
    let odd: [&[u8]; 9] =
        [b"Z=1", b"A=1", b"noequals", b"A=2", b"=x", b"", b"\xff=\x80\n", b"B=", b"PATH=/usr/bin:/bin"];
    let doubles: [&[u8]; 6] = [b"PATH=/nosuch", b"PATH=/usr/bin:/bin", b"A", b"=1", b"=2", b"A=1"];
    [usual.to_vec(), odd.to_vec(), doubles.to_vec(), Vec::new()]
}

/// Options and assignments that both understand.
const CHANGES: [&[&str]; 24] = [
    &[],
    &["-i"],
    &["-"],
    &["--", "-"],
    &["--"],
    &["-i", "--", "-", "A=2"],
    &["A=2"],
    &["A=2", "A=3"],
    &["C=3", "A=2", "B=4=5", "C=6"],
    &["=y"],
    &["=y", "=z"],
    &["A=", "B="],
    &["-u", "A"],
    &["-uA", "--unset=B", "--unset", "PATH"],
    &["-u", "NOSUCH"],
    &["-u", "noequals"],
    &["-u", "A", "A=2"],
    &["-u", "A", "-i", "B=2"],
    &["-i", "-u", "", "-u", "a=b"],
    &["-u", "-i", "-u", "--"],
    &["--ignore-env", "A=1"],
    &["--uns", "A"],
    &["\u{e9}=\u{e8}", "A\n=\n"],
    &["--", "A=2"],
];

/// Runs both, in `environment`, as a user.
#[track_caller]
fn both<S: AsRef<OsStr>>(args: &[S], environment: &[&[u8]]) -> compare::Pair {
    compare::both("env", "hc-env", args, |cmd| cmd.environ(environment).as_nobody())
}

/// What a message says about the command line, without the tool's name and where to read on: one line.
#[track_caller]
fn complaint<'a>(output: &'a Output, tool: &str, more: &str) -> &'a str {
    let text = std::str::from_utf8(&output.stderr).unwrap();
    let words = text.strip_prefix(tool).and_then(|rest| rest.strip_prefix(": "));
    let words = words.unwrap_or_else(|| panic!("expected {tool} to complain: {output:?}"));
    words.strip_suffix(more).or(words.strip_suffix('\n')).unwrap_or(words)
}

#[test]
fn wrong_command_lines_are_refused_in_the_same_words() {
    let lines: [&[&str]; 20] = [
        &["-u"],
        &["--unset"],
        &["-iC"],
        &["--chdir"],
        &["-u", ""],
        &["--unset="],
        &["-u", "a=b"],
        &["-u=A"],
        &["-u="],
        &["--uns=a=b", "true"],
        &["-z"],
        &["-iz"],
        &["-i-"],
        &["-?"],
        &["--zz"],
        &["--zz=1", "true"],
        &["--null=1"],
        &["--ignore-environment=1", "true"],
        &["-C", "/"],
        &["-0", "true"],
    ];
    for line in lines {
        let pair = both(line, &environments()[0]);
        pair.same_end().same_stdout();
        let original = complaint(&pair.original, "env", "\nTry 'env --help' for more information.\n");
        let ours = complaint(&pair.ours, "hc-env", ": try 'man hc-env'\n");
        assert_eq!(ours, original, "{line:?}");
    }
}

/// Of the original's options that are not here; a later one is not to be taken for another by its beginning.
#[test]
fn an_option_of_the_original_that_is_missing_is_refused() {
    for option in ["-S", "-v", "-a", "--debug", "--split-string=x", "--argv0=x", "--block-signal"] {
        Cmd::tool("hc-env").args([option, "true"]).as_nobody().run().fails("hc-env", 125);
    }
}
