//! --hostname, --domainname, --loopback: the names of the machine, and the network that is itself.

use super::Who;
use crate::unshare::unshare;
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[track_caller]
fn view(who: Who, words: &[&str]) -> hc_tests::View {
    let first = if who == Who::Root { "-f" } else { "-rf" };
    who.starts(unshare(&[first]).args(words)).next_view()
}

#[test]
fn names_are_those_that_are_given() {
    require!(can_run(), "takes root, and user namespaces for others");
    let long = "x".repeat(64);
    for who in Who::ALL {
        let outside = who.starts(Cmd::probe()).view();
        for name in ["inside", "a.b.c", &long, "with space", "ü", ""] {
            let seen = view(who, &[&format!("--hostname={name}")]);
            let shown = name.bytes().flat_map(std::ascii::escape_default).map(char::from).collect::<String>();
            assert_eq!(
                (seen.get("hostname"), seen.get("domainname")),
                (shown.as_str(), outside.get("domainname"))
            );
            let seen = view(who, &[&format!("--domainname={name}")]);
            assert_eq!(
                (seen.get("hostname"), seen.get("domainname")),
                (outside.get("hostname"), shown.as_str())
            );
        }
        let seen = view(who, &["--hostname=first", "--domainname=d", "--hostname=last"]);
        assert_eq!((seen.get("hostname"), seen.get("domainname")), ("last", "d"));
        let mut new = seen.new_namespaces(&outside);
        new.retain(|name| name != "user");
        assert_eq!(new, ["uts"]);
        let after = who.starts(Cmd::probe()).view();
        assert_eq!(
            (after.get("hostname"), after.get("domainname")),
            (outside.get("hostname"), outside.get("domainname"))
        );
    }
}

#[test]
fn names_are_no_longer_than_the_kernel_has_room_for() {
    let long = "x".repeat(65);
    for option in ["--hostname", "--domainname"] {
        let message = unshare(&[&format!("{option}={long}"), "true"]).run().fails("hc-unshare", 125);
        assert!(message.starts_with(&format!("'{long}': longer than 64 bytes")), "{message}");
    }
}

/// A server and a client in one, by IPv4, and by IPv6 where the kernel has it.
const TALK: &str = r"use strict; my ($family, $address) = @ARGV;
    socket my $server, $family, 1, 0 or die qq(socket: $!\n);
    bind $server, pack 'H*', $address or die qq(bind: $!\n);
    listen $server, 1 or die qq(listen: $!\n);
    socket my $client, $family, 1, 0 or die;
    connect $client, getsockname $server or die qq(connect: $!\n);
    accept my $accepted, $server or die; syswrite $client, qq(heard\n); sysread $accepted, my $line, 9; print $line;";
const IPV4: [&str; 2] = ["2", "020000007f0000010000000000000000"];
const IPV6: [&str; 2] = ["10", "0a0000000000000000000000000000000000000000000000000000010000000000"];

#[test]
fn the_loopback_interface_is_up() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let first = if who == Who::Root { "-f" } else { "-rf" };
        let talk = |words: &[&str], address: [&str; 2]| {
            who.starts(unshare(&[first]).args(words).args(["perl", "-e", TALK]).args(address)).run()
        };
        talk(&["--loopback"], IPV4).ok().says("heard\n").quiet();
        talk(&["--loopback", "-n"], IPV4).ok().says("heard\n").quiet();
        talk(&["--jail"], IPV4).ok().says("heard\n").quiet();
        // As it is without: nobody can be reached.
        talk(&["-n"], IPV4).exits(101).complains("connect: Network is unreachable\n");
        if std::path::Path::new("/proc/net/if_inet6").exists() {
            talk(&["--loopback"], IPV6).ok().says("heard\n").quiet();
        }
        let line = who.starts(unshare(&[first, "--loopback", "ip", "-brief", "address"]));
        let text = line.run().ok().quiet().text().to_owned();
        let words: Vec<&str> = text.split_whitespace().collect();
        assert_eq!(words[..3], ["lo", "UNKNOWN", "127.0.0.1/8"], "{text}");
        assert_eq!(text.lines().count(), 1);
    }
}

/// Of the namespace alone, and for a jail that shares it.
#[test]
fn ports_below_1024_are_for_everybody_if_that_is_asked_for() {
    require!(can_run(), "takes root, and user namespaces for others");
    let read = ["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"];
    for who in Who::ALL {
        let first = if who == Who::Root { "-n" } else { "-rn" };
        who.starts(unshare(&[first, "--low-ports"]).args(read)).run().ok().quiet().says("0\n");
        who.starts(unshare(&[first]).args(read)).run().ok().quiet().says("1024\n");
        let listen =
            "use Socket; socket my $s, 2, 1, 0; print bind($s, sockaddr_in(80, INADDR_ANY)) ? 'bound' : $!";
        let jail = ["hc-unshare", "--jail", "--share=net", "perl", "-e", listen];
        who.starts(unshare(&[first, "--low-ports"]).args(jail)).run().ok().quiet().says("bound");
        who.starts(unshare(&[first]).args(jail)).run().ok().quiet().says("Permission denied");
    }
    let refused = unshare(&["--low-ports", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(refused, "/proc/sys/net/ipv4/ip_unprivileged_port_start: Permission denied");
}

/// What is the caller's is left as he has it.
#[test]
fn the_caller_s_network_is_left_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script = "hc-unshare --loopback --share=net true; ip -brief link";
    let text = unshare(&["-n", "sh", "-c", script]).run().ok().quiet().text().to_owned();
    assert!(text.starts_with("lo") && text.contains("DOWN"), "{text}");
}
