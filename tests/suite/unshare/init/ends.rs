//! Nothing is left: neither when NEXT ends, nor when hc-unshare does.

use super::{Who, init};
use hc_tests::{Ended, can_make_hosts, eventually, require, send, user_namespaces};
use std::path::Path;

fn is_there(pid: i32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[test]
fn with_next_ends_all_of_the_namespace() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = "trap '' TERM HUP INT; (sleep 1000 & setsid sleep 1000 & ); sleep 1000 & echo ready; read end; exit 6";
    for who in Who::ALL {
        let mut running = init(who, &["sh", "-c", script]).hold_input().start();
        running.expect("ready\n");
        eventually("all are there", || running.descendants().len() == 5);
        let all = running.descendants();
        running.write(b"\n", true);
        running.wait().exits(6).quiet();
        eventually("nobody is left", || !all.iter().any(|&pid| is_there(pid)));
    }
}

/// With --kill-child, as in a jail; without it NEXT lives on.
#[test]
fn with_hc_unshare_ends_all_of_it_if_that_is_wanted() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for (options, ends) in [
            (&["--kill-child"][..], true),
            (&["--jail"], true),
            (&["--kill-child", "-S", "0"], true),
            (&[], false),
        ] {
            let mut running =
                init(who, options).args(["sh", "-c", "sleep 1000 & echo ready; exec sleep 1000"]).start();
            running.expect("ready\n");
            let all = running.descendants();
            assert_eq!(all.len(), 3);
            send(running.pid(), libc::SIGKILL);
            assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
            if ends {
                eventually("nobody is left", || !all.iter().any(|&pid| is_there(pid)));
            } else {
                std::thread::sleep(std::time::Duration::from_millis(50));
                assert!(all.iter().all(|&pid| is_there(pid)));
                send(all[0], libc::SIGKILL);
            }
        }
    }
}

/// Killed from outside, process 1 takes all with it, and hc-unshare tells.
#[test]
fn with_process_1_ends_hc_unshare() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = init(who, &["sh", "-c", "echo ready; exec sleep 1000"]).start();
        running.expect("ready\n");
        let all = running.descendants();
        send(all[0], libc::SIGKILL);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
        assert!(!is_there(all[1]));
    }
}

/// An init in an init, and one started by a process 1.
#[test]
fn of_one_in_another_end_one_after_the_other() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let line = init(
            who,
            &[
                "--mount-proc",
                "hc-unshare",
                "--init",
                "--mount-proc",
                "sh",
                "-c",
                "echo $$; read end; exit 8",
            ],
        );
        let mut running = line.hold_input().start();
        running.expect("2\n");
        let all = running.descendants();
        assert_eq!(all.len(), 4);
        send(running.pid(), libc::SIGCONT);
        running.write(b"\n", true);
        running.wait().exits(8).quiet();
        let line = init(who, &["--mount-proc", "hc-unshare", "--init", "sleep", "1000"]);
        let mut running = line.start();
        eventually("all are there", || running.descendants().len() == 4);
        std::thread::sleep(std::time::Duration::from_millis(50));
        send(running.pid(), libc::SIGTERM);
        assert_eq!(running.wait_for_it_alone(), Ended::Exit(143));
    }
}
