//! The programs themselves: static, single-threaded, and quick to become the next.

use hc_tests::{Cmd, Dir, require, tool};
use std::fs;

/// The types of an ELF file's program headers, of this machine's byte order and size.
fn segments(file: &[u8]) -> Vec<u32> {
    let number = |at: usize, size: usize| {
        file[at..at + size].iter().rev().fold(0_usize, |sum, &byte| sum << 8 | usize::from(byte))
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).map(|at| u32::try_from(number(table + at * size, 4)).unwrap()).collect()
}

#[test]
fn tools_are_static() {
    let is_dynamic = |file: &[u8]| segments(file).contains(&libc::PT_INTERP);
    assert!(is_dynamic(&fs::read("/bin/true").unwrap()), "the test can tell");
    for name in ["hc-cgroup", "hc-env", "hc-netns", "hc-rootfs", "hc-run", "hc-unshare"] {
        let file = fs::read(tool(name)).unwrap();
        assert!(segments(&file).contains(&libc::PT_LOAD), "{name}");
        assert!(!is_dynamic(&file), "{name} has a loader");
    }
}

#[test]
fn a_tool_makes_few_system_calls_and_no_thread_before_it_is_the_next() {
    require!(
        hc_tests::find("strace".as_ref()).is_some(),
        "strace is not installed: tests/require installs it"
    );
    let dir = Dir::of_nobody();
    for words in [&["hc-env", "A=1"][..], &["hc-unshare"]] {
        let trace = dir.join("trace");
        let line = Cmd::line(["strace", "-f", "-o"]).arg(&trace).args(words).arg("/bin/true");
        line.as_nobody().run().ok().quiet();
        let trace = fs::read_to_string(&trace).unwrap();
        let calls: Vec<&str> =
            trace.lines().filter_map(|line| Some(line.split_once(' ')?.1.trim())).collect();
        let execs: Vec<usize> = (0..calls.len()).filter(|&at| calls[at].starts_with("execve(")).collect();
        let [start, next] = execs[..] else { panic!("two programs: {trace}") };
        let between = &calls[start + 1..next];
        // Of the C library's start 12, and 3 to see which of the descriptors 0 to 2 are closed.
        assert!(between.len() <= 20, "{} system calls:\n{}", between.len(), between.join("\n"));
        let forks = ["clone(", "clone3(", "fork(", "vfork("];
        assert!(!between.iter().any(|call| forks.iter().any(|fork| call.starts_with(fork))), "{trace}");
    }
}
