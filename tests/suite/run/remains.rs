//! What is left on the machine: nothing, however a container ends.

use super::{Who, everybody};
use crate::cgroup::made_up_by;
use hc_tests::{Cmd, Dir, Host, Running, bin_dir, can_make_hosts, eventually, require};
use nix::sys::signal::Signal;
use std::collections::BTreeSet;
use std::path::PathBuf;

const ROOT: &str = "takes root with CAP_SYS_ADMIN";

/// How often each of root and a user runs one, eight at a time.
const RUNS: usize = 504;
/// How many of each kind are killed; there are six kinds.
const KILLS: u32 = 100;

/// Copies of the tools, by which their processes are told from others'.
fn tools() -> Dir {
    let dir = Dir::of_nobody();
    for entry in std::fs::read_dir(bin_dir()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.starts_with("hc-") && !name.contains('.') {
            dir.program(&name, std::fs::read(entry.path()).unwrap());
        }
    }
    dir
}

/// The processes of those, by name.
fn processes(tools: &Dir) -> BTreeSet<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = processes.filter_map(|process| std::fs::read_link(process.join("exe")).ok());
    ours.filter(|exe| exe.starts_with(tools.path())).map(|exe| exe.display().to_string()).collect()
}

/// All that a container could leave: mounts, processes, files, links and rules. A namespace is kept by a mount, by a process,
/// or by a descriptor of one.
fn traces(host: &Host, tools: &Dir) -> Vec<String> {
    let mut found = host.mounts();
    found.extend(processes(tools));
    for place in ["/ns", "/mnt", "/media", "/run", "/srv", "/opt"] {
        if host.path(place).exists() {
            found.extend(host.listing(place));
        }
    }
    found.extend(tools.listing());
    let network = Cmd::sh("ip -o link | sed 's/ mtu.*//'; nft list ruleset").on(host).run().ok();
    found.extend(network.text().lines().map(str::to_owned));
    found
}

fn containers(who: Who) -> Vec<Vec<&'static str>> {
    let mut kinds = vec![vec!["/bin/true"], vec!["--read-only", "--tmpfs", "/x", "/bin/true"]];
    if who == Who::Root {
        kinds.push(vec!["-p", "8080:80", "/bin/true"]);
        kinds.push(vec!["-m", "64m", "--pids-limit", "20", "/bin/true"]);
    }
    kinds
}

#[test]
fn many_runs_eight_at_a_time_leave_nothing() {
    require!(can_make_hosts(), ROOT);
    for who in everybody() {
        let (host, tools) = (Host::new(), tools());
        let before = traces(&host, &tools);
        let mut processes = Vec::new();
        let start = |_| {
            let line = Cmd::new(tools.join("hc-run")).arg("/bin/true");
            who.runs(line.on(&host)).start()
        };
        for _ in 0..RUNS / 8 {
            let running: Vec<_> = (0..8).map(start).collect();
            processes.extend(running.iter().map(Running::pid));
            for one in running {
                one.wait().ok().quiet();
            }
        }
        eventually("nothing is left", || traces(&host, &tools) == before);
        // Nor was any made that nobody has asked for.
        assert_eq!(made_up_by(&processes), [] as [PathBuf; 0]);
    }
}

#[test]
fn killed_at_any_moment_it_leaves_nothing() {
    require!(can_make_hosts(), ROOT);
    for who in everybody() {
        let (host, tools) = (Host::new(), tools());
        let before = traces(&host, &tools);
        for words in containers(who) {
            let line = || {
                let line = Cmd::new(tools.join("hc-run")).args(&words);
                who.runs(line.on(&host))
            };
            // As long as one takes that is left alone: moments from before it starts to after its end.
            let started = std::time::Instant::now();
            line().run().ok().quiet();
            let whole = started.elapsed();
            let mut killed = Vec::new();
            for at in 0..KILLS {
                let mut running = line().start();
                std::thread::sleep(whole * at / KILLS);
                killed.push(running.pid());
                running.signal(Signal::SIGKILL);
                running.wait_for_it_alone();
            }
            eventually(&format!("nothing is left of {who:?}: {words:?}"), || {
                traces(&host, &tools) == before && made_up_by(&killed).is_empty()
            });
            line().run().ok().quiet();
        }
        eventually("nothing is left", || traces(&host, &tools) == before);
    }
}

#[test]
fn what_has_a_name_can_be_killed_at_any_moment_and_deleted() {
    require!(can_make_hosts(), ROOT);
    let (host, _ns) = super::storage::host_with_ns();
    let tools = tools();
    let line = |words: &[&str]| Cmd::new(tools.join("hc-run")).args(words).on(&host);
    // The directory of names of network namespaces stays.
    line(&["--name=box", "/bin/true"]).run().ok().quiet();
    line(&["--delete=box"]).run().ok().quiet();
    let before = traces(&host, &tools);
    let started = std::time::Instant::now();
    line(&["--name=box", "/bin/true"]).run().ok().quiet();
    let whole = started.elapsed();
    for at in 0..KILLS {
        line(&["--delete=box"]).run().ok().quiet();
        let mut running = line(&["--name=box", "/bin/true"]).start();
        std::thread::sleep(whole * at / KILLS);
        running.signal(Signal::SIGKILL);
        running.wait_for_it_alone();
        eventually("its processes have ended", || processes(&tools).is_empty());
        // A left-over of its network namespace, which is one for no more than two system calls, is told of.
        let again = line(&["--name=box", "/bin/true"]).run();
        let left_over = "hc-netns: /run/netns/box: is a left-over that no namespace is mounted on; \
                         'hc-netns delete box' removes it\n";
        assert!(again.stderr.is_empty() || again.stderr == left_over.as_bytes(), "{again:?}");
    }
    line(&["--delete=box"]).run().ok().quiet();
    eventually("nothing is left", || traces(&host, &tools) == before);
}
