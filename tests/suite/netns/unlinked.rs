//! `up --no-link`: a namespace with a name that nothing connects.

use super::{EITHER, ROOT, done, entered, mounted, number, ours, sh};
use hc_tests::{Cmd, Host, Running, can_make_hosts, require};

#[test]
fn it_is_made_once_and_has_a_loopback_interface() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "up a --no-link"));
    let first = number(&host, "a");
    for line in ["up a --no-link", "--no-link up a --low-ports"] {
        done(ours(&host, line));
        assert_eq!(number(&host, "a"), first, "{line}");
    }
    for tool in EITHER {
        assert_eq!(entered(&host, tool, "a"), first);
    }
    let interfaces = "cd /sys/class/net; echo *; ping -q -c 1 -W 2 127.0.0.1 | grep -o '1 received'
                      cat /proc/sys/net/ipv4/ip_unprivileged_port_start";
    let next = Cmd::tool("hc-netns").args(["up", "--no-link", "--", "a", "sh", "-c", interfaces]).on(&host);
    next.run().ok().quiet().says("lo\n1 received\n0\n");
    // A new one takes a privilege for low ports.
    let new = Cmd::tool("hc-netns").args(["up", "b", "--no-link", "sh", "-c", interfaces]).on(&host);
    new.run().ok().quiet().says("lo\n1 received\n1024\n");
    done(ours(&host, "down a b"));
    assert_eq!((mounted(&host), sh(&host, "ip -o link | wc -l")), (0, "1\n".to_owned()));
}

#[test]
fn one_that_is_there_stays_as_it_is() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    // The loopback interface of ip(8)'s is down.
    sh(&host, "ip netns add a; hc-netns bridge br0 --addr=10.7.0.1/24; hc-netns up b --addr=10.7.0.9/24");
    let before = (number(&host, "a"), number(&host, "b"));
    let ping = ours(&host, "up a --no-link ping -q -c 1 -W 2 127.0.0.1").run().ok().quiet();
    assert!(ping.text().contains(" 1 received"), "{ping:?}");
    let link = ours(&host, "up b --no-link ip -4 -o address show eth1").run().ok().quiet();
    assert!(link.text().contains(" 10.7.0.9/24 "), "{link:?}");
    assert_eq!((number(&host, "a"), number(&host, "b")), before);
}

#[test]
fn many_at_once_are_in_the_same() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for _ in 0..10 {
        let start = |_| ours(&host, "up a --no-link readlink /proc/self/ns/net").start();
        let running: Vec<Running> = (0..8).map(start).collect();
        let seen: Vec<_> = running.into_iter().map(|one| one.wait().ok().quiet().stdout).collect();
        let expected = format!("net:[{}]\n", number(&host, "a"));
        assert!(seen.iter().all(|one| one == expected.as_bytes()), "{seen:?}");
        done(ours(&host, "down a"));
    }
    assert_eq!(mounted(&host), 0);
}

#[test]
fn what_is_no_namespace_is_refused_and_stays() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "mkdir -p /run/netns/directory; : >/run/netns/left");
    for (name, message) in [
        ("directory", "/run/netns/directory: is not a namespace"),
        (
            "left",
            "/run/netns/left: is a left-over that no namespace is mounted on; 'hc-netns delete left' removes it",
        ),
    ] {
        let refused = ours(&host, &format!("up {name} --no-link true")).run();
        assert_eq!(refused.fails("hc-netns", 125), message);
    }
    assert_eq!(sh(&host, "ls /run/netns"), "directory\nleft\n");
}
