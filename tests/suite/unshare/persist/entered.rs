//! What is bound, and what a process is in, can be entered.

use super::{KINDS, Place};
use crate::unshare::{Root, unshare};
use hc_tests::{Cmd, Ended, Host, Running, can_make_hosts, require, user_namespaces};
use std::path::PathBuf;

/// The namespaces of a process, by their names in /proc.
fn namespace(pid: i32, name: &str) -> PathBuf {
    std::fs::read_link(format!("/proc/{pid}/ns/{name}")).unwrap()
}

/// A child that waits, as process 1 of what it is in.
#[track_caller]
fn waiting(cmd: Cmd) -> (Running, i32) {
    let mut running = cmd.args(["sh", "-c", "echo ready; read go"]).hold_input().start();
    running.expect("ready\n");
    let child = running.descendants()[0];
    (running, child)
}

#[test]
fn are_entered_by_their_files_when_the_program_has_ended() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    for (kind, name) in KINDS.into_iter().filter(|(kind, _)| *kind != "pid") {
        for fork in [&[][..], &["-f"]] {
            let option = place.option(kind, kind);
            let map = if kind == "user" { &["-r"][..] } else { &[] };
            let seen = place.run(&[&option]).args(fork).args(map).next_view();
            assert_eq!(place.bound(), [kind], "{option} {fork:?}");
            let enter =
                |next: &Cmd| Cmd::new("nsenter").arg(place.option(kind, kind)).chain(next).on(&place.host);
            let entered = enter(&Cmd::probe()).view();
            let key = format!("ns.{name}");
            assert_eq!(entered.get(&key), seen.get(&key), "{option} {fork:?}");
            assert_ne!(entered.get(&key), Cmd::probe().on(&place.host).view().get(&key));
            place.release();
            assert_eq!(place.bound(), [] as [&str; 0]);
        }
    }
}

#[test]
fn keep_what_was_done_in_them() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let [uts, mount, net, time] = ["uts", "mount", "net", "time"].map(|kind| place.option(kind, kind));
    let script = "hostname inside; mount -t tmpfs -o size=12k inside /mnt; ip link add inside type veth peer name other";
    place.run(&[&uts, &mount, &net, "sh", "-c", script]).run().ok().quiet();
    place.run(&[&time, "--monotonic=1000000", "true"]).run().ok().quiet();
    assert_eq!(place.bound(), ["mount", "net", "time", "uts"]);
    let script = "hostname; grep -c ' /mnt .*size=12k' /proc/self/mountinfo; ip -o link show inside | wc -l; \
                  cut -d. -f1 /proc/uptime >/dev/null";
    let enter = Cmd::new("nsenter").args([&uts, &mount, &net]).args(["sh", "-c", script]).on(&place.host);
    enter.run().ok().says("inside\n1\n1\n").quiet();
    let ahead = Cmd::new("nsenter").arg(&time).chain(&Cmd::probe()).on(&place.host).view();
    assert_eq!(ahead.get("timens_offsets"), "monotonic 1000000 0 boottime 0 0");
    place.release();
}

#[test]
fn of_processes_are_entered_while_process_1_lives() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let options: Vec<String> = KINDS.iter().map(|(kind, _)| place.option(kind, kind)).collect();
    let line = place.run(&["-fr", "--mount-proc"]).args(&options);
    let (mut running, child) = waiting(line);
    let mut all: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
    all.sort_unstable();
    assert_eq!(place.bound(), all);
    let entered = Cmd::new("nsenter").args(&options).chain(&Cmd::probe()).on(&place.host).view();
    for (kind, name) in KINDS {
        assert_eq!(entered.get(&format!("ns.{name}")), namespace(child, name).to_str().unwrap(), "{kind}");
    }
    running.write(b"go\n", true);
    running.wait().ok().quiet();
    // Its process 1 gone, nobody enters that of processes any more; the others stay.
    let again = |kind: &str| {
        Cmd::new("nsenter")
            .arg(place.option("user", "user"))
            .arg(place.option(kind, kind))
            .arg("true")
            .on(&place.host)
            .run()
    };
    assert_ne!(again("pid").ended, Ended::Exit(0));
    again("net").ok().quiet();
    place.release();
}

/// The whole set of a process, which was bound to nothing.
#[test]
fn are_entered_by_the_process_too() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = Host::new();
    for (words, who) in [
        (&["-fpmuinCT", "--mount-proc"][..], (|cmd| cmd) as fn(Cmd) -> Cmd),
        (&["-rfpmuinCT", "--mount-proc"], |cmd| cmd),
        (&["-rfpmuinCT", "--mount-proc"], Cmd::as_nobody),
        (
            &["-fpmuinCT", "--mount-proc", "-S", "0", "-G", "0", "--map-users=all", "--map-groups=all"],
            |cmd| cmd,
        ),
    ] {
        let (mut running, child) = waiting(who(unshare(words)).on(&host));
        let target = child.to_string();
        let enter = Cmd::line(["nsenter", "-t", &target, "-a"]).chain(&Cmd::probe()).on(&host);
        let seen = enter.view();
        for (_, name) in KINDS {
            assert_eq!(
                seen.get(&format!("ns.{name}")),
                namespace(child, name).to_str().unwrap(),
                "{words:?}"
            );
        }
        assert_eq!(seen.get("processes").split(' ').next(), Some("1"), "{words:?}");
        running.write(b"go\n", true);
        running.wait().ok().quiet();
    }
    // With a root of its own: -r and -w of nsenter lead to it.
    let root = Root::new();
    Cmd::tool("hc-rootfs").arg(root.path()).arg("/bin/sh").run().ok();
    let line = unshare(&["-fpmuinCT", "--mount-proc"]).arg(root.option("--root"));
    let (mut running, child) = waiting(line);
    let target = child.to_string();
    let seen = Cmd::line(["nsenter", "-t", &target, "-a", "-r", "-w", "/hc-probe"]).view();
    assert_eq!((seen.get("cwd"), seen.mounts().len()), ("/", 2));
    running.write(b"go\n", true);
    running.wait().ok().quiet();
}
