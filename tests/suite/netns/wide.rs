//! Five hundred of them.

use super::{ROOT, done, mounted, ours, sh, traces};
use hc_tests::{Cmd, Host, can_make_hosts, eventually, require};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const BRIDGE: &str = "hc-netns bridge br0 --addr=10.7.0.1/16";

#[test]
fn five_hundred_without_a_name_have_their_addresses_and_leave_nothing() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    let before = traces(&host);
    // Eight start at a time, and all stay until they are told to end: by the end of a file that all have open.
    let next = "echo $$ $(ip -4 -o address show eth1 | cut -d / -f 1); exec sleep 300 >/dev/null 2>&1";
    let one = format!("(hc-netns run --addr=auto -- sh -c '{next}' &) | head -n 1");
    let script = format!("seq 500 | xargs -P 8 -I % sh -c \"{}\"", one.replace('$', "\\$"));
    let output = Cmd::sh(script).on(&host).limit(Duration::from_mins(2)).run().ok();
    let lines: Vec<Vec<&str>> = output.text().lines().map(|line| line.split_whitespace().collect()).collect();
    let addresses: BTreeSet<&str> = lines.iter().map(|words| *words.last().unwrap()).collect();
    let pids: Vec<&str> = lines.iter().map(|words| words[0]).collect();
    sh(&host, &format!("kill -9 {}", pids.join(" ")));
    assert_eq!((lines.len(), addresses.len()), (500, 500));
    let limit = Instant::now() + Duration::from_mins(1);
    while traces(&host) != before {
        assert!(Instant::now() < limit, "left: {:#?}", traces(&host));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn five_hundred_names_come_and_go() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    let before = traces(&host);
    let script = "seq 500 | xargs -P 8 -I % hc-netns up n% --addr=auto";
    Cmd::sh(script).on(&host).limit(Duration::from_mins(2)).run().ok().quiet().says("");
    assert_eq!(mounted(&host), 500);
    let addresses = Cmd::sh("for n in $(ls /run/netns); do ip -n $n -4 -o address show eth1; done").on(&host);
    let addresses = addresses.limit(Duration::from_mins(1)).run().ok();
    let addresses: BTreeSet<&str> = addresses
        .text()
        .split_whitespace()
        .filter(|word| word.starts_with("10.7."))
        .filter(|word| word.ends_with("/16"))
        .collect();
    assert_eq!(addresses.len(), 500);
    let start = Instant::now();
    done(ours(&host, "-all down"));
    let took = start.elapsed();
    // Measured without a debugger's checks it is well below a second; the machine may be busy.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(traces(&host), before);
    // The first name can be used at once.
    done(ours(&host, "up n1 --addr=10.7.0.2/16 --host-if=veth1"));
}

#[test]
fn rules_of_many_without_a_name_go_with_them() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    let before = traces(&host);
    let script = "seq 40 | xargs -P 8 -I % hc-netns run --addr=auto --nat --publish=90%:80 true";
    Cmd::sh(script).on(&host).run().ok().quiet();
    eventually("nothing is left", || traces(&host) == before);
}
