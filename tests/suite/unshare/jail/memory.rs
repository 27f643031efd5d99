//! What stays behind is small: the parent and process 1 together.

use super::cell;
use hc_tests::{Cmd, can_make_hosts, require};

/// The proportional share of memory of a process, in KiB.
#[track_caller]
fn share(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
    let line = text.lines().find(|line| line.starts_with("Pss:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// A copy of the tool as it is installed, so that no other one shares its pages.
#[test]
fn of_parent_and_process_1_is_below_a_mebibyte_and_a_half() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let cell = cell();
    let tool = cell.dir.program("hc-unshare", std::fs::read(hc_tests::release("hc-unshare")).unwrap());
    let line = Cmd::new(tool).arg("--jail").arg(cell.option("--root")).args(["/hc-attack", "secret"]);
    let mut running = line.hold_input().start();
    running.expect("at ");
    let [init, _next] = running.descendants()[..] else { panic!("process 1 and NEXT") };
    let shares = [running.pid(), init].map(share);
    assert!(shares.iter().sum::<u64>() < 1536, "KiB: {shares:?}");
}
