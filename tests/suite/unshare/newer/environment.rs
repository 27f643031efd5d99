//! --clear-env and --whitelist-env.

use super::unshare;
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

const ENTRIES: [&[u8]; 7] =
    [b"PATH=/usr/bin:/bin", b"A=1", b"B=two words", b"\xff=\xfe", b"EMPTY=", b"no equals", b"AB=3"];

/// The environment of the program after these words.
#[track_caller]
fn left(words: &[&str]) -> Vec<String> {
    let seen = unshare(words).environ(ENTRIES).next_view();
    let mut entries: Vec<String> = seen.all("env").iter().map(ToString::to_string).collect();
    entries.sort_unstable();
    entries
}

#[test]
fn nothing_is_left_of_a_cleared_one() {
    let nothing: [&str; 0] = [];
    assert_eq!(left(&["--clear-env"]), nothing);
    assert_eq!(left(&["--clear-env", "--clear-env", "-f"]), nothing);
    assert_eq!(left(&["--whitelist-env="]), nothing);
    assert_eq!(left(&["--whitelist-env=NOSUCH"]), nothing);
}

#[test]
fn what_is_listed_stays() {
    assert_eq!(left(&["--whitelist-env=A"]), ["A=1"]);
    assert_eq!(left(&["--whitelist-env", "A"]), ["A=1"]);
    assert_eq!(left(&["--whitelist-env=A,B"]), ["A=1", "B=two words"]);
    assert_eq!(left(&["--whitelist-env=B,A,A,NOSUCH,EMPTY"]), ["A=1", "B=two words", "EMPTY="]);
    assert_eq!(left(&["--whitelist-env=A,,B,"]), ["A=1", "B=two words"]);
    assert_eq!(left(&["--whitelist-env=A", "--whitelist-env=B"]), ["A=1", "B=two words"]);
    assert_eq!(left(&["--clear-env", "--whitelist-env=A"]), ["A=1"]);
    assert_eq!(left(&["--whitelist-env=A", "--clear-env"]), ["A=1"]);
    assert_eq!(left(&["--whitelist-env=PATH", "-f"]), ["PATH=/usr/bin:/bin"]);
    // A name, not the beginning of one, and no entry that has none.
    assert_eq!(left(&["--whitelist-env=A", "-f"]), ["A=1"]);
    assert_eq!(left(&["--whitelist-env=no equals,no"]), [] as [&str; 0]);
}

#[test]
fn without_the_options_all_is_as_it_was() {
    let seen = unshare(&["-f"]).environ(ENTRIES).next_view();
    let plain = Cmd::probe().environ(ENTRIES).view();
    assert_eq!(seen.all("env"), plain.all("env"));
}

/// The program is looked for, and the shell chosen, in what is left.
#[test]
fn what_is_gone_is_not_asked() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = hc_tests::Dir::new();
    let program = dir.program("only-here", "#!/bin/sh\necho found\n");
    let path = format!("PATH={}", dir.path().display());
    let run = |words: &[&str]| unshare(words).environ([path.as_bytes(), b"SHELL=/nosuch"]);
    run(&["--whitelist-env=PATH", "only-here"]).run().ok().says("found\n").quiet();
    run(&["--clear-env", "only-here"]).run().fails("hc-unshare", 127);
    run(&["--clear-env"]).arg(&program).run().ok().says("found\n").quiet();
    run(&["--clear-env", "true"]).run().ok().quiet();
    run(&["--whitelist-env=SHELL"]).run().fails("hc-unshare", 127);
}

/// Nor is SHELL: then it is the passwd file's.
#[test]
fn the_shell_of_a_cleared_one_is_that_of_the_user() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = hc_tests::Host::new();
    std::fs::write(host.path("/etc/passwd"), "root:x:0:0::/:/bin/dash\n").unwrap();
    let run = |words: &[&str]| unshare(words).env("SHELL", "/nosuch").on(&host).input("echo $0\n").run();
    for words in [&["--clear-env"][..], &["--clear-env", "-f"], &["--whitelist-env=PATH", "-r"]] {
        run(words).ok().says("-dash\n").quiet();
    }
    run(&["--whitelist-env=PATH,SHELL"]).fails("hc-unshare", 127);
}

/// Nothing of it is in the block that /proc shows either.
#[test]
fn what_is_gone_is_not_in_proc() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let line =
        unshare(&["-fpm", "--mount-proc", "--clear-env", "cat", "/proc/1/environ", "/proc/self/environ"]);
    line.environ(ENTRIES).run().ok().says("").quiet();
}
