//! --rlimit, --umask, --nice, --oom-score-adj.

use super::unshare;
use hc_tests::{Cmd, Ended, NOBODY, is_root, require};

/// The names, and what /proc/PID/limits calls them.
const NAMES: [(&str, &str); 16] = [
    ("as", "Max address space"),
    ("core", "Max core file size"),
    ("cpu", "Max cpu time"),
    ("data", "Max data size"),
    ("fsize", "Max file size"),
    ("locks", "Max file locks"),
    ("memlock", "Max locked memory"),
    ("msgqueue", "Max msgqueue size"),
    ("nice", "Max nice priority"),
    ("nofile", "Max open files"),
    ("nproc", "Max processes"),
    ("rss", "Max resident set"),
    ("rtprio", "Max realtime priority"),
    ("rttime", "Max realtime timeout"),
    ("sigpending", "Max pending signals"),
    ("stack", "Max stack size"),
];

/// The soft and the hard limit of NEXT, by what /proc calls it.
#[track_caller]
fn limits(cmd: Cmd, name: &str) -> [String; 2] {
    let output = cmd.args(["cat", "/proc/self/limits"]).run().ok().quiet();
    let line = output.text().lines().find_map(|line| line.strip_prefix(name)).expect("the limit").to_owned();
    let mut words = line.split_whitespace().map(str::to_owned);
    [words.next().unwrap(), words.next().unwrap()]
}

#[test]
fn every_resource_by_its_name() {
    for (name, shown) in NAMES {
        let [_, hard] = limits(unshare(&[]).as_nobody(), shown);
        // Both below what there is: enough for cat to run.
        let (soft, lower) = match hard.parse() {
            Err(_) => (1 << 30, (1 << 30) + 4096),
            Ok(hard @ 2..) => (hard - 1, hard),
            Ok(hard @ (0_u64 | 1)) => (0, hard),
        };
        let option = format!("--rlimit={name}={soft}:{lower}");
        let expected = [soft, lower].map(|limit| limit.to_string());
        assert_eq!(limits(unshare(&[&option]).as_nobody(), shown), expected, "{option}");
    }
}

#[test]
fn one_limit_or_both_and_the_last_of_a_name_counts() {
    let nofile = |words: &[&str]| limits(unshare(words).as_nobody(), "Max open files");
    let [soft, hard] = nofile(&[]);
    assert_eq!(nofile(&["--rlimit=nofile=100"]), ["100", "100"]);
    assert_eq!(nofile(&["--rlimit=nofile=100:200"]), ["100", "200"]);
    assert_eq!(nofile(&["--rlimit", "nofile=100:"]), ["100", &hard]);
    assert_eq!(nofile(&[&format!("--rlimit=nofile=:{soft}")]), [&*soft, &soft]);
    assert_eq!(nofile(&["--rlimit=nofile=5", "--rlimit=core=0", "--rlimit=nofile=7:9"]), ["7", "9"]);
    let core = |words: &[&str]| limits(unshare(words).as_nobody(), "Max core file size");
    let [_, hard] = core(&[]);
    let highest = format!("--rlimit=core={hard}");
    assert_eq!(core(&["--rlimit=core=0:", "hc-unshare", &highest]), [&*hard, &hard]);
}

#[test]
fn a_low_limit_is_not_in_the_way_of_the_tool_itself() {
    let line = ["-r", "-f", "--kill-child", "--rlimit=nofile=4", "--rlimit=nproc=1", "--rlimit=fsize=0"];
    let line =
        [&line[..], &["-m", "--tmpfs=/mnt", "--umask=077", "--seccomp=default", "--close-fds"]].concat();
    assert_eq!(limits(unshare(&line).as_nobody(), "Max open files"), ["4", "4"]);
}

#[test]
fn a_hard_limit_cannot_be_raised_without_privileges() {
    let fails = |words: &[&str]| unshare(words).arg("true").as_nobody().run().fails("hc-unshare", 125);
    let lowered = ["--rlimit=core=0", "hc-unshare", "--rlimit=core=1"];
    let reason = "Operation not permitted (to raise a hard limit takes CAP_SYS_RESOURCE)";
    assert_eq!(fails(&lowered), format!("limit core: {reason}"));
    let because = "(to raise a hard limit takes CAP_SYS_RESOURCE, and the sysctl fs.nr_open is the most)";
    assert_eq!(
        fails(&["--rlimit=nofile=unlimited"]),
        format!("limit nofile: Operation not permitted {because}")
    );
    let reversed = ["--rlimit=core=5:6", "hc-unshare", "--rlimit=core=:4"];
    let reason = "Invalid argument (the soft limit would be above the hard one)";
    assert_eq!(fails(&reversed), format!("limit core: {reason}"));
}

#[test]
fn root_raises_it_before_a_user_namespace_is_entered() {
    require!(is_root(), "takes root");
    let raise =
        |words: &[&str]| unshare(&[&["--rlimit=core=0", "hc-unshare", "--rlimit=core=5"], words].concat());
    let allowed = Cmd::line(["sh", "-c", "ulimit -Hc 0; ulimit -Hc 5"]).run().ended == Ended::Exit(0);
    if allowed {
        assert_eq!(limits(raise(&["-r", "-f"]), "Max core file size"), ["5", "5"]);
        return;
    }
    // Root without CAP_SYS_RESOURCE is told so, also where the new user namespace would give it.
    let message = raise(&["-r", "-f"]).arg("true").run().fails("hc-unshare", 125);
    assert!(message.starts_with("limit core: Operation not permitted ("), "{message}");
}

#[test]
fn what_is_no_limit_is_a_usage_error() {
    for (value, reason) in [
        ("nofile", "not NAME=SOFT[:HARD]"),
        ("files=1", "there is no resource of that name"),
        ("nofile=many", "a limit is a number or 'unlimited'"),
        ("nofile=2:1", "the soft limit is above the hard one"),
    ] {
        let output = unshare(&["--rlimit", value, "true"]).as_nobody().run().exits(125).says("");
        output.complains(format!("hc-unshare: limit '{value}': {reason}: try 'man hc-unshare'\n"));
    }
}

#[test]
fn the_umask_is_next_s_and_not_the_tool_s() {
    for (option, expected) in [("--umask=027", "27"), ("--umask=0", "0"), ("--umask=777", "777")] {
        assert_eq!(unshare(&[option]).as_nobody().next_view().get("umask"), expected);
    }
    let output = unshare(&["--umask=1000", "true"]).as_nobody().run().exits(125).says("");
    output.complains("hc-unshare: '1000' is no umask, as 022 is one: try 'man hc-unshare'\n");
}

#[test]
fn nice_is_the_value_itself() {
    let nice =
        |words: &[&str]| unshare(words).arg("nice").as_nobody().run().ok().quiet().text().trim().to_owned();
    assert_eq!(nice(&["--nice=17"]), "17");
    assert_eq!(nice(&["-r", "-f", "--nice=19"]), "19");
    assert_eq!(nice(&["--nice=17", "hc-unshare", "--nice=18"]), "18");
    let message = unshare(&["--nice=-1", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(message, "nice -1: Permission denied (to lower it takes CAP_SYS_NICE, or a limit for nice)");
    require!(is_root(), "takes root");
    let output = unshare(&["--nice=-5", "-S", &NOBODY.to_string(), "nice"]).run().ok().quiet();
    assert_eq!(output.text(), "-5\n");
}

#[test]
fn the_score_of_the_oom_killer() {
    let file = "/proc/self/oom_score_adj";
    let score =
        |words: &[&str]| unshare(words).args(["cat", file]).as_nobody().run().ok().quiet().text().to_owned();
    assert_eq!(score(&["--oom-score-adj=1000"]), "1000\n");
    assert_eq!(score(&["-rf", "--oom-score-adj=999", "--seccomp=default"]), "999\n");
    let lower = ["--oom-score-adj=-999", "true"];
    let message = unshare(&lower).as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(
        message,
        format!("write '-999' to {file}: Permission denied (to lower it takes CAP_SYS_RESOURCE)")
    );
    let output = unshare(&["--oom-score-adj=1001", "true"]).as_nobody().run().exits(125).says("");
    let reason = "--oom-score-adj: '1001' is no number from -1000 to 1000";
    output.complains(format!("hc-unshare: {reason}: try 'man hc-unshare'\n"));
}
