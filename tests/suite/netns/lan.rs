//! A network with a router that has a DHCP server, as at home: real dnsmasq, real clients.

use super::{ROOT, done, ours, sh, traces};
use hc_tests::{Cmd, Ended, Host, Running, can_make_hosts, eventually, require};
use std::ops::Deref;
use std::time::Duration;

/// A router at the other end of a cable, which is a port of the bridge. It passes packets on: who does not is no router,
/// says so when it is asked for its hardware address, and is no longer where a default route leads.
const LAN: &str = "ip netns add router; ip netns exec router sysctl -qw net.ipv6.conf.all.forwarding=1
    ip link add phys type veth peer name lan0 netns router
    ip -n router link set lo up; ip -n router link set lan0 up
    ip -n router address add 10.9.0.1/24 dev lan0; ip -n router address add fd09::1/64 dev lan0 nodad
    hc-netns bridge br0 --port=phys; mkdir -p /etc/netns /run/netns";

const CONFIGURATION: &str = "interface=lan0
bind-interfaces
no-resolv
no-hosts
no-ping
dhcp-authoritative
dhcp-range=10.9.0.100,10.9.0.199,1h
dhcp-option=option:dns-server,10.9.0.1
address=/www.lan/10.9.0.1
dhcp-leasefile=/run/leases
user=root
pid-file=
";

/// What makes the router announce itself, and its network, every few seconds.
const ANNOUNCEMENTS: &str = "enable-ra
dhcp-range=fd09::,ra-only,64,1h
ra-param=lan0,4,600
";

/// A host whose names are taken down at its end, however its test ends: a DHCP client is nobody's child, and would keep
/// its namespace.
struct Lan(Host);

impl Deref for Lan {
    type Target = Host;

    fn deref(&self) -> &Host {
        &self.0
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        Cmd::line(["sh", "-c", "hc-netns -all down"]).on(&self.0).run();
    }
}

/// The host, and its DHCP and name server.
fn lan() -> (Lan, Running) {
    lan_with("")
}

/// The same, with more in the server's configuration.
fn lan_with(more: &str) -> (Lan, Running) {
    let host = Host::new();
    sh(&host, LAN);
    std::fs::write(host.path("/run/dnsmasq.conf"), [CONFIGURATION, more].concat()).unwrap();
    let server = Cmd::line(["ip", "netns", "exec", "router", "dnsmasq", "-k", "-C", "/run/dnsmasq.conf"]);
    let server = server.on(&host).limit(Duration::from_mins(5)).start();
    let listens = || sh(&host, "ip netns exec router cat /proc/net/udp").contains(":0043 ");
    eventually("the DHCP server listens", listens);
    (Lan(host), server)
}

/// Leaves one DHCP client on the host.
fn only(host: &Host, client: &str) {
    for other in ["udhcpc", "dhcpcd", "dhclient"].iter().filter(|other| **other != client) {
        sh(host, &format!("rm -f $(command -v {other} || echo /nowhere)"));
    }
}

/// How many programs on the machine have this in their command line, but zombies.
fn running(host: &Host, what: &str) -> usize {
    let text = sh(host, "ps -eo stat=,args=");
    text.lines().filter(|line| !line.trim_start().starts_with('Z') && line.contains(what)).count()
}

#[test]
fn each_client_gets_an_address_and_leaves_the_host_alone() {
    require!(can_make_hosts(), ROOT);
    for client in ["udhcpc", "dhcpcd", "dhclient"] {
        let (host, _server) = lan();
        only(&host, client);
        // A word that no other test's processes have.
        let inside = format!("e{}{client}", std::process::id() % 10_000);
        let before = (traces(&host), host.listing("/run"));
        let see =
            format!("ip -4 -br address show {inside}; ping -q -c 1 -W 2 10.9.0.1; getent hosts www.lan");
        let output = ours(&host, &format!("run --dhcp --if={inside} sh -c")).arg(see).run().ok();
        let text = output.text();
        assert!(
            text.contains("10.9.0.1") && text.contains(" 0% packet loss") && text.contains("www.lan"),
            "{output:?}"
        );
        eventually("the client has ended", || running(&host, &inside) == 0);
        eventually("nothing is left", || traces(&host) == before.0);
        // Two with the same name of the interface at the same time, by name.
        for name in ["a", "b"] {
            done(ours(&host, &format!("up {name} --dhcp --if={inside}")));
        }
        let address = |name: &str| {
            let shown = sh(&host, &format!("ip -n {name} -4 -o address show {inside}"));
            shown.split_whitespace().find(|word| word.contains('/')).unwrap_or_default().to_owned()
        };
        let [a, b] = ["a", "b"].map(address);
        assert!(a.starts_with("10.9.0.1") && b.starts_with("10.9.0.1") && a != b, "{client}: {a} {b}");
        ours(&host, "exec a getent hosts www.lan").run().ok();
        assert!(running(&host, &inside) >= 2, "{client} goes on");
        done(ours(&host, "down a b"));
        eventually("the clients have ended", || running(&host, &inside) == 0);
        assert_eq!(traces(&host), before.0, "{client}");
        // The leases are the server's.
        let left: Vec<String> =
            host.listing("/run").into_iter().filter(|line| !line.contains("leases")).collect();
        let there: Vec<String> = before.1.iter().filter(|line| !line.contains("leases")).cloned().collect();
        assert_eq!(left, there, "{client}");
    }
}

#[test]
fn without_an_answer_or_a_client_nothing_is_made() {
    require!(can_make_hosts(), ROOT);
    let (host, server) = lan();
    drop(server);
    let before = traces(&host);
    for line in ["run --dhcp --if=eslow true", "up a --dhcp --if=eslow"] {
        let message = ours(&host, line).run().fails("hc-netns", 125);
        assert_eq!(message, "eslow: no address by DHCP: udhcpc: udhcpc: no lease, failing", "{line}");
        eventually("nothing is left", || traces(&host) == before);
        eventually("the client has ended", || running(&host, "eslow") == 0);
    }
    only(&host, "none");
    for line in ["run --dhcp true", "up a --dhcp"] {
        let message = ours(&host, line).run().fails("hc-netns", 125);
        assert_eq!(message, "DHCP: no client is installed: none of udhcpc, dhcpcd, dhclient is there");
        assert_eq!(traces(&host), before);
    }
}

#[test]
fn the_client_ends_with_who_asked_for_it_however_that_ends() {
    require!(can_make_hosts(), ROOT);
    let (host, _server) = lan();
    let before = traces(&host);
    let mut next = ours(&host, "run --dhcp --if=ekill -- sh -c").arg("echo ready; exec sleep 100").start();
    next.expect("ready\n");
    assert!(running(&host, "-i ekill") > 0);
    next.signal(nix::sys::signal::Signal::SIGKILL);
    next.wait().dies_of(9);
    eventually("the client has ended", || running(&host, "ekill") == 0);
    eventually("nothing is left", || traces(&host) == before);
    // And with its helper, which is the first process of its namespace.
    done(ours(&host, "up a --dhcp --if=ekill"));
    let helper = sh(&host, "ps -eo pid=,args= | grep '[h]c-netns up a --dhcp --if=ekill' | awk '{print $1}'");
    sh(&host, &format!("kill -9 {helper}"));
    eventually("the client has ended", || running(&host, "-i ekill") == 0);
    done(ours(&host, "down a"));
    assert_eq!(traces(&host), before);
}

#[test]
fn a_lan_of_two_by_dhcp_and_one_by_hand() {
    require!(can_make_hosts(), ROOT);
    let (host, _server) = lan();
    // The post's way: a link without an address, and a client that is run in the namespace as it is.
    done(ours(&host, "up one"));
    ours(&host, "exec one udhcpc -q -n -t 3 -T 1 -i eth1 -s /bin/true").run().ok();
    done(ours(&host, "down one"));
    done(ours(&host, "up one --dhcp"));
    done(ours(&host, "up two --dhcp"));
    done(ours(&host, "up three --addr=10.9.0.33/24 --addr=fd09::33/64 --gateway=10.9.0.1 --dns=10.9.0.1"));
    let server = "import http.server; http.server.HTTPServer(('', 80), http.server.SimpleHTTPRequestHandler).serve_forever()";
    let _web = Cmd::line(["ip", "netns", "exec", "router", "python3", "-c", server]).on(&host).start();
    eventually("the web server listens", || {
        sh(&host, "ip netns exec router cat /proc/net/tcp").contains(":0050 ")
    });
    let address = |name: &str| {
        let shown = sh(&host, &format!("ip -n {name} -4 -o address show eth1"));
        let word = shown.split_whitespace().find(|word| word.contains('/')).unwrap_or_default().to_owned();
        word.split('/').next().unwrap_or_default().to_owned()
    };
    let names = ["one", "two", "three"];
    for from in names {
        for to in names.iter().filter(|to| **to != from) {
            ours(&host, &format!("exec {from} ping -q -c 1 -W 2 {}", address(to))).run().ok();
        }
        ours(&host, &format!("exec {from} ping -q -c 1 -W 2 10.9.0.1")).run().ok();
        ours(&host, &format!("exec {from} curl -sS -m 3 -o /dev/null http://www.lan/")).run().ok();
    }
    ours(&host, "exec three ping -q -c 1 -W 2 fd09::1").run().ok();
    // Isolated ones reach the router, which the cable leads to, but not each other.
    done(ours(&host, "down one two"));
    done(ours(&host, "up one --dhcp --isolated"));
    done(ours(&host, "up two --dhcp --isolated"));
    let reaches = |from: &str, to: &str| {
        ours(&host, &format!("exec {from} ping -q -c 1 -W 1 {to}")).run().ended == Ended::Exit(0)
    };
    assert!(reaches("one", "10.9.0.1") && reaches("two", "10.9.0.1") && reaches("one", "10.9.0.33"));
    assert!(!reaches("one", &address("two")) && !reaches("two", &address("one")));
}

#[test]
fn a_router_s_announcements_are_for_those_without_addresses_by_option() {
    require!(can_make_hosts(), ROOT);
    for client in ["udhcpc", "dhcpcd", "dhclient"] {
        let (host, _server) = lan_with(ANNOUNCEMENTS);
        only(&host, client);
        let global = |name: &str| sh(&host, &format!("ip -n {name} -6 -o address show scope global"));
        let routes = |name: &str| sh(&host, &format!("ip -n {name} -6 route show default"));
        if client == "udhcpc" {
            done(ours(&host, "up four --addr=10.9.0.33/24"));
            done(ours(&host, "up six --addr=fd09::44/64"));
            done(ours(&host, "up routed --addr=fd09::45/64 --gateway=fd09::1"));
            done(ours(&host, "up plain"));
        }
        // The IPv4 address is there, whichever comes first; the other one comes by itself.
        done(ours(&host, "up dhcp --dhcp"));
        let shown = sh(&host, "ip -n dhcp -4 -o address show eth1");
        assert!(shown.contains("inet 10.9.0."), "{client}: {shown:?}");
        let by_router = |name: &str| {
            eventually(&format!("{name} has an address, {client}"), || global(name).contains("inet6 fd09::"));
            eventually(&format!("{name} has a route, {client}"), || routes(name).contains("via fe80::"));
            ours(&host, &format!("exec {name} ping -q -c 1 -W 2 fd09::1")).run().ok();
        };
        by_router("dhcp");
        if client == "udhcpc" {
            by_router("plain");
            // Its own address, and the router that it has been told of.
            eventually("six has a route", || routes("six").contains("via fe80::"));
            // There was time enough for all of them, for they hear the same.
            assert_eq!(global("four"), "");
            assert_eq!(routes("four"), "");
            for (name, address) in [("six", "fd09::44/64"), ("routed", "fd09::45/64")] {
                let shown = global(name);
                assert!(shown.lines().count() == 1 && shown.contains(address), "{shown}");
            }
            assert_eq!(routes("routed").lines().count(), 1);
            ours(&host, "exec routed ping -q -c 1 -W 2 fd09::44").run().ok();
        }
        done(ours(&host, "-all down"));
    }
}
