//! What is made, listed, entered and deleted under a name, by either tool.

use super::{EITHER, ROOT, done, entered, ip, mounted, number, ours};
use hc_tests::{Cmd, Host, can_make_hosts, compare, eventually, require};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn what_either_tool_makes_the_other_lists_enters_and_deletes() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for add in EITHER {
        for delete in EITHER {
            done(add(&host, "add a"));
            for tool in EITHER {
                tool(&host, "list").run().ok().quiet().says("a\n");
                assert_eq!(entered(&host, tool, "a"), number(&host, "a"));
            }
            done(delete(&host, "delete a"));
            for tool in EITHER {
                done(tool(&host, "list"));
            }
            assert_eq!(mounted(&host), 0);
        }
    }
}

#[test]
fn list_is_ip_s_byte_for_byte() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let same = |args: &[&str]| {
        let pair = compare::both("ip netns", "hc-netns", args, |cmd| cmd.on(&host));
        pair.same();
        pair.ours.stdout
    };
    for number in 0..24 {
        done(EITHER[number % 2](&host, &format!("add name-{number}")));
    }
    assert_eq!(same(&["list"]).split(|&byte| byte == b'\n').count(), 25);
    for (name, id) in [("name-3", "0"), ("name-20", "2147483647"), ("name-7", "auto")] {
        done(ip(&host, &format!("set {name} {id}")));
    }
    for args in [&[][..], &["list"], &["l"], &["ls"], &["show"], &["s"], &["lst"]] {
        let text = same(args);
        let text = String::from_utf8_lossy(&text);
        assert!(text.contains("name-3 (id: 0)\n") && text.contains("name-20 (id: 2147483647)\n"), "{text}");
        assert_eq!(text.matches(" (id: ").count(), 3, "{text}");
    }
    // From another network namespace the ids are others: it has none for these.
    for list in ["hc-netns list", "ip netns list"] {
        let output = ours(&host, &format!("exec name-5 {list}")).run().ok().quiet();
        assert_eq!(output.text().lines().count(), 24);
        assert!(!output.text().contains("(id:"), "{output:?}");
    }
}

#[test]
fn names_are_bytes() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let longest = [b'n'; 255];
    let names: [&[u8]; 10] =
        [b"a\nb", b"\xff\xfe", b"\x1b[31m", b"-h", b"--", b"...", b" ", b"%s%n", b"\\012", &longest];
    let tool = |word: &str| if word == "ip" { Cmd::line(["ip", "netns"]) } else { Cmd::tool("hc-netns") };
    let run =
        |word: &str, verb: &str, name: &[u8]| tool(word).arg(verb).arg(OsStr::from_bytes(name)).on(&host);
    for (mine, other) in [("hc-netns", "ip"), ("ip", "hc-netns")] {
        for name in names {
            done(run(mine, "add", name));
            let listed = tool(other).arg("list").on(&host).run().ok().quiet();
            assert_eq!(listed.stdout, [name, b"\n"].concat());
            run(other, "exec", name).args(["sh", "-c", "exit 7"]).run().exits(7).quiet();
            done(run(other, "delete", name));
        }
    }
}

#[test]
fn what_is_no_name_is_refused_and_changes_nothing() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let before = (host.listing("/run"), host.mounts());
    let too_long = "n".repeat(256);
    let way_too_long = "n".repeat(100_000);
    let names = [
        "",
        ".",
        "..",
        "/",
        "a/b",
        "a/",
        "/run/netns/a",
        "../netns/a",
        "\n/\u{1b}",
        &too_long,
        &way_too_long,
    ];
    for name in names {
        for verb in ["add", "delete", "exec", "set", "attach", "pids"] {
            let next = match verb {
                "exec" => "true",
                "set" | "attach" => "1",
                _ => "",
            };
            let words = [verb, name].into_iter().chain((!next.is_empty()).then_some(next));
            let message = Cmd::tool("hc-netns").args(words.clone()).on(&host).run().fails("hc-netns", 125);
            assert!(message.starts_with("name '"), "{message}");
            let theirs = Cmd::line(["ip", "netns"]).args(words).on(&host).run();
            assert_ne!(theirs.ended, hc_tests::Ended::Exit(0), "ip takes it: {theirs:?}");
        }
    }
    // A good name beside a bad one is not deleted either: the command line is wrong.
    ours(&host, "delete a b/c").run().fails("hc-netns", 125);
    assert_eq!((host.listing("/run"), host.mounts()), before);
}

#[test]
fn a_wrong_command_line_changes_nothing() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let before = (host.listing("/run"), host.mounts());
    for line in [
        "add",
        "add a b",
        "add a -h",
        "add -- a",
        "delete",
        "exec",
        "exec a",
        "exec a --",
        "list a",
        "-x add a",
        "--all add",
        "--all delete a",
        "--json add a",
        "--alles exec true",
        "-ax exec true",
        "set a",
        "set a 7 8",
        "attach a",
        "attach a 1 2",
        "pids",
        "pids a b",
        "identify 1 2",
        "monitor a",
        "list-id 7",
        "list-id nsid",
        "list-id nsid 1 nsid",
        "added a",
        "bridge",
        "bridge br0 br1",
        "bridge br0 --nat",
        "bridge br0 --delete --stp=on",
        "bridge br0 --addr",
        "up",
        "up a --port=eth0",
        "up a --dhcp --addr=10.0.0.2/24",
        "up a --publish=80:80",
        "up a --gateway=10.0.0.1 --gateway=auto",
        "up a --unknown",
        "down",
        "--nat down a",
        "run",
        "run --nat",
        "run --delete true",
    ] {
        let message = ours(&host, line).run().fails("hc-netns", 125);
        assert!(message.ends_with(": try 'man hc-netns'"), "{line}: {message}");
    }
    assert_eq!((host.listing("/run"), host.mounts()), before);
}

#[test]
fn a_machine_without_names_has_an_empty_list_and_only_add_makes_the_directory() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "list"));
    let missing = "/run/netns/a: No such file or directory";
    assert_eq!(ours(&host, "delete a").run().fails("hc-netns", 125), missing);
    assert_eq!(ours(&host, "exec a true").run().fails("hc-netns", 125), missing);
    assert!(!host.path("/run/netns").exists());
    done(ours(&host, "add a"));
    Cmd::line(["stat", "-c", "%a %U", "/run/netns", "/run/netns/a"])
        .on(&host)
        .run()
        .ok()
        .says("755 root\n444 root\n");
    // The directory stays, as with ip.
    done(ours(&host, "delete a"));
    assert!(host.path("/run/netns").is_dir());
}

#[test]
fn a_name_that_is_taken_keeps_its_namespace() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for add in EITHER {
        done(add(&host, "add a"));
        let before = (number(&host, "a"), host.mounts());
        for again in EITHER {
            let output = again(&host, "add a").run();
            assert_ne!(output.ended, hc_tests::Ended::Exit(0), "{output:?}");
        }
        assert_eq!((number(&host, "a"), host.mounts()), before);
        done(ours(&host, "delete a"));
    }
}

#[test]
fn a_new_namespace_has_a_loopback_interface_that_is_down_and_nothing_else() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    done(ip(&host, "add b"));
    let links = |name: &str| ours(&host, &format!("exec {name} ip -o address")).run().ok().quiet();
    assert_eq!(links("a").text(), links("b").text());
    let down = ours(&host, "exec a ip -o link").run().ok().quiet();
    assert!(down.text().starts_with("1: lo: <LOOPBACK> ") && down.text().lines().count() == 1, "{down:?}");
}

#[test]
fn delete_takes_several_names_and_one_that_cannot_be_does_not_keep_the_others() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for name in ["a", "b", "c"] {
        done(ours(&host, &format!("add {name}")));
    }
    done(ours(&host, "delete a b"));
    let expected = "hc-netns: /run/netns/x: No such file or directory\n\
                    hc-netns: /run/netns/y: No such file or directory\n";
    ours(&host, "delete x c y").run().exits(125).says("").complains(expected);
    done(ours(&host, "list"));
}

#[test]
fn a_namespace_in_use_lives_on_until_its_last_process_ends() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    // By the id that the host's namespace has for it one can see from outside whether it is there.
    done(ip(&host, "set a 7"));
    let ids = || ip(&host, "list-id").run().ok().text().to_owned();
    let old = number(&host, "a");
    let script = "echo ready; read line; readlink /proc/self/ns/net; ip link set lo up; echo $line";
    let mut inside = ours(&host, "exec a sh -c").arg(script).hold_input().start();
    inside.expect("ready\n");
    done(ours(&host, "delete a"));
    done(ours(&host, "list"));
    assert!(ids().starts_with("nsid 7"), "{}", ids());
    // The name is free for another.
    done(ours(&host, "add a"));
    assert_ne!(number(&host, "a"), old);
    inside.write(b"end\n", true);
    inside.wait().ok().quiet().says(format!("ready\nnet:[{old}]\nend\n"));
    eventually("the namespace is gone", || ids().is_empty());
}

#[test]
fn an_open_file_keeps_the_namespace_but_not_the_name() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let old = number(&host, "a");
    let script = "exec 9</run/netns/a; echo ready; read line
                  nsenter --net=/proc/self/fd/9 readlink /proc/self/ns/net";
    let mut holder = Cmd::sh(script).on(&host).hold_input().start();
    holder.expect("ready\n");
    done(ours(&host, "delete a"));
    assert!(!host.path("/run/netns/a").exists());
    holder.write(b"go\n", true);
    holder.wait().ok().quiet().says(format!("ready\nnet:[{old}]\n"));
}

#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    let full = "write error: No space left on device";
    assert_eq!(Cmd::sh("exec hc-netns >/dev/full").on(&host).run().fails("hc-netns", 125), full);
    let closed = ours(&host, "list").closing(1).run().fails("hc-netns", 125);
    assert_eq!(closed, "write error: Bad file descriptor");
    for descriptor in 0..3 {
        done(ours(&host, "add b").closing(descriptor));
        done(ours(&host, "delete b").closing(descriptor));
    }
}
