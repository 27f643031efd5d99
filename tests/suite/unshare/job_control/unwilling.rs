//! A child that the terminal's signals do not stop, as process 1 of a PID namespace, is stopped all the same.

use super::{send, started, state, stopped, terminal, unshare};
use hc_tests::{Running, can_make_hosts, eventually, require};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::thread::sleep;
use std::time::Duration;

/// Longer than what a child is given to stop by itself.
const LONG: Duration = Duration::from_millis(400);

#[test]
fn gives_the_prompt_back_at_ctrl_z() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = terminal();
    for (round, words, script) in [
        ("one", "-fp", ""),
        ("two", "-f", "$SIG{TSTP} = q(IGNORE);"),
        ("three", "-fp --forward-signals --kill-child", "$SIG{TSTP} = sub {};"),
    ] {
        let next = format!(
            "perl -e '$|=1; {script} print qq({round}).qq(up\\n); 1 while !sysread STDIN, my $x, 1; exit 4'"
        );
        running.write(format!("hc-unshare {words} {next}; echo {round}=$?=\n").as_bytes(), false);
        running.expect(&format!("{round}up"));
        running.write(b"\x1a", false);
        running.expect(&format!("{round}=147="));
        running.write(format!("fg; echo after-{round}=$?=\n").as_bytes(), false);
        running.expect("fg; echo");
        running.write(b"line\n", false);
        running.expect(&format!("after-{round}=4="));
    }
    running.write(b"exit 9\n", true);
    running.wait().exits(9);
}

#[test]
fn stops_with_a_parent_that_alone_is_asked_to() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in [&["-f"][..], &["-fp"], &["--forward-signals"]] {
        for signal in [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU] {
            let mut running = started(words);
            let (parent, child) = (running.pid(), running.descendants()[0]);
            send(parent, signal);
            eventually("both are stopped", || stopped(child) && stopped(parent));
            send(parent, Signal::SIGCONT);
            eventually("both go on", || !stopped(child) && !stopped(parent));
            // And stay so: nothing was left over to stop them once more.
            sleep(LONG);
            assert!(!stopped(child) && !stopped(parent), "{words:?} {signal}");
            running.write(b"go\n", true);
            running.wait().exits(5).quiet();
        }
    }
}

/// A child in a process group with its parent, which ignores what stops a job.
#[track_caller]
fn ignoring(words: &[&str]) -> Running {
    let mut running = unshare(words).arg("cat").ignoring(libc::SIGTSTP).hold_input().session().start();
    running.write(b"ready\n", false);
    running.expect("ready\n");
    running
}

#[test]
fn is_left_alone_when_the_job_goes_on_before_that() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = ignoring(&["-f"]);
    let (parent, child) = (running.pid(), running.descendants()[0]);
    let group = |signal| killpg(Pid::from_raw(parent), signal).unwrap();
    for _ in 0..20 {
        group(Signal::SIGTSTP);
        sleep(Duration::from_millis(1));
        group(Signal::SIGCONT);
    }
    sleep(LONG);
    assert_eq!((state(parent), state(child)), (Some('S'), Some('S')));
    running.write(b"", true);
    running.wait().ok();
}

/// Process 1 cannot stop with its child, but what lets it go on lets the child go on.
#[test]
fn is_continued_by_a_parent_that_is_process_1() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = ignoring(&["-fp", "hc-unshare", "-f"]);
    let [init, child] = running.descendants()[..] else { panic!("two descendants") };
    send(init, Signal::SIGTSTP);
    eventually("the child is stopped", || stopped(child));
    assert!(!stopped(init));
    send(init, Signal::SIGCONT);
    eventually("the child goes on", || !stopped(child));
    running.write(b"", true);
    running.wait().ok();
}

/// As process 1 the parent has the orphans of its PID namespace.
#[test]
fn has_a_parent_that_leaves_no_orphan_behind() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script = "(sh -c 'sleep 0.05 &'); sleep 0.3; \
                  for stat in /proc/[0-9]*/stat; do read -r pid name state rest <$stat && echo $name $state; done";
    let line = unshare(&["-fpm", "--mount-proc", "hc-unshare", "-f", "sh", "-c", script]);
    let seen = line.run().ok();
    let seen = seen.text();
    assert!(!seen.contains(" Z"), "{seen}");
    assert!(seen.contains("(hc-unshare) S"), "{seen}");
}
