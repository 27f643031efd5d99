//! Nothing stays: not of many, not of those that do not want to go.

use super::{Hierarchy, Name, cgroup, made_up_by};
use hc_tests::{Cmd, Host, Running, can_make_hosts, eventually, is_root, patience, require};
use std::time::{Duration, Instant};

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn a_thousand_runs_leave_nothing() {
    require!(is_root(), ROOT);
    let mut processes = Vec::new();
    for _ in 0..25 {
        let batch: Vec<_> =
            (0..40).map(|_| cgroup(&["-m", "64m", "--pids-limit=10", "--wait", "true"]).start()).collect();
        processes.extend(batch.iter().map(hc_tests::Running::pid));
        for running in batch {
            running.wait().ok().quiet().says("");
        }
    }
    assert_eq!(processes.len(), 1000);
    assert_eq!(made_up_by(&processes), Vec::<std::path::PathBuf>::new());
}

/// Two that make as many processes as they may, for ever, and cannot be asked to end: one has each in a session of its own,
/// and waits when it may have no more; one does not wait.
const BOMBS: [&str; 2] = [
    "trap '' TERM HUP INT; bomb() { while :; do setsid sleep 1000 & bomb & done; }; bomb",
    "exec perl -e '$SIG{$_} = q(IGNORE) for qw(TERM HUP INT); fork while 1'",
];

/// `hc-cgroup WORDS`, with a limit of processes, and a shell that runs `script`. Back when there are as many as there may be.
fn bomb_in(words: &[&str], name: &Name, script: &str, on: impl FnOnce(Cmd) -> Cmd) -> Running {
    let line = cgroup(&[&name.option("name"), "--pids-limit=100"]).args(words).args(["bash", "-c"]);
    let running = on(line.arg(format!("exec 1>&- 2>&-; {script}"))).hold_input().start();
    let current = || -> u32 {
        let directory = Hierarchy::of("pids").expect("a hierarchy").own_directory().join(&name.0);
        std::fs::read_to_string(directory.join("pids.current")).map_or(0, |text| text.trim().parse().unwrap())
    };
    eventually("the bomb has gone off", || current() >= 90);
    running
}

/// Each of them ends within a second: by `--delete`, and by the parent that stays, when what it waits for has ended.
fn bombs_are_removed(report: &[&str], on: impl Fn(Cmd) -> Cmd) {
    let limit = patience(Duration::from_secs(1));
    for bomb in BOMBS {
        let name = Name::new();
        let mut running = bomb_in(&[], &name, bomb, &on);
        let start = Instant::now();
        on(cgroup(&[&name.option("delete")])).run().ok().quiet();
        assert!(start.elapsed() < limit, "{bomb}: {:?}", start.elapsed());
        assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
        running.wait_for_it_alone();
        // The shell makes no process more, which it could not have.
        let name = Name::new();
        let mut running = bomb_in(report, &name, &format!("({bomb}) & read x; exit 4"), &on);
        let start = Instant::now();
        running.write(b"\n", true);
        running.wait().exits(4).quiet();
        assert!(start.elapsed() < limit, "{bomb}: {:?}", start.elapsed());
        assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_fork_bomb_is_removed_within_a_second() {
    require!(is_root(), ROOT);
    bombs_are_removed(&["--wait"], |cmd| cmd);
}

/// Where there is no version 2 that kills by one write, the freezer holds them.
#[test]
fn without_version_2_the_freezer_is_used() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let Some(freezer) = Hierarchy::first_version("freezer") else {
        // A machine that has version 2 alone: nothing else is there to be used.
        assert!(
            Hierarchy::unified().is_some_and(|unified| unified.own_directory().join("cgroup.procs").exists())
        );
        return;
    };
    let host = Host::new();
    if let Some(unified) = Hierarchy::unified() {
        Cmd::new("umount").arg(&unified.point).on(&host).run().ok().quiet();
    }
    let name = Name::new();
    let mut running =
        cgroup(&[&name.option("name"), "sh", "-c", "echo up; exec sleep 1000"]).on(&host).start();
    running.expect("up\n");
    assert!(freezer.own_directory().join(&name.0).exists());
    cgroup(&[&name.option("delete")]).on(&host).run().ok().quiet();
    assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
    running.wait_for_it_alone();
    let null = || std::fs::OpenOptions::new().write(true).open("/dev/null").unwrap();
    bombs_are_removed(&["--report=text:100"], |cmd| cmd.on(&host).passing(null(), 100));
}

#[test]
fn what_is_frozen_or_deep_goes_as_well() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let mut running = cgroup(&[&name.option("name"), "sh", "-c", "echo up; exec sleep 1000"]).start();
    running.expect("up\n");
    let directory = name.directories().remove(0);
    let deep = (0..50).fold(directory.clone(), |path, _| path.join("a"));
    std::fs::create_dir_all(deep).unwrap();
    std::fs::create_dir_all(directory.join("b/c")).unwrap();
    for (file, value) in [("cgroup.freeze", "1"), ("freezer.state", "FROZEN")] {
        if directory.join(file).exists() {
            super::write(&directory.join(file), value);
        }
    }
    cgroup(&[&name.option("delete")]).run().ok().quiet();
    assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new());
    running.wait_for_it_alone();
}

#[test]
fn the_caller_s_own_is_not_deleted_nor_what_is_none() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let own = Hierarchy::of("pids").unwrap();
    let path = format!("{}/{}", own.own.trim_end_matches('/'), name.0);
    let words = [&name.option("name"), "--pids-limit=9", "hc-cgroup", "--delete", &path];
    assert_eq!(cgroup(&words).run().fails("hc-cgroup", 125), format!("{path}: the caller is in it"));
    cgroup(&[&name.option("delete")]).run().ok().quiet();
    let said = cgroup(&[&name.option("delete")]).run().fails("hc-cgroup", 125);
    assert_eq!(said, format!("{}: no such cgroup", name.0));
    let said = cgroup(&["--delete=cgroup.procs"]).run().fails("hc-cgroup", 125);
    assert_eq!(said, "cgroup.procs: no such cgroup");
}
