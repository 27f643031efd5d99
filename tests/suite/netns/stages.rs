//! `up`, `run` and `down`, killed at each system call.

use super::{ROOT, done, mounted, ours, sh, traces};
use hc_tests::strace::{self, Call};
use hc_tests::{Ended, Host, can_make_hosts, eventually, require};

const BRIDGE: &str =
    "hc-netns bridge br0 --addr=10.7.0.1/24 --addr=fd07::1/64; mkdir -p /run/netns /etc/netns";
/// What is set once and stays, as that the host passes packets on, is set by one that comes first.
const LINK: &str = "--addr=auto --nat --publish=8080:80 --dns=10.7.0.1 --isolated";

/// Kills `hc-netns LINE` at this call.
#[track_caller]
fn killed(host: &Host, line: &str, at: &Call) {
    assert_eq!(strace::killed(host, &ours(host, line), at), Ended::Signal(9), "{at:?}");
}

#[test]
fn up_killed_at_any_call_is_undone_by_down_and_can_be_done_again() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; hc-netns up warm {LINK}; hc-netns down warm"));
    let before = traces(&host);
    let line = format!("up a {LINK}");
    let calls = strace::calls(&host, &ours(&host, &line));
    done(ours(&host, "down a"));
    assert_eq!(traces(&host), before);
    let mut named = 0;
    for at in &calls {
        killed(&host, &line, at);
        let down = ours(&host, "down a").run();
        if down.ended == Ended::Exit(0) {
            named += 1;
        } else {
            let missing = "hc-netns: /run/netns/a: No such file or directory\n";
            assert_eq!(String::from_utf8_lossy(&down.stderr), missing, "{at:?}");
        }
        eventually(&format!("nothing is left by {at:?}"), || traces(&host) == before);
        assert_eq!(mounted(&host), 0, "{at:?}");
    }
    assert!(named >= 3, "{named} of {}", calls.len());
    done(ours(&host, &line));
    done(ours(&host, "down a"));
}

#[test]
fn up_of_a_name_that_is_there_killed_at_any_call_is_undone_by_down() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; hc-netns up warm {LINK}; hc-netns down warm"));
    let before = traces(&host);
    let line = format!("up a {LINK}");
    done(ours(&host, "add a"));
    let calls = strace::calls(&host, &ours(&host, &line));
    done(ours(&host, "down a"));
    for at in &calls {
        done(ours(&host, "add a"));
        killed(&host, &line, at);
        done(ours(&host, "down a"));
        assert_eq!(traces(&host), before, "{at:?}");
    }
}

#[test]
fn down_killed_at_any_call_is_done_by_the_next() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; hc-netns up warm {LINK}; hc-netns down warm"));
    let before = traces(&host);
    let make = || {
        done(ours(&host, &format!("up a {LINK}")));
        done(ours(&host, "up b --addr=auto"));
    };
    make();
    let calls = strace::calls(&host, &ours(&host, "down a b"));
    for at in &calls {
        make();
        killed(&host, "down a b", at);
        // What is done already is told as missing.
        ours(&host, "down a b").run();
        assert_eq!(traces(&host), before, "{at:?}");
    }
}

#[test]
fn run_killed_at_any_call_leaves_nothing() {
    require!(can_make_hosts(), ROOT);
    let host = Host::new();
    sh(&host, &format!("{BRIDGE}; hc-netns up warm {LINK}; hc-netns down warm"));
    let before = traces(&host);
    let line = format!("run {LINK} /bin/true");
    let calls = strace::calls(&host, &ours(&host, &line));
    for at in &calls {
        // Of the helper's calls some come when NEXT has ended: then it is not this process that is killed.
        strace::killed(&host, &ours(&host, &line), at);
        eventually(&format!("nothing is left by {at:?}"), || traces(&host) == before);
    }
}
