//! What the kernel, newuidmap(1) and the files of subordinate ids refuse, each provoked, with its whole message.

mod ids;
mod proc;

use super::diagnostics::{UNSHARE, WITHOUT_CALL, perl, says};
use super::{Root, unshare};
use hc_tests::{Cmd, Dir, Host, Output, can_make_hosts, require, user_namespaces};

/// `output` with the directory of a test as `/x`, and the number of a process in /proc as 7: the page's examples.
pub(super) fn as_example(mut output: Output, directory: &str) -> Output {
    let text = String::from_utf8(output.stderr).unwrap().replace(directory, "/x");
    let mut shown = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("/proc/") {
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        shown += before;
        shown += if digits > 0 { "/proc/7" } else { "/proc/" };
        rest = &after[digits..];
    }
    output.stderr = (shown + rest).into_bytes();
    output
}

/// Puts files over those of /proc/sys/kernel, and becomes nobody.
const WITH_SYSCTLS: &str = r#"mount -t tmpfs tmpfs /proc/sys/kernel && echo $1 >/proc/sys/kernel/$0 && shift &&
    exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@""#;

#[track_caller]
fn with_sysctl(name: &str, value: &str, line: &Cmd) -> Output {
    Cmd::line(["unshare", "-m", "sh", "-c", WITH_SYSCTLS, name, value]).chain(line).run()
}

/// A line of which the first call of this name fails with this error.
fn failing(call: &str, error: &str, line: &Cmd) -> Cmd {
    let inject = format!("inject={call}:error={error}:when=1");
    Cmd::line(["strace", "-f", "-o", "/dev/null", "-e", &inject]).chain(line)
}

#[test]
fn a_file_that_is_missing_or_is_a_directory() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let file = dir.join("ns");
    let shown = file.to_str().unwrap();
    let line = "bind /proc/7/ns/net to /x: No such file or directory (...)";
    let run =
        |kind: &str| as_example(unshare(&[&format!("--{kind}={shown}"), "true"]).on(&host).run(), shown);
    let message = says(run("net"), 125, line);
    assert_eq!(message, line.replace("...", "the file has to exist: touch it"));
    for kind in ["uts", "ipc", "mount", "cgroup", "time", "user"] {
        let name = if kind == "mount" { "mnt" } else { kind };
        let name = if kind == "time" { "time_for_children" } else { name };
        let message = run(kind).fails("hc-unshare", 125);
        let expected = format!(
            "bind /proc/7/ns/{name} to /x: No such file or directory (the file has to exist: touch it)"
        );
        assert_eq!(message, expected);
    }
    std::fs::create_dir(&file).unwrap();
    let message = run("net").fails("hc-unshare", 125);
    let because = "Not a directory (a namespace is bound to a file, not to a directory)";
    assert_eq!(message, format!("bind /proc/7/ns/net to /x: {because}"));
}

#[test]
fn a_shared_mount_under_the_file_of_a_mount_namespace() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::shared(), Dir::new());
    let file = dir.file("ns", "");
    let shown = file.to_str().unwrap();
    let line = "bind /proc/7/ns/mnt to /x: Invalid argument (...)";
    for fork in [&[][..], &["-f"]] {
        let output = unshare(fork).arg(format!("--mount={shown}")).arg("true").on(&host).run();
        let message = says(as_example(output, shown), 125, line);
        assert!(message.contains("shared") && message.contains("mount --make-private"), "{message}");
    }
    // The way out that the message shows is one.
    let script = format!("mount --bind {0} {0} && mount --make-private {0}", dir.path().display());
    Cmd::sh(script).on(&host).run().ok().quiet();
    let cpu = super::persist::cpu_for_mount_namespaces(&host, &file);
    let line = Cmd::line(["taskset", "-c", &cpu, "hc-unshare", &format!("--mount={shown}"), "true"]);
    line.on(&host).run().ok().quiet();
    Cmd::new("umount").arg(&file).on(&host).run().ok();
}

/// A user may not mount where he is, and no option changes that: he has to be in a mount namespace of his first.
#[test]
fn a_user_who_binds_to_a_file_of_the_host() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let (host, dir) = (Host::new(), Dir::of_nobody());
    let file = dir.file("ns", "");
    std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
    let option = format!("--uts={}", file.display());
    for words in [&["-r"][..], &["-rm"], &["-rf"], &["-c"]] {
        let output = unshare(words).args([&option, "true"]).on(&host).as_nobody().run();
        let message = output.fails("hc-unshare", 125);
        let start = format!("/ns/uts to {}: Operation not permitted", file.display());
        assert!(message.contains(&start), "{message}");
        // -r was given.
        assert!(!message.contains("with -r it works"), "{message}");
    }
    unshare(&["-rm", "hc-unshare", &option, "true"]).on(&host).as_nobody().run().ok().quiet();
}

#[test]
fn a_pid_namespace_that_has_a_file_and_no_process() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let file = dir.file("ns", "");
    let message = unshare(&[&format!("--pid={}", file.display()), "true"]).on(&Host::new()).run();
    let message = message.fails("hc-unshare", 125);
    assert_eq!(message, "--pid=FILE needs a process in the namespace: add -f: try 'man hc-unshare'");
}

#[test]
fn user_namespaces_that_a_sysctl_or_apparmor_forbids() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let tool = || unshare(&["-r", "true"]);
    let refused = |call: &str| perl(WITHOUT_CALL).args([call, "1"]).chain(&tool());
    let message = with_sysctl("unprivileged_userns_clone", "0", &refused(UNSHARE)).fails("hc-unshare", 125);
    let because = "(forbidden: sysctl kernel.unprivileged_userns_clone=1 allows it)";
    assert_eq!(message, format!("unshare: Operation not permitted {because}"));
    let message = with_sysctl("unprivileged_userns_clone", "1", &refused(UNSHARE)).fails("hc-unshare", 125);
    assert!(message.contains("seccomp"), "{message}");
    // Debian's and Ubuntu's kernels have a file that this one lacks; without a refusal it does not matter.
    with_sysctl("unprivileged_userns_clone", "0", &tool()).ok().quiet();
    with_sysctl("apparmor_restrict_unprivileged_userns", "1", &tool()).ok().quiet();
    // AppArmor lets the namespace be made, and takes its capabilities away: then the first map cannot be written.
    let line = failing("write", "EPERM", &tool());
    let message = with_sysctl("apparmor_restrict_unprivileged_userns", "1", &line).fails("hc-unshare", 125);
    let because =
        "(AppArmor forbids it: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile)";
    assert!(message.ends_with(because) && message.contains("Operation not permitted"), "{message}");
    let message = with_sysctl("apparmor_restrict_unprivileged_userns", "0", &line).fails("hc-unshare", 125);
    assert!(!message.contains("AppArmor"), "{message}");
}

#[test]
fn a_kernel_without_a_binfmt_misc_for_user_namespaces() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let line = "mount binfmt_misc on /x: Operation not permitted (...)";
    let dir = Dir::of_nobody();
    let option = format!("--mount-binfmt={}", dir.path().display());
    // A host that is shared needs no call to make it private; else that is the first mount.
    let inject = "inject=mount:error=EPERM:when=2";
    let tool = unshare(&["-r", &option, "true"]);
    let output = Cmd::line(["strace", "-f", "-o", "/dev/null", "-e", inject]).chain(&tool).as_nobody().run();
    let message = says(as_example(output, dir.path().to_str().unwrap()), 125, line);
    assert!(message.contains("Linux 6.7"), "{message}");
}

#[test]
fn clocks_that_cannot_be_so() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for (option, written) in [
        ("--monotonic=-99999999999", "monotonic -99999999999 0"),
        ("--monotonic=99999999999", "monotonic 99999999999 0"),
        ("--boottime=-99999999999", "boottime -99999999999 0"),
    ] {
        let message = unshare(&["-rT", option, "true"]).as_nobody().run().fails("hc-unshare", 125);
        let start =
            format!("write '{written}' to /proc/self/timens_offsets: Numerical result out of range (");
        assert!(message.starts_with(&start), "{message}");
    }
    let message = unshare(&["--monotonic=5", "true"]).run().fails("hc-unshare", 125);
    assert_eq!(message, "--monotonic and --boottime need a time namespace, -T: try 'man hc-unshare'");
}

/// What is over /proc is named, as is what an interpreter's absence means.
#[test]
fn a_proc_with_mounts_over_it_by_their_names() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let script = "mount -t tmpfs tmpfs /proc/fs && mount -t tmpfs tmpfs /proc/irq && \
                  exec setpriv --reuid 65534 --regid 65534 --clear-groups hc-unshare -rfp --mount-proc true";
    let message = Cmd::line(["unshare", "-m", "sh", "-c", script]).run().fails("hc-unshare", 125);
    assert!(message.starts_with("mount proc on /proc: Operation not permitted ("), "{message}");
    assert!(message.contains("/proc/fs"), "{message}");
}

#[test]
fn a_script_whose_interpreter_is_not_in_the_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    root.dir.program("root/script", "#!/usr/bin/nosuch -x\n");
    root.dir.program("root/via-env", "#!/usr/bin/env python3\n");
    root.dir.program("root/dos", "#!/bin/sh\r\necho\r\n");
    root.dir.program("root/chained", "#!/script\n");
    for words in [&["-m"][..], &["-fpium"], &[], &["-rm"], &["-m", "--propagation=shared"]] {
        let run =
            |next: &str| unshare(words).arg(root.option("--root")).arg(next).run().fails("hc-unshare", 127);
        assert!(run("/script").starts_with("/script: its interpreter /usr/bin/nosuch is not in the root"));
        assert!(run("/via-env").starts_with("/via-env: its interpreter /usr/bin/env is not in the root"));
        assert!(run("/dos").starts_with("/dos: its interpreter /bin/sh\\r is not in the root"));
        assert!(run("/chained").contains("/usr/bin/nosuch is not in the root"));
    }
}
