//! Why proc is not mounted in a user namespace: the PID namespace is another's, or none is in full view.

use crate::unshare::diagnostics::says;
use crate::unshare::{Root, unshare};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

#[test]
fn proc_needs_a_pid_namespace_of_the_user_namespace() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let line = "mount proc on /proc: Operation not permitted (...)";
    for words in [&["-r", "--mount-proc"][..], &["-rp", "--mount-proc"], &["-rf", "--mount-proc"]] {
        let message = says(unshare(words).arg("true").as_nobody().run(), 125, line);
        assert!(message.contains("-pf"), "{message}");
    }
}

#[test]
fn proc_needs_one_in_view_without_mounts_over_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let line = "mount proc on /proc: Operation not permitted (...)";
    let root = Root::new();
    let as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups hc-unshare -rfp --mount-proc";
    for next in ["true".to_owned(), format!("{} /hc-probe", root.option("--root"))] {
        let over = |place: &str| {
            let script = format!("mount -t tmpfs tmpfs {place} && exec {as_nobody} {next}");
            Cmd::new("unshare").args(["-m", "sh", "-c", &script]).run()
        };
        over(root.dir.directory("empty").to_str().unwrap()).ok().quiet();
        let message = says(over("/proc/fs"), 125, line);
        assert!(message.contains("mounts over it"), "{message}");
    }
}

/// Which of the causes it is, is not told by the number of the process.
#[test]
fn proc_is_refused_for_the_cause_that_is_told() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let line = "mount proc on /proc: Operation not permitted (...)";
    // Process 1, but of a PID namespace of the one around.
    let message = says(unshare(&["-fp", "hc-unshare", "-r", "--mount-proc", "true"]).run(), 125, line);
    assert!(
        message.ends_with("(a user namespace needs a PID namespace of its own for it: -pf)"),
        "{message}"
    );
    // Not process 1, but in one of its own; and one that writes no maps, for which a proc is needed as well.
    let second = "-rfp sh -c 'hc-unshare --mount-proc true; exit $?'";
    for (prepare, words, because) in [
        (
            "mount -t tmpfs tmpfs /proc/fs",
            second,
            "has mounts over it, which a user namespace may not lift: /proc/fs)",
        ),
        (
            "mount -o remount,bind,ro /proc",
            "-Ufp --mount-proc true",
            "is read-only, which a user namespace may not lift)",
        ),
    ] {
        let as_nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups hc-unshare";
        let script = format!("{prepare} && exec {as_nobody} {words}");
        let message = says(Cmd::new("unshare").args(["-m", "sh", "-c", &script]).run(), 125, line);
        assert!(message.ends_with(&format!("(the proc in view {because}")), "{message}");
    }
    let root = Root::new();
    let line_in = ["-rm", &root.option("--root"), "/hc-unshare", "-fp", "--mount-proc", "/hc-probe"];
    let message = says(unshare(&line_in).as_nobody().run(), 125, line);
    assert!(
        message.ends_with("(in a user namespace it takes a proc in full view, and here is none)"),
        "{message}"
    );
}
