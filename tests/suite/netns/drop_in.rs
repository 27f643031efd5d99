//! The other verbs of ip-netns(8): the same line under either tool, and what the other tool sees then.

use super::{EITHER, ROOT, Tool, done, entered, ip, mounted, number, ours};
use hc_tests::{Cmd, Ended, Host, can_make_hosts, compare, eventually, require};
use std::time::Duration;

/// Runs a line under both tools, which have to say the same and end alike. What ours said.
#[track_caller]
fn same(host: &Host, line: &str) -> String {
    let args: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    let pair = compare::both("ip netns", "hc-netns", &args, |cmd| cmd.on(host));
    pair.same();
    pair.ours.text().to_owned()
}

/// The same with an option, which ip(8) has before its object.
#[track_caller]
fn same_with(host: &Host, option: &str, line: &str) -> String {
    let words = || line.split(' ');
    let options = || option.split(' ');
    let theirs = Cmd::line(["ip"]).args(options()).arg("netns").args(words()).on(host).run();
    let mine = Cmd::tool("hc-netns").args(options()).args(words()).on(host).run();
    assert_eq!((theirs.ended, theirs.text()), (mine.ended, mine.text()), "{theirs:?}{mine:?}");
    mine.text().to_owned()
}

#[test]
fn ids_set_by_either_are_listed_by_both() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    assert_eq!(same(&host, "list-id"), "");
    for (at, name) in ["a", "b", "c", "d"].iter().enumerate() {
        done(EITHER[at % 2](&host, &format!("add {name}")));
    }
    for (tool, line) in
        [(ours as Tool, "set a 77"), (ip, "set b 5"), (ours, "set c auto"), (ours, "set d 2147483647")]
    {
        done(tool(&host, line));
    }
    let all = same(&host, "list-id");
    for line in ["nsid 77 (iproute2 netns name: a)\n", "nsid 0 (iproute2 netns name: c)\n"] {
        assert!(all.contains(line), "{all}");
    }
    assert_eq!(all.lines().count(), 4);
    assert_eq!(same(&host, "list-id nsid 77"), "nsid 77 (iproute2 netns name: a)\n");
    // In c, d is known as 9: asked about from outside.
    done(ours(&host, "exec c hc-netns set d 9"));
    let seen = "nsid 9 current-nsid 2147483647 (iproute2 netns name: d)\n";
    assert_eq!(same(&host, "list-id target-nsid 0"), seen);
    assert_eq!(same(&host, "list-id target-nsid 0 nsid 2147483647"), seen);
    assert_eq!(same(&host, "list-id nsid 2147483647 target-nsid 0"), seen);
    // Without a name: the namespace lives on, by the process in it, and so does its id.
    let mut inside = ours(&host, "exec d sh -c").arg("echo ready; exec cat").hold_input().start();
    inside.expect("ready\n");
    done(ours(&host, "exec c hc-netns delete d"));
    assert!(same(&host, "list-id").contains("nsid 2147483647 \n"));
    assert!(same_with(&host, "-j", "list-id").contains("{\"nsid\":2147483647}"));
    // The kernel takes it apart some time after its last process, and only then the id.
    inside.write(b"", true);
    inside.wait().ok();
    let listed = || ours(&host, "list-id").run().ok().quiet().text().contains("2147483647");
    eventually("the id of d is free", || !listed());
    for (option, line) in
        [("-json", "list-id"), ("-j", "list"), ("-js", "list-id nsid 77"), ("--json", "show")]
    {
        assert!(same_with(&host, option, line).starts_with("[{"));
    }
    for (option, line) in [("-j -p", "list"), ("-pretty -json", "list-id"), ("-pr -j", "list-id nsid 77")] {
        assert!(same_with(&host, option, line).starts_with("[ {\n        \""));
    }
    assert_eq!(same_with(&host, "-p", "list-id nsid 77"), "nsid 77 (iproute2 netns name: a)\n");
    assert_eq!(same_with(&host, "-j", "list-id nsid 77"), "[{\"nsid\":77,\"name\":\"a\"}]\n");
}

#[test]
fn json_is_an_array_also_of_nothing_and_of_odd_names() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let list = || ours(&host, "--json list").run().ok().quiet().text().to_owned();
    assert_eq!(list(), "[]\n");
    // There has to be a directory, or ip(8) prints nothing.
    done(Cmd::sh("hc-netns add a; hc-netns delete a").on(&host));
    assert_eq!(same_with(&host, "-j -p", "list"), "[ ]\n");
    let odd = "a\"b\\c\nd\u{1}é";
    done(Cmd::tool("hc-netns").args(["add", odd]).on(&host));
    let read: serde_json::Value = serde_json::from_str(&list()).unwrap();
    assert_eq!(read, serde_json::json!([{ "name": odd }]));
}

#[test]
fn a_wrong_id_is_refused_and_told() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(Cmd::sh("hc-netns add a; hc-netns add b; hc-netns set a 7").on(&host));
    let before = same(&host, "list-id");
    for (line, message) in [
        ("set a 8", "/run/netns/a: set its id: File exists (Peer netns already has a nsid assigned)"),
        ("set b 7", "/run/netns/b: set its id: File exists (The specified nsid is already used)"),
        ("set x 8", "/run/netns/x: No such file or directory"),
        ("set b -1", "id '-1': is not a number from 0 to 2147483647"),
        ("set b 2147483648", "id '2147483648': is not a number from 0 to 2147483647"),
        ("set ../b 3", "name '../b': has a slash"),
        ("list-id nsid 9", "nsid 9: no network namespace has this id here"),
        (
            "list-id target-nsid 9",
            "list the ids of nsid 9: Invalid argument (Invalid target network namespace id)",
        ),
    ] {
        assert_eq!(ours(&host, line).run().fails("hc-netns", 125), message, "{line}");
        assert_ne!(ip(&host, line).run().ended, Ended::Exit(0), "ip does it: {line}");
    }
    assert_eq!(same(&host, "list-id"), before);
    done(Cmd::sh(">/run/netns/plain").on(&host));
    let left_over = "/run/netns/plain: is a left-over that no namespace is mounted on; \
                     'hc-netns delete plain' removes it";
    assert_eq!(ours(&host, "set plain 8").run().fails("hc-netns", 125), left_over);
}

#[test]
fn processes_and_names_find_each_other() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for name in ["a", "b", "empty"] {
        done(ours(&host, &format!("add {name}")));
    }
    // One namespace may have two names.
    done(Cmd::sh(">/run/netns/twin; mount --bind /run/netns/a /run/netns/twin").on(&host));
    let start = |name: &str, tool: Tool| {
        let mut inside =
            tool(&host, &format!("exec {name} sh -c")).arg("echo ready; exec cat").hold_input().start();
        inside.expect("ready\n");
        inside
    };
    let inside = [start("a", ours), start("a", ip), start("b", ours)];
    let pid = |at: usize| inside[at].pid();
    let of_a = same(&host, "pids a");
    let mut numbers: Vec<i32> = of_a.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    let mut expected = [pid(0), pid(1)];
    expected.sort_unstable();
    assert_eq!(numbers, expected);
    assert_eq!(same(&host, "pids twin"), of_a);
    assert_eq!(same(&host, "pids b"), format!("{}\n", pid(2)));
    assert_eq!(same(&host, "pids empty"), "");
    // Of two names the one that comes last in the directory, and an empty line for none.
    let name = same(&host, &format!("identify {}", pid(0)));
    assert!(["a\n", "twin\n"].contains(&name.as_str()), "{name}");
    assert_eq!(same(&host, &format!("identify {}", pid(2))), "b\n");
    assert_eq!(same(&host, "identify"), "\n");
    for tool in EITHER {
        let output = tool(&host, "exec b hc-netns identify").run().ok().quiet();
        assert_eq!(output.text(), "b\n");
    }
    for (line, message) in [
        ("pids x", "/run/netns/x: No such file or directory"),
        ("pids a/b", "name 'a/b': has a slash"),
        ("identify x", "process 'x': is not a process ID"),
        ("identify 999999999", "process 999999999: No such process"),
        ("identify 99999999999", "process '99999999999': is not a process ID"),
    ] {
        assert_eq!(ours(&host, line).run().fails("hc-netns", 125), message);
        assert_ne!(ip(&host, line).run().ended, Ended::Exit(0), "ip does it: {line}");
    }
}

#[test]
fn the_namespace_of_a_process_gets_a_name_by_which_either_tool_knows_it() {
    require!(can_make_hosts(), ROOT);
    for host in [Host::new(), Host::shared()] {
        let mut other =
            Cmd::line(["unshare", "-n", "sh", "-c", "echo ready; exec cat"]).on(&host).hold_input().start();
        other.expect("ready\n");
        for (attach, name) in [(ours as Tool, "a"), (ip, "b")] {
            done(attach(&host, &format!("attach {name} {}", other.pid())));
        }
        assert_eq!(number(&host, "a"), number(&host, "b"));
        for tool in EITHER {
            assert_eq!(entered(&host, tool, "a"), number(&host, "a"));
        }
        // It outlives the process.
        let number = number(&host, "a");
        other.write(b"", true);
        other.wait().ok();
        assert_eq!(entered(&host, ip, "a"), number);
        let before = (host.listing("/run"), host.mounts());
        for (line, message) in [
            ("attach c 999999999", "process 999999999: No such process"),
            ("attach c x", "process 'x': is not a process ID"),
            ("attach c 0", "process '0': is not a process ID"),
            ("attach a 1", "/run/netns/a: File exists"),
            ("attach ../c 1", "name '../c': has a slash"),
        ] {
            assert_eq!(ours(&host, line).run().fails("hc-netns", 125), message);
            assert_ne!(ip(&host, line).run().ended, Ended::Exit(0), "ip does it: {line}");
        }
        assert_eq!((host.listing("/run"), host.mounts()), before);
        done(ours(&host, "delete a b"));
        assert_eq!(mounted(&host), 0);
    }
}

#[test]
fn all_is_every_name() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for option in ["-all", "-a"] {
        assert_eq!(same_with(&host, option, "exec true"), "");
        for (at, name) in ["a", "b", "c"].iter().enumerate() {
            done(EITHER[at % 2](&host, &format!("add {name}")));
        }
        let said = same_with(&host, option, "exec sh -c pwd");
        assert_eq!(said.matches("\nnetns: ").count(), 3, "{said}");
        // Each in its own, and what it says of its end is not looked at.
        let ids = ours(&host, "--all exec readlink /proc/self/ns/net").run().ok().quiet();
        let ids: std::collections::BTreeSet<&str> =
            ids.text().lines().filter(|line| line.starts_with("net:[")).collect();
        assert_eq!(ids.len(), 3);
        same_with(&host, option, "exec false");
        let missing = ours(&host, "--all exec nosuchprogram").run();
        assert_eq!(missing.ended, Ended::Exit(0));
        let line = "hc-netns: nosuchprogram: not found in PATH\n";
        assert_eq!(String::from_utf8_lossy(&missing.stderr), line.repeat(3));
        // The second of the two finds nothing to delete.
        assert_eq!(same_with(&host, option, "delete"), "");
        done(Cmd::sh("hc-netns add a; hc-netns add b").on(&host));
        done(ours(&host, &format!("{option} delete")));
        assert_eq!(mounted(&host), 0);
    }
}

#[test]
fn monitor_tells_of_names_as_they_come_and_go() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    // Before there is a directory, too.
    let theirs = Cmd::line(["stdbuf", "-oL", "ip", "netns", "monitor"]).on(&host);
    let mut both = [theirs, ours(&host, "monitor")].map(|cmd| cmd.limit(Duration::from_secs(20)).start());
    let watched = |pid: i32| {
        let entries = std::fs::read_dir(format!("/proc/{pid}/fdinfo")).into_iter().flatten().flatten();
        let is_watch = |path: std::path::PathBuf| {
            std::fs::read_to_string(path).is_ok_and(|info| info.contains("inotify wd"))
        };
        entries.map(|entry| entry.path()).any(is_watch)
    };
    for monitor in &both {
        eventually("it watches", || watched(monitor.pid()));
    }
    let script = "hc-netns add a; ip netns add b; hc-netns delete a; ip netns delete b";
    done(Cmd::sh(script).on(&host));
    for monitor in &mut both {
        monitor.expect("add a\nadd b\ndelete a\ndelete b\n");
        monitor.signal(nix::sys::signal::Signal::SIGTERM);
    }
    for monitor in both {
        monitor.wait().dies_of(15).quiet().says("add a\nadd b\ndelete a\ndelete b\n");
    }
    // Nobody reads it any more: it ends.
    let script =
        "hc-netns monitor | head -n 1 & sleep 0.3; hc-netns add a; sleep 0.1; hc-netns add b; wait; echo end";
    Cmd::sh(script).on(&host).run().ok().says("add a\nend\n");
}
