//! All of them together, and what comes after what.

use super::{Status, unshare};
use hc_tests::{Cmd, Dir, Ended, NOBODY, eventually, is_root, require, user_namespaces};
use nix::sys::signal::Signal;

const ALL: [&str; 10] = [
    "--new-session",
    "--new-keyring",
    "--no-new-privs",
    "--cap-drop=all",
    "--seccomp=default",
    "--close-fds",
    "--rlimit=core=0",
    "--umask=077",
    "--oom-score-adj=900",
    "--nice=15",
];

#[test]
fn all_of_them_at_once() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let check = |words: &[&str], how: fn(Cmd) -> Cmd| {
        let status = Status::under(words, how);
        for set in ["Inh", "Prm", "Eff", "Bnd", "Amb"] {
            assert_eq!(status.capabilities(set), 0, "{words:?}");
        }
        assert_eq!(
            (status.get("NoNewPrivs"), status.get("Seccomp"), status.get("Umask")),
            ("1", "2", "0077")
        );
    };
    check(&[&["-r"][..], &ALL].concat(), Cmd::as_nobody);
    check(&[&["-rfpium", "--mount-proc", "--kill-child"][..], &ALL].concat(), Cmd::as_nobody);
    require!(is_root(), "takes root");
    check(&ALL, |cmd| cmd);
    check(&[&["-fpium", "--mount-proc", "-S", "65534", "-G", "65534"][..], &ALL].concat(), |cmd| cmd);
}

#[test]
fn the_child_dies_with_its_parent_whatever_it_has_given_up() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let mut lines: Vec<(Vec<&str>, u32)> = vec![(vec!["-r"], NOBODY), (vec!["-r", "--cap-add=all"], NOBODY)];
    if is_root() {
        lines.extend([(vec!["-S", "65534", "-G", "65534"], 0), (vec!["-S", "65534", "--cap-add=kill"], 0)]);
    }
    for (words, user) in lines {
        let without_drop = ALL.iter().filter(|word| **word != "--cap-drop=all" && **word != "--new-session");
        let line = unshare(&words).args(without_drop).arg("--kill-child");
        let mut running = line.args(["sh", "-c", "echo ready; read go"]).user(user).hold_input().start();
        running.expect("ready\n");
        let child = running.descendants();
        assert_eq!(child.len(), 1, "{words:?}");
        running.signal(Signal::SIGKILL);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
        let stat = format!("/proc/{}/stat", child[0]);
        let is_there = || std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z "));
        eventually("the child is gone", || !is_there());
    }
}

#[test]
fn a_wrong_command_line_or_file_changes_nothing() {
    let dir = Dir::of_nobody();
    let made = dir.join("made");
    let touch = format!("touch {}", made.display());
    for wrong in ["--cap-drop=x", "--seccomp=/nosuch", "--keep-fd=77", "--rlimit=x", "--umask=x", "--nice=x"]
    {
        let line = unshare(&["-r", "--oom-score-adj=5", wrong, "sh", "-c", &touch]);
        line.as_nobody().run().fails("hc-unshare", 125);
        assert!(!made.exists(), "{wrong}");
    }
    let line = unshare(&["-r", "--oom-score-adj=5", "sh", "-c", &touch]);
    line.as_nobody().run().ok().quiet();
    assert!(made.exists());
}
