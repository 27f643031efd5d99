//! How options are spelled, and what is made of a line as a whole.

use super::{Stage, as_root};
use hc_tests::{Cmd, Ended, can_make_hosts, require, user_namespaces};

/// Shortened names, and values in either manner. Only those that are unambiguous with every release to 2.42.
const SPELLINGS: &[&str] = &[
    "",
    "--",
    "-f --",
    "--mount --",
    "--ut",
    "--ip",
    "--i",
    "--n",
    "--ne",
    "--pi",
    "--us",
    "--cg",
    "--t",
    "--ti",
    "--tim",
    "--map-r",
    "--map-root",
    "--map-c",
    "--map-current",
    "--mount-p",
    "--mount-p -fp",
    "--mount-proc=/proc -fp",
    "--mount-pr=/proc -fp",
    "--ki",
    "--kill",
    "--kill=TERM",
    "--kill-child=TERM",
    "--ke -r",
    "--pr private -m",
    "--prop=slave -m",
    "--propagation slave -m",
    "--ro /",
    "--ro=/",
    "--r /",
    "--root /",
    "--root=/",
    "-R/",
    "-R /",
    "-fR/",
    "-fR /",
    "--wd /tmp",
    "--wd=/tmp",
    "-w/tmp",
    "-w /tmp",
    "-fw/tmp",
    "-S0",
    "-S 0",
    "--setuid 0",
    "--setuid=0",
    "--setu=0",
    "-G0",
    "-G 0",
    "--setgid 0",
    "--setgid=0",
    "--setgi=0",
    "--setgr=deny -U",
    "--setgroups deny -U",
    "-T --mono=5",
    "-T --b=5",
    "-T --boot 5",
    "-T --monotonic=5",
    "-T --monotonic 5",
    "-fpmuinCT --mount-proc -w/tmp",
    "-rfw/tmp",
    "--map-user 5",
    "--map-user=5",
    "--map-group 5",
    "--map-group=5",
];

/// What getopt_long(3) does not take.
const MISSPELLINGS: &[&str] = &[
    "-x",
    "-fx",
    "--nosuch",
    "--nosuch=1",
    "--m",
    "--ma",
    "--map",
    "--map-",
    "--map-u",
    "--map-g",
    "--k",
    "--u",
    "--p",
    "--s",
    "--set",
    "--setg",
    "--mo",
    "--fork=1",
    "--fork=",
    "--map-root-user=1",
    "--map-current-user=1",
    "--keep-caps=1",
    "--map-auto=1",
    "-m=/x",
    "-f=1",
    "-r=1",
    "-?",
    "-:",
    "-+",
    "-W",
    "--=",
    "--=x",
    "---",
    "---mount",
    "--mountx",
    "--MOUNT",
    "--mount_proc",
];

/// A value that is missing: there is nothing behind it.
const CUT: &[&str] = &[
    "-R",
    "-w",
    "-S",
    "-G",
    "-fR",
    "-mfw",
    "--root",
    "--wd",
    "--setuid",
    "--setgid",
    "--map-user",
    "--map-group",
    "--map-users",
    "--map-groups",
    "--propagation",
    "--setgroups",
    "--monotonic",
    "--boottime",
];

#[test]
fn are_read_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    Stage::new().alike(as_root, SPELLINGS);
}

#[test]
fn are_refused_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.refused(as_root, MISSPELLINGS);
    stage.refused(Cmd::as_nobody, MISSPELLINGS);
    for line in CUT {
        let words: Vec<&str> = line.split(' ').collect();
        Cmd::new("unshare").args(&words).run().exits(1);
        let option = words[0].trim_start_matches("--");
        let message = super::unshare(&words).run().fails("hc-unshare", 125);
        let start = match words[0].strip_prefix("--") {
            Some(_) => format!("option '--{option}' requires an argument"),
            None => format!("option requires an argument -- '{}'", option.chars().last().unwrap()),
        };
        assert!(message.starts_with(&start), "{message}");
    }
}

/// The program's own options are not ours, whatever they look like.
#[test]
fn end_with_the_first_operand() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.same(
        as_root,
        &[
            &["echo", "-f", "--mount"],
            &["-u", "echo", "-u"],
            &["-u", "--", "echo", "--", "-u"],
            &["--", "echo"],
            &["-f", "--", "--", "x"],
            &["--", "-f"],
            &["-f", "-"],
            &["-u", "-"],
            &["echo", "--no-such-option"],
            &["-w", "/", "--", "echo", "-w"],
            &["-S", "0", "echo", "-S", "1"],
        ],
    );
}

/// -h and -V answer at once, whatever comes behind them; what comes before has to be right.
#[test]
fn that_answer_end_the_line() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for words in [
        &["-h"][..],
        &["--help"],
        &["--he"],
        &["-V"],
        &["--version"],
        &["--v"],
        &["-fh"],
        &["-h", "-x"],
        &["-m", "-h", "true"],
        &["-V", "--nosuch"],
        &["-hV"],
        &["-Vh"],
        &["-w", "/nosuch", "-V"],
    ] {
        let theirs = Cmd::new("unshare").args(words).as_nobody().run();
        let ours = super::unshare(words).as_nobody().run();
        for output in [&theirs, &ours] {
            assert!(output.ended == Ended::Exit(0) && output.stderr.is_empty(), "{output:?}");
            assert!(!output.stdout.is_empty(), "{output:?}");
        }
        let is_version = |output: &hc_tests::Output| output.text().lines().count() == 1;
        assert_eq!(is_version(&theirs), is_version(&ours), "{theirs:?}{ours:?}");
    }
    for words in [&["-x", "-h"][..], &["--propagation=bad", "-h"], &["--setgroups=bad", "-V"], &["-Sx", "-h"]]
    {
        Cmd::new("unshare").args(words).as_nobody().run().exits(1);
        super::unshare(words).as_nobody().run().fails("hc-unshare", 125);
    }
}
