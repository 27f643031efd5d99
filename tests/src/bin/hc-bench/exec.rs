//! What it takes to start a program at all, and how much of that is the C library's: what each link of a chain costs before
//! it has done anything.

use crate::floor::{bare_hello, dynamic_hello, floor, hello, musl_hello};
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::release;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 1_000;

pub(crate) fn rows() -> Vec<Row> {
    let (hello, bare, tool) = (hello(), bare_hello(), release("hc-env"));
    let (of_hello, of_tool) = (cpuids(&hello, &[]), cpuids(&tool, &["--version"]));
    let with_cpuid = format!("floor/bare.c, {of_hello} times CPUID");
    let mut peers = Peers::of([
        (Line::new("floor/bare.c", words(&[&bare])), Target::None),
        (Line::new(&with_cpuid, words(&[&bare, &of_hello.to_string()])), Target::None),
        (Line::new("floor/hello.c, dynamic", words(&[&dynamic_hello()])), Target::None),
    ]);
    match musl_hello() {
        Some(program) => {
            let name = format!("floor/hello.c, static musl ({} times CPUID)", cpuids(&program, &[]));
            peers.lines.push((Line::new(&name, words(&[&program])), Target::None));
        }
        None => peers.add("musl-gcc", "musl-tools", Target::None, |_| unreachable!("it is not here")),
    }
    let name = format!("hc-env --version ({of_tool} times CPUID)");
    peers.lines.push((Line::new(&name, words(&[&tool, &"--version"])), Target::None));
    let ours = format!("floor/hello.c, static glibc ({of_hello} times CPUID)");
    compare(ROUNDS, Line::new(&ours, words(&[&hello])), peers)
}

/// How many CPUID instructions a program comes to.
fn cpuids(program: &Path, arguments: &[&str]) -> u32 {
    let output = Command::new(floor("cpuid")).arg(program).args(arguments).stdout(Stdio::null()).output();
    let output = output.expect("floor/cpuid");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "floor/cpuid: {said}");
    said.trim().parse().expect("a number")
}
