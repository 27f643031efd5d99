//! The lines of the page's DIAGNOSTICS.

use super::super::diagnostics::says;
use super::seccomp::program;
use super::unshare;
use hc_tests::{Cmd, Dir, can_make_hosts, require};

fn nobody(words: &[&str]) -> hc_tests::Output {
    unshare(words).arg("true").as_nobody().run()
}

#[test]
fn what_takes_privileges() {
    says(nobody(&["--cap-drop=all"]), 125, "drop capability chown: Operation not permitted (...)");
    says(nobody(&["--cap-add=kill"]), 125, "add capability kill: the caller does not have it");
    let limit = nobody(&["--rlimit=nofile=unlimited"]);
    says(limit, 125, "limit nofile: Operation not permitted (...)");
    says(nobody(&["--nice=-5"]), 125, "nice -5: Permission denied (...)");
    let score = nobody(&["--oom-score-adj=-5"]);
    says(score, 125, "write '-5' to /proc/self/oom_score_adj: Permission denied (...)");
}

#[test]
fn what_the_caller_has_to_bring() {
    let fd = Cmd::sh("exec hc-unshare --keep-fd=7 true 7<&-").as_nobody().run();
    says(fd, 125, "descriptor 7: the caller does not have it open");
    let leader =
        Cmd::line(["bash", "-c", "set -m; hc-unshare --new-session true; exit $?"]).as_nobody().run();
    says(leader, 125, "setsid: Operation not permitted (...)");
}

#[test]
fn what_is_no_filter() {
    let dir = Dir::new();
    dir.file("odd", "123456789012");
    dir.file("text", "1234567890123456");
    for (name, line) in [
        ("odd", "seccomp /x: 12 bytes are no compiled filter: it has 8 an instruction"),
        ("text", "seccomp /x: Invalid argument (...)"),
    ] {
        let place = dir.join(name).display().to_string();
        let mut output = nobody(&[&format!("--seccomp={place}")]);
        let said = String::from_utf8(output.stderr).unwrap();
        output.stderr = said.replace(&place, "/x").into_bytes();
        says(output, 125, line);
    }
}

#[test]
fn what_a_filter_of_the_caller_or_an_older_kernel_refuses() {
    let outer = ["--seccomp=default", "hc-unshare", "--new-keyring"];
    says(nobody(&outer), 125, "new session keyring: Operation not permitted (...)");
    // close_range is answered with EINVAL, as before Linux 5.11.
    let dir = Dir::new();
    let calls = [(0x20, 0, 0, 0), (0x15, 0, 1, 436), (0x06, 0, 0, 0x0005_0016), (0x06, 0, 0, 0x7fff_0000)];
    let option = format!("--seccomp={}", program(&dir, &calls).display());
    let message =
        says(nobody(&[&option, "hc-unshare", "--close-fds"]), 125, "close_range: Invalid argument (...)");
    assert_eq!(message, "close_range: Invalid argument (it takes Linux 5.11)");
}

#[test]
fn securebits_that_forbid_ambient_capabilities() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // SECBIT_NO_CAP_AMBIENT_RAISE.
    let line = ["capsh", "--secbits=64", "--", "-c", "exec hc-unshare --cap-add=kill true"];
    let message = says(Cmd::line(line).run(), 125, "keep capabilities: Operation not permitted (...)");
    let because = "(not in the bounding set, or the securebits of the caller forbid it)";
    assert_eq!(message, format!("keep capabilities: Operation not permitted {because}"));
}
