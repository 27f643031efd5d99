//! Each line in the DIAGNOSTICS of the page is what is said.

use super::{ROOT, USERS, done, ours};
use hc_tests::{Cmd, Host, can_make_hosts, docs, require, user_namespaces};
use std::collections::BTreeSet;

/// What leads to each line: a script, run by root on a machine of its own that has a namespace `x`.
const SCRIPTS: [&str; 26] = [
    "hc-netns add a/b",
    "hc-netns add x",
    "hc-netns delete x; hc-netns delete x",
    "hc-netns delete x; >/run/netns/x; hc-netns add x",
    "setpriv --reuid=65534 --clear-groups hc-netns add y",
    "unshare -rm hc-netns exec x true",
    "unshare -rm hc-netns delete x",
    "unshare -rm sh -c 'echo 0 >/proc/sys/user/max_net_namespaces; hc-netns add y'",
    "hc-netns delete x; hc-netns add y; hc-netns exec y hc-netns add x",
    "mkdir -p /srv/c/bin /srv/c/run /srv/c/sys; cp \"$(command -v hc-netns)\" /srv/c/bin
     mount --rbind /run /srv/c/run; chroot /srv/c /bin/hc-netns exec x true; chroot /srv/c /bin/hc-netns add y",
    "mkdir -p /etc/netns/x; >/etc/netns/x/f; hc-netns exec x true",
    "hc-netns delete x; mkfifo /run/netns/x; hc-netns exec x true",
    "hc-netns delete x; ln -s /proc/self/ns/uts /run/netns/x; hc-netns exec x true",
    "hc-netns list-id nsid 8; hc-netns attach y 999999999; hc-netns bridge sixteen-bytes-xy",
    "hc-netns up y; hc-netns bridge br0; hc-netns up y --addr=auto",
    "hc-netns bridge br0 --addr=10.7.0.1/30; hc-netns up y --addr=auto; hc-netns up z --addr=auto",
    "hc-netns bridge br0 --addr=10.7.0.1/24; hc-netns up y --addr=auto; hc-netns up z --addr=10.7.0.2/24",
    "hc-netns bridge br0 --addr=10.7.0.1/16; hc-netns up y --addr=10.7.0.1/16; hc-netns up y --bridge=hc0 --bridge-addr=10.7.0.1/24",
    "hc-netns bridge br0; hc-netns up y; hc-netns up z --host-if=veth1; hc-netns up y --host-if=veth2",
    "hc-netns bridge br0; ip link add e0 master br0 type veth peer name e1; hc-netns bridge br1 --port=e0",
    "ip link add e0 type veth peer name e1; ip address add 10.9.0.1/24 dev e0; ip link set e0 up; ip link set e1 up
     ip route add 10.8.0.0/16 nexthop via 10.9.0.2 nexthop via 10.9.0.3; hc-netns bridge br0 --port=e0",
    "hc-netns bridge br0 --addr=10.7.0.1/24; hc-netns up y --addr=auto --publish=8080:80
     hc-netns up z --addr=auto --publish=8080:80",
    "hc-netns bridge br0 --addr=10.7.0.1/24
     python3 -c 'import os, socket; s = socket.socket(); s.bind((\"\", 8080)); s.listen()
os.system(\"hc-netns up y --addr=auto --publish=8080:80\")'",
    "hc-netns bridge br0; mkdir -p /etc/netns/x; >/etc/netns/x/resolv.conf; hc-netns up x --dns=10.7.0.1",
    "hc-netns bridge br0; for client in udhcpc dhcpcd dhclient; do rm -f \"$(command -v $client)\"; done
     hc-netns up y --dhcp; printf '#!/bin/sh\\necho udhcpc: no lease, failing >&2; exit 1\\n' >/usr/sbin/udhcpc
     chmod 755 /usr/sbin/udhcpc; hc-netns up y --dhcp",
    "unshare -m sh -c 'mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; hc-netns bridge br0
     hc-netns up y --addr=fd07::2/64 --gateway=fd07::1'",
];

#[test]
fn every_line_of_the_page_s_diagnostics_is_said_when_it_says_so() {
    require!(can_make_hosts(), ROOT);
    require!(user_namespaces(), USERS);
    let page = docs::text("man/hc-netns.8");
    let items = page.lines().filter_map(|line| line.strip_prefix(".It \"hc-netns: "));
    let listed: BTreeSet<String> =
        items.map(|item| format!("hc-netns: {}", item.trim_end_matches('"'))).collect();
    let mut said = BTreeSet::new();
    for script in SCRIPTS {
        let host = Host::new();
        done(ours(&host, "add x"));
        let output = Cmd::sh(script).on(&host).run();
        said.extend(String::from_utf8(output.stderr).unwrap().lines().map(str::to_owned));
    }
    let not_said: Vec<_> = listed.difference(&said).collect();
    assert!(not_said.is_empty(), "not one of these was said:\n{not_said:#?}\nbut:\n{said:#?}");
    assert!(listed.len() >= SCRIPTS.len(), "{listed:#?}");
}
