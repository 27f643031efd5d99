//! How names are mounted, and who sees them.

use super::{EITHER, ROOT, Tool, done, ip, mounted, number, ours};
use hc_tests::{Cmd, Host, can_make_hosts, eventually, require};

/// The mounts at and below /run/netns.
fn table(host: &Host) -> Vec<String> {
    let all = Cmd::probe().on(host).view().mounts();
    all.into_iter().filter(|line| line.contains(" /run/netns")).collect()
}

fn made_by(host: &Host, tool: Tool) -> Vec<String> {
    for name in ["a", "b"] {
        done(tool(host, &format!("add {name}")));
    }
    table(host)
}

#[test]
fn the_mount_table_is_the_one_that_ip_makes() {
    require!(can_make_hosts(), ROOT);
    let [mine, theirs] = EITHER.map(|tool| made_by(&Host::new(), tool));
    assert_eq!(mine, theirs);
    assert_eq!(mine.len(), 3, "{mine:?}");
    assert!(mine.iter().all(|line| line.contains(" shared ")), "{mine:?}");
}

#[test]
fn with_a_shared_run_each_namespace_is_mounted_once() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    // That of a private one: no second mount of it, and no peer that would make one.
    assert_eq!(made_by(&host, ours), made_by(&Host::new(), ours));
    // Also by ip, on the directory that we have shared.
    done(ip(&host, "add c"));
    assert_eq!(mounted(&host), 3);
    done(ours(&host, "delete c"));
    done(ip(&host, "delete a"));
    done(ip(&host, "delete b"));
    assert_eq!(mounted(&host), 0);
}

#[test]
fn what_ip_has_mounted_twice_is_deleted_at_once() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    // iproute2 before 7.1 makes two mounts of it; whichever this is, two on top of it are added.
    done(ip(&host, "add a"));
    done(Cmd::sh("for n in 1 2; do mount --bind /proc/self/ns/net /run/netns/a; done").on(&host));
    assert!(mounted(&host) >= 3);
    done(ours(&host, "delete a"));
    assert_eq!((mounted(&host), host.path("/run/netns/a").exists()), (0, false));
}

#[test]
fn names_come_and_go_in_all_mount_namespaces_together() {
    require!(can_make_hosts(), ROOT);
    for (host, propagation) in
        [(Host::new(), "unchanged"), (Host::shared(), "unchanged"), (Host::shared(), "slave")]
    {
        // On a private host the mount namespaces have to be made when the directory is a shared mount.
        if host.mounts().iter().all(|line| !line.contains(" shared:")) {
            done(ours(&host, "add first"));
            done(ours(&host, "delete first"));
        }
        let mut other = Cmd::line(["unshare", "-m", "--propagation", propagation, "sh", "-c"])
            .arg("echo ready; exec cat")
            .on(&host)
            .hold_input()
            .start();
        other.expect("ready\n");
        let seen = || {
            let table = std::fs::read_to_string(format!("/proc/{}/mountinfo", other.pid())).unwrap();
            table.lines().filter(|line| line.contains(" - nsfs ")).count()
        };
        done(ours(&host, "add a"));
        assert_eq!(seen(), 1, "{propagation}");
        let there = format!("/proc/{}/root/run/netns/a", other.pid());
        assert_eq!(
            std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(there).unwrap()),
            number(&host, "a")
        );
        done(ours(&host, "delete a"));
        assert_eq!(seen(), 0, "{propagation}");
        other.write(b"", true);
        other.wait().ok();
    }
}

#[test]
fn the_first_name_of_a_machine_may_be_made_in_another_mount_namespace() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    let inside = ["unshare", "-m", "--propagation", "unchanged", "hc-netns", "add", "a"];
    Cmd::line(inside).on(&host).run().ok().quiet();
    assert_eq!(mounted(&host), 1);
    ours(&host, "exec a ls /sys/class/net").run().ok().quiet().says("lo\n");
    done(ip(&host, "delete a"));
}

#[test]
fn a_copy_in_a_mount_namespace_of_its_own_does_not_keep_a_name() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let mut other =
        Cmd::line(["unshare", "-m", "sh", "-c", "echo ready; exec cat"]).on(&host).hold_input().start();
    other.expect("ready\n");
    done(ours(&host, "delete a"));
    done(ours(&host, "add a"));
    done(ours(&host, "delete a"));
    assert!(!host.path("/run/netns/a").exists());
}

#[test]
fn add_says_so_where_the_name_does_not_get_out() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    let said = "hc-netns: b: is only in this mount namespace, and a left-over outside (inside 'exec'?)\n";
    // The first name of the machine, made where nothing gets out.
    let first = Cmd::line(["unshare", "-m", "--propagation", "slave", "hc-netns", "add", "b"]).on(&host);
    first.run().ok().says("").complains(said);
    done(ours(&host, "delete b"));
    done(ours(&host, "add a"));
    let inside = "hc-netns add b && hc-netns exec b true && ip netns list | sort";
    ours(&host, "exec a sh -c").arg(inside).run().ok().says("a\nb\n").complains(said);
    done(ours(&host, "delete b"));
    // Not where all of it is of that mount namespace alone.
    let own = "mount -t tmpfs run /run && hc-netns add b";
    done(ours(&host, "exec a sh -c").arg(own));
    done(ours(&host, "delete a"));
}

#[test]
fn a_deleted_namespace_is_gone_from_the_kernel_s_list() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let ids = || ip(&host, "list-id").run().ok().text().to_owned();
    done(ours(&host, "add a"));
    done(ip(&host, "set a 3"));
    assert!(ids().starts_with("nsid 3"));
    done(ours(&host, "delete a"));
    eventually("the namespace is gone", || ids().is_empty());
}
