//! `up`, `run` and `down`: what connects a namespace, as the kernel shows it.

use super::{EITHER, ROOT, done, entered, json, mounted, number, ours, sh, steady_links, traces};
use hc_tests::{Cmd, Host, can_make_hosts, eventually, require};
use nix::sys::signal::Signal;
use serde_json::Value;

const BRIDGE: &str = "hc-netns bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64";

/// What can be told of one interface, without what chance and the clock make of it.
fn seen(host: &Host, line: &str) -> Vec<Value> {
    steady_links(host, line, &["ifindex", "link_index", "link_netnsid"])
}

#[test]
fn a_link_is_what_ip_would_have_made() {
    require!(can_make_hosts(), ROOT);
    let [theirs, mine] = [Host::new(), Host::new()];
    for host in [&theirs, &mine] {
        sh(host, &format!("{BRIDGE}; ip link set br0 address 02:00:00:00:00:01"));
    }
    sh(
        &theirs,
        "ip netns add a
         ip link add veth1 address fe:00:00:00:00:07 mtu 1400 type veth peer name eth1 address 02:00:00:00:00:07 mtu 1400 netns a
         ip link set veth1 addrgenmode none master br0 up; ip link set veth1 type bridge_slave isolated on hairpin on
         ip -n a link set lo up; ip -n a link set eth1 addrgenmode none; ip -n a link set eth1 up
         ip -n a address add 10.7.0.9/24 broadcast + dev eth1; ip -n a address add fd07::9/64 dev eth1 nodad; ip -n a address add fe80::ff:fe00:7/64 scope link dev eth1 nodad
         ip -n a route add default via 10.7.0.1; ip -n a route add default via fd07::1
         ip -n a route add 10.50.0.0/16 via 10.7.0.33; ip -n a route add 10.51.0.0/16 dev eth1",
    );
    done(ours(
        &mine,
        "up a --addr=10.7.0.9/24 --addr=fd07::9/64 --gateway=10.7.0.1 --gateway=fd07::1 --mac=02:00:00:00:00:07 --mtu=1400 \
         --isolated --hairpin --route=10.50.0.0/16,10.7.0.33 --route=10.51.0.0/16",
    ));
    assert_eq!(seen(&mine, "ip -d -j link show veth1"), seen(&theirs, "ip -d -j link show veth1"));
    assert_eq!(seen(&mine, "ip -n a -d -j link"), seen(&theirs, "ip -n a -d -j link"));
    for line in ["ip -n a -j route", "ip -n a -j -6 route"] {
        assert_eq!(json(&mine, line), json(&theirs, line));
    }
    let addresses = |host| sh(host, "ip -n a -o address | sed 's/ nodad//; s/tentative//; s/^[0-9]*: //'");
    assert_eq!(addresses(&mine), addresses(&theirs));
}

#[test]
fn defaults_are_the_post_s_and_the_first_name_that_is_free() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    for (name, link) in [("a", "veth1"), ("b", "veth0"), ("c", "veth2")] {
        done(ours(&host, &format!("up {name}")));
        let state = json(&host, &format!("ip -j link show {link}"));
        assert_eq!(state[0]["master"], "br0");
        let inside = sh(&host, &format!("ip -n {name} -br link show eth1"));
        assert!(inside.starts_with("eth1@"), "{inside}");
        assert_eq!(sh(&host, &format!("ip -n {name} -4 -o address show eth1")), "");
    }
    // A second link of the same namespace, to another bridge; and a namespace that ip has made.
    sh(&host, "hc-netns bridge br1; ip netns add d");
    done(ours(&host, "up a --bridge=br1 --if=eth2 --host-if=second"));
    done(ours(&host, "up d --addr=10.7.0.4/24"));
    ours(&host, "exec d ping -q -c 1 -W 2 10.7.0.1").run().ok();
    for tool in EITHER {
        assert_eq!(entered(&host, tool, "a"), number(&host, "a"));
    }
    done(ours(&host, "down a"));
    assert!(!sh(&host, "ip link").contains("second"));
    done(ours(&host, "-all down"));
    assert_eq!((mounted(&host), sh(&host, "ip -o link | wc -l")), (0, "3\n".to_owned()));
}

#[test]
fn what_is_wrong_is_told_and_nothing_is_left() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(
        &host,
        &format!("{BRIDGE}; hc-netns bridge bare; hc-netns up a --addr=10.7.0.5/24; hc-netns add empty"),
    );
    sh(
        &host,
        "ip link add other type veth peer name e1; mkdir -p /etc/netns/y; echo mine >/etc/netns/y/resolv.conf",
    );
    let before = traces(&host);
    let no_gateway = "gateway auto: br0 has no address in the networks of eth1";
    for (line, message) in [
        ("up x --bridge=br9", "br9: there is no such bridge; 'hc-netns bridge br9' makes one"),
        ("up x --bridge=other", "other: is a veth interface, not a bridge"),
        ("up x --host-if=veth1", "veth1: name already in use by the link of a"),
        ("up x --host-if=other", "other: name already in use by a veth interface"),
        ("up x --host-if=br0", "br0: name already in use by a bridge"),
        ("up a --host-if=new", "eth1: name already in use in the namespace by a veth interface"),
        ("up a --if=lo", "lo: name already in use in the namespace by the loopback interface"),
        ("up x --addr=10.7.0.5/24", "address 10.7.0.5: is in use on br0"),
        (
            "up x --bridge=bare --addr=auto",
            "bare: has no address; 'hc-netns bridge bare --addr=...' gives it one",
        ),
        ("up x --addr=10.8.0.5/24 --gateway=auto", no_gateway),
        (
            "up x --addr=10.7.0.6/24 --gateway=10.9.0.1",
            "eth1: gateway 10.9.0.1: Network is unreachable (Nexthop has invalid gateway)",
        ),
        (
            "up x --addr=10.7.0.6/24 --route=10.9.0.0/16,10.10.0.1",
            "eth1: route 10.9.0.0/16: Network is unreachable (Nexthop has invalid gateway)",
        ),
        ("up x --addr=10.7.0.6/24 --addr=10.7.0.6/24", "address 10.7.0.6: is in use on br0"),
        ("up empty --addr=10.7.0.5/24", "address 10.7.0.5: is in use on br0"),
        ("up ../x", "name '../x': has a slash"),
        ("up y --dns=10.7.0.1", "/etc/netns/y/resolv.conf: is there already, and not of 'hc-netns up'"),
        ("run --addr=10.7.0.5/24 true", "address 10.7.0.5: is in use on br0"),
    ] {
        assert_eq!(ours(&host, line).run().fails("hc-netns", 125), message, "{line}");
        assert_eq!(traces(&host), before, "{line}");
    }
    ours(&host, "run nosuchprogram").run().exits(127);
    ours(&host, "down x").run().exits(125).complains("hc-netns: /run/netns/x: No such file or directory\n");
    eventually("the kernel has cleaned up", || traces(&host) == before);
}

#[test]
fn down_takes_all_of_it_away_also_from_under_who_is_in_it() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; mkdir -p /etc/netns"));
    let before = traces(&host);
    done(ours(&host, "up a --addr=auto --dns=10.7.0.1 --dns=fd07::1"));
    assert_eq!(
        sh(&host, "cat /etc/netns/a/resolv.conf"),
        "# By hc-netns.\nnameserver 10.7.0.1\nnameserver fd07::1\n"
    );
    ours(&host, "exec a tail -n 1 /etc/resolv.conf").run().ok().quiet().says("nameserver fd07::1\n");
    let mut inside =
        ours(&host, "exec a sh -c").arg("echo ready; read line; ip -br link").hold_input().start();
    inside.expect("ready\n");
    done(ours(&host, "down a"));
    assert_eq!(traces(&host), before);
    // The names are free at once: that of the namespace, that of the link, and the address.
    for _ in 0..10 {
        done(ours(&host, "up a --host-if=veth1 --addr=10.7.0.2/24 --addr=fd07::2/64"));
        done(ours(&host, "down a"));
    }
    inside.write(b"\n", true);
    let lines = inside.wait().ok().quiet();
    assert_eq!(lines.text().lines().count(), 2, "{lines:?}");
    // What ip has made it takes away as well, and what is no namespace.
    // A link to a name is a name of its own.
    sh(
        &host,
        "hc-netns up a; ln -s a /run/netns/link; hc-netns down link; ip -n a link show eth1; hc-netns down a",
    );
    sh(&host, "ip netns add b; ip link add x type veth peer name y netns b; >/run/netns/c");
    done(ours(&host, "down b c"));
    assert_eq!(traces(&host), before);
}

#[test]
fn the_ends_of_a_pair_have_different_hardware_addresses() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    // Whatever the one in the namespace is: with the same one, the bridge would take what is for the other end.
    for first in ["fe", "fa", "02", "06"] {
        done(ours(&host, &format!("up a --addr=10.7.0.9/24 --mac={first}:00:00:00:00:07")));
        ours(&host, "exec a ping -q -c 1 -W 2 10.7.0.1").run().ok();
        done(ours(&host, "down a"));
    }
}

#[test]
fn packets_may_be_too_small_for_ipv6() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    done(ours(&host, "up a --addr=10.7.0.9/24 --mtu=1000 --isolated"));
    ours(&host, "exec a ping -q -c 1 -W 2 10.7.0.1").run().ok();
    let message = ours(&host, "up b --addr=fd07::9/64 --mtu=1000").run().fails("hc-netns", 125);
    assert!(message.starts_with("eth1: address fd07::9/64: "), "{message}");
    assert!(!host.path("/run/netns/b").exists());
}

#[test]
fn files_of_the_administrator_stay() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; mkdir -p /etc/netns/a; echo mine >/etc/netns/a/hosts"));
    done(ours(&host, "up a --dns=10.7.0.1"));
    done(ours(&host, "down a"));
    assert_eq!(sh(&host, "cd /etc/netns/a; ls; cat hosts"), "hosts\nmine\n");
    sh(&host, "echo mine >/etc/netns/a/resolv.conf; hc-netns up a");
    done(ours(&host, "down a"));
    assert_eq!(sh(&host, "cat /etc/netns/a/resolv.conf"), "mine\n");
}

#[test]
fn a_namespace_without_a_name_lives_as_long_as_next() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    let before = traces(&host);
    let see =
        "ls /sys/class/net; cat /etc/resolv.conf; cat /proc/$$/comm; exec 3>&-; echo $((4 + 3)); exit 7";
    let output = ours(&host, "run --addr=auto --dns=10.7.0.1 sh -c").arg(see).run().exits(7).quiet();
    assert_eq!(output.text(), "eth1\nlo\n# By hc-netns.\nnameserver 10.7.0.1\nsh\n7\n");
    eventually("all is gone", || traces(&host) == before);
    // And when it is killed.
    for _ in 0..3 {
        let line = "run --addr=auto -- sh -c";
        let mut inside = ours(&host, line).arg("echo ready; exec sleep 100").start();
        inside.expect("ready\n");
        assert!(sh(&host, "ip link").contains("veth1"));
        assert_eq!(sh(&host, "ls -A /run/netns 2>/dev/null || true"), "");
        inside.signal(Signal::SIGKILL);
        inside.wait().dies_of(9);
        eventually("all is gone", || traces(&host) == before);
    }
}

#[test]
fn next_of_run_inherits_what_it_would_without() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    let outside = Cmd::probe().on(&host).view();
    let [plain, kept] = ["run --addr=auto", "run --addr=auto --nat"].map(|line| {
        let view = ours(&host, line).on(&host).next_view();
        assert_eq!(view.new_namespaces(&outside), ["mnt", "net"]);
        view.comparable(&outside)
    });
    // The keeper of the rules is not seen: no child, no file.
    assert_eq!(plain, kept);
}

#[test]
fn isolated_ones_do_not_reach_each_other_but_the_bridge() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, BRIDGE);
    for (name, option) in [("a", "--isolated"), ("b", "--isolated"), ("c", "")] {
        done(ours(&host, format!("up {name} --addr=auto {option}").trim_end()));
    }
    let reaches = |from: &str, to: &str| {
        let words = ["exec", from, "ping", "-q", "-c", "1", "-W", "1", to];
        Cmd::tool("hc-netns").args(words).on(&host).run().ended == hc_tests::Ended::Exit(0)
    };
    for (from, to, does) in [
        ("a", "10.7.0.1", true),
        ("a", "fd07::1", true),
        ("a", "10.7.0.3", false),
        ("a", "fd07::3", false),
        ("b", "10.7.0.2", false),
        ("a", "10.7.0.4", true),
        ("c", "10.7.0.2", true),
        ("c", "fd07::3", true),
    ] {
        assert_eq!(reaches(from, to), does, "{from} to {to}");
    }
}

#[test]
fn an_ordinary_user_has_links_in_a_network_of_his_own() {
    require!(hc_tests::user_namespaces(), super::USERS);
    let script = "set -e
        mount -t tmpfs run /run
        hc-netns bridge br0 --addr=10.7.0.1/24
        hc-netns up a --addr=auto
        hc-netns exec a ip -4 -br address show eth1
        hc-netns run --addr=auto ip -4 -br address show eth1
        hc-netns down a; hc-netns bridge --delete br0
        while [ $(ip -br link | wc -l) -gt 1 ]; do sleep 0.05; done; ip -br link | cut -d ' ' -f 1";
    let own = Cmd::line(["unshare", "-rmn", "sh", "-c", script]).as_nobody();
    let shown = own.run().ok().quiet();
    let words: Vec<&str> = shown.text().split_whitespace().collect();
    assert!(words.contains(&"10.7.0.2/24") && words.contains(&"10.7.0.3/24"), "{shown:?}");
    assert_eq!(words.last(), Some(&"lo"), "{shown:?}");
}
