//! --wait: the parent that stays, as if it was not there.

use super::{Name, cgroup, made_up_by};
use hc_tests::{Cmd, Dir, Ended, eventually, is_root, require, send};
use nix::sys::signal::Signal;
use std::fs;

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn without_it_next_is_this_process() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let running = cgroup(&[&name.option("name"), "sh", "-c", "echo $$; cat /proc/$$/cgroup"]).start();
    let pid = running.pid();
    let output = running.wait().ok().quiet();
    assert!(output.text().starts_with(&format!("{pid}\n")), "{output:?}");
    assert!(output.text().contains(&format!("/{}\n", name.0)), "{output:?}");
    // The cgroup stays, and its remover is there.
    assert!(!name.directories().is_empty());
    cgroup(&[&name.option("delete")]).run().ok().quiet();
    assert_eq!(name.directories().len(), 0);
}

#[test]
fn every_status_is_handed_on() {
    require!(is_root(), ROOT);
    for status in [0, 1, 42, 125, 126, 127, 128, 137, 255] {
        cgroup(&["--wait", "sh", "-c", &format!("exit {status}")]).run().exits(status).quiet();
    }
    for signal in [1, 2, 3, 6, 9, 15, 34, 64] {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        cgroup(&["--wait", "sh", "-c", &script]).run().dies_of(signal).says("").quiet();
    }
}

#[test]
fn a_next_that_is_not_there_leaves_no_cgroup() {
    require!(is_root(), ROOT);
    let dir = Dir::new();
    let file = dir.file("file", "x").display().to_string();
    for options in [&["--wait"][..], &["--report"], &[], &["-m", "64m"]] {
        for (next, status) in [("/nosuch", 127), (file.as_str(), 126)] {
            let running = cgroup(options).arg(next).start();
            let pid = running.pid();
            let said = running.wait().fails("hc-cgroup", status);
            assert!(said.starts_with(&format!("{next}: ")), "{said}");
            assert_eq!(made_up_by(&[pid]), Vec::<std::path::PathBuf>::new());
        }
    }
}

#[test]
fn what_next_inherits_is_what_the_tool_inherited() {
    require!(is_root(), ROOT);
    for signal in [libc::SIGCHLD, libc::SIGINT, libc::SIGTERM, libc::SIGPIPE] {
        for how in [|cmd: Cmd, signal| cmd.ignoring(signal), |cmd: Cmd, signal| cmd.blocking(signal)] {
            how(cgroup(&["--wait", "sh", "-c", "exit 9"]), signal).run().exits(9).quiet();
            for words in [&["--wait"][..], &["--report=json:9"]] {
                let report = fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
                let how = |cmd: Cmd| how(cmd, signal).umask(0o27).passing(report.try_clone().unwrap(), 100);
                let words: Vec<String> = words.iter().map(|word| word.replace(":9", ":100")).collect();
                let seen = how(Cmd::tool("hc-cgroup").args(&words)).next_view();
                let plain = how(Cmd::probe()).view();
                for key in ["ignored", "blocked", "umask", "env", "cwd", "limit.nofile"] {
                    assert_eq!(seen.all(key), plain.all(key), "{key}");
                }
                assert_eq!(seen.descriptors(), [0, 1, 2, 100]);
            }
        }
    }
}

#[test]
fn signals_are_handed_on_once() {
    require!(is_root(), ROOT);
    for (signal, name) in [(1, "HUP"), (2, "INT"), (3, "QUIT"), (10, "USR1"), (15, "TERM"), (34, "RTMIN")] {
        let script = format!(
            "n=0; trap 'n=$((n + 1)); echo {name}' {signal}; echo ready; while [ $n = 0 ]; do sleep 0.01; done; sleep 0.1; exit 5"
        );
        let mut running = cgroup(&["--wait", "bash", "-c", &script]).start();
        running.expect("ready\n");
        send(running.pid(), signal);
        running.wait().exits(5).quiet().says(format!("ready\n{name}\n"));
    }
}

#[test]
fn it_stops_and_goes_on_with_next() {
    require!(is_root(), ROOT);
    let mut running = cgroup(&["--wait", "sh", "-c", "echo ready; kill -STOP $$; exit 6"]).start();
    running.expect("ready\n");
    let state = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit(") ").next().and_then(|rest| rest.chars().next())
    };
    eventually("the parent stops with its child", || state(running.pid()) == Some('T'));
    running.signal(Signal::SIGCONT);
    running.wait().exits(6).quiet();
}

#[test]
fn what_next_leaves_behind_ends_with_it() {
    require!(is_root(), ROOT);
    let script = "(trap '' TERM HUP; exec setsid sleep 1000) >/dev/null 2>&1 & echo $!; exit 3";
    for words in [&["--wait"][..], &["--report=json:2", "--pids-limit=50"], &["-m", "64m", "--wait"]] {
        let running = cgroup(words).args(["sh", "-c", script]).start();
        let pid = running.pid();
        let output = running.wait().exits(3);
        let left: i32 = output.text().trim().parse().unwrap();
        let stat = fs::read_to_string(format!("/proc/{left}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        assert_eq!(made_up_by(&[pid]), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn cgroups_that_next_has_made_go_with_its_own() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let script = "\
        for point in $(sed -n 's/^[^ ]* \\([^ ]*\\) cgroup2\\? .*/\\1/p' /proc/mounts); do \
            for d in $(find $point -maxdepth 4 -type d -name \"$1\"); do \
                mkdir -p $d/a/b/c $d/d; sleep 1000 >/dev/null 2>&1 & \
                echo $! >$d/a/b/c/cgroup.procs; \
            done; \
        done 2>/dev/null; exit 0";
    let line = cgroup(&[&name.option("name"), "--wait", "sh", "-c", script, "sh", &name.0]);
    line.run().ok();
    assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn the_parent_is_no_member() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let mut running = cgroup(&[&name.option("name"), "-m64m", "--wait", "sh", "-c", "echo up; read x"])
        .hold_input()
        .start();
    running.expect("up\n");
    let children = running.descendants();
    for directory in name.directories() {
        let member: i32 = super::read(&directory.join("cgroup.procs")).parse().unwrap();
        assert!(children.contains(&member), "{member}");
    }
    running.write(b"\n", true);
    assert_eq!(running.wait().ended, Ended::Exit(0));
    assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
}
