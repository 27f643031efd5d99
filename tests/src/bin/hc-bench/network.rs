//! Networks: a namespace on a bridge beside the floor, the post's commands and ip(8); and the five hundredth of them.

use crate::floor::floor;
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::measure::{Times, alternate};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::release;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const ROUNDS: usize = 200;
/// How many are on a bridge before the last ones come, and how many these are.
const MANY: usize = 460;
const LAST: usize = 40;

/// The kinds of addresses: what the table calls them, and the networks of two bridges.
const KINDS: [(&str, [&[&str]; 2]); 3] = [
    ("IPv4", [&["10.7.0.1/16"], &["10.8.0.1/16"]]),
    ("IPv6", [&["fd07::1/64"], &["fd08::1/64"]]),
    ("both", [&["10.7.0.1/16", "fd07::1/64"], &["10.8.0.1/16", "fd08::1/64"]]),
];

pub(crate) fn rows() -> Vec<Row> {
    let tool = release("hc-netns");
    let floor = floor("netns-up");
    let _machine = Machine::enter();
    let mut rows = up(&tool, &floor);
    for (kind, networks) in KINDS {
        rows.extend(five_hundredth(&tool, kind, networks));
    }
    rows
}

/// Runs hc-netns, which has to do its work.
fn netns(tool: &Path, arguments: &[&str]) {
    let output = Command::new(tool).args(arguments).output().expect("hc-netns");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn bridge(tool: &Path, name: &str, networks: &[&str]) {
    let addresses: Vec<String> = networks.iter().map(|network| format!("--addr={network}")).collect();
    let words = ["bridge", name].into_iter().chain(addresses.iter().map(String::as_str));
    netns(tool, &words.collect::<Vec<_>>());
}

/// One namespace, made again and again; each time all of it is taken away before the next.
fn up(tool: &Path, floor: &Path) -> Vec<Row> {
    bridge(tool, "br0", &["10.7.0.1/16", "fd07::1/64"]);
    let clean = |line: Line| {
        let tool = tool.to_owned();
        line.after(move |_| netns(&tool, &["down", "a"]))
    };
    let ours = |address: &str, gateway: &str| {
        let options = [format!("--addr={address}"), format!("--gateway={gateway}")];
        let name = format!("hc-netns up --addr={address} --gateway");
        clean(Line::new(&name, words(&[&tool, &"up", &"a", &"--bridge=br0", &options[0], &options[1]])))
    };
    let least = |address: &str, prefix: &str, gateway: &str| {
        let line = words(&[&floor, &"a", &"br0", &"eth1", &address, &prefix, &gateway]);
        (clean(Line::new("floor/netns-up.c", line)), Target::AtMost(1.3))
    };
    let script = |name: &str, target| {
        let file = hc_tests::docs::file("tests/bench/script").join(name);
        let line = words(&[&"/bin/sh", &file, &"a", &"br0", &"10.7.0.2/16", &"10.7.0.1"]);
        (clean(Line::new(&format!("script/{name}"), line)), target)
    };
    let peers = Peers::of([
        least("10.7.0.2", "16", "10.7.0.1"),
        script("netns-post.sh", Target::Faster(12.0)),
        script("netns-batch.sh", Target::Faster(2.0)),
    ]);
    let mut rows = compare(ROUNDS, ours("10.7.0.2/16", "10.7.0.1"), peers);
    let peers = Peers::of([least("fd07::2", "64", "fd07::1")]);
    rows.extend(compare(ROUNDS, ours("fd07::2/64", "fd07::1"), peers));
    netns(tool, &["bridge", "--delete", "br0"]);
    rows
}

/// The last of five hundred on a bridge beside the first on another one, in turn; beside the first on the same one, which
/// came when the machine had no others; and the end of all.
fn five_hundredth(tool: &Path, kind: &str, [full, empty]: [&[&str]; 2]) -> Vec<Row> {
    bridge(tool, "full", full);
    bridge(tool, "empty", empty);
    let name = |which: &str| format!("hc-netns up --addr=auto, {kind}: {which}");
    let line = |name: &str, bridge: &str| {
        let option = format!("--bridge={bridge}");
        let namespace = format!("{bridge}{{}}");
        Line::new(name, words(&[&tool, &"up", &namespace, &option, &"--addr=auto"]))
    };
    let mut filling = line("fill", "full");
    let times: Vec<Duration> = (0..MANY).map(|number| filling.run(10_000 + number)).collect();
    let begin = Times::new(times.iter().take(LAST).copied().collect());
    let mut lines = [line("last", "full"), line("first", "empty")];
    let mut turns = alternate(LAST, &mut lines).into_iter();
    let (last, first) = (turns.next().expect("the last"), turns.next().expect("the first"));
    let down = Line::new("down", words(&[&tool, &"-all", &"down"])).run(0);
    for bridge in ["full", "empty"] {
        netns(tool, &["bridge", "--delete", bridge]);
    }
    let within = |(other, times): (&str, Times)| Row::Pair {
        ours: (name("461st to 500th"), last.clone()),
        other: (other.to_owned(), times),
        target: Target::AtMost(1.5),
    };
    let others =
        [("1st to 40th of another bridge, in turn", first), ("1st to 40th of the same bridge", begin)];
    let mut rows: Vec<Row> = others.into_iter().map(within).collect();
    rows.push(Row::Limit {
        ours: (
            format!("hc-netns -all down, {kind}: {} namespaces", MANY + 2 * LAST + 2),
            Times::new(vec![down]),
        ),
        limit: Duration::from_secs(1),
    });
    rows
}
