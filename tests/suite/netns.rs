//! hc-netns(8), on a machine of its own, where ip-netns(8) works on the same names.

mod auto;
mod bridge;
mod crash;
mod diagnostics;
mod drop_in;
mod exec;
mod lan;
mod leaving;
mod lent;
mod link;
mod mounts;
mod names;
mod nat;
mod odd;
mod ports;
mod quiet;
mod stages;
mod unlinked;
mod users;
mod wide;

use hc_tests::{Cmd, Host};
use serde_json::Value;
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

/// The links that `ip -d -j` shows in `line`, without what chance and the clock make of them: the keys that are `volatile`,
/// and timers.
fn steady_links(host: &Host, line: &str, volatile: &[&str]) -> Vec<Value> {
    let mut links = json(host, line).as_array().unwrap().clone();
    for link in &mut links {
        let link = link.as_object_mut().unwrap();
        link.retain(|key, _| !volatile.contains(&key.as_str()));
        for kind in ["info_data", "info_slave_data"] {
            if let Some(data) = link.get_mut("linkinfo").and_then(|info| info.get_mut(kind)) {
                data.as_object_mut().unwrap().retain(|key, _| !key.ends_with("_timer"));
            }
        }
    }
    links
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

/// What a command of ip(8) says in JSON.
#[track_caller]
fn json(host: &Host, line: &str) -> Value {
    let output = Cmd::line(line.split(' ')).on(host).run().ok().quiet();
    serde_json::from_str(output.text()).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// All of a host's network and names that can be left behind: to be the same before and after.
#[track_caller]
fn traces(host: &Host) -> Vec<String> {
    let script = "ip -o link; ip -o address; ip route; ip -6 route; nft list ruleset; ls -A /run/netns; \
                  ls -AR /etc/netns; cat /etc/resolv.conf";
    let output = Cmd::sh(format!("exec 2>/dev/null; {script}; true")).on(host).run().ok();
    // What counts down, and what says whether there is a neighbour.
    let volatile = |word: &str| word.starts_with("expires") || word.ends_with("sec");
    let lines = output.text().lines().map(|line| {
        let line = line.replace("NO-CARRIER,", "").replace(",LOWER_UP", "");
        let line = line.replace("state UP", "").replace("state DOWN", "").replace(" linkdown", "");
        line.split(' ').filter(|word| !word.is_empty() && !volatile(word)).collect::<Vec<_>>().join(" ")
    });
    // An interface announces itself when it comes up.
    lines.filter(|line| !line.contains("fe80::")).collect()
}

/// Runs a script on the host that has to do its work; what it says.
#[track_caller]
fn sh(host: &Host, script: &str) -> String {
    Cmd::sh(format!("set -e; {script}")).on(host).run().ok().text().to_owned()
}
