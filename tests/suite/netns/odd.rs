//! What else may lie in the directory of the names.

use super::{ROOT, done, entered, ip, mounted, number, ours};
use hc_tests::{Cmd, Host, can_make_hosts, require};

/// What is made as `x`, and what is said of it.
const ODD: [(&str, &str); 8] = [
    (">/run/netns/x", "is a left-over that no namespace is mounted on; 'hc-netns delete x' removes it"),
    ("mkfifo /run/netns/x", "is not a namespace"),
    ("mkdir /run/netns/x", "is not a namespace"),
    ("mknod /run/netns/x c 1 3", "is not a namespace"),
    ("ln -s /etc /run/netns/x", "is not a namespace"),
    ("ln -s /proc/self/ns/uts /run/netns/x", "is a namespace, but not of the network"),
    (">/run/netns/x; mount --bind /proc/self/ns/ipc /run/netns/x", "is a namespace, but not of the network"),
    // A user namespace is another kind of file to the kernel: one that can be asked for its parent.
    (">/run/netns/x; mount --bind /proc/self/ns/user /run/netns/x", "is a namespace, but not of the network"),
];

#[test]
fn what_is_no_network_namespace_is_told_by_exec_and_list_and_holds_nothing_up() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    for (make, because) in ODD {
        done(Cmd::sh(make).on(&host));
        // With the lock taken and released each time: the harness's time limit is what a hang would meet.
        let message = ours(&host, "exec x true").run().fails("hc-netns", 125);
        assert_eq!(message, format!("/run/netns/x: {because}"), "{make}");
        let list = ours(&host, "list").run().ok().complains(format!("hc-netns: x: {because}\n"));
        let mut names: Vec<&str> = list.text().lines().collect();
        names.sort_unstable();
        assert_eq!(names, ["a", "x"], "{make}");
        Cmd::sh("hc-netns delete x || rmdir /run/netns/x").on(&host).run().ok();
        assert!(!host.path("/run/netns/x").exists(), "{make}");
    }
    assert_eq!(mounted(&host), 1);
}

#[test]
fn what_is_there_is_not_added_and_not_changed() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    for (make, because) in ODD {
        done(Cmd::sh(make).on(&host));
        let before = (host.listing("/run"), host.mounts());
        let message = ours(&host, "add x").run().fails("hc-netns", 125);
        let expected = if because.starts_with("is a left-over") { because } else { "File exists" };
        assert_eq!(message, format!("/run/netns/x: {expected}"), "{make}");
        assert_eq!((host.listing("/run"), host.mounts()), before, "{make}");
        Cmd::sh("hc-netns delete x || rmdir /run/netns/x").on(&host).run().ok();
    }
}

#[test]
fn a_link_to_the_namespace_of_a_process_is_a_name() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let mut inside = ours(&host, "exec a sh -c").arg("echo ready; exec cat").hold_input().start();
    inside.expect("ready\n");
    done(Cmd::sh(format!("ln -s /proc/{}/ns/net /run/netns/link", inside.pid())).on(&host));
    done(ip(&host, "set a 4"));
    for tool in super::EITHER {
        assert_eq!(entered(&host, tool, "link"), number(&host, "a"));
        let list = tool(&host, "list").run().ok().quiet();
        assert!(list.text().contains("link (id: 4)\n"), "{list:?}");
    }
    done(ours(&host, "delete link"));
    inside.write(b"", true);
    inside.wait().ok();
    // The process is gone, and so is what a link to it would lead to.
    done(Cmd::sh("ln -s /proc/999999999/ns/net /run/netns/link").on(&host));
    let missing = "/run/netns/link: No such file or directory";
    assert_eq!(ours(&host, "exec link true").run().fails("hc-netns", 125), missing);
    ours(&host, "list").run().ok().quiet();
    done(ours(&host, "delete link"));
}

#[test]
fn deleting_a_link_to_another_name_leaves_that_name() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    done(Cmd::sh("ln -s a /run/netns/link").on(&host));
    assert_eq!(entered(&host, ours, "link"), number(&host, "a"));
    done(ours(&host, "delete link"));
    ours(&host, "exec a true").run().ok().quiet();
    ours(&host, "list").run().ok().quiet().says("a\n");
}

#[test]
fn a_directory_that_is_none_is_named() {
    require!(can_make_hosts(), ROOT);
    for (make, because) in [
        (">/run/netns", "Not a directory"),
        ("ln -s /nowhere /run/netns", "No such file or directory"),
        ("mkdir /run/netns; mount -t tmpfs -o ro none /run/netns", "Read-only file system"),
    ] {
        let host = Host::new();
        done(Cmd::sh(make).on(&host));
        let before = (host.listing("/run"), mounted(&host));
        let message = ours(&host, "add a").run().fails("hc-netns", 125);
        assert!(message.starts_with("/run/netns") && message.ends_with(because), "{make}: {message}");
        ours(&host, "delete a").run().fails("hc-netns", 125);
        ours(&host, "exec a true").run().fails("hc-netns", 125);
        assert_eq!((host.listing("/run"), mounted(&host)), before, "{make}");
    }
}

#[test]
fn a_directory_that_is_a_link_is_followed_as_ip_does() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(Cmd::sh("mkdir /run/elsewhere && ln -s elsewhere /run/netns").on(&host));
    done(ours(&host, "add a"));
    done(ip(&host, "add b"));
    assert_eq!(host.mounts().iter().filter(|line| line.contains(" /run/elsewhere")).count(), 3);
    assert_eq!(entered(&host, ip, "a"), number(&host, "a"));
    done(ours(&host, "delete a b"));
    assert_eq!(mounted(&host), 0);
}
