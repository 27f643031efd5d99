//! Cgroups: a static program in one, with a limit of memory and one of processes.

use crate::floor::{floor, hello};
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::release;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

const ROUNDS: usize = 300;

pub(crate) fn rows() -> Vec<Row> {
    let hello = hello();
    let name = format!("hc-bench-{}-{{}}", std::process::id());
    // What the tool makes tells what the floor has to make.
    let (directories, is_unified) = directories();
    let mut line = words(&[&floor("cgroup"), &name, &hello]);
    for directory in &directories {
        line.push(directory.into());
        line.extend(values(directory, is_unified).map(OsString::from));
    }
    let option = format!("--name={name}");
    let limits = ["-m", "64m", "--pids-limit=10"];
    let ours = words(&[&release("hc-cgroup"), &option]).into_iter().chain(limits.map(OsString::from));
    let ours = Line::new("hc-cgroup -m 64m --pids-limit=10", ours.chain([hello.into_os_string()]));
    let floor = Line::new("floor/cgroup.c", line);
    let [ours, floor] = [ours, floor].map(|line| line.after(remover(directories.clone())));
    compare(ROUNDS, ours, Peers::of([(floor, Target::AtMost(1.3))]))
}

/// Removes what a run has made: its time does not count.
fn remover(directories: Vec<PathBuf>) -> impl FnMut(usize) {
    move |number| {
        for directory in &directories {
            let made = directory.join(format!("hc-bench-{}-{number}", std::process::id()));
            fs::remove_dir(&made).unwrap_or_else(|error| panic!("{}: {error}", made.display()));
        }
    }
}

/// The caller's own cgroups in the hierarchies that the tool uses, and if that is version 2 alone.
fn directories() -> (Vec<PathBuf>, bool) {
    let probe = format!("hc-bench-{}-probe", std::process::id());
    let name = format!("--name={probe}");
    let run = |words: &[&str]| {
        let status = std::process::Command::new(release("hc-cgroup")).args(words).status();
        assert!(status.is_ok_and(|status| status.success()), "hc-cgroup {words:?}");
    };
    run(&[&name, "-m", "64m", "--pids-limit=10", "true"]);
    let mounts = fs::read_to_string("/proc/mounts").expect("/proc/mounts");
    let points = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let points = points.filter(|words| words.get(2).is_some_and(|kind| kind.starts_with("cgroup")));
    let own = fs::read_to_string("/proc/self/cgroup").expect("/proc/self/cgroup");
    let own: Vec<&str> = own.lines().filter_map(|line| line.splitn(3, ':').nth(2)).collect();
    let mut found: Vec<PathBuf> = Vec::new();
    for point in points.filter_map(|words| words.get(1).map(PathBuf::from)) {
        for path in &own {
            let directory = point.join(path.trim_start_matches('/'));
            if directory.join(&probe).is_dir() && !found.contains(&directory) {
                found.push(directory);
            }
        }
    }
    let is_unified = found.iter().all(|directory| directory.join(&probe).join("cgroup.events").exists());
    run(&[&format!("--delete={probe}")]);
    (found, is_unified)
}

/// What is written in each.
fn values(directory: &std::path::Path, is_unified: bool) -> impl Iterator<Item = &'static str> {
    let has = |part: &str| directory.components().any(|name| name.as_os_str() == part);
    let (memory, pids) = if is_unified {
        (&["memory.max=67108864", "memory.swap.max=67108864"][..], &["pids.max=10"][..])
    } else {
        let memory: &[&str] = if has("memory") {
            &["memory.limit_in_bytes=67108864", "memory.memsw.limit_in_bytes=134217728"]
        } else {
            &[]
        };
        let pids: &[&str] = if has("pids") { &["pids.max=10"] } else { &[] };
        (memory, pids)
    };
    memory.iter().chain(pids).copied()
}
