//! A child that is stopped stops its parent, so that a shell notices; and both go on together.

mod unwilling;

use super::unshare;
use hc_tests::{Cmd, Running, can_make_hosts, eventually, require};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// `R`, `S`, `T` and so on; nothing for a process that is gone.
fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn stopped(pid: i32) -> bool {
    state(pid) == Some('T')
}

/// A child that reads a line and ends with status 5.
#[track_caller]
fn started(words: &[&str]) -> Running {
    let script = "use strict; $| = 1; print qq(ready\\n); my $line = <STDIN>; exit 5";
    let mut running = unshare(words).args(["perl", "-e", script]).hold_input().session().start();
    running.expect("ready\n");
    running
}

fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

const WAYS: &[&[&str]] = &[
    &["-f"],
    &["-fp"],
    &["--kill-child"],
    &["--forward-signals"],
    &["-fp", "--kill-child", "--forward-signals"],
    &["-rf"],
];

#[test]
fn stops_the_parent_with_the_child_and_continues_the_child_with_the_parent() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in WAYS {
        let mut running = started(words);
        let (parent, child) = (running.pid(), running.descendants()[0]);
        for _ in 0..3 {
            send(child, Signal::SIGSTOP);
            eventually("both are stopped", || stopped(child) && stopped(parent));
            send(parent, Signal::SIGCONT);
            eventually("both go on", || !stopped(child) && !stopped(parent));
        }
        running.write(b"go\n", true);
        running.wait().exits(5).quiet();
    }
}

/// By which signal it was stopped does not matter.
#[test]
fn stops_for_each_of_the_signals_that_stop() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = terminal();
    for signal in ["STOP", "TSTP", "TTIN", "TTOU"] {
        running.write(format!("hc-unshare -f perl -e 'kill {signal} => $$; exit 6'\n").as_bytes(), false);
        running.write(format!("echo {signal}=$?=\n").as_bytes(), false);
        // The parent stops itself by SIGSTOP, whatever it was for the child; or it was stopped together with that.
        running.expect(&format!("{signal}=1"));
        running.write(format!("fg\necho after-{signal}=$?=\n").as_bytes(), false);
        running.expect(&format!("after-{signal}=6="));
    }
    running.write(b"exit 0\n", true);
    running.wait().ok();
}

#[test]
fn stops_a_row_of_parents() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = started(&["-f", "hc-unshare", "-f", "hc-unshare", "-fp"]);
    let all: Vec<i32> = std::iter::once(running.pid()).chain(running.descendants()).collect();
    assert_eq!(all.len(), 4, "{all:?}");
    send(all[3], Signal::SIGSTOP);
    eventually("all are stopped", || all.iter().all(|&pid| stopped(pid)));
    send(all[0], Signal::SIGCONT);
    eventually("all go on", || !all.iter().any(|&pid| stopped(pid)));
    running.write(b"go\n", true);
    running.wait().exits(5).quiet();
}

/// A child that is continued by somebody else goes on by itself.
#[test]
fn does_not_hold_a_child_that_was_continued_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = started(&["-f"]);
    let (parent, child) = (running.pid(), running.descendants()[0]);
    send(child, Signal::SIGSTOP);
    eventually("both are stopped", || stopped(child) && stopped(parent));
    send(child, Signal::SIGCONT);
    eventually("the child goes on", || !stopped(child));
    running.write(b"go\n", true);
    eventually("the child has ended", || matches!(state(child), None | Some('Z')));
    send(parent, Signal::SIGCONT);
    running.wait().exits(5).quiet();
}

/// Process 1 of a PID namespace cannot be stopped from inside. Its child is not to be continued for that: one that is
/// stopped for reading from the terminal in the background would run into it again and again.
#[test]
fn leaves_a_stopped_child_of_process_1_stopped() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = started(&["-fp", "hc-unshare", "-f"]);
    let all = running.descendants();
    assert_eq!(all.len(), 2, "{all:?}");
    send(all[1], Signal::SIGSTOP);
    eventually("the child is stopped", || stopped(all[1]));
    for _ in 0..50 {
        assert!(stopped(all[1]), "it was continued by nobody who was asked");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    send(all[1], Signal::SIGCONT);
    running.write(b"go\n", true);
    running.wait().exits(5).quiet();
}

/// As a shell does it: the whole group is stopped and continued, in whatever order its processes notice.
#[test]
fn goes_on_with_its_group_every_time() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let leader = "use strict; $| = 1; my $pid = fork; if (!$pid) { setpgrp 0, 0; exec @ARGV } print qq(ready\n); waitpid $pid, 0";
    let line = Cmd::line(["perl", "-e", leader, "hc-unshare", "-f", "sleep", "1000"]).session();
    let mut running = line.hold_input().start();
    running.expect("ready\n");
    eventually("both are there", || running.descendants().len() == 2);
    let [parent, child] = running.descendants()[..] else { panic!("two processes") };
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    eventually("the sleep", || name(child) == "sleep\n");
    let group = |signal| nix::sys::signal::killpg(Pid::from_raw(parent), signal).unwrap();
    for _ in 0..300 {
        group(Signal::SIGTSTP);
        eventually("both are stopped", || stopped(child) && stopped(parent));
        group(Signal::SIGCONT);
        // Not only woken up: each is again in the call that it waits in, and stays there.
        eventually("both go on", || [parent, child].iter().all(|&pid| state(pid) == Some('S')));
    }
    group(Signal::SIGKILL);
    running.wait().ok();
}

/// A parent that was stopped by itself comes back to a child that is as it was.
#[test]
fn is_not_disturbed_by_a_stop_of_the_parent_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in WAYS {
        let mut running = started(words);
        let (parent, child) = (running.pid(), running.descendants()[0]);
        send(parent, Signal::SIGSTOP);
        eventually("the parent is stopped", || stopped(parent));
        assert!(!stopped(child));
        running.write(b"go\n", true);
        eventually("the child has ended", || matches!(state(child), None | Some('Z')));
        send(parent, Signal::SIGCONT);
        running.wait().exits(5).quiet();
    }
}

#[test]
fn dies_of_the_death_of_a_stopped_child() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let running = started(&["-f"]);
    let (parent, child) = (running.pid(), running.descendants()[0]);
    send(child, Signal::SIGSTOP);
    eventually("both are stopped", || stopped(child) && stopped(parent));
    send(child, Signal::SIGKILL);
    send(parent, Signal::SIGCONT);
    running.wait().dies_of(libc::SIGKILL).quiet();
}

/// A shell with job control on a terminal, by script(1): what is typed comes from standard input.
#[track_caller]
fn terminal() -> Running {
    let shell = "env PS1=prompt: ENV= sh -i";
    let mut running =
        Cmd::line(["script", "-qec", shell, "/dev/null"]).env("SHELL", "/bin/sh").hold_input().start();
    running.expect("prompt:");
    running
}

fn has_sleep(running: &Running) -> bool {
    let name = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    running.descendants().iter().any(|pid| name(pid) == "sleep\n")
}

#[test]
fn gives_the_terminal_back_at_ctrl_z() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = terminal();
    let next = "perl -e '$|=1; print qq(up).qq(and).qq(running\\n); while (<STDIN>) { print qq(got).qq(it:$_); last } exit 4'";
    running.write(format!("hc-unshare -f {next}; echo status=$?=\n").as_bytes(), false);
    running.expect("upandrunning");
    running.write(b"\x1a", false);
    // By TSTP, or by the STOP that it follows the child with.
    running.expect("status=14");
    running.write(b"jobs\n", false);
    running.expect("Stopped");
    running.write(b"fg; echo status=$?=\n", false);
    // The shell echoes what it continues; then what is typed is the child's.
    running.expect("fg; echo");
    running.write(b"line\n", false);
    running.expect("gotit:line");
    running.expect("status=4=");
    running.write(b"exit 9\n", true);
    running.wait().exits(9);
}

#[test]
fn hands_ctrl_c_and_ctrl_backslash_to_the_child_and_dies_with_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = terminal();
    for (key, status, round) in [(b"\x03", 130, "one"), (b"\x1c", 131, "two")] {
        let line = format!("ulimit -c 0; hc-unshare -f sh -c 'echo {round}''up; exec sleep 1000'\n");
        running.write(line.as_bytes(), false);
        running.expect(&format!("{round}up"));
        // Not before the sleep is there: a shell handles the interrupt otherwise.
        eventually("the sleep", || has_sleep(&running));
        running.write(key, false);
        eventually("the sleep has ended", || !has_sleep(&running));
        running.write(b"echo status=$?=\n", false);
        running.expect(&format!("status={status}="));
    }
    // A child that handles it goes on, and its status is the parent's.
    let line = "hc-unshare -f perl -e '$|=1; $SIG{INT} = sub { print qq(han).qq(dled\\n); exit 3 }; print qq(thr).qq(ee\\n); \
                sleep 1000'; echo status=$?=\n";
    running.write(line.as_bytes(), false);
    running.expect("three");
    running.write(b"\x03", false);
    running.expect("handled");
    running.expect("status=3=");
    running.write(b"exit 0\n", true);
    running.wait().ok();
}
