//! -f: the parent that stays, and what it hands on.

use super::{Root, unshare};
use hc_tests::{
    Cmd, Dir, Ended, Host, NOBODY, Running, can_make_hosts, compare, eventually, is_root, require, strace,
};
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};

/// A child that says when it is there, and ends with status 7 when it is told anything.
const WAITING: &str = "echo ready; read go; exit 7";

fn started(words: &[&str], script: &str, how: impl Fn(Cmd) -> Cmd) -> Running {
    let mut running = how(unshare(words).args(["sh", "-c", script]).hold_input()).start();
    running.expect("ready\n");
    running
}

/// The one child of a program.
#[track_caller]
fn child_of(running: &Running) -> Pid {
    let children = running.descendants();
    assert_eq!(children.len(), 1, "{children:?}");
    Pid::from_raw(children[0])
}

fn is_there(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[test]
fn every_exit_status_is_handed_on() {
    for status in [0, 1, 2, 42, 125, 126, 127, 128, 129, 137, 255] {
        let pair =
            compare::both("unshare", "hc-unshare", &["-f", "sh", "-c", &format!("exit {status}")], |cmd| cmd);
        pair.same();
        assert_eq!(pair.ours.ended, Ended::Exit(status));
    }
}

#[test]
fn a_child_that_a_signal_ends_is_followed_by_the_same_signal() {
    let harmless = [libc::SIGCHLD, libc::SIGCONT, libc::SIGURG, libc::SIGWINCH];
    let stopping = [libc::SIGSTOP, libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU];
    // 32 and 33 are the C library's own: programs cannot set their disposition.
    let stopping = [stopping.as_slice(), &[32, 33]].concat();
    for signal in (1..=64).filter(|signal| !harmless.contains(signal) && !stopping.contains(signal)) {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        unshare(&["-f", "sh", "-c", &script]).run().dies_of(signal).says("").quiet();
    }
    for signal in [1, 2, 3, 6, 11, 14, 15, 34, 64] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        compare::both("unshare", "hc-unshare", &["-f", "sh", "-c", &script], |cmd| cmd).same();
    }
}

#[test]
fn as_process_1_itself_it_says_128_and_the_signal() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // The outer one's child is process 1, which no signal of its own can end.
    for (signal, status) in [(9, 137), (15, 143), (34, 162)] {
        let script = format!("kill -{signal} $$");
        unshare(&["-fp", "hc-unshare", "-f", "sh", "-c", &script]).run().exits(status).quiet();
    }
}

#[test]
fn a_caller_that_ignores_or_blocks_signals_gets_the_status_all_the_same() {
    for signal in [libc::SIGCHLD, libc::SIGINT, libc::SIGTERM] {
        for how in [|cmd: Cmd, signal| cmd.ignoring(signal), |cmd: Cmd, signal| cmd.blocking(signal)] {
            how(unshare(&["-f", "sh", "-c", "exit 9"]), signal).run().exits(9).quiet();
            // A shell cannot be killed by what it was told to ignore; by KILL it can.
            how(unshare(&["-f", "sh", "-c", "kill -9 $$"]), signal).run().dies_of(9).quiet();
            let seen = how(unshare(&["-f"]), signal).next_view();
            let plain = how(Cmd::probe(), signal).view();
            for key in ["ignored", "blocked"] {
                assert_eq!(seen.get(key), plain.get(key));
            }
        }
    }
}

#[test]
fn the_terminal_s_interrupt_reaches_the_child_and_the_parent_hands_on_what_comes_of_it() {
    let group = |running: &Running| killpg(Pid::from_raw(running.pid()), Signal::SIGINT).unwrap();
    let running = started(&["-f"], WAITING, Cmd::session);
    group(&running);
    running.wait().dies_of(libc::SIGINT).quiet();
    let handling = "trap 'exit 5' INT; echo ready; read go; exit 7";
    let running = started(&["-f"], handling, Cmd::session);
    group(&running);
    running.wait().exits(5).quiet();
}

#[test]
fn interrupt_and_termination_of_the_parent_alone_change_nothing() {
    let mut running = started(&["-f"], WAITING, |cmd| cmd);
    running.signal(Signal::SIGINT);
    running.signal(Signal::SIGTERM);
    running.write(b"go\n", true);
    running.wait().exits(7).quiet();
}

#[test]
fn process_1_gets_no_signal_that_it_does_not_handle() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // Not a shell: that handles SIGINT.
    let mut running = unshare(&["-fp", "cat"]).hold_input().start();
    running.write(b"ready\n", false);
    running.expect("ready\n");
    let child = child_of(&running);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGUSR1] {
        kill(child, signal).unwrap();
    }
    running.write(b"go\n", true);
    running.wait().ok().says("ready\ngo\n").quiet();
    let running = started(&["-fp"], WAITING, Cmd::session);
    kill(child_of(&running), Signal::SIGKILL).unwrap();
    running.wait().dies_of(libc::SIGKILL).quiet();
}

#[test]
fn the_waiting_parent_has_no_directory_of_the_host_and_no_file_of_its_own() {
    require!(is_root(), "takes root");
    let dir = Dir::new();
    for user in [0, NOBODY] {
        let running = started(&["-f"], WAITING, |cmd| cmd.dir(dir.path()).user(user));
        let parent = |name: &str| std::fs::read_link(format!("/proc/{}/{name}", running.pid())).unwrap();
        eventually("the parent leaves its directory", || parent("cwd") == Path::new("/"));
        let mut files: Vec<PathBuf> = std::fs::read_dir(format!("/proc/{}/fd", running.pid()))
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        files.sort();
        assert_eq!(files.len(), 3, "{files:?}");
    }
}

#[test]
fn killing_the_parent_leaves_the_child_and_nothing_else() {
    let mut running = started(&["-f"], WAITING, |cmd| cmd);
    let child = child_of(&running);
    running.signal(Signal::SIGKILL);
    assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
    assert!(is_there(child));
    kill(child, Signal::SIGKILL).unwrap();
    eventually("the child is gone", || !is_there(child));
}

#[test]
fn killing_process_1_ends_all_processes_and_mounts_of_the_container() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::shared(), Root::new());
    let before = host.mounts();
    // The probe's directory is on the host; sh is, too: no root here, but mounts and processes.
    let script = "sleep 1000 & sleep 1000 & echo ready; wait";
    let mut running =
        started(&["-fpm", "--mount-proc", &root.option("--tmpfs")], script, |cmd| cmd.on(&host));
    eventually("all of them run", || running.descendants().len() == 3);
    let all: Vec<Pid> = running.descendants().into_iter().map(Pid::from_raw).collect();
    kill(all[0], Signal::SIGKILL).unwrap();
    assert_eq!(running.wait_for_it_alone(), Ended::Signal(9));
    eventually("all of them are gone", || !all.iter().any(|&pid| is_there(pid)));
    assert_eq!(host.mounts(), before);
    Cmd::sh(format!("rm -r {}", root.path().display())).on(&host).run().ok().quiet();
}

#[test]
fn killed_at_any_call_it_leaves_no_mount_behind() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::shared(), Root::new());
    let before = host.mounts();
    let place = root.option("--root");
    let line = unshare(&["-fpium", "--mount-proc", "--tmpfs=/tmp", &place, "/hc-probe"]);
    let calls = strace::calls(&host, &line);
    // Those of the parent, and those of the child, which makes the mounts.
    for name in ["unshare", "wait4", "move_mount", "pivot_root", "umount2"] {
        assert!(calls.iter().any(|call| call.0 == name), "{name}: {calls:?}");
    }
    for at in &calls {
        assert_eq!(strace::killed(&host, &line, at), Ended::Signal(9), "{at:?}");
        assert_eq!(host.mounts(), before, "{at:?}");
    }
    let ours = |pid: &Path| {
        std::fs::read_link(pid.join("root")).is_ok_and(|place| place.starts_with(root.path()))
            || std::fs::read_to_string(pid.join("mountinfo"))
                .is_ok_and(|table| table.contains(root.path().to_str().unwrap()))
    };
    eventually("no process has the root any more", || {
        let mut processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        !processes.any(|process| ours(&process))
    });
    Cmd::sh(format!("rm -r {}", root.path().display())).on(&host).run().ok().quiet();
}
