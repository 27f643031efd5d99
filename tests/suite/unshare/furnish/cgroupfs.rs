//! --cgroupfs: the cgroups of the new cgroup namespace, and whose they are.

use super::{Who, options};
use crate::unshare::unshare;
use hc_tests::{Cmd, can_make_hosts, require};
use std::fs;

/// In a cgroup that is for nothing else.
fn line(words: &[&str], script: &str) -> Cmd {
    let tool = Cmd::tool("hc-cgroup").args(["--wait", "--", "hc-unshare"]);
    tool.args(words).args(["sh", "-c", script])
}

const ROOT: &str = "takes root with CAP_SYS_ADMIN";

#[test]
fn can_be_divided_by_root_inside() {
    require!(can_make_hosts(), ROOT);
    let script = "cd /sys/fs/cgroup && mkdir x && echo 0 >x/cgroup.procs && grep ^0: /proc/self/cgroup";
    for words in [
        &["--jail", "--cgroupfs"][..],
        &["-rC", "--cgroupfs"],
        &["--cgroupfs"],
        &["-U", "--map-users=0:100000:9", "--map-groups=0:100000:9", "-S0", "-G0", "--cgroupfs"],
    ] {
        line(words, script).run().ok().says("0::/x\n").quiet();
    }
}

/// A cgroup with processes does not hand controllers on, whoever they are.
#[test]
fn nobody_but_next_is_in_it() {
    require!(can_make_hosts(), ROOT);
    let script = "exec cat /sys/fs/cgroup/cgroup.procs";
    for (words, expected) in [
        (&["--jail", "--cgroupfs"][..], "2\n"),
        (&["--jail", "--no-init", "--cgroupfs"], "1\n"),
        (&["-pf", "--cgroupfs"], "1\n"),
        (&["--jail", "--cgroupfs", "--pty"], "2\r\n"),
    ] {
        line(words, script).run().ok().says(expected).quiet();
    }
    // Without a parent there is no need for another one, and two in one cgroup have one.
    let list = "ls -d /sys/fs/cgroup/*/ 2>/dev/null || echo none";
    line(&["-rC", "--cgroupfs"], list).run().ok().says("none\n").quiet();
    let twice = Cmd::sh(
        "hc-cgroup --wait sh -c 'for i in 1 2; do hc-unshare --jail --cgroupfs sh -c \"$1\"; done' sh \"$1\"",
    );
    twice.arg("sh").arg(list).run().ok().says("/sys/fs/cgroup/hc-unshare/\n".repeat(2)).quiet();
}

/// What limits it is not its own.
#[test]
fn its_limits_are_the_caller_s() {
    require!(can_make_hosts(), ROOT);
    let script = "cd /sys/fs/cgroup && stat -c '%u %g' . cgroup.procs cgroup.max.depth; \
                  echo 5 >cgroup.max.depth";
    let output = line(&["--jail", "--cgroupfs"], script).run();
    let output = output.exits(2).says("0 0\n0 0\n65534 65534\n");
    output.complains("sh: 1: cannot create cgroup.max.depth: Permission denied\n");
}

#[test]
fn is_for_reading_if_it_is_to_be() {
    require!(can_make_hosts(), ROOT);
    let script = "grep ^0: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.type; mkdir /sys/fs/cgroup/x";
    let output = line(&["--jail", "--cgroupfs=ro"], script).run().exits(1).says("0::/\ndomain\n");
    output.complains("mkdir: cannot create directory '/sys/fs/cgroup/x': Read-only file system\n");
    let seen = Who::Nobody.starts(unshare(&["-rn", "--sys", "--cgroupfs=ro"])).next_view();
    assert_eq!(options(&seen, "/sys/fs/cgroup"), "ro,nosuid,nodev,noexec,relatime");
    let seen = unshare(&["--cgroupfs"]).next_view();
    assert_eq!(options(&seen, "/sys/fs/cgroup"), "rw,nosuid,nodev,noexec,relatime");
}

#[test]
fn the_root_of_all_is_nobody_s() {
    require!(can_make_hosts(), ROOT);
    let own = fs::read_to_string("/proc/self/cgroup").unwrap();
    require!(own.lines().any(|line| line == "0::/"), "the tests are in a cgroup of their own");
    let message = unshare(&["--jail", "--cgroupfs", "true"]).run().fails("hc-unshare", 125);
    assert_eq!(message, "the root of all cgroups is nobody's to give: see hc-cgroup(1)");
    let message = unshare(&["--cgroupfs=rw", "true"]).run();
    message.exits(125).says("").complains("hc-unshare: --cgroupfs: 'rw' is not 'ro': try 'man hc-unshare'\n");
}

/// Where there are the hierarchies of version 1 alone, or none.
#[test]
fn takes_version_2() {
    require!(can_make_hosts(), ROOT);
    let script = "mount -t tmpfs none /sys/fs/cgroup; exec hc-unshare --jail --cgroupfs true";
    let message = unshare(&["-m", "sh", "-c", script]).run().fails("hc-unshare", 125);
    assert_eq!(message, "/sys/fs/cgroup: is not of cgroup version 2, which --cgroupfs takes");
}
