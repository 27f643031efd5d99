//! --new-session, --new-keyring.

use super::{calls, unshare};
use hc_tests::{Cmd, Ended, NOBODY, is_root, require};

#[test]
fn next_leads_a_session_of_its_own() {
    for words in [&["--new-session"][..], &["-f", "--new-session"], &["-rfp", "--new-session"]] {
        let seen = unshare(words).as_nobody().next_view();
        assert_eq!(seen.get("session"), seen.get("pid"), "{words:?}");
        assert_eq!(seen.get("pgrp"), seen.get("pid"), "{words:?}");
    }
    let seen = unshare(&[]).as_nobody().next_view();
    assert_ne!(seen.get("session"), seen.get("pid"));
}

#[test]
fn a_leader_of_a_session_without_a_terminal_has_one_already() {
    let seen = unshare(&["--new-session"]).session().as_nobody().next_view();
    assert_eq!(seen.get("session"), seen.get("pid"));
}

#[test]
fn the_leader_of_a_process_group_is_told_to_fork() {
    // A shell with job control makes a group of each command.
    let line = |options: &str| {
        let script = format!("set -m; hc-unshare {options} --new-session true; exit $?");
        Cmd::line(["bash", "-c", &script]).as_nobody()
    };
    let message = line("").run().fails("hc-unshare", 125);
    let because = "(it leads a process group, as a command of an interactive shell does: add -f)";
    assert_eq!(message, format!("setsid: Operation not permitted {because}"));
    line("-f").run().ok().quiet();
}

#[test]
fn with_a_terminal_it_is_lost() {
    // script(1) runs the command as the leader of a session that has one.
    let has = |options: &str| {
        let command = format!("exec hc-unshare {options} sh -c \": </dev/tty\" 2>/dev/null");
        Cmd::line(["script", "-qec", &command, "/dev/null"]).as_nobody().run().ended
    };
    assert_eq!(has("-f"), Ended::Exit(0));
    assert_ne!(has("-f --new-session"), Ended::Exit(0));
    assert_eq!(has("--new-session"), Ended::Exit(125), "without a fork it cannot be left");
}

/// keyctl(2) asks for the session keyring's number, and does not make one.
const KEYRING: &str = "x86_64:250:0:0xfffffffd:0";

fn keyring(cmd: Cmd) -> String {
    let output = cmd.arg(hc_tests::probe()).args(["call", KEYRING]).run().ok().quiet();
    output.text().trim_end().to_owned()
}

#[test]
fn the_session_keyring_is_a_new_one() {
    // The outer one makes that of a caller.
    let nested = |words: &[&str]| {
        let script = format!(
            "\"$0\" call {KEYRING} && hc-unshare {} \"$0\" call {KEYRING} && \"$0\" call {KEYRING}",
            words.join(" ")
        );
        let cmd = unshare(&["--new-keyring", "sh", "-c", &script]).arg(hc_tests::probe());
        let output = cmd.as_nobody().run().ok().quiet();
        output.text().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let same = nested(&[]);
    assert!(same[0].parse::<u32>().is_ok() && same[0] == same[1], "{same:?}");
    for words in
        [&["--new-keyring"][..], &["-r", "--new-keyring"], &["-rf", "--new-keyring", "--seccomp=none"]]
    {
        let seen = nested(words);
        assert!(seen[1].parse::<u32>().is_ok() && seen[0] != seen[1] && seen[0] == seen[2], "{seen:?}");
    }
    // What is in the caller's is out of reach.
    calls(&["--new-keyring", "--seccomp=default"], Cmd::as_nobody, &[(KEYRING, "EPERM")]);
}

#[test]
fn the_keyring_belongs_to_who_next_is() {
    require!(is_root(), "takes root");
    let user = NOBODY.to_string();
    let keyring = keyring(unshare(&["--new-keyring", "-S", &user]));
    assert!(keyring.parse::<u32>().is_ok(), "{keyring}");
    let words = ["--new-keyring", "-S", &user, "grep", "keyring   _ses: empty", "/proc/keys"];
    let output = unshare(&words).run().ok().quiet();
    assert!(output.text().lines().all(|line| line.split_whitespace().nth(5) == Some("65534")), "{output:?}");
}
