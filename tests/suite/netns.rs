//! hc-netns(8), on a machine of its own, where ip-netns(8) works on the same names.

mod crash;
mod diagnostics;
mod drop_in;
mod exec;
mod mounts;
mod names;
mod odd;
mod users;

use hc_tests::{Cmd, Host};
use std::os::unix::fs::MetadataExt;

/// Why a test cannot run, if it cannot.
const ROOT: &str = "takes root with CAP_SYS_ADMIN";
const USERS: &str = "ordinary users may not make user namespaces here";

/// `hc-netns LINE`.
fn ours(host: &Host, line: &str) -> Cmd {
    Cmd::tool("hc-netns").args(line.split(' ')).on(host)
}

/// `ip netns LINE`.
fn ip(host: &Host, line: &str) -> Cmd {
    Cmd::line(["ip", "netns"]).args(line.split(' ')).on(host)
}

/// One of the two, whichever: they work on the same names.
type Tool = fn(&Host, &str) -> Cmd;

const EITHER: [Tool; 2] = [ours, ip];

/// Runs a command of either tool that has to do its work, and has nothing to say.
#[track_caller]
fn done(command: Cmd) {
    command.run().ok().quiet().says("");
}

/// Which namespace is mounted on a name: its number in the kernel.
#[track_caller]
fn number(host: &Host, name: &str) -> u64 {
    let path = host.path("/run/netns").join(name);
    path.metadata().unwrap_or_else(|error| panic!("{name}: {error}")).ino()
}

/// The number of the namespace that a process is in when `tool` has executed it in `name`.
#[track_caller]
fn entered(host: &Host, tool: Tool, name: &str) -> u64 {
    let output = tool(host, &format!("exec {name} readlink /proc/self/ns/net")).run().ok().quiet();
    let number = output.text().strip_prefix("net:[").and_then(|rest| rest.strip_suffix("]\n"));
    number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no namespace: {output:?}"))
}

/// How many namespaces are mounted on the host.
fn mounted(host: &Host) -> usize {
    host.mounts().iter().filter(|line| line.contains(" - nsfs ")).count()
}
