//! Each message of the page's DIAGNOSTICS, and others that name a cause, are said where they should be.

use super::{Root, unshare};
use hc_tests::{Cmd, Output, can_make_hosts, docs, require, user_namespaces};

/// The message that begins and ends like a line of the page, where `(...)` stands for the cause.
#[track_caller]
pub(super) fn says(output: Output, status: i32, line: &str) -> String {
    let text = docs::text("man/hc-unshare.1");
    let known = text.lines().any(|known| known == format!(".It \"hc-unshare: {line}\""));
    assert!(known, "the page has no such line: {line}");
    let message = output.fails("hc-unshare", status);
    match line.strip_suffix("(...)") {
        None => assert_eq!(message, line),
        Some(start) => {
            let cause = message.strip_prefix(start).unwrap_or_else(|| panic!("expected {line} of {message}"));
            assert!(cause.starts_with('(') && cause.ends_with(')'), "expected a cause in {message}");
        }
    }
    message
}

/// Runs hc-unshare on a root file system that has no parent: an initramfs. All else is unmounted, so the tool is
/// started by a descriptor.
const INITRAMFS: &str = r#"
my $tool; open($tool, "<", shift) or die "open: $!";
my @words = ("hc-unshare", @ARGV);
my $argv = pack("p" x @words . "Q", @words, 0);
my ($root, $empty, $envp) = ("/", "", pack("Q", 0));
syscall(272, 0x20000) and die "unshare: $!";
syscall(165, 0, $root, 0, 0x44000, 0) and die "mount: $!";
syscall(166, $root, 2) and die "umount2: $!";
my $self = syscall(434, $$ + 0, 0);
syscall(308, $self, 0x20000) and die "setns: $!";
syscall(322, fileno($tool), $empty, $argv, $envp, 0x1000);
die "execveat: $!";
"#;

/// Runs a program with a seccomp filter that refuses the system call of the first number with the error of the
/// second: load the number; equal? the error; else allowed.
pub(super) const WITHOUT_CALL: &str = r#"
my $filter = pack("SCCL" x 4, 0x20, 0, 0, 0, 0x15, 0, 1, shift, 0x06, 0, 0, 0x50000 + shift, 0x06, 0, 0, 0x7fff0000);
my $program = pack("Sx6P", 4, $filter);
syscall(157, 38, 1, 0, 0, 0) and die "no_new_privs: $!";
syscall(157, 22, 2, $program) and die "seccomp: $!";
exec @ARGV or die "exec: $!";
"#;

/// Numbers of system calls, for the filter.
pub(super) const UNSHARE: &str = "272";
const CLONE: &str = "56";
const PIVOT_ROOT: &str = "155";
const SETNS: &str = "308";
const MOUNT: &str = "165";
pub(super) const SETGROUPS: &str = "116";

pub(super) fn perl(script: &str) -> Cmd {
    Cmd::line(["perl", "-e", script])
}

#[test]
fn who_may_not_is_told_how_he_may() {
    let line = "unshare: Operation not permitted (only root may; with -r it works in a user namespace)";
    for option in ["-m", "-u", "-i", "-n", "-p", "-C", "-fpium", "--mount-proc", "--tmpfs=/tmp"] {
        says(unshare(&[option, "true"]).as_nobody().run(), 125, line);
    }
    let chroot = unshare(&["--root=/", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(chroot, line.replace("unshare:", "root /:"));
}

#[test]
fn a_root_without_capabilities_is_not_told_to_become_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let without = |capability: &str, words: &[&str]| {
        let drop = format!("--bounding-set=-{capability}");
        Cmd::new("setpriv").arg(drop).arg(hc_tests::tool("hc-unshare")).args(words).arg("true").run()
    };
    let because = "Operation not permitted (root lacks the capability here, as in docker; with -r it may work in \
                   a user namespace)";
    assert_eq!(without("sys_admin", &["-m"]).fails("hc-unshare", 125), format!("unshare: {because}"));
    for words in [&["-R/"][..], &["-mR/"]] {
        assert_eq!(without("sys_chroot", words).fails("hc-unshare", 125), format!("root /: {because}"));
    }
    without("sys_admin", &["-rm"]).ok().quiet();
}

#[test]
fn a_pid_namespace_whose_process_1_has_ended_is_closed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let message = unshare(&["-p", "sh", "-c", "/bin/true; exec hc-unshare -f true"]).run();
    let message = says(message, 125, "fork: Cannot allocate memory (...)");
    assert!(message.contains("with -p, add -f"), "{message}");
}

#[test]
fn a_pid_namespace_that_was_not_entered_holds_no_other() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in [&["-p", "true"][..], &["-fp", "true"]] {
        let message = unshare(&["-p", "hc-unshare"]).args(words).run().fails("hc-unshare", 125);
        let because = "(the PID namespace made before has not been entered: that -p needs -f)";
        assert_eq!(message, format!("unshare: Invalid argument {because}"));
    }
    unshare(&["-pf", "hc-unshare", "-pf", "true"]).run().ok().quiet();
}

#[test]
fn a_missing_mount_point_and_a_missing_loader_are_named() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    std::fs::remove_dir(root.path().join("proc")).unwrap();
    // The page's example is a root /x.
    let message = unshare(&["-fpium", "--mount-proc"]).arg(root.option("--root")).arg("/hc-probe").run();
    let shown = message.fails("hc-unshare", 125).replace(root.path().to_str().unwrap(), "/x");
    assert_eq!(shown, "/proc in the root /x: No such file or directory (mkdir it; hc-rootfs makes /proc)");
    let text = docs::text("man/hc-unshare.1");
    assert!(text.contains(".It \"hc-unshare: /proc in the root /x: No such file or directory (...)\"\n"));

    let bytes = std::fs::read("/bin/true").unwrap();
    root.dir.program("root/bin/x", bytes);
    for words in [&["-fpium"][..], &["-m"], &[], &["-rm"]] {
        let message = unshare(words).arg(root.option("--root")).arg("/bin/x").run();
        says(message, 127, "/bin/x: its loader /lib64/ld-linux-x86-64.so.2 is not in the root (...)");
    }
}

#[test]
fn an_initramfs_cannot_be_left() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let run = |words: &[&str]| perl(INITRAMFS).arg(hc_tests::tool("hc-unshare")).args(words).run();
    let message = says(run(&["-m", "--root=/", "/x"]), 125, "pivot_root: Invalid argument (...)");
    assert!(message.contains("initramfs"), "{message}");
    // The way that the message shows is one.
    assert_eq!(run(&["--root=/", "/x"]).fails("hc-unshare", 127), "/x: No such file or directory");
}

#[test]
fn a_root_that_the_caller_has_open_is_in_the_mount_namespace_that_is_left() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let line = Cmd::sh("exec 7<\"$0\"; exec hc-unshare -m --root=/proc/self/fd/7 /hc-probe").arg(root.path());
    let message = line.run().fails("hc-unshare", 125);
    let known = "root /proc/self/fd/7: Invalid argument (it is in another mount namespace, as an open file of the \
                 caller is: give its path)";
    assert_eq!(message, known);
    assert!(docs::text("man/hc-unshare.1").contains(".It \"hc-unshare: root /x: Invalid argument (...)\""));
}

#[test]
fn in_a_chroot_mounts_cannot_be_made_private_nor_user_namespaces_made() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let chroot = |words: &[&str]| {
        Cmd::new("chroot").arg(root.path()).arg("/hc-unshare").args(words).arg("/hc-probe").run()
    };
    for words in [&["-m"][..], &["--mount-proc"], &["-fpium"]] {
        says(chroot(words), 125, "make / private: Invalid argument (...)");
    }
    let message = says(chroot(&["-U"]), 125, "unshare: Operation not permitted (...)");
    assert!(message.contains("chroot"), "{message}");
    chroot(&["-m", "--mount-proc", "--root=/"]).ok().quiet();
}

#[test]
fn a_user_namespace_without_a_map_holds_no_other() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let message = unshare(&["-U", "hc-unshare", "-r", "true"]).as_nobody().run().fails("hc-unshare", 125);
    let because = "(the caller has no ids in the user namespace it is in, which was made without -r)";
    assert_eq!(message, format!("unshare: Operation not permitted {because}"));
}

#[test]
fn a_call_that_seccomp_refuses_is_told_with_that_as_a_cause() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let refused = |call: &str, error: &str, words: &[&str]| {
        let tool = hc_tests::tool("hc-unshare");
        perl(WITHOUT_CALL).args([call, error]).arg(tool).args(words).arg("true").as_nobody().run()
    };
    refused("999", "1", &["-r"]).ok().quiet();
    let message = says(refused(UNSHARE, "1", &["-r"]), 125, "unshare: Operation not permitted (...)");
    assert!(message.contains("seccomp"), "{message}");
    for (call, words) in
        [(CLONE, &["-f"][..]), (PIVOT_ROOT, &["-rm", "--root=/"]), (SETNS, &["-rm", "--root=/"])]
    {
        let message = refused(call, "1", words).fails("hc-unshare", 125);
        assert!(message.contains(": Operation not permitted"), "{message}");
    }
    // What a security module says.
    let because =
        "Permission denied (a security module forbids it, as AppArmor does in docker and on Ubuntu)";
    let message = refused(UNSHARE, "13", &["-r"]).fails("hc-unshare", 125);
    assert_eq!(message, format!("unshare: {because}"));
    let message = refused(MOUNT, "13", &["-rm"]).fails("hc-unshare", 125);
    assert_eq!(message, format!("make / private: {because}"));
}

#[test]
fn a_limit_on_processes_is_named() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // A user of whom there is no other process.
    let message = Cmd::sh("ulimit -p 1; exec hc-unshare -f true").user(64_123).run().fails("hc-unshare", 125);
    let because = "(a limit on processes: ulimit -u, or pids.max of the cgroup)";
    assert_eq!(message, format!("fork: Resource temporarily unavailable {because}"));
}

#[test]
fn a_limit_on_namespaces_is_named() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for (option, kind) in [
        ("-U", "user"),
        ("-m", "mnt"),
        ("-u", "uts"),
        ("-i", "ipc"),
        ("-n", "net"),
        ("-p", "pid"),
        ("-C", "cgroup"),
        ("-T", "time"),
    ] {
        let script =
            format!("echo 0 >/proc/sys/user/max_{kind}_namespaces && exec hc-unshare -f {option} true");
        let message = unshare(&["-r", "sh", "-c", &script]).as_nobody().run();
        let message = says(message, 125, "unshare: No space left on device (...)");
        let because = format!("(a limit is reached: sysctl user.max_{kind}_namespaces=0)");
        assert_eq!(message, format!("unshare: No space left on device {because}"));
    }
}

#[test]
fn so_is_the_depth_to_which_they_can_be_nested() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let nested = |count: usize| {
        let links = ["hc-unshare", "-r"].iter().cycle().skip(1).take(count * 2 - 1);
        unshare(&[]).args(links).arg("true").as_nobody().run()
    };
    nested(32).ok().quiet();
    let message = says(nested(34), 125, "unshare: No space left on device (...)");
    assert!(message.ends_with("or 32 levels)"), "{message}");
}

#[test]
fn no_proc_no_map() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let message = unshare(&["-m", "sh", "-c", "umount -l /proc; exec hc-unshare -r true"]).run();
    let expected = "/proc/self/setgroups: No such file or directory (is /proc mounted?)";
    assert_eq!(message.fails("hc-unshare", 125), expected);
}

#[test]
fn every_diagnostic_of_the_page_has_a_test() {
    let page = docs::text("man/hc-unshare.1");
    let source = docs::sources("tests/suite/unshare");
    let lines: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix(".It \"hc-unshare: ")?.strip_suffix('"')).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    for line in lines {
        assert!(source.contains(line), "no test expects: {line}");
    }
}
