//! What an IPv6 host says unasked goes to each port of the bridge: it says no more than somebody has to hear.

use super::{ROOT, done, ours, sh};
use hc_tests::{Cmd, Host, can_make_hosts, require};
use std::time::Duration;

/// How many packets have come out of a namespace, by the end of its link on the bridge, within three seconds.
fn said(host: &Host, end: &str) -> u32 {
    std::thread::sleep(Duration::from_secs(3));
    // The /sys of a host is the machine's: this one is of its network.
    let output = Cmd::line(["ip", "-s", "-j", "link", "show", end]).on(host).run().ok();
    let links: serde_json::Value = serde_json::from_str(output.text()).unwrap();
    links[0]["stats64"]["rx"]["packets"].as_u64().unwrap().try_into().unwrap()
}

#[test]
fn one_with_an_ipv6_address_reports_its_groups_and_asks_nobody() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64");
    done(ours(&host, "up four --addr=10.7.0.9/24 --gateway=10.7.0.1 --host-if=four"));
    done(ours(&host, "up six --addr=auto --host-if=six"));
    assert_eq!(said(&host, "four"), 0);
    // Four reports and a question for routers, unless something is done about it.
    let six = said(&host, "six");
    assert!((1..=2).contains(&six), "{six}");
    // Where there is a cable, somebody may have to know: a report that is lost is said again.
    sh(
        &host,
        "ip link add cable type veth peer name other; hc-netns bridge br1 --port=cable --addr=fd08::1/64",
    );
    done(ours(&host, "up wired --bridge=br1 --addr=auto --host-if=wired"));
    assert!(said(&host, "wired") >= 2);
}

#[test]
fn packets_to_a_group_reach_who_has_joined() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(
        &host,
        "hc-netns bridge br0 --addr=fd07::1/64; ip link add cable type veth peer name other
         ip link set other up; hc-netns bridge br1 --port=cable --addr=fd08::1/64",
    );
    let join = "import socket, struct
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('', 5000)); s.settimeout(5)
group = socket.inet_pton(socket.AF_INET6, 'ff15::7') + struct.pack('I', socket.if_nametoindex('eth1'))
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group); print('ready', flush=True)
print(s.recv(100).decode())";
    let send = "import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex('eth1'))
s.sendto(b'hello', ('ff15::7', 5000))";
    for bridge in ["br0", "br1"] {
        for name in ["a", "b"] {
            done(ours(&host, &format!("up {name} --bridge={bridge} --addr=auto")));
        }
        let mut member = ours(&host, "exec a python3 -c").arg(join).start();
        member.expect("ready\n");
        ours(&host, "exec b python3 -c").arg(send).run().ok();
        member.wait().ok().says("ready\nhello\n");
        done(ours(&host, "down a b"));
    }
}
