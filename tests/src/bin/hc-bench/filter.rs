//! The system call filter that a tool loads, for those that are to load the same.

use crate::floor::floor;
use std::ffi::OsString;
use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// That of the program that this line comes to, as the kernel has it. The program must wait.
pub(crate) fn of(line: &[OsString]) -> Vec<u8> {
    let (program, arguments) = line.split_first().expect("a line has a program");
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn().expect("a jail");
    let limit = Instant::now() + Duration::from_secs(10);
    // The last in the row of children; it has the filter when its name is the program's.
    let inmate = loop {
        assert!(Instant::now() < limit, "no program in the jail");
        let last = last_descendant(child.id());
        if fs::read_to_string(format!("/proc/{last}/comm")).is_ok_and(|name| name.trim().ends_with("hello")) {
            break last;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let output = Command::new(floor("filter")).arg(inmate.to_string()).output().expect("floor/filter");
    child.kill().and_then(|()| child.wait()).expect("the jail ends");
    assert!(output.status.success(), "floor/filter: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn last_descendant(process: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let child = children.split_whitespace().last().and_then(|child| child.parse().ok());
    child.map_or(process, last_descendant)
}
