//! Killed at any point, and run at the same time.

use super::{EITHER, ROOT, done, entered, ip, mounted, number, ours};
use hc_tests::strace::{self, Call};
use hc_tests::{Cmd, Ended, Host, Output, Running, can_make_hosts, eventually, require};

/// Kills `hc-netns LINE` at this call.
fn killed(host: &Host, line: &str, at: &Call) {
    assert_eq!(strace::killed(host, &ours(host, line), at), Ended::Signal(9), "{at:?}");
}

/// Whether there is nothing any more: no name, and no mount but that of the directory.
#[track_caller]
fn clean(host: &Host, at: &Call) {
    assert_eq!(ours(host, "list").run().ok().quiet().stdout, b"", "{at:?}");
    assert_eq!(mounted(host), 0, "{at:?}");
}

#[test]
fn add_killed_at_any_call_leaves_what_a_second_add_or_a_delete_deals_with() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    let first = strace::calls(&host, &ours(&host, "add a"));
    done(ours(&host, "delete a"));
    let again = strace::calls(&host, &ours(&host, "add a"));
    done(ours(&host, "delete a"));
    let left_over = "hc-netns: /run/netns/a: is a left-over that no namespace is mounted on; \
                     'hc-netns delete a' removes it\n";
    let mut left_overs = 0;
    // On a machine that has had names, and on one that has not: there the directory becomes a mount.
    for (fresh, at) in again.iter().map(|at| (false, at)).chain(first.iter().map(|at| (true, at))) {
        if fresh {
            Cmd::sh("umount /run/netns && rmdir /run/netns").on(&host).run().ok();
        }
        killed(&host, "add a", at);
        let second = ours(&host, "add a").run();
        if second.ended != Ended::Exit(0) && second.stderr == left_over.as_bytes() {
            left_overs += 1;
            done(ours(&host, "delete a"));
            done(ours(&host, "add a"));
        }
        // It was made by the first run or by the second: a namespace like any other.
        assert_eq!(entered(&host, ip, "a"), number(&host, "a"), "{at:?}");
        done(ours(&host, "delete a"));
        clean(&host, at);
    }
    // Between the making of the file and the mount: close (before which a debug build looks at the descriptor)
    // and mount, in each of the two rows.
    assert!((4..=6).contains(&left_overs), "{left_overs}");
}

#[test]
fn delete_killed_at_any_call_is_done_by_the_next() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add a"));
    for at in &strace::calls(&host, &ours(&host, "delete a")) {
        done(ours(&host, "add a"));
        killed(&host, "delete a", at);
        let second = ours(&host, "delete a").run();
        if second.ended != Ended::Exit(0) {
            let gone = "hc-netns: /run/netns/a: No such file or directory\n";
            assert_eq!(String::from_utf8_lossy(&second.stderr), gone, "{at:?}");
        }
        clean(&host, at);
    }
}

#[test]
fn exec_killed_at_any_call_leaves_nothing() {
    require!(can_make_hosts(), ROOT);
    let host = Host::shared();
    done(Cmd::sh("hc-netns add a; mkdir -p /etc/netns/a; echo >/etc/netns/a/issue").on(&host));
    let before = (host.listing("/run"), host.mounts());
    for at in &strace::calls(&host, &ours(&host, "exec a /bin/true")) {
        killed(&host, "exec a /bin/true", at);
        assert_eq!((host.listing("/run"), host.mounts()), before, "{at:?}");
    }
    ours(&host, "exec a true").run().ok().quiet();
}

/// Starts `hc-netns LINE` so that it spends a good while in its `count`th call of `name`.
fn slow(host: &Host, line: &str, name: &str, count: usize) -> Running {
    let inject = format!("inject={name}:delay_enter=100000:when={count}");
    let cmd = Cmd::line(["strace", "-o", "/dev/null", "-e", &inject, "hc-netns"]).args(line.split(' '));
    cmd.on(host).start()
}

#[test]
fn a_name_that_is_just_being_made_is_waited_for() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    done(ours(&host, "add first"));
    let path = host.path("/run/netns/a");
    for line in ["exec a true", "list", "add a", "delete a"] {
        let adding = slow(&host, "add a", "mount", 2);
        eventually("the file is there", || path.exists());
        let output = ours(&host, line).run();
        assert_eq!(adding.wait().ok().quiet().stdout, b"");
        match line {
            "list" => {
                let output = output.ok().quiet();
                let mut names: Vec<&str> = output.text().lines().collect();
                // Each file system has an order of its own.
                names.sort_unstable();
                assert_eq!(names, ["a", "first"]);
            }
            "add a" => assert_eq!(output.fails("hc-netns", 125), "/run/netns/a: File exists"),
            _ => drop(output.ok().quiet()),
        }
        ours(&host, "delete a").run();
    }
}

#[test]
fn a_name_that_is_just_being_deleted_is_gone_or_there() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for line in ["exec a true", "list", "add a", "delete a"] {
        done(ours(&host, "add a"));
        let deleting = slow(&host, "delete a", "unlink", 1);
        eventually("it is unmounted", || mounted(&host) == 0);
        let output = ours(&host, line).run();
        deleting.wait().ok().quiet();
        match line {
            "list" => drop(output.ok().quiet()),
            "add a" => {
                output.ok().quiet();
                done(ours(&host, "delete a"));
            }
            _ => assert_eq!(output.fails("hc-netns", 125), "/run/netns/a: No such file or directory"),
        }
    }
}

/// Starts all, and waits for all.
fn at_once(commands: impl IntoIterator<Item = Cmd>) -> Vec<Output> {
    let running: Vec<Running> = commands.into_iter().map(Cmd::start).collect();
    running.into_iter().map(Running::wait).collect()
}

#[test]
fn many_names_made_and_deleted_at_once_by_both_tools_are_all_there_and_all_gone() {
    require!(can_make_hosts(), ROOT);
    // The first of them make the directory, and make it a mount: all but one find that done.
    for host in [Host::new(), Host::shared()] {
        let names: Vec<String> = (0..16).map(|number| format!("name-{number}")).collect();
        let all = |verb: &str, first: usize| {
            let tools = EITHER.iter().cycle().skip(first);
            let commands = names.iter().zip(tools).map(|(name, tool)| tool(&host, &format!("{verb} {name}")));
            for output in at_once(commands) {
                output.ok().quiet();
            }
        };
        all("add", 0);
        assert_eq!(ours(&host, "list").run().ok().quiet().text().lines().count(), 16);
        let numbers: std::collections::HashSet<u64> = names.iter().map(|name| number(&host, name)).collect();
        assert_eq!(numbers.len(), 16, "each has a namespace of its own");
        all("delete", 1);
        assert_eq!((ours(&host, "list").run().ok().quiet().stdout, mounted(&host)), (vec![], 0));
    }
}

#[test]
fn of_many_that_make_the_same_name_one_does() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for _ in 0..5 {
        let commands = (0..8).map(|at| EITHER[at % 2](&host, "add a"));
        let outputs = at_once(commands);
        let made = outputs.iter().filter(|output| output.ended == Ended::Exit(0)).count();
        assert_eq!(made, 1, "{outputs:?}");
        assert_eq!((mounted(&host), entered(&host, ours, "a")), (1, number(&host, "a")));
        // And one that deletes it.
        let outputs = at_once((0..4).map(|_| ours(&host, "delete a")));
        let deleted = outputs.iter().filter(|output| output.ended == Ended::Exit(0)).count();
        assert_eq!((deleted, mounted(&host)), (1, 0), "{outputs:?}");
    }
}

#[test]
fn add_and_delete_of_a_name_at_once_leave_what_one_more_delete_cleans() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    for round in 0..12 {
        let (add, delete) = (EITHER[round % 2], EITHER[round / 2 % 2]);
        at_once([
            add(&host, "add a"),
            delete(&host, "delete a"),
            ours(&host, "add a"),
            ours(&host, "delete a"),
        ]);
        if host.path("/run/netns/a").exists() {
            done(ours(&host, "delete a"));
        }
        clean(&host, &("round".to_owned(), round));
    }
}
