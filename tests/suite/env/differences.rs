//! Where hc-env differs from env(1) on purpose. There is nothing else: what is in no table here is the same.

use super::{C, Locale, UTF_8, started};
use hc_tests::{Cmd, Ended, Output};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// A reason to differ, and command lines that show it.
struct Difference {
    why: &'static str,
    cases: &'static [Case],
}

/// A line, and what comes of it with either.
struct Case(&'static [&'static [u8]], Said, Said);

/// A status, how standard output begins, and the messages on standard error, without the name of the tool and
/// without the line about `--help`, which both have or have not.
type Said = (i32, &'static str, &'static [&'static [u8]]);

/// Instead of messages: whatever it is that a shell says.
const ANYTHING: &[&[u8]] = &[b"*"];
const CRLF: &[u8] = b"crlf/x: its interpreter /bin/sh\\r is not in the root (its first line ends in CR LF)";
const NO_LOADER: &[u8] = b"loaderless/x: its loader /lib64/ld-missing-x86-64.so is not in the root \
    (hc-rootfs copies a program with all it needs)";
const AMBIGUOUS: &[u8] =
    b"option '--i=\x1b[1m' is ambiguous; possibilities: '--ignore-environment' '--ignore-signal'";
const OUR_AMBIGUOUS: &[u8] =
    b"option '--i=\\x1b[1m' is ambiguous; possibilities: '--ignore-environment' '--ignore-signal'";
const HINT: &[u8] = b"use -[v]S to pass options in shebang lines";

const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "the texts of the answers are each tool's own",
        cases: &[
            Case(&[b"--help"], (0, USAGE, &[]), (0, OUR_USAGE, &[])),
            Case(&[b"--h", b"-z"], (0, USAGE, &[]), (0, OUR_USAGE, &[])),
            Case(&[b"-i", b"--he", b"true"], (0, USAGE, &[]), (0, OUR_USAGE, &[])),
            Case(&[b"-S-v --hel"], (0, USAGE, &[]), (0, OUR_USAGE, &[])),
            Case(&[b"--version"], (0, VERSION, &[]), (0, OUR_VERSION, &[])),
            Case(&[b"--v"], (0, VERSION, &[]), (0, OUR_VERSION, &[])),
            Case(&[b"--ver", b"--help"], (0, VERSION, &[]), (0, OUR_VERSION, &[])),
        ],
    },
    Difference {
        why: "where a program is there, but not what it takes to start it, that is named",
        cases: &[
            Case(
                &[b"lost/x"],
                (127, "", &[b"'lost/x': No such file or directory"]),
                (127, "", &[b"lost/x: its interpreter /nosuch/sh is not in the root"]),
            ),
            Case(
                &[b"PATH=none:lost", b"x"],
                (127, "", &[b"'x': No such file or directory"]),
                (127, "", &[b"lost/x: its interpreter /nosuch/sh is not in the root"]),
            ),
            Case(
                &[b"PATH=lost:none", b"x"],
                (127, "", &[b"'x': No such file or directory"]),
                (127, "", &[b"lost/x: its interpreter /nosuch/sh is not in the root"]),
            ),
            Case(&[b"crlf/x"], (127, "", &[b"'crlf/x': No such file or directory"]), (127, "", &[CRLF])),
            Case(
                &[b"dangling/x"],
                (127, "", &[b"'dangling/x': No such file or directory"]),
                (127, "", &[b"dangling/x: is a link to nowhere, which does not exist"]),
            ),
            Case(
                &[b"PATH=dangling:none", b"x", b"a b"],
                (127, "", &[b"'x': No such file or directory"]),
                (127, "", &[b"dangling/x: is a link to nowhere, which does not exist"]),
            ),
            Case(
                &[b"loaderless/x"],
                (127, "", &[b"'loaderless/x': No such file or directory"]),
                (127, "", &[NO_LOADER]),
            ),
            Case(
                &[b"lost/a b"],
                (127, "", &[b"'lost/a b': No such file or directory", HINT]),
                (127, "", &[b"lost/a b: its interpreter /nosuch/sh is not in the root"]),
            ),
        ],
    },
    Difference {
        why: "a program for another machine is no script, so the shell does not get it",
        cases: &[
            Case(
                &[b"foreign/x"],
                (2, "", ANYTHING),
                (126, "", &[b"foreign/x: a program for another machine, or a damaged one"]),
            ),
            Case(
                &[b"PATH=foreign:good", b"x"],
                (2, "", ANYTHING),
                (126, "", &[b"foreign/x: a program for another machine, or a damaged one"]),
            ),
        ],
    },
    Difference {
        why: "an element of PATH longer than any path is passed over, and no empty one is seen after it",
        cases: &[Case(
            &[b"-C", b"other", b"PATH=/LONG:../good", b"x"],
            (0, "other x\n", &[]),
            (0, "good ../good/x\n", &[]),
        )],
    },
    Difference {
        why: "what would break the line or reach the terminal is escaped also without quotes",
        cases: &[
            Case(
                &[b"-\x1b", b"true"],
                (125, "", &[b"invalid option -- '\x1b'"]),
                (125, "", &[b"invalid option -- '\\x1b'"]),
            ),
            Case(
                &[b"-i\x7f"],
                (125, "", &[b"invalid option -- '\x7f'"]),
                (125, "", &[b"invalid option -- '\\x7f'"]),
            ),
            Case(
                &[b"-\t"],
                (125, "", &[b"invalid option -- '\t'", HINT]),
                (125, "", &[b"invalid option -- '\\t'", HINT]),
            ),
            Case(
                &[b"-i\ntrue"],
                (125, "", &[b"invalid option -- '\n'", HINT]),
                (125, "", &[b"invalid option -- '\\n'", HINT]),
            ),
            Case(
                &[b"-\x0b"],
                (125, "", &[b"invalid option -- '\x0b'", HINT]),
                (125, "", &[b"invalid option -- '\\x0b'", HINT]),
            ),
            Case(
                &[b"-i\x0ctrue"],
                (125, "", &[b"invalid option -- '\x0c'", HINT]),
                (125, "", &[b"invalid option -- '\\x0c'", HINT]),
            ),
            Case(
                &[b"-\r"],
                (125, "", &[b"invalid option -- '\r'", HINT]),
                (125, "", &[b"invalid option -- '\\r'", HINT]),
            ),
            Case(
                &[b"-\xff"],
                (125, "", &[b"invalid option -- '\xff'"]),
                (125, "", &[b"invalid option -- '\\xff'"]),
            ),
            Case(
                &[b"--no\nsuch"],
                (125, "", &[b"unrecognized option '--no\nsuch'"]),
                (125, "", &[b"unrecognized option '--no\\nsuch'"]),
            ),
            Case(
                &[b"--\xff=\x1b"],
                (125, "", &[b"unrecognized option '--\xff=\x1b'"]),
                (125, "", &[b"unrecognized option '--\\xff=\\x1b'"]),
            ),
            Case(
                &[b"--\xe2\x80\xaex"],
                (125, "", &[b"unrecognized option '--\xe2\x80\xaex'"]),
                (125, "", &[b"unrecognized option '--\\u{202e}x'"]),
            ),
            Case(&[b"--i=\x1b[1m"], (125, "", &[AMBIGUOUS]), (125, "", &[OUR_AMBIGUOUS])),
            Case(
                &[b"-S", b"a\\\x1bb"],
                (125, "", &[b"invalid sequence '\\\x1b' in -S"]),
                (125, "", &[b"invalid sequence '\\\\x1b' in -S"]),
            ),
            Case(
                &[b"-S", b"a\\\nb"],
                (125, "", &[b"invalid sequence '\\\n' in -S"]),
                (125, "", &[b"invalid sequence '\\\\n' in -S"]),
            ),
            Case(
                &[b"-S", b"a ${\n\xff} b"],
                (125, "", &[b"only ${VARNAME} expansion is supported, error at: ${\n\xff} b"]),
                (125, "", &[b"only ${VARNAME} expansion is supported, error at: ${\\n\\xff} b"]),
            ),
        ],
    },
    Difference {
        why: "a character is shown whole, where env(1) shows its first byte",
        cases: &[Case(
            &["-é".as_bytes()],
            (125, "", &[b"invalid option -- '\xc3'"]),
            (125, "", &[b"invalid option -- '\xc3\xa9'"]),
        )],
    },
    Difference {
        why: "one byte after a backslash is looked at, as in env(1), but half of a character is not shown",
        cases: &[Case(
            &[b"-S", "a\\éb".as_bytes()],
            (125, "", &[b"invalid sequence '\\\xc3' in -S"]),
            (125, "", &[b"invalid sequence '\\\\xc3' in -S"]),
        )],
    },
];

const USAGE: &str = "Usage: env [OPTION]";
const OUR_USAGE: &str = "Usage: hc-env [OPTION]";
const VERSION: &str = "env (GNU coreutils) ";
const OUR_VERSION: &str = "hc-env (hand-crafted containers) ";

fn run(tool: Cmd, line: &[&[u8]], locale: Locale) -> Output {
    let long = "d".repeat(5000);
    let word = |word: &&[u8]| {
        let parts: Vec<&[u8]> = match word.strip_prefix(b"PATH=/LONG") {
            Some(rest) => vec![b"PATH=/", long.as_bytes(), rest],
            None => vec![word],
        };
        OsStr::from_bytes(&parts.concat()).to_owned()
    };
    started(tool, locale).args(line.iter().map(word)).run()
}

/// Whether this came of it, and whether with the line about `--help`.
fn is(output: &Output, tool: &str, (status, start, messages): Said) -> (bool, bool) {
    let help = format!("Try '{tool} --help' for more information.\n");
    let (text, with_help) = match output.stderr.strip_suffix(help.as_bytes()) {
        Some(text) => (text, true),
        None => (output.stderr.as_slice(), false),
    };
    let message = |message: &&[u8]| [tool.as_bytes(), b": ", message, b"\n"].concat();
    let said = messages == ANYTHING || messages.iter().flat_map(message).eq(text.iter().copied());
    let begins = output.stdout.starts_with(start.as_bytes()) && start.is_empty() == output.stdout.is_empty();
    (said && begins && output.ended == Ended::Exit(status), with_help)
}

#[test]
fn each_difference_is_just_that() {
    let mut failures = Vec::new();
    for Difference { why, cases } in DIFFERENCES {
        for Case(line, theirs, mine) in *cases {
            let original = run(Cmd::new("env"), line, C);
            let ours = run(Cmd::tool("hc-env"), line, C);
            let (expected, with_help) = is(&original, "env", *theirs);
            if !expected {
                failures.push(format!("{why}: not expected of the original\n{original:?}"));
            }
            if is(&ours, "hc-env", *mine) != (true, with_help) {
                failures.push(format!("{why}\n{ours:?}"));
            }
        }
    }
    super::report(&failures, DIFFERENCES.iter().map(|difference| difference.cases.len()).sum());
}

/// None of these messages depends on the locale.
#[test]
fn the_differences_are_the_same_in_utf_8() {
    for Difference { why, cases } in DIFFERENCES {
        for Case(line, _, mine) in *cases {
            let ours = run(Cmd::tool("hc-env"), line, UTF_8);
            assert!(is(&ours, "hc-env", *mine).0, "{why}\n{ours:?}");
        }
    }
}
