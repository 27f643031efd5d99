//! Each line in the DIAGNOSTICS of the page is what is said.

use super::{ROOT, USERS, done, ours};
use hc_tests::{Cmd, Host, can_make_hosts, docs, require, user_namespaces};
use std::collections::BTreeSet;

/// What leads to each line: a script, run by root on a machine of its own that has a namespace `x`.
const SCRIPTS: [&str; 13] = [
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
