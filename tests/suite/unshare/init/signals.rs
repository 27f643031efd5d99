//! Signals that are sent to hc-unshare, or to process 1, are NEXT's, each once.

use super::{Who, init};
use hc_tests::{Cmd, Ended, Running, can_make_hosts, eventually, require, send, user_namespaces};

/// Takes all signals one by one, says the number of each, and ends at SIGRTMAX. rt_sigprocmask(2) and
/// rt_sigtimedwait(2): 14 and 128.
pub(super) const LISTENER: &str = r"use strict; $| = 1;
    my $all = qq(\xff) x 8;
    syscall 14, 0, $all, 0, 8 and die qq($!\n);
    print qq(ready\n);
    for (;;) {
        my $signal = syscall 128, $all, 0, 0, 8;
        next if $signal < 0;
        print qq($signal\n);
        exit 0 if $signal == 64;
    }";

/// Not those that nobody can take, those of faults, which a process causes itself, and the news of children.
pub(super) fn forwardable() -> Vec<i32> {
    use libc::{SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSTOP, SIGSYS, SIGTRAP};
    let others = [SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSTOP, SIGSYS, SIGTRAP];
    (1..=64).filter(|signal| !others.contains(signal)).collect()
}

#[track_caller]
fn listening(who: Who, options: &[&str]) -> Running {
    let mut running = init(who, options).args(["perl", "-e", LISTENER]).start();
    running.expect("ready\n");
    running
}

#[test]
fn arrive_once_each() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    assert_eq!(forwardable().len(), 55);
    for who in Who::ALL {
        for options in [&[][..], &["--kill-child"], &["--forward-signals"], &["--jail"]] {
            for to_init in [false, true] {
                let mut running = listening(who, options);
                let target = if to_init { running.descendants()[0] } else { running.pid() };
                let mut said = "ready\n".to_owned();
                for signal in forwardable() {
                    send(target, signal);
                    said = said + &signal.to_string() + "\n";
                    running.expect(&said);
                }
                running.wait().ok().says(said).quiet();
            }
        }
    }
}

/// Signals of real time are counted: as many arrive as were sent, in their order.
#[test]
fn of_real_time_arrive_as_often_as_they_are_sent() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let running = listening(who, &[]);
        for _ in 0..500 {
            send(running.pid(), 40);
        }
        send(running.pid(), 64);
        let said = format!("ready\n{}64\n", "40\n".repeat(500));
        running.wait().ok().says(said).quiet();
    }
}

/// As NEXT would have had them without an init.
#[test]
fn are_handled_by_next_as_the_caller_had_it() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let hows: [fn(Cmd) -> Cmd; 5] = [
        |cmd| cmd,
        |cmd| cmd.ignoring(libc::SIGTERM).ignoring(libc::SIGINT).ignoring(libc::SIGPIPE),
        |cmd| cmd.blocking(libc::SIGTERM).blocking(libc::SIGUSR1).blocking(40),
        |cmd| cmd.ignoring(libc::SIGCHLD).blocking(libc::SIGCHLD),
        |cmd| cmd.ignoring(libc::SIGTSTP).ignoring(libc::SIGTTOU),
    ];
    for how in hows {
        let plain = how(Cmd::probe()).view();
        for who in Who::ALL {
            let seen = how(init(who, &["--mount-proc"])).next_view();
            for key in ["ignored", "blocked"] {
                assert_eq!(seen.get(key), plain.get(key), "{who:?}: {key}");
            }
            assert_eq!(seen.get("pdeathsig"), "0");
        }
    }
}

#[test]
fn end_a_next_that_does_not_handle_them() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGUSR1, 34, 64] {
            for options in [&["-p"][..], &["--jail"]] {
                let mut running =
                    init(who, options).args(["sh", "-c", "echo ready; exec sleep 1000"]).start();
                running.expect("ready\n");
                let all = running.descendants();
                assert_eq!(all.len(), 2, "process 1 and NEXT");
                send(running.pid(), signal);
                assert_eq!(running.wait_for_it_alone(), Ended::Exit(128 + signal), "{who:?}: {options:?}");
                eventually("nobody is left", || {
                    all.iter().all(|&pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
                });
            }
        }
    }
}

/// At whatever moment it comes, before NEXT is there or after.
#[test]
fn are_not_lost_at_any_moment() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for step in 0..100_u64 {
        let mut running = init(Who::Root, &["-p", "sleep", "1000"]).start();
        std::thread::sleep(std::time::Duration::from_micros(step * 40));
        let all = running.descendants();
        send(running.pid(), libc::SIGTERM);
        let ended = running.wait_for_it_alone();
        assert!(
            [Ended::Exit(143), Ended::Signal(libc::SIGTERM)].contains(&ended),
            "after {} us: {ended:?}",
            step * 40
        );
        eventually("nobody is left", || {
            all.iter().all(|&pid| !std::path::Path::new(&format!("/proc/{pid}")).exists())
        });
    }
}

/// A process of the namespace sends to process 1, which hands it on as well.
#[test]
fn come_from_inside_too() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = "trap 'echo usr1' USR1; (kill -USR1 1); sleep 0.05; while :; do sleep 0.05; n=$((n+1)); [ $n -lt 4 ] || exit 3; done";
    for who in Who::ALL {
        init(who, &["sh", "-c", script]).run().exits(3).says("usr1\n").quiet();
        // Not one that would end it: process 1 cannot be killed from inside.
        init(who, &["sh", "-c", "kill -KILL 1; kill -STOP 1; exit 4"]).run().exits(4).quiet();
    }
}

/// A signal for the group of hc-unshare does not reach NEXT twice.
#[test]
fn for_the_whole_group_arrive_once() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let line = init(who, &["perl", "-e", LISTENER]).session();
        let mut running = line.start();
        running.expect("ready\n");
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGUSR2] {
            send(-running.pid(), signal);
            running.expect(&format!("{signal}\n"));
        }
        send(running.pid(), 64);
        running.wait().ok().says("ready\n15\n2\n12\n64\n").quiet();
    }
}
