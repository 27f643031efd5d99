//! --seccomp: what the kernel says to calls that are made under the filter.

use super::{Status, calls, unshare};
use hc_tests::{Cmd, Dir, Ended, can_make_hosts, is_root, require, user_namespaces};
use std::path::PathBuf;

/// Calls that hurt nobody, what they come to without the filter, and what with it. Without it the kernel refuses each
/// for another reason, or does it; that is left out where it depends on the machine.
const REFUSED: [(&str, &str, &str); 26] = [
    // keyctl, add_key, request_key
    ("x86_64:250:0:0xfffffffd:1", "", "EPERM"),
    ("x86_64:248", "EFAULT", "EPERM"),
    ("x86_64:249", "EFAULT", "EPERM"),
    ("i386:286", "EFAULT", "EPERM"),
    // userfaultfd with flags that it has not
    ("x86_64:323:0xffff", "EINVAL", "EPERM"),
    // io_uring_enter, io_uring_register, of no ring
    ("x86_64:426:0xffffffff", "EBADF", "EPERM"),
    ("x86_64:427:0xffffffff", "EINVAL", "EPERM"),
    ("i386:426:0xffffffff", "EBADF", "EPERM"),
    // perf_event_open of nothing
    ("x86_64:298", "", "EPERM"),
    // setns to no file, and unshare of what every thread may unshare
    ("x86_64:308:0xffffffff", "EBADF", "EPERM"),
    ("x86_64:272:0x400", "0", "EPERM"),
    ("i386:310:0x400", "0", "EPERM"),
    // clone3 without arguments
    ("x86_64:435", "EINVAL", "ENOSYS"),
    ("i386:435", "EINVAL", "ENOSYS"),
    // clone with CLONE_NEWUSER and with CLONE_THREAD, which do not go together
    ("x86_64:56:0x10010000", "EINVAL", "EPERM"),
    ("i386:120:0x10010000", "EINVAL", "EPERM"),
    // ioctl TIOCSTI and TIOCLINUX of no file, also where the request has bits above those that the kernel looks at
    ("x86_64:16:0xffffffff:0x5412", "EBADF", "EPERM"),
    ("x86_64:16:0xffffffff:0x100005412", "EBADF", "EPERM"),
    ("x86_64:16:0xffffffff:0x541c", "EBADF", "EPERM"),
    ("i386:54:0xffffffff:0x5412", "EBADF", "EPERM"),
    // socket, AF_VSOCK of a kind that it has not, also with bits above
    ("x86_64:41:40:77", "EINVAL", "EPERM"),
    ("x86_64:41:0x100000028:77", "EINVAL", "EPERM"),
    ("i386:359:40:77", "EINVAL", "EPERM"),
    // get_mempolicy with flags that it has not
    ("x86_64:239:0:0:0:0:0xff", "EINVAL", "EPERM"),
    ("i386:275:0:0:0:0:0xff", "EINVAL", "EPERM"),
    // open_tree of no file
    ("x86_64:428:0xffffffff:0:0xffff", "EINVAL", "EPERM"),
];

/// Calls that come through, to the kernel's own answer.
const ALLOWED: [(&str, &str); 16] = [
    // ioctl TCGETS of no file; read, close
    ("x86_64:16:0xffffffff:0x5401", "EBADF"),
    ("i386:54:0xffffffff:0x5401", "EBADF"),
    ("x86_64:0:0xffffffff", "EBADF"),
    ("i386:3:0xffffffff", "EBADF"),
    ("x86_64:436:9:8", "EINVAL"),
    // socket of a type that is none: AF_UNIX, AF_INET, AF_NETLINK
    ("x86_64:41:1:77", "EINVAL"),
    ("x86_64:41:2:77", "EINVAL"),
    ("x86_64:41:16:77", "EINVAL"),
    ("i386:359:1:77", "EINVAL"),
    // socketcall, whose arguments are out of a filter's sight
    ("i386:102:1", "EFAULT"),
    // clone with CLONE_THREAD alone, which needs more
    ("x86_64:56:0x10000", "EINVAL"),
    ("i386:120:0x10000", "EINVAL"),
    // personality: the question
    ("x86_64:135:0xffffffff", "0"),
    // ptrace of nobody, umask, arch_prctl
    ("x86_64:101:16:0x7fffffff", "ESRCH"),
    ("x86_64:95:18", "18"),
    ("x86_64:158:0", "EINVAL"),
];

/// Options, and how a command is started.
type Way = (Vec<&'static str>, fn(Cmd) -> Cmd);

/// Whether the kernel knows getpid of i386; else that ends a process.
fn has_i386() -> bool {
    Cmd::probe().args(["call", "i386:20"]).run().ended == Ended::Exit(0)
}

fn everybody() -> Vec<Way> {
    let mut all: Vec<Way> = vec![(Vec::new(), Cmd::as_nobody)];
    if user_namespaces() {
        all.push((vec!["-r", "--cap-drop=all"], Cmd::as_nobody));
    }
    if is_root() {
        all.push((vec!["--cap-drop=all"], |cmd| cmd));
        all.push((vec!["--cap-drop=all", "-S", "65534", "-G", "65534"], |cmd| cmd));
    }
    all
}

#[test]
fn what_is_refused_and_what_is_not() {
    require!(has_i386(), "takes a kernel that runs programs of i386");
    // The kernel's own answers, for otherwise the filter's would show nothing.
    let own: Vec<_> =
        REFUSED.iter().filter(|(_, own, _)| !own.is_empty()).map(|(call, own, _)| (*call, *own)).collect();
    calls(&["--seccomp=none"], |cmd| cmd.as_nobody().umask(18), &[&own[..], &ALLOWED].concat());
    let filtered: Vec<_> = REFUSED.iter().map(|(call, _, filtered)| (*call, *filtered)).collect();
    for (words, how) in everybody() {
        let words = [&words[..], &["--seccomp=default"]].concat();
        calls(&words, |cmd| how(cmd.umask(18)), &[&filtered[..], &ALLOWED].concat());
    }
}

#[test]
fn calls_that_are_newer_than_the_filter_are_missing_and_so_are_those_of_x32() {
    require!(has_i386(), "takes a kernel that runs programs of i386");
    let expected = [
        ("x86_64:467", "ENOSYS"),
        ("x86_64:1000", "ENOSYS"),
        ("i386:467", "ENOSYS"),
        ("x86_64:0x40000027", "ENOSYS"),
        ("x86_64:0x40000000:0xffffffff", "ENOSYS"),
        // Never used.
        ("x86_64:400", "EPERM"),
    ];
    calls(&["--seccomp=default"], Cmd::as_nobody, &expected);
}

#[test]
fn a_capability_that_is_kept_brings_its_calls() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    // setns of no file; chroot of no name; open_by_handle_at of no file; get_mempolicy with flags that it has not; clone3.
    let calls_of = |answers: [&'static str; 5]| {
        let names = [
            "x86_64:308:0xffffffff",
            "x86_64:161",
            "x86_64:304:0xffffffff",
            "x86_64:239:0:0:0:0:0xff",
            "x86_64:435",
        ];
        names.into_iter().zip(answers).collect::<Vec<_>>()
    };
    let refused = ["EPERM", "EPERM", "EPERM", "EPERM", "ENOSYS"];
    let own = ["EBADF", "EFAULT", "EFAULT", "EINVAL", "EINVAL"];
    for (capability, brought) in [
        ("chown", &[][..]),
        ("sys_admin", &[0, 4]),
        ("sys_chroot", &[1]),
        ("dac_read_search", &[2]),
        ("sys_nice", &[3]),
        ("all", &[0, 1, 2, 3, 4]),
    ] {
        let answers = std::array::from_fn(|at| if brought.contains(&at) { own[at] } else { refused[at] });
        let add = format!("--cap-add={capability}");
        for id in ["-r", "-c"] {
            let words = [id, "--cap-drop=all", &add, "--seccomp=default"];
            calls(&words, Cmd::as_nobody, &calls_of(answers));
        }
    }
}

#[test]
fn a_user_s_filter_takes_no_new_privs_and_root_s_does_not() {
    let of = |words: &[&str], how: fn(Cmd) -> Cmd| {
        let status = Status::under(words, how);
        ["Seccomp", "Seccomp_filters", "NoNewPrivs"].map(|key| status.get(key).to_owned())
    };
    assert_eq!(of(&["--seccomp=default"], Cmd::as_nobody), ["2", "1", "1"]);
    assert_eq!(of(&["--seccomp=default", "--seccomp=none"], Cmd::as_nobody), ["0", "0", "0"]);
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = |cmd| cmd;
    assert_eq!(of(&["--seccomp=default"], root), ["2", "1", "0"]);
    assert_eq!(of(&["--seccomp=default", "--no-new-privs"], root), ["2", "1", "1"]);
    assert_eq!(of(&["--seccomp=default", "--cap-drop=sys_admin"], root), ["2", "1", "1"]);
    assert_eq!(of(&["--seccomp=default", "hc-unshare", "--seccomp=default"], root), ["2", "2", "0"]);
}

#[test]
fn what_next_could_still_get_by_another_program_counts_as_left() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let setns = "x86_64:308:0xffffffff";
    // Here a set-user-ID program may set namespaces, so the filter lets it.
    let unprivileged = ["-S", "65534", "--cap-add=sys_admin", "--seccomp=default"];
    calls(&unprivileged, |cmd| cmd, &[(setns, "EBADF")]);
    let words = ["-S", "65534", "--no-new-privs", "--seccomp=default"];
    calls(&words, |cmd| cmd, &[(setns, "EPERM")]);
}

#[test]
fn ordinary_programs_run_under_it() {
    let script = "import threading, subprocess, os, tempfile, socket
def work(): socket.socketpair(); open(tempfile.mkstemp()[1]).read()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(subprocess.run(['sh', '-c', 'echo a | cat; ls / >/dev/null && exit 3']).returncode)";
    for (words, how) in everybody() {
        let words = [&words[..], &["--seccomp=default", "python3", "-c", script]].concat();
        let dir = Dir::of_nobody();
        how(unshare(&words)).env("TMPDIR", dir.path()).run().ok().quiet().says("a\n3\n");
    }
}

/// A compiled filter.
pub(super) fn program(dir: &Dir, instructions: &[(u16, u8, u8, u32)]) -> PathBuf {
    let bytes: Vec<u8> = instructions
        .iter()
        .flat_map(|(code, yes, no, k)| [&code.to_ne_bytes()[..], &[*yes, *no], &k.to_ne_bytes()].concat())
        .collect();
    dir.file("filter", bytes)
}

const LOAD_NUMBER: (u16, u8, u8, u32) = (0x20, 0, 0, 0);
const ALLOW: (u16, u8, u8, u32) = (0x06, 0, 0, 0x7fff_0000);
/// Error 77.
const EBADFD: u32 = 0x0005_004d;

#[test]
fn a_compiled_filter_is_used_as_it_is() {
    // The one that answers getppid.
    let dir = Dir::new();
    let file = program(&dir, &[LOAD_NUMBER, (0x15, 0, 1, 110), (0x06, 0, 0, EBADFD), ALLOW]);
    let option = format!("--seccomp={}", file.display());
    let expected = [("x86_64:110", "EBADFD"), ("x86_64:435", "EINVAL")];
    calls(&[&option], Cmd::as_nobody, &expected);
    calls(&["--seccomp=default", &option], Cmd::as_nobody, &expected);
    // Of the caller's files, not of the new root's; and through an open descriptor, as others take it.
    calls(&["-rm", "--tmpfs=/mnt", "-w", "/mnt", &option], Cmd::as_nobody, &expected);
    let script = format!("exec hc-unshare --close-fds --seccomp=/dev/fd/9 \"$@\" 9<{}", file.display());
    let output =
        Cmd::sh(script).arg("sh").arg(hc_tests::probe()).args(["call", "x86_64:110"]).as_nobody().run();
    output.ok().quiet().says("EBADFD\n");
}

#[test]
fn the_filter_comes_last_and_refuses_nothing_but_next_s_calls() {
    // All that is not execve, or made by the program that is run then, is refused: prctl, close_range, setrlimit,
    // setuid, capset, poll.
    let dir = Dir::new();
    let refuse = (0x06, 0, 0, EBADFD);
    let calls: [u32; 8] = [157, 436, 160, 302, 105, 126, 7, 250];
    let tests = calls.iter().zip((1..=8).rev()).map(|(call, left)| (0x15, left, 0, *call));
    let all: Vec<_> = [LOAD_NUMBER].into_iter().chain(tests).chain([ALLOW, refuse]).collect();
    let option = format!("--seccomp={}", program(&dir, &all).display());
    let words =
        ["-r", "-f", "--kill-child", "--cap-drop=all", "--new-keyring", "--close-fds", "--no-new-privs"];
    let output =
        unshare(&words).args(["--rlimit=core=0", "--umask=077", &option, "echo", "hi"]).as_nobody().run();
    output.ok().quiet().says("hi\n");
}

#[test]
fn what_is_no_filter() {
    let dir = Dir::new();
    let fails = |file: &str| {
        let option = format!("--seccomp={file}");
        unshare(&[&option, "true"]).as_nobody().run().fails("hc-unshare", 125)
    };
    let named = |name: &str, content: &[u8]| dir.file(name, content).display().to_string();
    let long = [6, 0, 0, 0, 0, 0, 0xff, 0x7f].repeat(4097);
    for (name, content, reason) in [
        ("empty", &b""[..], "the file is empty"),
        ("odd", b"123456789", "9 bytes are no compiled filter: it has 8 an instruction"),
        ("long", &long, "more than 4096 instructions, the most that the kernel takes"),
        (
            "text",
            b"#!/bin/sh exit 0",
            "Invalid argument (the kernel takes it for no seccomp filter: made for another architecture, or no BPF program)",
        ),
    ] {
        let file = named(name, content);
        assert_eq!(fails(&file), format!("seccomp {file}: {reason}"));
    }
    assert_eq!(fails("/nosuch"), "seccomp /nosuch: No such file or directory");
    assert_eq!(fails("/"), "seccomp /: Is a directory");
    assert_eq!(
        fails("/dev/zero"),
        "seccomp /dev/zero: more than 4096 instructions, the most that the kernel takes"
    );
    let output = unshare(&["--seccomp=", "true"]).as_nobody().run().exits(125).says("");
    output.complains("hc-unshare: an empty name is no file: try 'man hc-unshare'\n");
}

#[test]
fn a_failed_exec_is_told_as_ever_under_the_filter() {
    let dir = Dir::new();
    let line = |program: &str| unshare(&["--seccomp=default", program]).as_nobody().run();
    assert_eq!(line("/nosuch").fails("hc-unshare", 127), "/nosuch: No such file or directory");
    let script = dir.program("script", "#!/nosuch/sh\n").display().to_string();
    let plain = unshare(&[&script]).as_nobody().run().fails("hc-unshare", 127);
    assert_eq!(line(&script).fails("hc-unshare", 127), plain);
}
