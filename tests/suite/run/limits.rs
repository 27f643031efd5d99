//! What all processes of a container use together.

use hc_tests::{Cmd, is_root, probe, require};

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
