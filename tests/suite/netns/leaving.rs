//! What a namespace without a name had is free again a moment after its end.

use super::{ROOT, ours, sh};
use hc_tests::{Host, can_make_hosts, require};

const LINK: &str = "--addr=10.7.0.5/24 --publish=8080:80";

/// The kernel takes them away later than the program ends.
#[test]
fn the_same_port_and_address_can_be_had_one_after_the_other() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.1/24");
    for _ in 0..5 {
        ours(&host, &format!("run {LINK} true")).run().ok().quiet();
    }
}

#[test]
fn what_somebody_has_who_stays_is_refused() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, "hc-netns bridge br0 --addr=10.7.0.1/24");
    let address = "address 10.7.0.5: is in use on br0";
    let port = "port 8080/tcp: is published for veth1 already";
    let refused = |options: &str| ours(&host, &format!("run {options} true")).run().fails("hc-netns", 125);
    let mut running = ours(&host, &format!("run {LINK} sh -c")).arg("echo up; read x").hold_input().start();
    running.expect("up\n");
    assert_eq!(refused("--addr=10.7.0.5/24"), address);
    assert_eq!(refused("--addr=auto --publish=8080:80"), port);
    running.write(b"\n", true);
    running.wait().ok();
    // So it is with one that has a name, and does not go by itself.
    sh(&host, &format!("hc-netns up x {LINK}"));
    assert_eq!(refused("--addr=10.7.0.5/24"), address);
    assert_eq!(refused("--addr=auto --publish=8080:80"), port);
}
