//! The status is NEXT's own, or 128 and the number of the signal that it has died of.

use super::{WAYS, Who, init};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};
use std::time::Duration;

/// `hc-unshare` with these words, in a shell.
fn words(who: Who, way: &[&str]) -> String {
    let first = if who == Who::Root { "" } else { "-r" };
    format!("hc-unshare {first} --init {}", way.join(" "))
}

#[test]
fn are_the_256_that_there_are() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for way in WAYS {
            let script = format!(
                "n=0; while [ $n -lt 256 ]; do {} sh -c \"exit $n\"; [ $? = $n ] || echo $n; n=$((n+1)); done; echo $n",
                words(who, way)
            );
            who.starts(Cmd::sh(script)).limit(Duration::from_mins(1)).run().ok().says("256\n").quiet();
        }
    }
}

/// By default a signal ends a process, but for these.
fn fatal() -> Vec<i32> {
    use libc::{SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH};
    let others = [SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH];
    (1..=64).filter(|signal| !others.contains(signal)).collect()
}

#[test]
fn of_signals_are_128_and_their_number() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for way in WAYS {
            for signal in fatal() {
                let script = format!("kill -{signal} $$; sleep 10");
                let line = init(who, way).args(["sh", "-c", &script]);
                assert_eq!(line.run().ended, hc_tests::Ended::Exit(128 + signal), "{who:?}: {way:?}");
            }
        }
    }
}

#[test]
fn of_a_next_that_cannot_be_started_are_126_and_127() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for way in WAYS {
            let message = init(who, way).arg("/nosuch").run().fails("hc-unshare", 127);
            assert_eq!(message, "/nosuch: No such file or directory");
            let message = init(who, way).arg("/etc/passwd").run().fails("hc-unshare", 126);
            assert_eq!(message, "/etc/passwd: not executable (its mode is 0644)");
        }
    }
}

/// NEXT is process 2, whose parent is process 1, and it finds what it was given.
#[test]
fn are_those_of_a_child_of_process_1() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let seen = init(who, &["--mount-proc"]).env("VARIABLE", "value").umask(0o27).next_view();
        assert_eq!((seen.get("pid"), seen.get("ppid"), seen.get("processes")), ("2", "1", "1 2"));
        assert_eq!(seen.get("pgrp"), "2", "a process group of its own");
        assert_eq!(seen.descriptors(), [0, 1, 2]);
        assert_eq!(seen.get("umask"), "27");
        assert!(seen.all("env").contains(&"VARIABLE=value"));
    }
}

/// Without an init, PID 1 would be NEXT.
#[test]
fn are_taken_from_a_shell_s_pipeline_as_well() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        init(who, &["cat"]).input("in\n").run().ok().says("in\n").quiet();
        // Who writes to a pipe that nobody reads.
        let script = format!("({} yes; echo $? >&2) | head -n 1", words(who, &[]));
        who.starts(Cmd::sh(script)).run().ok().says("y\n").complains("141\n");
    }
}
