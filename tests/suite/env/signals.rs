//! The options about signals: how they name them, what they then do, and what they say about it.

use super::{C, GROUP, Group, IN_C, Lines, UTF_8, report, started};
use hc_tests::{Cmd, View, compare};

pub(super) const GROUPS: &[Group] = &[
    Group { about: "names, ignored", lines: Lines::Word("--ignore-signal=", NAMES), ..NAMED },
    Group { about: "names, default", lines: Lines::Word("--default-signal=", NAMES), ..NAMED },
    Group { about: "names, blocked", lines: Lines::Word("--block-signal=", NAMES), ..NAMED },
    Group { about: "spellings, ignored", lines: Lines::Word("--ignore-signal=", SPELLINGS), ..NAMED },
    Group { about: "spellings, blocked", lines: Lines::Word("--block-signal=", SPELLINGS), ..NAMED },
    Group { about: "no signals", lines: Lines::Word("--ignore-signal=", BAD), after: &["nosuch"], ..GROUP },
    Group { about: "no signals, default", lines: Lines::Word("--default-signal=", BAD), ..NAMED },
    Group { about: "no signals, blocked", lines: Lines::Word("--block-signal=", BAD), ..IN_C },
    Group { about: "options", lines: Lines::Whole(OPTIONS), ..NAMED },
    Group { about: "options without a command", before: &["-v"], lines: Lines::Whole(OPTIONS), ..IN_C },
    Group { about: "options and the list", start: some, lines: Lines::Whole(OPTIONS), ..LISTED },
    Group { about: "the list", start: some, lines: Lines::Whole(LISTS), ..GROUP },
    Group { about: "the list of all", start: all, lines: Lines::Whole(LISTS), ..GROUP },
];

/// To a command that is not there all is done that is done to one, and it takes no time.
const NAMED: Group = Group { before: &["-v"], after: &["nosuch"], ..IN_C };
const LISTED: Group = Group { after: &["--list-signal-handling", "nosuch"], ..IN_C };

const NAMES: &[&str] = &[
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "POLL", "PWR", "SYS", "RTMIN", "RTMIN+1", "RTMIN+15", "RTMIN+16", "RTMAX-15",
    "RTMAX-14", "RTMAX-1", "RTMAX",
];

const SPELLINGS: &[&str] = &[
    "SIGINT",
    "int",
    "sigint",
    "Int",
    "sIgInT",
    "SIGint",
    "SIGusr1",
    "IOT",
    "SIGIOT",
    "CLD",
    "SIGCLD",
    "IO",
    "SIGIO",
    "sigpoll",
    "SIGRTMIN",
    "rtmin",
    "sigrtmin+2",
    "RTMIN+0",
    "RTMIN+01",
    "RTMIN+30",
    "RTMIN-0",
    "SIGRTMAX",
    "rtmax-3",
    "RTMAX-0",
    "RTMAX+0",
    "RTMAX-30",
    "SIGRTMAX-2",
    "1",
    "2",
    "9",
    "19",
    "02",
    "0000002",
    "SIG2",
    "sig9",
    "SIG15",
    "31",
    "34",
    "64",
    "SIG64",
    "129",
    "137",
    "192",
    "258",
    "SIG130",
    // Lists.
    "INT,TERM",
    "TERM,INT",
    "INT,INT",
    "2,SIGTERM,usr1",
    ",INT",
    "INT,",
    ",,INT,,,TERM,,",
    "INT,KILL",
    "KILL,STOP,TERM",
    "STOP",
    ",",
    "",
];

const BAD: &[&str] = &[
    "nosuch",
    "SIG",
    "SIGSIGINT",
    "SIGNOSUCH",
    "INTX",
    "IN",
    "I NT",
    " INT",
    "INT ",
    "INT TERM",
    "INT;TERM",
    "INT,TERM,nosuch",
    "nosuch,INT",
    "INT,nosuch,worse",
    "EXIT",
    "SIGEXIT",
    "exit",
    "0",
    "00",
    "SIG0",
    "INT,0",
    "EXIT,INT",
    "RTMIN+",
    "RTMIN-",
    "RTMIN-1",
    "RTMIN+31",
    "RTMIN+99999999999999999999",
    "RTMIN+x",
    "RTMIN+1x",
    "RTMIN++1",
    "RTMIN +1",
    "RTMIN1",
    "RTMAX-",
    "RTMAX-31",
    "RTMAX+1",
    "RTMAX1",
    "RT",
    "RTMID",
    "32",
    "33",
    "65",
    "127",
    "128",
    "160",
    "161",
    "193",
    "255",
    "256",
    "2147483647",
    "2147483648",
    "4294967298",
    "18446744073709551618",
    "-1",
    "-2",
    "+2",
    "2x",
    "0x2",
    "2.0",
    "1e1",
    "EMT",
    "INFO",
    "LOST",
    "UNUSED",
    "SWI",
    "=INT",
    "it's",
    "é",
    "\\",
    "a\nb",
    "ſigint",
];

/// Those that are said with one more word each, too.
const OPTIONS: &[&[&str]] = &[
    &["--ignore-signal"],
    &["--default-signal"],
    &["--block-signal"],
    &["--ignore-signal="],
    &["--default-signal="],
    &["--block-signal="],
    // The value has to be in the same word.
    &["--ignore-signal=INT", "--ignore-signal=TERM"],
    &["--block-signal=INT", "--block-signal=TERM,INT"],
    // The last one about a signal counts.
    &["--ignore-signal=INT", "--default-signal=INT"],
    &["--default-signal=INT", "--ignore-signal=INT"],
    &["--ignore-signal", "--default-signal=INT"],
    &["--default-signal", "--ignore-signal=INT"],
    &["--ignore-signal=INT", "--default-signal"],
    &["--default-signal=INT", "--ignore-signal"],
    &["--ignore-signal", "--default-signal"],
    &["--default-signal", "--ignore-signal"],
    &["--default-signal=INT,TERM", "--ignore-signal=TERM,HUP"],
    // And what is at its default is not blocked.
    &["--block-signal=INT", "--default-signal=INT"],
    &["--default-signal=INT", "--block-signal=INT"],
    &["--block-signal", "--default-signal=INT"],
    &["--default-signal=INT", "--block-signal"],
    &["--block-signal=INT", "--default-signal"],
    &["--default-signal", "--block-signal=INT"],
    &["--block-signal", "--default-signal"],
    &["--default-signal", "--block-signal"],
    &["--block-signal=INT", "--default-signal="],
    &["--default-signal=", "--block-signal=INT"],
    &["--block-signal=INT", "--ignore-signal=INT"],
    &["--ignore-signal=INT", "--block-signal=INT"],
    &["--block-signal=HUP,INT", "--default-signal=INT,TERM"],
    &["--block-signal", "--default-signal=INT", "--block-signal=INT"],
    &["--default-signal=INT", "--block-signal", "--default-signal=TERM"],
    // What the kernel refuses, for a signal that was named, and for all.
    &["--ignore-signal=KILL"],
    &["--ignore-signal=STOP"],
    &["--default-signal=KILL"],
    &["--default-signal=STOP"],
    &["--block-signal=KILL"],
    &["--block-signal=STOP,KILL,INT"],
    &["--ignore-signal=STOP,KILL"],
    &["--ignore-signal=INT,KILL,TERM"],
    &["--ignore-signal", "--ignore-signal=KILL"],
    &["--ignore-signal=KILL", "--ignore-signal"],
    &["--ignore-signal=KILL", "--default-signal"],
    &["--default-signal", "--default-signal=STOP"],
    &["--block-signal=KILL", "--default-signal"],
    &["--default-signal=KILL", "--block-signal"],
    &["-i", "--ignore-signal=PIPE"],
    &["--ignore-signal=PIPE", "-C", "/"],
];

const LISTS: &[&[&str]] = &[
    &["--list-signal-handling"],
    &["--list-signal-handling", "true"],
    &["--list-signal-handling", "--list-signal-handling", "true"],
    &["--list-signal-handling", "-v", "true"],
    &["--list-signal-handling", "-C", "/nosuch", "true"],
    &["--list-signal-handling", "nosuch"],
    &["--list-signal-handling", "--ignore-signal=KILL", "true"],
    &["--list-signal-handling", "--ignore-signal", "true"],
    &["--list-signal-handling", "--block-signal", "true"],
    &["--list-signal-handling", "--default-signal", "true"],
    &["--list-signal-handling=x", "true"],
    &["-0", "--list-signal-handling", "true"],
    &["-C", "/", "--list-signal-handling"],
    &["--ignore-signal", "INT", "true"],
    &["--block-signal", "A=2", "--list-signal-handling"],
];

/// Started with some signals ignored, some blocked, and some both.
fn some(cmd: Cmd) -> Cmd {
    let cmd = [1, 13, 17, 34, 64].into_iter().fold(cmd, Cmd::ignoring);
    [2, 13, 15, 34, 35, 63].into_iter().fold(cmd, Cmd::blocking)
}

/// With all of them, except those that nobody can ignore, and those that the C library keeps.
fn all(cmd: Cmd) -> Cmd {
    let possible = (1..=64).filter(|number| ![libc::SIGKILL, libc::SIGSTOP, 32, 33].contains(number));
    possible.fold(cmd, |cmd, number| cmd.ignoring(number).blocking(number))
}

#[test]
fn next_has_the_dispositions_and_the_mask_that_it_has_under_the_original() {
    let mut failures = Vec::new();
    let starts: [fn(Cmd) -> Cmd; 3] = [|cmd| cmd, some, all];
    for start in starts {
        for options in OPTIONS {
            let probe = hc_tests::probe().into_os_string().into_string().unwrap();
            let line = [options, &[probe.as_str()][..]].concat();
            let pair = compare::both("env", "hc-env", &line, |cmd| start(started(cmd, C)));
            let seen = |output: &hc_tests::Output| {
                let view = (!output.stdout.is_empty()).then(|| View::parse(output.text()));
                view.map(|view| ["ignored", "blocked"].map(|key| view.get(key).to_owned()))
            };
            let (expected, found) = (seen(&pair.original), seen(&pair.ours));
            if expected != found || pair.original.ended != pair.ours.ended {
                failures.push(format!("{options:?}\n  original: {expected:?}\n  ours:     {found:?}"));
            }
        }
    }
    report(&failures, starts.len() * OPTIONS.len());
}

/// A number may also be the status of who has died of the signal, from a shell or from wait(2).
#[test]
fn each_number_up_to_three_hundred_means_what_it_means_to_the_original() {
    let mut failures = Vec::new();
    for number in 0..=300 {
        let line = [format!("--ignore-signal={number}"), "-v".into(), "nosuch".into()];
        let pair = compare::both("env", "hc-env", &line, |cmd| started(cmd, UTF_8));
        if !super::are_same(&pair) {
            failures.push(format!("{:?}{:?}", pair.original, pair.ours));
        }
    }
    report(&failures, 301);
}
