//! Callers and machines that are not as usual.

use super::unshare;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};

/// A file for a namespace, and the option.
fn uts(dir: &Dir) -> String {
    format!("--uts={}", dir.file("uts", "").display())
}

#[test]
fn a_caller_that_ignores_sigchld_can_have_a_process_outside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let ignoring = "$SIG{CHLD} = 'IGNORE'; exec @ARGV";
    for words in [vec![uts(&dir)], vec![uts(&dir), "-m".into()], vec!["--map-users=0:0:10".into()]] {
        let line = Cmd::line(["perl", "-e", ignoring, "hc-unshare"]).args(&words);
        line.args(["grep", "-c", "^SigIgn:.*1....$", "/proc/self/status"])
            .on(&host)
            .run()
            .ok()
            .says("1\n")
            .quiet();
    }
}

#[test]
fn a_closed_pid_namespace_is_told_whoever_forks() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let expected =
        "fork: Cannot allocate memory (or process 1 of this PID namespace has ended: with -p, add -f)";
    for words in [vec![uts(&dir), "-m".into()], vec!["--map-users=0:0:10".into()], vec!["-f".into()]] {
        let script = "/bin/true; exec hc-unshare \"$@\" true";
        let line = unshare(&["-p", "sh", "-c", script, "sh"]).args(&words);
        assert_eq!(line.on(&host).run().fails("hc-unshare", 125), expected);
    }
}

#[test]
fn a_name_in_a_pid_namespace_that_nobody_has_entered_takes_no_process_of_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    unshare(&["-p", "hc-unshare", &uts(&dir), "true"]).on(&host).run().ok().quiet();
    assert_eq!(host.mounts().iter().filter(|line| line.contains(" - nsfs ")).count(), 1);
}

#[test]
fn an_owner_s_namespaces_can_have_clocks_and_no_setgroups() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let clock = unshare(&["--owner=65534:65534", "-T", "--boottime=5", "cat", "/proc/self/timens_offsets"]);
    let clock = clock.run().ok().quiet();
    assert!(clock.text().contains("boottime            5         0"), "{clock:?}");
    let word = unshare(&["--owner=65534:65534", "--setgroups=deny", "cat", "/proc/self/setgroups"]);
    word.run().ok().says("deny\n").quiet();
}

#[test]
fn where_there_is_no_proc_that_is_said() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let file = dir.file("uts", "").display().to_string();
    let script = "mount -t tmpfs x /proc; exec hc-unshare \"$@\" true";
    for (words, what) in [
        (vec![format!("--uts={file}")], format!("/ns/uts to {file}")),
        (vec!["--map-users=all".into()], "/proc/self/uid_map".into()),
        (vec!["-T".into(), "--boottime=5".into()], "/proc/self/timens_offsets".into()),
    ] {
        let line = Cmd::line(["unshare", "-m", "sh", "-c", script, "sh"]).args(&words);
        let message = line.run().fails("hc-unshare", 125);
        assert!(
            message.ends_with(&format!("{what}: No such file or directory (is /proc mounted?)")),
            "{message}"
        );
    }
    let below = format!("--uts={file}/x");
    let message = unshare(&[&below, "true"]).run().fails("hc-unshare", 125);
    assert!(message.ends_with(&format!("to {file}/x: Not a directory")), "{message}");
}

/// While the tool is held up before it takes back what it has bound, its file is put aside, and a link to a mount of the
/// machine is put in its place.
#[test]
fn what_is_taken_back_is_what_was_bound() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for option in ["--uts", "-m --uts"] {
        let (host, dir) = (Host::new(), Dir::new());
        let script = "set -e; cd \"$0\"; mkdir victim d; touch d/f; mount -t tmpfs victim victim
            strace -o trace -f -e trace=umount2 -e inject=umount2:delay_enter=700000:when=1 \\
                hc-unshare $1=d/f nosuchprog 2>/dev/null & sleep 0.4
            mv d e; mkdir d; ln -s \"$0/victim\" d/f; wait $! || [ $? = 127 ]
            grep -q umount2 trace; grep -c ' victim ' /proc/self/mountinfo; grep -c ' nsfs ' /proc/self/mountinfo || true";
        let line = Cmd::sh(script).arg(dir.path()).arg(option).on(&host);
        line.run().ok().says("1\n0\n").quiet();
    }
}
