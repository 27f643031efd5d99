//! A jail goes with hc-unshare, however that ends, and with its NEXT.

use super::{Who, cell, jail};
use hc_tests::{Ended, Running, can_make_hosts, eventually, require, user_namespaces};
use nix::sys::signal::Signal;

/// Ten processes that nothing but KILL ends, some of them orphans, some in sessions of their own.
const CROWD: &str = r"use strict; $| = 1;
    $SIG{$_} = 'IGNORE' for qw(TERM INT HUP QUIT USR1 USR2 ALRM PIPE CHLD);
    for my $number (1 .. 9) {
        next if fork;
        syscall 112 if $number % 2;
        exit 0 if $number % 3 == 0 && fork;
        sleep 1000;
    }
    print qq(ready\n);
    sleep 1000;";

fn is_there(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[track_caller]
fn crowd(who: Who, options: &[&str]) -> (Running, Vec<i32>) {
    let line = super::unshare(&["--jail"]).args(options).args(["perl", "-e", CROWD]);
    let mut running = who.starts(line).start();
    running.expect("ready\n");
    eventually("all are there", || running.descendants().len() == 11);
    let all = running.descendants();
    (running, all)
}

#[test]
fn leaves_no_process_when_hc_unshare_is_killed() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for options in [&[][..], &["--share=net"], &["-r"]] {
            let (mut running, all) = crowd(who, options);
            running.signal(Signal::SIGKILL);
            assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
            eventually("all are gone", || !all.iter().any(|&pid| is_there(pid)));
        }
    }
}

#[test]
fn ends_with_process_1() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let (mut running, all) = crowd(who, &[]);
        hc_tests::send(all[0], libc::SIGKILL);
        assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
        eventually("all are gone", || !all.iter().any(|&pid| is_there(pid)));
    }
}

/// What NEXT has left is ended, and nobody waits for it.
#[test]
fn ends_with_next() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = format!("{}; exit 7", CROWD.trim_end().strip_suffix("sleep 1000;").unwrap());
    for who in Who::ALL {
        let mut running = who.starts(super::unshare(&["--jail", "perl", "-e", &script])).start();
        running.expect("ready\n");
        running.wait().exits(7).quiet();
    }
}

/// At whatever moment: before the fork, between the two, or later.
#[test]
fn holds_at_any_moment() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let cell = cell();
    for step in 0..60_u64 {
        let mut running = jail(&cell, &["/hc-attack", "secret"]).hold_input().start();
        std::thread::sleep(std::time::Duration::from_micros(step * 150));
        let all = running.descendants();
        running.signal(Signal::SIGKILL);
        running.wait_for_it_alone();
        let root = cell.path();
        let here =
            |pid: &i32| std::fs::read_link(format!("/proc/{pid}/root")).is_ok_and(|place| place == root);
        eventually("all are gone", || !all.iter().any(|&pid| is_there(pid)) && !processes().iter().any(here));
    }
}

fn processes() -> Vec<i32> {
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect()
}
