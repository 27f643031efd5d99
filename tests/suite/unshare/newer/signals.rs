//! --forward-signals: SIGTERM and SIGINT that come to the parent go on to the child.

use super::unshare;
use hc_tests::{Cmd, Ended, Running, can_make_hosts, eventually, require, user_namespaces};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

/// A child that tells what comes, and ends when its input does.
const TELLING: &str = "trap 'echo term' TERM; trap 'echo int' INT; trap 'echo hup' HUP; \
                       echo ready; until read line; do :; done; exit 5";

fn started(words: &[&str], how: impl Fn(Cmd) -> Cmd) -> Running {
    // System calls alone, which may be made in the middle of a handler.
    let script = r"use strict; sub say { syswrite STDOUT, shift } for my $name (qw(TERM INT HUP)) {
                       $SIG{$name} = sub { say(lc($name) . qq(\n)) } }
                   say(qq(ready\n)); while (!sysread STDIN, my $line, 1) { last unless $!{EINTR} } exit 5";
    let mut running =
        how(unshare(words).args(["perl", "-e", script]).hold_input()).env("PERL_SIGNALS", "unsafe").start();
    running.expect("ready\n");
    running
}

#[test]
fn go_on_to_the_child() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for words in [
        &["--forward-signals"][..],
        &["-f", "--forward-signals"],
        &["--forward-signals", "--kill-child"],
        &["-p", "--forward-signals"],
        &["-pm", "--mount-proc", "--forward-signals"],
    ] {
        let mut running = started(words, |cmd| cmd);
        let mut said = "ready\n".to_owned();
        for (signal, line) in
            [(Signal::SIGTERM, "term\n"), (Signal::SIGINT, "int\n"), (Signal::SIGTERM, "term\n")]
        {
            running.signal(signal);
            said += line;
            running.expect(&said);
        }
        running.write(b"end\n", true);
        running.wait().exits(5).says("ready\nterm\nint\nterm\n").quiet();
    }
    let mut running = started(&["-rp", "--forward-signals"], Cmd::as_nobody);
    running.signal(Signal::SIGTERM);
    running.expect("term\n");
    running.write(b"end\n", true);
    running.wait().exits(5).quiet();
}

#[test]
fn end_a_child_that_does_not_handle_them_and_its_parent_with_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut running = unshare(&["--forward-signals", "cat"]).hold_input().start();
        running.write(b"ready\n", false);
        running.expect("ready\n");
        let child = running.descendants()[0];
        running.signal(signal);
        running.wait().dies_of(signal as i32).quiet();
        eventually("the child is gone", || kill(Pid::from_raw(child), None).is_err());
    }
}

/// As without the option: what else comes is the parent's own.
#[test]
fn are_these_two_and_no_others() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for signal in [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGQUIT] {
        let mut running = started(&["--forward-signals", "--kill-child"], |cmd| cmd);
        running.signal(signal);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(signal as i32));
    }
}

/// The child handles, ignores and blocks what the caller did.
#[test]
fn leave_the_child_s_own_signals_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let hows: [fn(Cmd) -> Cmd; 4] = [
        |cmd| cmd,
        |cmd| cmd.ignoring(libc::SIGTERM).ignoring(libc::SIGINT),
        |cmd| cmd.blocking(libc::SIGTERM).blocking(libc::SIGUSR1),
        |cmd| cmd.ignoring(libc::SIGCHLD).blocking(libc::SIGINT),
    ];
    for how in hows {
        let plain = how(Cmd::probe()).view();
        for words in [&["--forward-signals"][..], &["--forward-signals", "-p"]] {
            let seen = how(unshare(words)).next_view();
            for key in ["ignored", "blocked"] {
                assert_eq!(seen.get(key), plain.get(key), "{words:?}");
            }
        }
    }
}

/// Whenever the signal comes, before the fork, before the exec or after it: nothing hangs, and nothing is left.
#[test]
fn are_not_lost_at_any_moment() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for step in 0..60 {
        let mut running = unshare(&["-u", "--forward-signals", "sleep", "1000"]).start();
        std::thread::sleep(Duration::from_micros(step * 50));
        let children = running.descendants();
        running.signal(Signal::SIGTERM);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(libc::SIGTERM), "after {} us", step * 50);
        for child in children {
            eventually("the child is gone", || kill(Pid::from_raw(child), None).is_err());
        }
    }
}

#[test]
fn imply_a_child() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = unshare(&["--forward-signals", "sh", "-c", TELLING]).hold_input().start();
    running.expect("ready\n");
    assert_eq!(running.descendants().len(), 1);
    running.write(b"end\n", true);
    running.wait().exits(5).quiet();
    unshare(&["--forward-signals=1", "true"]).run().fails("hc-unshare", 125);
}
