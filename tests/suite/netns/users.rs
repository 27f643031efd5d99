//! Who may do what: ordinary users, roots of user namespaces, limits.

use super::{ROOT, USERS, done, number, ours};
use hc_tests::{Cmd, Host, can_make_hosts, compare, require, user_namespaces};

const NO_ROOT: &str = "Operation not permitted (needs root, or CAP_SYS_ADMIN)";
const NOT_HERE: &str = "Operation not permitted (root lacks the CAP_SYS_ADMIN for this: in a user namespace, or a \
                        container?)";

#[test]
fn an_ordinary_user_lists_names_and_is_told_why_no_more() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(Cmd::sh("hc-netns add a; ip netns set a 5").on(&host));
    let before = (host.listing("/run"), host.mounts());
    let pair = compare::both("ip netns", "hc-netns", &["list"], |cmd| cmd.on(&host).as_nobody());
    pair.same();
    assert_eq!(pair.ours.text(), "a (id: 5)\n");
    let refused = |line: &str| ours(&host, line).as_nobody().run().fails("hc-netns", 125);
    assert_eq!(refused("add b"), format!("make a network namespace: {NO_ROOT}"));
    assert_eq!(refused("exec a true"), format!("enter /run/netns/a: {NO_ROOT}"));
    assert_eq!(refused("delete a"), format!("/run/netns/a: {NO_ROOT}"));
    assert_eq!(refused("add a"), "/run/netns/a: File exists");
    assert_eq!(refused("delete b"), "/run/netns/b: No such file or directory");
    assert_eq!((host.listing("/run"), host.mounts()), before);
    Cmd::sh("chmod 700 /run/netns").on(&host).run().ok();
    for line in ["add a", "exec a true", "delete a", "list"] {
        assert!(!refused(line).is_empty());
    }
    assert_eq!(refused("list"), "/run/netns: Permission denied");
}

#[test]
fn a_user_has_names_in_namespaces_of_his_own() {
    require!(user_namespaces(), USERS);
    let script = "set -e
        mount -t tmpfs run /run
        hc-netns add a; hc-netns add b
        ip netns exec a ls /sys/class/net
        hc-netns exec b ls /sys/class/net
        hc-netns list | sort; ip netns delete a; hc-netns delete b; hc-netns list";
    let own = Cmd::line(["unshare", "-rm", "sh", "-c", script]).as_nobody();
    own.run().ok().quiet().says("lo\nlo\na\nb\n");
}

#[test]
fn next_sees_the_same_in_a_user_namespace_as_under_ip() {
    require!(can_make_hosts(), ROOT);
    require!(user_namespaces(), USERS);
    let host = Host::new();
    // Without control groups, which ip takes away, and with a /sys that is read-only, which has to stay so.
    let groups = "while mountpoint -q /sys/fs/cgroup; do umount -R /sys/fs/cgroup; done";
    Cmd::sh(groups).on(&host).run().ok();
    for make in ["", "mount -o remount,bind,ro /sys;"] {
        Cmd::sh(format!("{make} true")).on(&host).run().ok();
        let [theirs, mine] = ["ip netns", "hc-netns"].map(|tool| {
            let script = "mount -t tmpfs run /run; hc-netns add a; $1 exec a \"$2\"";
            let cmd = Cmd::line(["unshare", "-rm", "sh", "-c", script, "sh", tool]).arg(hc_tests::probe());
            cmd.on(&host).as_nobody().view()
        });
        let sys = mine.mounts().into_iter().rfind(|line| line.contains(" - sysfs a ")).unwrap();
        assert_eq!(sys.contains(" /sys ro,"), !make.is_empty(), "{sys}");
        let outside = Cmd::probe().on(&host).as_nobody().view();
        assert_eq!(mine.comparable(&outside), theirs.comparable(&outside));
    }
}

#[test]
fn the_root_of_a_user_namespace_is_told_what_is_not_his() {
    require!(can_make_hosts(), ROOT);
    require!(user_namespaces(), USERS);
    let host = Host::new();
    done(ours(&host, "add a"));
    let before = (host.listing("/run"), host.mounts());
    let own = |options: &str, line: &str| {
        let cmd = Cmd::line(["unshare", options, "hc-netns"]).args(line.split(' ')).on(&host);
        cmd.run().fails("hc-netns", 125)
    };
    assert_eq!(own("-rm", "exec a true"), format!("enter /run/netns/a: {NOT_HERE}"));
    assert_eq!(own("-r", "delete a"), format!("/run/netns/a: {NOT_HERE}"));
    assert_eq!(own("-r", "add b"), format!("mount /proc/self/ns/net on /run/netns/b: {NOT_HERE}"));
    let outside = "/run/netns/a: was mounted outside of this user namespace, and can be deleted only there";
    assert_eq!(own("-rm", "delete a"), outside);
    assert_eq!((host.listing("/run"), host.mounts()), before);
    assert_ne!(number(&host, "a"), 0);
}

#[test]
fn a_limit_that_is_reached_is_named_and_nothing_is_left() {
    require!(user_namespaces(), USERS);
    let own = |script: &str| {
        let script = format!("mount -t tmpfs run /run; {script}");
        Cmd::line(["unshare", "-rm", "sh", "-c", &script]).as_nobody().run()
    };
    let limit = "No space left on device (a limit in /proc/sys/user, or fs.mount-max, is reached)\n";
    let net = own("echo 0 >/proc/sys/user/max_net_namespaces; hc-netns add a; echo $?; ls -A /run");
    net.ok().says("125\n").complains(format!("hc-netns: make a network namespace: {limit}"));
    let mnt = own("hc-netns add a; echo 0 >/proc/sys/user/max_mnt_namespaces; hc-netns exec a true; echo $?");
    mnt.ok().says("125\n").complains(format!("hc-netns: make a mount namespace: {limit}"));
}

#[test]
fn root_without_the_capability_is_told() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    for line in ["add b", "exec a true", "delete a"] {
        let cmd = Cmd::line(["setpriv", "--bounding-set", "-sys_admin", "hc-netns"]).args(line.split(' '));
        let message = cmd.on(&host).run().fails("hc-netns", 125);
        assert!(message.ends_with(NOT_HERE), "{message}");
    }
    ours(&host, "list").run().ok().quiet().says("a\n");
}
