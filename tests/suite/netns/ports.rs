//! Ports that carry the machine's address: it goes to the bridge with them, and comes back.

use super::{ROOT, done, ours, sh, traces};
use hc_tests::strace;
use hc_tests::{Cmd, Ended, Host, can_make_hosts, require};

/// A machine with a cable to a router, which has the machine's default gateway.
const MACHINE: &str = "ip netns add router; ip link add eth0 type veth peer name lan0 netns router
    ip -n router link set lan0 up; ip -n router address add 10.9.0.1/24 dev lan0
    ip -n router address add fd09::1/64 dev lan0 nodad
    ip link set eth0 up; ip address add 10.9.0.5/24 dev eth0; ip address add 10.9.0.6/24 dev eth0
    ip address add fd09::5/64 dev eth0 nodad
    ip route add default via 10.9.0.1 dev eth0 proto dhcp metric 100; ip route add 10.50.0.0/16 via 10.9.0.1 src 10.9.0.6
    ip route add 10.51.0.0/16 dev eth0 table 77; ip -6 route add default via fd09::1 dev eth0 metric 50";

/// Addresses and routes of two interfaces, without their names, when they are as they should be: the kernel makes some
/// routes of IPv6 a little later.
#[track_caller]
fn becomes(host: &Host, one: (&str, &str), other: (&str, &str)) {
    let mut seen = (String::new(), String::new());
    for _ in 0..50 {
        seen = (carried(host, one.0), carried(host, other.0));
        if (seen.0.as_str(), seen.1.as_str()) == (one.1, other.1) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(seen, (one.1.to_owned(), other.1.to_owned()));
}

/// Addresses and routes of an interface, without its name; none when it is not there.
fn carried(host: &Host, name: &str) -> String {
    let script = format!(
        "ip link show {name} >/dev/null 2>&1 || exit 0; {{ ip -o address show dev {name} | grep -v fe80: | sed 's/^[0-9]*: //; s/ proto [^ ]*//; s/nodad//'
         ip route show table all | grep -v broadcast | grep {name}; ip -6 route show table all | grep {name}
         }} | sed 's/{name}//g; s/linkdown//; s/ *$//; s/  */ /g' | grep -v -e fe80: -e ff00: | sort"
    );
    sh(host, &script)
}

fn is_connected(host: &Host) -> bool {
    let script = "ping -q -c 1 -W 2 10.9.0.1 && ping -q -c 1 -W 2 fd09::1";
    Cmd::sh(script).on(host).run().ended == Ended::Exit(0)
}

#[test]
fn addresses_and_routes_go_to_the_bridge_and_back() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, MACHINE);
    let (before, all) = (carried(&host, "eth0"), traces(&host));
    assert!(before.lines().count() >= 10, "{before}");
    done(ours(&host, "bridge br0 --port=eth0 --addr=10.77.0.1/24"));
    let with: Vec<String> =
        carried(&host, "br0").lines().map(str::to_owned).filter(|line| !line.contains("10.77.")).collect();
    assert_eq!(with.join("\n") + "\n", before);
    assert_eq!(carried(&host, "eth0"), "");
    assert!(is_connected(&host));
    // A namespace on that bridge is on the router's network as well.
    done(ours(&host, "up a --addr=10.9.0.77/24"));
    ours(&host, "exec a ping -q -c 1 -W 2 10.9.0.1").run().ok();
    done(ours(&host, "down a"));
    done(ours(&host, "bridge br0 --port=eth0"));
    // The address that the bridge was given goes with it.
    done(ours(&host, "bridge --delete br0"));
    assert_eq!((carried(&host, "eth0"), traces(&host)), (before, all));
    assert!(is_connected(&host));
}

#[test]
fn a_port_that_cannot_be_moved_stays_as_it_was() {
    require!(can_make_hosts(), ROOT);
    for (more, message) in [
        (
            "ip link add e9 type veth peer name x9; ip link set e9 up; ip address add 10.10.0.1/24 dev e9
             ip route add 10.60.0.0/16 nexthop via 10.9.0.1 nexthop via 10.10.0.9",
            "eth0: one of several ways of a route goes through it, which cannot be moved to a bridge",
        ),
        (
            "ip nexthop add id 7 via 10.9.0.1 dev eth0; ip route add 10.61.0.0/16 nhid 7",
            "eth0: a route with a next hop object or an encapsulation goes through it, which cannot be moved to a bridge",
        ),
    ] {
        let host = Host::new();
        sh(&host, &format!("{MACHINE}\n{more}"));
        let before = traces(&host);
        assert_eq!(ours(&host, "bridge br0 --port=eth0").run().fails("hc-netns", 125), message);
        assert_eq!(traces(&host), before);
    }
    // One that the kernel does not let go: its addresses come back.
    let host = Host::new();
    sh(&host, &format!("{MACHINE}\nip link add macvlan0 link eth0 type macvlan mode passthru"));
    let before = traces(&host);
    let message = ours(&host, "bridge br0 --port=eth0").run().fails("hc-netns", 125);
    assert!(message.starts_with("eth0: make it a port of br0: Device or resource busy"), "{message}");
    assert_eq!(traces(&host), before);
}

#[test]
fn killed_at_any_call_it_is_moved_or_not_moved() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, MACHINE);
    let before = carried(&host, "eth0");
    let line = ours(&host, "bridge br0 --port=eth0");
    let calls = strace::calls(&host, &line);
    done(ours(&host, "bridge --delete br0"));
    let (mut moved, mut stayed) = (0, 0);
    for at in &calls {
        assert_eq!(
            strace::killed(&host, &ours(&host, "bridge br0 --port=eth0"), at),
            Ended::Signal(9),
            "{at:?}"
        );
        // What is moved is on the bridge, and what is not on the port; nothing is on both, or on none.
        let on = |name: &str| sh(&host, "ip -4 -o address").matches(&format!(": {name} ")).count();
        match (on("eth0") == 2, on("br0") == 2) {
            (true, false) => stayed += 1,
            (false, true) => moved += 1,
            both => panic!("half-moved at {at:?}: {both:?}\n{}", sh(&host, "ip address; ip route")),
        }
        let [with, without] = if on("br0") == 2 { ["br0", "eth0"] } else { ["eth0", "br0"] };
        becomes(&host, (with, &before), (without, ""));
        // A second run does what is left to do.
        done(ours(&host, "bridge br0 --port=eth0"));
        assert_eq!(
            (carried(&host, "br0"), carried(&host, "eth0")),
            (before.clone(), String::new()),
            "{at:?}"
        );
        done(ours(&host, "bridge --delete br0"));
        becomes(&host, ("eth0", &before), ("br0", ""));
    }
    assert!(moved > 0 && stayed > moved, "{moved} {stayed}");
}
