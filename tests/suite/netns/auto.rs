//! `--addr=auto`: the lowest address that is free.

use super::{ROOT, done, ours, sh};
use hc_tests::{Host, can_make_hosts, eventually, require};
use std::collections::BTreeSet;

/// The address of eth1 in a namespace.
#[track_caller]
fn address(host: &Host, name: &str) -> String {
    let script =
        format!("ip -n {name} -4 -o address show eth1; ip -n {name} -6 -o address show eth1 scope global");
    let shown = sh(host, &script);
    shown.split_whitespace().filter(|word| word.contains('/')).collect::<Vec<_>>().join(" ")
}

#[test]
fn it_is_the_lowest_that_nobody_has() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.3/28 --addr=fd07::3/64");
    // The bridge has 3; others have 1 by option, and 4 without telling: made by ip, and by a DHCP client, as it were.
    done(ours(&host, "up taken --addr=10.7.0.1/28"));
    sh(
        &host,
        "ip netns add foreign; ip link add f0 master br0 up type veth peer name eth1 netns foreign
         ip -n foreign link set eth1 up; ip -n foreign address add 10.7.0.4/28 dev eth1
         hc-netns up client; ip -n client address add fd07::6/64 dev eth1 nodad",
    );
    for (name, expected) in [("a", 2), ("b", 5), ("c", 7)] {
        done(ours(&host, &format!("up {name} --addr=auto")));
        assert_eq!(address(&host, name), format!("10.7.0.{expected}/28 fd07::{expected}/64"));
    }
    // Free again, and lower.
    done(ours(&host, "down b"));
    done(ours(&host, "up d --addr=auto"));
    assert_eq!(address(&host, "d"), "10.7.0.5/28 fd07::5/64");
    // Until there is none.
    for number in 8..15 {
        done(ours(&host, &format!("up n{number} --addr=auto")));
    }
    let none = "br0: no address of 10.7.0.0/28 and fd07::/64 is free";
    assert_eq!(ours(&host, "up x --addr=auto").run().fails("hc-netns", 125), none);
    assert!(!host.path("/run/netns/x").exists());
    // The bridge is the gateway, and its hardware address is known to nobody but by asking.
    let routes = sh(&host, "ip -n a route show default; ip -n a -6 route show default");
    assert!(routes.contains("via 10.7.0.3") && routes.contains("via fd07::3"), "{routes}");
    assert_eq!(sh(&host, "ip -n a -br link show eth1 | tr -s ' ' | cut -d ' ' -f 3"), "0e:68:0a:07:00:02\n");
}

#[test]
fn an_address_that_is_used_again_is_found_at_once() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.1/24; hc-netns up watcher --addr=10.7.0.200/24");
    for _ in 0..5 {
        done(ours(&host, "up a --addr=auto"));
        ours(&host, "exec watcher ping -q -c 1 -W 1 10.7.0.2").run().ok();
        done(ours(&host, "down a"));
    }
}

#[test]
fn many_at_once_have_different_ones() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64");
    for round in 0..3 {
        let names: Vec<String> = (0..24).map(|number| format!("n{number}")).collect();
        let running: Vec<_> =
            names.iter().map(|name| ours(&host, &format!("up {name} --addr=auto")).start()).collect();
        for one in running {
            one.wait().ok().quiet();
        }
        let addresses: BTreeSet<String> = names.iter().map(|name| address(&host, name)).collect();
        assert_eq!(addresses.len(), 24, "round {round}: {addresses:?}");
        // No hole: each is the lowest one that was free.
        for number in 2..26 {
            assert!(addresses.contains(&format!("10.7.0.{number}/24 fd07::{number:x}/64")), "{addresses:?}");
        }
        done(ours(&host, "-all down"));
        eventually("no link is left", || sh(&host, "ip -o link | wc -l") == "2\n");
    }
}
