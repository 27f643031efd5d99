//! What all processes of a container use together.

use hc_tests::{Cmd, is_root, probe, require};
use std::path::Path;

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn memory_that_is_not_there_ends_it_and_that_is_told() {
    require!(is_root(), ROOT);
    let run = |megabytes: &str| {
        Cmd::tool("hc-run").args(["-m", "64m"]).arg(probe()).args(["allocate", megabytes]).run()
    };
    run("32").ok().quiet().says("allocated 32\n");
    run("200").exits(137).says("").complains("hc-cgroup: killed: out of memory (limit 64 MiB)\n");
}

/// What a runtime takes its size from. Of version 1 nothing is shown.
#[test]
fn limits_are_to_be_read_inside_where_there_is_one_hierarchy() {
    require!(is_root(), ROOT);
    let script = "cd /sys/fs/cgroup; for file in memory.max pids.max; do
        read limit <$file && echo $limit; echo max >$file; done 2>/dev/null; echo /sys/fs/cgroup/*.procs";
    let seen =
        Cmd::tool("hc-run").args(["-m", "64m", "--pids-limit", "20", "sh", "-c", script]).run().ok().quiet();
    let is_one = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let (one, several) = ("67108864\n20\n/sys/fs/cgroup/cgroup.procs\n", "/sys/fs/cgroup/*.procs\n");
    seen.says(if is_one { one } else { several });
    // Nor without a limit.
    Cmd::tool("hc-run").args(["sh", "-c", script]).run().ok().quiet().says(several);
}

#[test]
fn so_many_processes_and_no_more() {
    require!(is_root(), ROOT);
    // Process 1, the program, and what that starts: of five, three children.
    let run = Cmd::tool("hc-run").args(["--pids-limit", "5"]).arg(probe()).args(["fork", "10"]).run();
    let text = run.ok().quiet().text().to_owned();
    assert!(text.ends_with(" children\nEAGAIN\n"), "{text}");
    let children: u32 = text.split(' ').next().unwrap().parse().unwrap();
    assert!((1..5).contains(&children), "{text}");
}
