//! --kill-child: the child does not outlive its parent.

use super::unshare;
use hc_tests::{Cmd, Ended, Host, Running, can_make_hosts, eventually, require, strace, user_namespaces};
use nix::sys::signal::Signal;
use std::path::Path;
use std::time::Duration;

fn is_there(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[track_caller]
fn started(words: &[&str], next: &[&str], who: fn(Cmd) -> Cmd) -> Running {
    let mut running = who(unshare(words).args(next)).hold_input().start();
    running.expect("ready\n");
    running
}

/// One that lets no other signal than KILL end it.
const STUBBORN: [&str; 3] = ["sh", "-c", "trap '' TERM INT HUP; echo ready; exec sleep 1000"];

fn as_root(cmd: Cmd) -> Cmd {
    cmd
}

#[test]
fn ends_the_child_however_the_parent_ends() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for signal in [Signal::SIGKILL, Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGQUIT] {
        let mut running = started(&["--kill-child"], &STUBBORN, as_root);
        let child = running.descendants()[0];
        running.signal(signal);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(signal as i32));
        eventually("the child is gone", || !is_there(child));
    }
}

/// A change of ids makes the kernel forget the signal, so that under the original the child lives on.
#[test]
fn ends_a_child_that_has_become_another_too() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for words in [
        &["--kill-child", "-S", "1000"][..],
        &["--kill-child", "-G", "1000"],
        &["-S", "1000", "-G", "1000", "--kill-child"],
        &["-fp", "--kill-child", "-S", "1000", "-G", "1000"],
        &["-fpm", "--mount-proc", "--kill-child", "-S", "1000"],
        &["--kill-child", "--map-users=all", "--map-groups=all", "-S", "1000", "-G", "1000"],
        &["--kill-child", "--map-users=all", "--map-groups=all", "-S", "1000", "-G", "1000", "--keep-caps"],
        &["--kill-child", "--owner=1000:1000", "-r", "-S", "0", "-G", "0"],
        &["--kill-child", "-r"],
        &["--kill-child", "-c", "--keep-caps"],
        &["--kill-child", "-m", "-R", "/"],
        &["--kill-child", "--forward-signals", "-S", "1000"],
    ] {
        let mut running = started(words, &STUBBORN, as_root);
        let child = running.descendants()[0];
        running.signal(Signal::SIGKILL);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
        eventually(&format!("the child of {words:?} is gone"), || !is_there(child));
    }
    let mut running = started(&["-rfp", "--kill-child", "-S", "0"], &STUBBORN, Cmd::as_nobody);
    let child = running.descendants()[0];
    running.signal(Signal::SIGKILL);
    running.wait_for_it_alone();
    eventually("the child is gone", || !is_there(child));
}

#[test]
fn is_what_the_child_is_told() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for (words, expected) in [
        (&["--kill-child"][..], "9"),
        (&["--kill-child=TERM"], "15"),
        (&["--kill-child=TERM", "-S", "1000", "-G", "1000"], "15"),
        (&["-f"], "0"),
        (&["--forward-signals"], "0"),
        // Numbers are names as well.
        (&["--kill-child=2"], "2"),
        (&["--kill-child=RTMIN"], "34"),
        (&["--kill-child=RTMAX"], "64"),
    ] {
        assert_eq!(unshare(words).next_view().get("pdeathsig"), expected, "{words:?}");
    }
}

#[test]
fn ends_all_of_a_pid_namespace() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script =
        "trap '' TERM; sleep 1000 & sleep 1000 & (sleep 1000 & sleep 1000 & wait) & echo ready; wait";
    let mut running = started(&["-p", "--kill-child", "-S", "1000"], &["sh", "-c", script], as_root);
    eventually("all of them run", || running.descendants().len() == 6);
    let all = running.descendants();
    running.signal(Signal::SIGKILL);
    running.wait_for_it_alone();
    eventually("all of them are gone", || !all.iter().any(|&pid| is_there(pid)));
}

#[test]
fn is_the_signal_that_was_named() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script =
        "use strict; $| = 1; $SIG{USR1} = sub { print qq(told\\n); exit 0 }; print qq(ready\\n); sleep 1000";
    let mut running = started(&["--kill-child=USR1"], &["perl", "-e", script], as_root);
    running.signal(Signal::SIGKILL);
    running.expect("told\n");
}

/// Wherever the parent dies, before the child is what it will be or after: no child is left.
#[test]
fn holds_at_any_moment() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    for words in
        [&["--kill-child"][..], &["--kill-child", "-p", "-S", "1000", "-G", "1000"], &["--kill-child", "-r"]]
    {
        let calls = strace::calls(&host, &unshare(words).arg("true"));
        for name in ["prctl", "rt_sigtimedwait"] {
            assert!(calls.iter().any(|call| call.0 == name), "{name}: {calls:?}");
        }
        // Should the program start all the same, strace waits for its end: the time limit tells.
        // The parent ends after the child, which is what a program that goes on does not let it come to.
        for call in calls.iter().filter(|call| !["wait4", "exit_group"].contains(&call.0.as_str())) {
            let line = unshare(words).args(["sleep", "1000"]).limit(Duration::from_secs(5));
            assert_eq!(strace::killed(&host, &line, call), Ended::Signal(9), "{words:?}: {call:?}");
        }
    }
    let at = |moment: u64| {
        let mark = format!("1000.{moment:04}");
        let mut running = unshare(&["--kill-child", "-S", "1000", "sleep", &mark]).start();
        std::thread::sleep(Duration::from_micros(moment * 40));
        running.signal(Signal::SIGKILL);
        running.wait_for_it_alone();
        eventually("no child is left", || !processes().iter().any(|line| line.contains(&mark)));
    };
    (0..80).for_each(at);
}

/// The command lines of all processes.
fn processes() -> Vec<String> {
    let numbers = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    let line = |path: &Path| std::fs::read(path.join("cmdline")).ok();
    numbers.filter_map(|path| Some(String::from_utf8_lossy(&line(&path)?).into_owned())).collect()
}
