//! Bridges, as the kernel shows them.

use super::{ROOT, done, json, ours, sh, steady_links, traces};
use hc_tests::{Host, can_make_hosts, require};
use serde_json::Value;

/// What can be told of all interfaces, without what chance and the clock make of it.
fn links(host: &Host) -> Vec<Value> {
    steady_links(host, "ip -d -j link", &["ifindex", "link_index", "link_netnsid", "ifalias"])
}

#[test]
fn a_bridge_is_what_ip_would_have_made() {
    require!(can_make_hosts(), ROOT);
    let [theirs, mine] = [Host::new(), Host::new()];
    let cables = "ip link add e0 address 02:00:00:00:00:10 type veth peer name x0 address 02:00:00:00:00:11;
                  ip link add e1 address 02:00:00:00:00:20 type veth peer name x1 address 02:00:00:00:00:21";
    sh(&theirs, cables);
    sh(&mine, cables);
    sh(
        &theirs,
        "ip link add br7 address 02:00:00:00:00:10 type bridge; ip link set br7 mtu 1400 up type bridge stp_state 1
         ip address add 10.7.0.1/24 broadcast 10.7.0.255 dev br7; ip address add fd07::1/64 dev br7 nodad
         ip link set e0 master br7 up; ip link set e1 master br7 up",
    );
    let line = "bridge br7 --port=e0 --port=e1 --addr=10.7.0.1/24 --addr=fd07::1/64 --mtu=1400 --stp=on";
    done(ours(&mine, line));
    assert_eq!(links(&mine), links(&theirs));
    let addresses = |host: &Host| {
        sh(host, "ip -o address show dev br7 | grep -v fe80: | sed 's/^[0-9]*: //; s/tentative//'")
    };
    assert_eq!(addresses(&mine), addresses(&theirs));
    let before = traces(&mine);
    // Again is no error, and changes nothing; less is asked for, and stays.
    done(ours(&mine, line));
    done(ours(&mine, "bridge br7"));
    assert_eq!(traces(&mine), before);
    done(ours(&mine, "bridge br7 --stp=off --mtu=1300"));
    let state = json(&mine, "ip -d -j link show br7");
    assert_eq!(
        (&state[0]["mtu"], &state[0]["linkinfo"]["info_data"]["stp_state"]),
        (&1300.into(), &0.into())
    );
    done(ours(&mine, "bridge br7 --delete"));
    assert!(!sh(&mine, "ip link").contains("br7"));
}

#[test]
fn its_hardware_address_does_not_change_with_its_ports() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    // One of ours, and one of brctl's, that becomes ours.
    sh(&host, "hc-netns bridge br0; brctl addbr br1; hc-netns bridge br1");
    for bridge in ["br0", "br1"] {
        let mac = || json(&host, &format!("ip -j link show {bridge}"))[0]["address"].clone();
        let before = mac();
        let low = "ip link add low address 00:00:00:00:00:01 type veth peer name other";
        sh(&host, &format!("{low}; ip link set low master {bridge}; ip link set low up"));
        assert_eq!(mac(), before, "{bridge}");
        sh(&host, "ip link delete low");
        assert_eq!(mac(), before, "{bridge}");
    }
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_left() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(
        &host,
        "hc-netns bridge br0 --addr=10.7.0.1/24; ip link add e0 type veth peer name e1; ip link add e2 type veth peer name e3
         ip link set e0 master br0",
    );
    let before = traces(&host);
    for (line, message) in [
        ("bridge e0", "e0: is a veth interface, not a bridge"),
        ("bridge lo", "lo: is the loopback interface, not a bridge"),
        ("bridge br1 --port=nosuch", "nosuch: there is no such interface"),
        ("bridge br1 --port=e0", "e0: is a port of br0 already"),
        ("bridge br1 --port=lo", "lo: is the loopback interface, which cannot be a port"),
        ("bridge br1 --port=br0", "br0: is a bridge, which cannot be a port"),
        ("bridge br1 --port=e2 --port=nosuch", "nosuch: there is no such interface"),
        ("bridge br1 --addr=10.7.0.0/24", "address '10.7.0.0/24': is that of a network, not of a host in it"),
        ("bridge sixteen-bytes-xy", "interface 'sixteen-bytes-xy': is longer than 15 bytes"),
        ("bridge br/1", "interface 'br/1': has a slash, colon or per cent sign"),
        ("bridge --delete br1", "br1: there is no such bridge; 'hc-netns bridge br1' makes one"),
        ("bridge --delete e0", "e0: is a veth interface, not a bridge"),
    ] {
        assert_eq!(ours(&host, line).run().fails("hc-netns", 125), message, "{line}");
        assert_eq!(traces(&host), before, "{line}");
    }
    // The kernel's refusal in the middle: what had been done already is undone.
    let message =
        ours(&host, "bridge br1 --port=e2 --addr=10.8.0.1/24 --mtu=67").run().fails("hc-netns", 125);
    assert_eq!(message, "MTU '67': is not a number from 68 to 65535");
    sh(
        &host,
        "ip link set e2 type veth; sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1",
    );
    let before = traces(&host);
    let state = || sh(&host, "ip -d link show br0 | grep -o -e 'mtu [0-9]*' -e 'stp_state [0-9]'");
    let as_it_was = state();
    for bridge in ["br0", "br1"] {
        let line =
            format!("bridge {bridge} --addr=10.8.0.1/24 --addr=fd08::1/64 --port=e2 --stp=on --mtu=1300");
        let message = ours(&host, &line).run().fails("hc-netns", 125);
        // The words in parentheses are the kernel's, and have changed.
        let start = format!("{bridge}: address fd08::1/64: Permission denied (");
        assert!(
            message.starts_with(&start) && message.ends_with("IPv6 is disabled on this device)"),
            "{message}"
        );
        assert_eq!((traces(&host), state()), (before.clone(), as_it_was.clone()));
    }
}

#[test]
fn many_that_make_the_same_bridge_at_once_all_succeed() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for _ in 0..5 {
        let line = "bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64 --stp=off";
        let running: Vec<_> = (0..6).map(|_| ours(&host, line).start()).collect();
        for one in running {
            one.wait().ok().quiet();
        }
        assert_eq!(sh(&host, "ip -o address show br0 | grep -v fe80: | wc -l"), "2\n");
        done(ours(&host, "bridge --delete br0"));
    }
}
