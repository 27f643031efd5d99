//! What is on top of env(1), for containers: --keep, --env-file, --scrub.

use hc_tests::{Cmd, Dir, Output};
use std::fs;

/// What a caller may have, and some that are odd.
const CALLER: [&str; 11] = [
    "LC_TIME=C",
    "PATH=/usr/bin:/bin",
    "LD_BIND_NOW=1",
    "LC_ALL=C",
    "TERM=vt100",
    "NOTIFY_SOCKET=/run/n",
    "LC_TIME=again",
    "noequals",
    "SSH_AUTH_SOCK=/s",
    "XDG_RUNTIME_DIR=/run/user/1",
    "HOME=/h",
];

fn env(words: &[&str]) -> Cmd {
    Cmd::tool("hc-env").environ(CALLER).args(words).as_nobody()
}

/// What is printed, line by line.
#[track_caller]
fn shows(output: Output, expected: &[&str]) {
    let output = output.ok().quiet();
    assert_eq!(output.text().lines().collect::<Vec<_>>(), expected, "{}", output.line);
}

#[test]
fn exactly_these_in_that_order() {
    let dir = Dir::new();
    dir.file("f", "# for the container\nGREETING=hello, world\nTERM\nNOSUCH\nQUOTED=\"as it is\" # too\n");
    let words = ["-i", "--keep=LC_*", "--env-file=f", "container=handcraft"];
    let expected = [
        "LC_TIME=C",
        "LC_ALL=C",
        "LC_TIME=again",
        "GREETING=hello, world",
        "TERM=vt100",
        "QUOTED=\"as it is\" # too",
        "container=handcraft",
    ];
    shows(env(&words).dir(dir.path()).run(), &expected);
    let next = env(&words).args(["PATH=/nosuch", "/usr/bin/env"]).dir(dir.path()).run();
    shows(next, &[&expected[..], &["PATH=/nosuch"]].concat());
}

#[test]
fn what_is_kept_may_be_unset_and_replaced() {
    shows(env(&["-i", "--keep", "*", "--keep=x"]).run(), &CALLER);
    shows(env(&["-i", "--keep=TERM", "TERM=x"]).run(), &["TERM=x"]);
}

#[test]
fn what_is_missing_at_the_end_is_filled_in() {
    let dir = Dir::new();
    let file = dir.file("vars", "PATH=/of/the/file\n");
    let file = format!("--env-file={}", file.display());
    let defaults =
        ["--if-unset=PATH=/default", "--if-unset=HOME=/", "--if-unset", "A=default", "--if-unset=HOME=/root"];
    let words: Vec<&str> = ["-i"].into_iter().chain(defaults).chain([file.as_str(), "A=given"]).collect();
    shows(env(&words).run(), &["PATH=/of/the/file", "A=given", "HOME=/root"]);
    for bad in ["", "X", "=x"] {
        let output = env(&["--if-unset", bad, "-0"]).run();
        let hint = "Try 'hc-env --help' for more information.";
        let message = format!("hc-env: --if-unset: '{bad}' is no NAME=VALUE\n{hint}\n");
        assert_eq!(String::from_utf8_lossy(&output.exits(125).stderr), message);
    }
}

#[test]
fn a_dash_of_its_own_clears_as_well() {
    shows(env(&["--keep=TERM", "-"]).run(), &["TERM=vt100"]);
    shows(env(&["--keep=LC_*", "-i", "-u", "LC_TIME", "LC_ALL=POSIX"]).run(), &["LC_ALL=POSIX"]);
    // With nothing that it could remove, -u is not looked at; here it is.
    let refused = env(&["-i", "--keep=x", "-u", "a=b"]).run().fails("hc-env", 125);
    assert_eq!(refused, "cannot unset 'a=b': Invalid argument");
    let long = format!("--keep={}", "[".repeat(4097));
    env(&["-i", &long]).run().exits(125).says("").complains(
        "hc-env: --keep: a pattern has at most 4096 bytes\nTry 'hc-env --help' for more information.\n",
    );
    env(&["--keep=TERM", "true"]).run().exits(125).says("").complains(
        "hc-env: must specify --ignore-environment (-i) with --keep\n\
         Try 'hc-env --help' for more information.\n",
    );
}

#[test]
fn the_host_s_own_is_dropped_and_the_rest_stays() {
    let rest =
        ["LC_TIME=C", "PATH=/usr/bin:/bin", "LC_ALL=C", "TERM=vt100", "LC_TIME=again", "noequals", "HOME=/h"];
    shows(env(&["--scrub"]).run(), &rest);
    shows(env(&["--scrub", "env"]).run(), &rest);
    // What is put in by name is meant.
    shows(
        env(&["-i", "--keep=L*", "--scrub", "LD_BIND_NOW=2"]).run(),
        &["LC_TIME=C", "LC_ALL=C", "LC_TIME=again", "LD_BIND_NOW=2"],
    );
}

#[test]
fn a_bad_line_is_named_and_nothing_runs() {
    let dir = Dir::new();
    dir.file("good", "A=1\n");
    for (content, why) in [
        (&b"A=1\nexport B=2\n"[..], "f:2: white space in a name: a line is NAME=VALUE or NAME"),
        (b"\n\n=x", "f:3: no name before '='"),
        (b"A=\xff\n", "f:1: not UTF-8"),
        (b"A=1\0\n", "f:1: has a NUL byte"),
    ] {
        dir.file("f", content);
        let line = env(&["--env-file=good", "--env-file=f", "sh", "-c", "touch ran"]).dir(dir.path());
        assert_eq!(line.run().fails("hc-env", 125), why);
    }
    for (file, why) in [
        ("nosuch", "cannot read 'nosuch': No such file or directory"),
        ("it's", "cannot read \"it's\": No such file or directory"),
        ("", "cannot read '': No such file or directory"),
        ("/", "cannot read '/': Is a directory"),
        ("/dev/zero", "cannot read '/dev/zero': larger than 16 MiB"),
    ] {
        let line = env(&["--env-file", file, "sh", "-c", "touch ran"]).dir(dir.path());
        assert_eq!(line.run().fails("hc-env", 125), why);
    }
    assert!(!dir.join("ran").exists());
}

#[test]
fn standard_input_is_a_file_too() {
    shows(env(&["-i", "--env-file=-"]).input("A=1\r\nTERM\n").run(), &["A=1", "TERM=vt100"]);
    shows(env(&["-i", "--env0-from=-"]).input("A=1\0odd\0A=2\0").run(), &["A=1", "odd", "A=2"]);
    let refused = env(&["-i", "--env-file=-", "true"]).closing(0).run().fails("hc-env", 125);
    assert_eq!(refused, "cannot read '-': Bad file descriptor");
}

#[test]
fn an_entry_of_a_file_takes_the_place_of_one_that_was_kept() {
    let words = ["-i", "--keep=TERM", "--env0-from=-"];
    shows(env(&words).input("A=1\0TERM=new\0odd\0").run(), &["TERM=new", "A=1", "odd"]);
}

#[test]
fn next_gets_no_descriptor_of_a_file() {
    let dir = Dir::new();
    dir.file("f", "A=1\n");
    let before = env(&[]).dir(dir.path()).next_view().descriptors();
    let after = env(&["--env-file=f", "--env-file=-"]).dir(dir.path()).next_view().descriptors();
    assert_eq!(after, before);
}

#[test]
fn a_fifo_is_read_to_its_end() {
    let dir = Dir::of_nobody();
    let script = "mkfifo p; { echo A=1 >p; }& \"$0\" -i --env-file=p; wait";
    shows(Cmd::sh(script).arg(hc_tests::tool("hc-env")).dir(dir.path()).as_nobody().run(), &["A=1"]);
}

#[test]
fn ten_thousand_lines_and_patterns_are_no_burden() {
    let dir = Dir::new();
    let lines: Vec<String> = (0..10_000).map(|number| format!("V{number}=1")).collect();
    dir.file("f", lines.join("\n"));
    let output = env(&["-i", "--env-file=f", "--env-file=f"]).dir(dir.path()).run().ok().quiet();
    assert!(output.text().lines().eq(lines.iter()), "not the same lines");
    let unset: Vec<String> = (0..10_000).map(|number| format!("-uV{number}")).collect();
    shows(env(&["-i", "--env-file=f"]).args(&unset).dir(dir.path()).run(), &[]);
    let keep: Vec<String> = (0..10_000).map(|number| format!("--keep=V{number}*[x]")).collect();
    shows(env(&["-i"]).args(&keep).run(), &[]);
}

#[test]
fn what_is_done_is_told() {
    let dir = Dir::new();
    dir.file("f", "SECRET=x\n");
    let line = env(&["-vi", "--keep=TERM", "--scrub", "--env-file=f", "-uB", "C=3"]).dir(dir.path());
    let told =
        "cleaning environ\nkeep:     TERM\nscrubbing environ\nenv-file: f\nunset:    B\nsetenv:   C=3\n";
    line.run().ok().says("TERM=vt100\nSECRET=x\nC=3\n").complains(told);
    fs::remove_file(dir.join("f")).unwrap();
    let line = env(&["-v", "--scrub", "--env-file=f", "C=3"]).dir(dir.path());
    let told = "scrubbing environ\nenv-file: f\nhc-env: cannot read 'f': No such file or directory\n";
    line.run().exits(125).says("").complains(told);
}
