//! What exec changes for NEXT, and what it does not.

use super::{ROOT, done, entered, number, ours};
use hc_tests::{Cmd, Dir, Host, View, can_make_hosts, compare, require};
use std::fs;

const CGROUP: &str = "/sys/fs/cgroup";

/// The mounts at a place and below it.
fn at<'a>(view: &'a [String], place: &str) -> Vec<&'a str> {
    let below = format!("{place}/");
    let point = |line: &str| line.split(' ').nth(1).is_some_and(|at| at == place || at.starts_with(&below));
    view.iter().map(String::as_str).filter(|line| point(line)).collect()
}

/// A host with a namespace `a`, where no control groups are mounted: what ip loses of them is not ours to compare.
fn without_cgroups(host: &Host) {
    Cmd::sh(format!("while mountpoint -q {CGROUP}; do umount -R {CGROUP}; done")).on(host).run().ok();
    done(ours(host, "add a"));
}

#[test]
fn next_sees_what_it_sees_under_ip() {
    require!(can_make_hosts(), ROOT);
    for host in [Host::new(), Host::shared()] {
        without_cgroups(&host);
        let outside = Cmd::probe().on(&host).view();
        let view = compare::views("ip netns exec", "hc-netns exec", &["a"], |cmd| cmd.on(&host));
        assert_eq!(view.new_namespaces(&outside), ["mnt", "net"]);
        let mounts = view.mounts();
        assert!(at(&mounts, "/sys")[0].ends_with(" - sysfs a rw"), "{mounts:?}");
        assert!(
            !mounts.iter().any(|line| line.contains(" shared ") && !line.contains(" master ")),
            "{mounts:?}"
        );
    }
}

#[test]
fn next_sees_the_files_of_the_namespace_in_etc() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    without_cgroups(&host);
    let files = "mkdir -p /etc/netns/a/apt /etc/netns/b && cd /etc/netns/a && echo in a >issue &&
                 echo in a too >apt/x && ln -s issue passwd && echo no >../b/group && ls -A /etc/netns/a";
    Cmd::sh(files).on(&host).run().ok().says("apt\nissue\npasswd\n");
    let view = compare::views("ip netns exec", "hc-netns exec", &["a"], |cmd| cmd.on(&host));
    assert_eq!(at(&view.mounts(), "/etc").len(), 3);
    let read = "cat /etc/issue /etc/apt/x /etc/passwd";
    ours(&host, &format!("exec a {read}")).run().ok().quiet().says("in a\nin a too\nin a\n");
    // And they are the host's again outside.
    let outside = fs::read("/etc/issue").unwrap();
    Cmd::line(["cat", "/etc/issue"]).on(&host).run().ok().says(outside);
}

#[test]
fn a_file_of_etc_that_cannot_be_mounted_is_told_and_left_out() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let files =
        "mkdir -p /etc/netns/a/group && cd /etc/netns/a && echo mine >issue && >\"$(printf 'f\\nx')\"";
    done(Cmd::sh(format!("{files}; ln -s /nowhere passwd")).on(&host));
    let output = ours(&host, "exec a cat /etc/issue").run().ok().says("mine\n");
    let text = String::from_utf8(output.stderr).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let not_mounted = |name: &str, because: &str| {
        format!("hc-netns: /etc/netns/a/{name} is not mounted on /etc/{name}: {because}")
    };
    let expected = [
        not_mounted("f\\nx", "No such file or directory"),
        not_mounted("group", "Not a directory"),
        not_mounted("passwd", "No such file or directory"),
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_directory_of_etc_that_cannot_be_read_stops_exec() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    done(Cmd::sh("mkdir -p /etc/netns && echo >/etc/netns/a").on(&host));
    assert_eq!(ours(&host, "exec a true").run().fails("hc-netns", 125), "/etc/netns/a: Not a directory");
}

#[test]
fn control_groups_stay_in_view_which_is_where_ip_differs() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    if !Cmd::line(["mountpoint", "-q", CGROUP]).on(&host).run().ended.eq(&hc_tests::Ended::Exit(0)) {
        done(Cmd::sh(format!("mount -t cgroup2 none {CGROUP}")).on(&host));
    }
    let view = |cmd: Cmd| cmd.on(&host).next_view().mounts();
    let outside = Cmd::probe().on(&host).view().mounts();
    let theirs = view(Cmd::line(["ip", "netns", "exec", "a"]));
    let mine = view(Cmd::tool("hc-netns").args(["exec", "a"]));
    let groups = at(&outside, CGROUP);
    assert!(!groups.is_empty());
    assert_eq!(at(&mine, CGROUP), groups);
    assert!(at(&theirs, CGROUP).is_empty(), "ip has learned it: {theirs:?}");
    let rest = |view: &[String]| -> Vec<String> {
        let lost = at(view, CGROUP);
        view.iter().filter(|line| !lost.contains(&line.as_str())).cloned().collect()
    };
    assert_eq!(rest(&mine), rest(&theirs));
}

#[test]
fn other_mounts_below_sys_are_gone_and_stay_outside() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(Cmd::sh("hc-netns add a; mount -t tmpfs other /sys/kernel").on(&host));
    let before = host.mounts();
    let view = Cmd::tool("hc-netns").args(["exec", "a"]).on(&host).next_view().mounts();
    assert!(!view.iter().any(|line| line.contains(" - tmpfs other ")), "{view:?}");
    assert_eq!(host.mounts(), before);
}

#[test]
fn what_is_mounted_outside_comes_in_and_nothing_gets_out() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    done(ours(&host, "add a"));
    let script = "mount -t tmpfs inside /mnt && echo ready && read line && ls /media";
    let mut inside = ours(&host, "exec a sh -c").arg(script).hold_input().start();
    inside.expect("ready\n");
    assert!(!host.mounts().iter().any(|line| line.contains(" inside ")));
    done(Cmd::sh("mount -t tmpfs outside /media && >/media/came-in").on(&host));
    inside.write(b"go\n", true);
    inside.wait().ok().quiet().says("ready\ncame-in\n");
}

#[test]
fn next_is_the_same_process_with_all_that_it_inherits() {
    require!(can_make_hosts(), ROOT);
    let (host, dir) = (Host::new(), Dir::new());
    done(ours(&host, "add a"));
    let odd: [&[u8]; 6] = [b"A=1", b"A=2", b"no-equals", b"=x", b"\xff=\xfe\n", b"PATH=/usr/sbin:/usr/bin"];
    let how = |cmd: Cmd| {
        let file = fs::File::open("/dev/null").unwrap();
        cmd.on(&host)
            .environ(odd)
            .dir(dir.path())
            .umask(0o027)
            .ignoring(libc::SIGPIPE)
            .blocking(libc::SIGUSR1)
            .passing(file, 100)
            .closing(0)
    };
    let outside = how(Cmd::probe()).view();
    let inside = how(Cmd::tool("hc-netns").args(["exec", "a"])).next_view();
    for key in ["env", "fd", "ignored", "blocked", "cwd", "umask", "uids", "gids", "groups", "capabilities"] {
        assert_eq!(without_inodes(&inside, key), without_inodes(&outside, key), "{key}");
    }
    assert_eq!(inside.descriptors(), [1, 2, 100]);
    let running = ours(&host, "exec a sh -c").arg("echo $$").start();
    let pid = running.pid();
    running.wait().ok().quiet().says(format!("{pid}\n"));
}

/// The values of a key; of descriptors no more than number, kind and flags, for the pipes are others.
fn without_inodes(view: &View, key: &str) -> Vec<String> {
    let short = |value: &str| value.split(' ').take(3).collect::<Vec<_>>().join(" ");
    view.all(key).into_iter().map(|value| if key == "fd" { short(value) } else { value.to_owned() }).collect()
}

#[test]
fn the_status_is_next_s_or_tells_why_there_is_none() {
    require!(can_make_hosts(), ROOT);
    let (host, dir) = (Host::new(), Dir::new());
    done(ours(&host, "add a"));
    let exec = |words: &[&str]| Cmd::tool("hc-netns").args(["exec", "a"]).args(words).on(&host).run();
    exec(&["true"]).ok().quiet();
    exec(&["sh", "-c", "exit 255"]).exits(255).quiet();
    exec(&["sh", "-c", "kill -9 $$"]).dies_of(9).quiet();
    assert_eq!(exec(&["no-such-program"]).fails("hc-netns", 127), "no-such-program: not found in PATH");
    assert_eq!(exec(&[""]).fails("hc-netns", 127), "'': an empty name is no program");
    assert_eq!(exec(&["/etc"]).fails("hc-netns", 126), "/etc: is a directory");
    let script = dir.program("script", "#!/no/such/shell\n");
    let message = exec(&[script.to_str().unwrap()]).fails("hc-netns", 127);
    assert!(message.ends_with("its interpreter /no/such/shell is not in the root"), "{message}");
    // One double dash is ours, the next one is NEXT's.
    exec(&["--", "echo", "--", "-x"]).ok().says("-- -x\n").quiet();
    assert_eq!(exec(&["--", "--"]).fails("hc-netns", 127), "--: not found in PATH");
    // An option behind the name is no option.
    assert_eq!(exec(&["-h"]).fails("hc-netns", 127), "-h: not found in PATH");
}

#[test]
fn exec_in_exec_is_in_the_inner_namespace() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for name in ["a", "b"] {
        done(ours(&host, &format!("add {name}")));
    }
    for line in ["hc-netns exec b", "ip netns exec b"] {
        let output = ours(&host, &format!("exec a {line} readlink /proc/self/ns/net")).run().ok().quiet();
        assert_eq!(output.text(), format!("net:[{}]\n", number(&host, "b")));
    }
    let through_ip = Cmd::line(["ip", "netns", "exec", "a", "hc-netns", "exec", "b", "ls", "/sys/class/net"]);
    through_ip.on(&host).run().ok().quiet().says("lo\n");
    assert_eq!(entered(&host, ours, "a"), number(&host, "a"));
}

#[test]
fn sysfs_shows_the_interfaces_of_the_namespace() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    done(Cmd::sh("ip link add outer0 type veth peer name inner0 netns a").on(&host));
    ours(&host, "exec a ls /sys/class/net").run().ok().quiet().says("inner0\nlo\n");
    Cmd::line(["ls", "/sys/class/net"]).on(&host).run().ok();
}

#[test]
fn a_chroot_is_entered_from_or_says_why_not() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let make = "hc-netns add a; mkdir -p /srv/r; mount --rbind / /srv/r; mount --make-rprivate /srv/r";
    done(Cmd::sh(make).on(&host));
    // A mount is a root that can be made a slave.
    let in_mount = Cmd::line(["chroot", "/srv/r", "hc-netns", "exec", "a", "ls", "/sys/class/net"]);
    in_mount.on(&host).run().ok().quiet().says("lo\n");
    let make = "mkdir -p /srv/d/run /srv/d/bin /srv/d/sys; cp \"$(command -v hc-netns)\" /srv/d/bin/;
                mount --rbind /run /srv/d/run";
    done(Cmd::sh(make).on(&host));
    let before = host.mounts();
    let in_directory = |line: &str| Cmd::line(["chroot", "/srv/d"]).args(line.split(' ')).on(&host).run();
    let message = in_directory("/bin/hc-netns exec a /bin/hc-netns").fails("hc-netns", 125);
    assert_eq!(message, "make / a slave mount: it is no mount here (a chroot?)");
    in_directory("/bin/hc-netns list").ok().quiet().says("a\n");
    // Without proc there is nothing to mount; the name is not left behind.
    let message = in_directory("/bin/hc-netns add b").fails("hc-netns", 125);
    assert_eq!(message, "/proc/self/ns/net: No such file or directory (is /proc mounted?)");
    assert_eq!(host.mounts(), before);
    ours(&host, "list").run().ok().quiet().says("a\n");
}
