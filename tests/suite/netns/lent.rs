//! `--bridge-addr`, `--low-ports`, and a NEXT behind `up` and `down`.

use super::{ROOT, done, ours, sh, traces};
use hc_tests::{Cmd, Host, can_make_hosts, eventually, require};
use nix::sys::signal::Signal;

const LENT: &str = "--bridge=hc9 --bridge-addr=10.9.0.1/24 --addr=auto";

fn has_bridge(host: &Host) -> bool {
    Cmd::line(["ip", "link", "show", "hc9"]).on(host).run().ended == hc_tests::Ended::Exit(0)
}

#[test]
fn a_bridge_is_made_for_the_first_link_and_goes_with_the_last() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let before = traces(&host);
    let start = || {
        let line = ours(&host, &format!("run {LENT} --")).args(["sh", "-c", "echo up; read x"]);
        let mut running = line.hold_input().start();
        running.expect("up\n");
        running
    };
    let (mut first, mut second) = (start(), start());
    let shown = Cmd::line(["ip", "link", "show", "hc9"]).on(&host).run().ok().quiet();
    assert!(shown.text().contains("alias hc-netns: goes with its last link"), "{shown:?}");
    let ping = "run --bridge=hc9 --addr=auto ping -q -c 1 -W 3 10.9.0.2";
    ours(&host, ping).run().ok();
    first.signal(Signal::SIGKILL);
    first.wait_for_it_alone();
    // The one without the option has gone, and does not take it along; nor does the first.
    eventually("two links are gone", || {
        let ports = Cmd::line(["ip", "-o", "link", "show", "master", "hc9"]).on(&host).run().ok();
        ports.text().lines().count() == 1
    });
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(has_bridge(&host));
    second.signal(Signal::SIGTERM);
    second.wait_for_it_alone();
    eventually("the bridge is gone", || traces(&host) == before);
}

#[test]
fn named_links_give_it_back_with_down() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let before = traces(&host);
    done(ours(&host, &format!("up a {LENT} --nat")));
    done(ours(&host, &format!("up b {LENT}")));
    done(ours(&host, "down a"));
    assert!(has_bridge(&host));
    done(ours(&host, "down b"));
    assert!(!has_bridge(&host));
    // What was there stays.
    sh(&host, "hc-netns bridge hc9 --addr=10.8.0.1/24");
    done(ours(&host, &format!("up a {LENT}")));
    done(ours(&host, "down a"));
    assert!(has_bridge(&host));
    sh(&host, "hc-netns bridge --delete hc9; rmdir /run/netns 2>/dev/null || true");
    eventually("nothing is left", || traces(&host) == before);
}

#[test]
fn a_network_that_is_there_is_not_taken_and_a_failure_gives_it_back() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "ip link add lan type bridge; ip address add 10.9.0.77/16 dev lan");
    let before = traces(&host);
    let refused = ours(&host, &format!("run {LENT} true")).run().fails("hc-netns", 125);
    assert_eq!(refused, "hc9: its network 10.9.0.0/24 overlaps with 10.9.0.77/16, which is an address here");
    assert_eq!(traces(&host), before);
    sh(&host, "ip address flush dev lan");
    let before = traces(&host);
    let taken = "run --bridge=hc9 --bridge-addr=10.9.0.1/24 --addr=10.9.0.1/24 true";
    assert_eq!(ours(&host, taken).run().fails("hc-netns", 125), "address 10.9.0.1: is that of hc9");
    eventually("the bridge is gone", || traces(&host) == before);
}

#[test]
fn everybody_may_listen_at_low_ports_if_that_is_asked_for() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let read = ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"];
    let shown = |options: &str| ours(&host, &format!("run {LENT}{options} --")).args(read).run().ok().quiet();
    shown(" --low-ports").says("0\n");
    shown("").says("1024\n");
    Cmd::line(read).on(&host).run().ok().says("1024\n");
}

#[test]
fn up_with_a_program_connects_once_and_down_with_one_goes_on() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let run = |program: &str| ours(&host, &format!("up a {LENT} --dns=10.9.0.1 -- {program}")).run();
    let address = "ip -4 -o address show eth1";
    let first = run(address).ok().quiet();
    assert!(first.text().contains(" 10.9.0.2/24 "), "{first:?}");
    assert_eq!(run(address).ok().quiet().text(), first.text(), "the same link");
    run("cat /etc/resolv.conf").ok().quiet().says("# By hc-netns.\nnameserver 10.9.0.1\n");
    run("/nosuch").exits(127);
    ours(&host, "list").run().ok().says("a (id: 0)\n");
    ours(&host, "down a -- echo gone").run().ok().quiet().says("gone\n");
    ours(&host, "list").run().ok().says("");
    ours(&host, "down a -- echo gone").run().fails("hc-netns", 125);
}
