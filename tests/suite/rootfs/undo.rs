//! Failure and sudden death: what is left is what was there before, or what the next run clears away.

use super::{NO_CONTAINERS, can_look_inside, files_in, inside, rootfs};
use hc_tests::{Cmd, Dir, Ended, require};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// How many files a process may have open: so few that files being written need names, and enough that they have none.
const FILES: [&str; 2] = ["200", "20000"];

/// `hc-rootfs box /bin/echo` of which the system call `call` goes wrong as `how` says, the `when`-th time. `None`
/// when it has not that many.
fn injected(dir: &Dir, files: &str, call: &str, how: &str, when: &str) -> Option<hc_tests::Output> {
    let log = dir.join("strace");
    let inject = format!("inject={call}:{how}:when={when}");
    let strace = ["strace", "-qq", "-o", log.to_str()?, "-e", &format!("trace={call}"), "-e", &inject];
    let line = Cmd::new("prlimit").arg(format!("--nofile={files}")).args(strace);
    let output = line.chain(&rootfs(dir).arg("/bin/echo")).dir(dir.path()).run();
    let text = fs::read_to_string(&log).expect("strace's log");
    fs::remove_file(&log).unwrap();
    let struck = text.contains("INJECTED") || output.ended == Ended::Signal(9);
    struck.then_some(output)
}

/// DIR as it may be before: nothing; a root directory with things that are in the way, or are used.
fn prepare(dir: &Dir, used: bool) {
    if used {
        dir.file("box/bin/echo", "another");
        dir.file("box/usr/lib/other", "kept");
        dir.directory("box/lib64");
        symlink("/nowhere", dir.join("box/lib64/ld-linux-x86-64.so.2")).unwrap();
        dir.file("box/.hc-rootfs/0", "left by a run that was killed");
    }
}

/// What is below `box`, without what the next run would remove anyway.
fn content(dir: &Dir) -> Vec<String> {
    let kept = |line: &String| line.starts_with("box") && !line.starts_with("box/.hc-rootfs");
    dir.listing().into_iter().filter(kept).collect()
}

/// The calls by which something comes to be below DIR, or goes.
const CALLS: [&str; 8] =
    ["mkdirat", "symlinkat", "copy_file_range", "fchmod", "utimensat", "linkat", "renameat2", "unlinkat"];

/// Does `check` with what came of every single one of [`CALLS`] going wrong as `how` says, for a new DIR and for
/// one that is used. `check` leaves DIR as it was before.
fn each_injected(how: &str, check: impl Fn(&Dir, &[String], hc_tests::Output)) {
    for call in CALLS {
        let mut count = 0;
        for (files, used) in FILES.into_iter().flat_map(|files| [(files, false), (files, true)]) {
            let dir = Dir::new();
            prepare(&dir, used);
            let before = content(&dir);
            for when in 1.. {
                let Some(output) = injected(&dir, files, call, how, &when.to_string()) else { break };
                check(&dir, &before, output);
                count += 1;
            }
        }
        assert!(count > 0, "{call} is not called at all");
    }
}

#[test]
fn whatever_fails_nothing_is_left_and_nothing_is_lost() {
    each_injected("error=EIO", |dir, before, output| {
        let message = output.fails("hc-rootfs", 125);
        assert!(message.starts_with("box") && message.ends_with(": Input/output error"), "{message}");
        if message.starts_with("box/.hc-rootfs: ") {
            // Too late for the old files that were thrown away already; their places are not empty.
            let names = |lines: &[String]| {
                lines.iter().map(|line| line.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
            };
            assert_eq!(names(&content(dir)), names(before), "after {message}");
        } else {
            assert_eq!(content(dir), before, "after {message}");
        }
        // Where nothing can be removed, not even what a killed run left, that stays.
        let left = fs::read_dir(dir.join("box/.hc-rootfs")).into_iter().flatten().count();
        let old = fs::read(dir.join("box/.hc-rootfs/0")).is_ok_and(|text| text.starts_with(b"left by"));
        assert_eq!(left, usize::from(old), "after {message}");
    });
    let dir = Dir::new();
    let output = injected(&dir, "20000", "mkdir", "error=EIO", "1").expect("it makes box");
    assert_eq!(output.fails("hc-rootfs", 125), "box: Input/output error");
    assert_eq!(content(&dir), [""; 0]);
}

#[test]
fn what_a_network_s_file_system_says_only_in_the_end_is_heard() {
    for (files, used) in FILES.into_iter().flat_map(|files| [(files, false), (files, true)]) {
        for (call, error) in [("close", "EDQUOT"), ("close", "EIO"), ("copy_file_range", "EDQUOT")] {
            let dir = Dir::new();
            prepare(&dir, used);
            let before = content(&dir);
            let output = injected(&dir, files, call, &format!("error={error}"), "1+").expect("it is called");
            let reason = if error == "EIO" { "Input/output error" } else { "Disk quota exceeded" };
            let place = if used { "box/bin/echo" } else { "box/usr/bin/echo" };
            let message = output.fails("hc-rootfs", 125);
            // Before it has its name, it is called by the host's.
            let expected = [place, "box/usr/bin/echo"].map(|place| format!("{place}: {reason}"));
            assert!(expected.contains(&message), "{message}");
            assert_eq!(content(&dir), before);
        }
    }
}

#[test]
fn after_a_kill_no_file_is_incomplete_and_the_next_run_completes_them() {
    require!(can_look_inside(), NO_CONTAINERS);
    let whole = Dir::new();
    rootfs(&whole).arg("/bin/echo").run().ok().quiet();
    let expected = files_in(&whole.join("box"));
    each_injected("signal=SIGKILL", |dir, before, output| {
        output.dies_of(9);
        let kept = PathBuf::from("/usr/lib/other");
        let staged = |path: &PathBuf| path.starts_with("/.hc-rootfs");
        for path in files_in(&dir.join("box")).into_iter().filter(|path| !staged(path) && *path != kept) {
            let content = fs::read(dir.join("box").join(path.strip_prefix("/").unwrap())).unwrap();
            assert!(
                content == b"another" || content == fs::read(&path).unwrap(),
                "{} is incomplete",
                path.display()
            );
        }
        rootfs(dir).arg("/bin/echo").run().ok().quiet();
        let mut found = files_in(&dir.join("box"));
        found.remove(&kept);
        if before.is_empty() {
            assert_eq!(found, expected);
        } else {
            inside(dir).args(["/bin/echo", "hi"]).run().ok().quiet().says("hi\n");
        }
        assert!(!dir.join("box/.hc-rootfs").exists());
        fs::remove_dir_all(dir.join("box")).unwrap();
        prepare(dir, !before.is_empty());
    });
}

#[test]
fn a_file_system_may_lack_this_and_that() {
    let whole = Dir::new();
    rootfs(&whole).arg("/bin/echo").run().ok().quiet();
    let expected = files_in(&whole.join("box"));
    for (call, error) in [
        ("copy_file_range", "error=EXDEV"),
        ("copy_file_range", "error=EOPNOTSUPP"),
        ("copy_file_range", "retval=0"),
        ("copy_file_range,sendfile", "error=EINVAL"),
        ("renameat2", "error=EINVAL"),
        ("renameat2", "error=EXDEV"),
        ("linkat", "error=ENOENT"),
        ("linkat", "error=EPERM"),
        ("flock", "error=ENOLCK"),
        ("openat2", "error=ENOSYS"),
    ] {
        for files in FILES {
            let dir = Dir::new();
            for _ in 0..2 {
                if let Some(output) = injected(&dir, files, call, error, "1+") {
                    output.ok().quiet();
                }
                assert_eq!(files_in(&dir.join("box")), expected, "{call} {error}");
                for path in &expected {
                    let copy = dir.join("box").join(path.strip_prefix("/").unwrap());
                    let same = fs::read(copy).unwrap() == fs::read(path).unwrap();
                    assert!(same, "{call} {error}, {files} files: {}", path.display());
                }
            }
        }
    }
}

#[test]
fn what_was_replaced_comes_back_also_where_files_cannot_be_exchanged() {
    // Files without a name get theirs by a link.
    for (files, lacking) in [("200", "renameat2"), ("200", "renameat2,linkat"), ("20000", "renameat2")] {
        let dir = Dir::new();
        prepare(&dir, true);
        dir.directory("box/usr/lib/x86_64-linux-gnu/libc.so.6");
        let before = content(&dir);
        let output = injected(&dir, files, lacking, "error=EINVAL", "1+").expect("it renames");
        let why = "is a directory, and a file or a link belongs there";
        assert_eq!(output.fails("hc-rootfs", 125), format!("box/usr/lib/x86_64-linux-gnu/libc.so.6: {why}"));
        assert_eq!(content(&dir), before, "without {lacking}");
        assert!(!dir.join("box/.hc-rootfs").exists());
        // And stays away where nothing is wrong.
        fs::remove_dir(dir.join("box/usr/lib/x86_64-linux-gnu/libc.so.6")).unwrap();
        injected(&dir, files, lacking, "error=EINVAL", "1+").expect("it renames").ok().quiet();
        inside(&dir).args(["/bin/echo", "hi"]).run().ok().quiet().says("hi\n");
        assert!(!dir.join("box/.hc-rootfs").exists());
    }
}

#[test]
fn when_next_does_not_start_what_this_run_made_is_removed() {
    let dir = Dir::new();
    for (next, status) in [("nosuch", 127), ("/etc/passwd", 126), ("/etc", 126), ("", 127)] {
        rootfs(&dir).args(["/bin/echo", "--", next]).run().fails("hc-rootfs", status);
        assert_eq!(dir.listing(), [""; 0], "{next}");
    }
    Cmd::tool("hc-rootfs").args(["a/b/c", "/bin/echo", "--", "nosuch"]).dir(dir.path()).run().exits(127);
    assert_eq!(dir.listing(), [""; 0], "the parents too");
    // What was there before stays, also what was copied by another run.
    dir.file("box/etc/own", "");
    rootfs(&dir).arg("/bin/cat").run().ok().quiet();
    let before = dir.listing();
    rootfs(&dir).args(["/bin/cat", "/bin/awk", "--", "nosuch"]).run().fails("hc-rootfs", 127);
    assert_eq!(dir.listing(), before);
    // A file that was replaced is the new one.
    fs::write(dir.join("box/usr/bin/cat"), "old").unwrap();
    rootfs(&dir).args(["/bin/cat", "/bin/awk", "--", "nosuch"]).run().fails("hc-rootfs", 127);
    assert_eq!(fs::read(dir.join("box/usr/bin/cat")).unwrap(), fs::read("/bin/cat").unwrap());
    assert!(!dir.join("box/.hc-rootfs").exists() && !dir.join("box/bin/awk").exists());
}

#[test]
fn more_directories_than_a_process_may_have_files_are_filled_and_emptied() {
    let dir = Dir::new();
    for number in 0..500 {
        dir.program(format!("d{number}/s"), "#!/bin/sh\n");
    }
    let before = dir.listing();
    let run =
        |end: &str| Cmd::sh(format!("ulimit -n 256; exec hc-rootfs box d*/s {end}")).dir(dir.path()).run();
    run("-- nosuch").fails("hc-rootfs", 127);
    assert_eq!(dir.listing(), before);
    // Not to the end: the place of the last one is taken.
    let place = dir.directory(format!("box{}", dir.join("d99/s").display()));
    dir.file(format!("box{}", dir.join("d250/s").display()), "another");
    let before = dir.listing();
    let why = "is a directory, and a file or a link belongs there";
    let message = run("").fails("hc-rootfs", 125);
    assert_eq!(message, format!("box{}: {why}", dir.join("d99/s").display()));
    assert_eq!(dir.listing(), before);
    fs::remove_dir(place).unwrap();
    run("").ok().quiet();
    let copied = files_in(&dir.join("box"));
    assert_eq!(copied.iter().filter(|path| path.starts_with(dir.path())).count(), 500);
}

#[test]
fn a_bad_command_line_changes_nothing() {
    let dir = Dir::new();
    for (args, message) in [
        (&[][..], "no DIR to copy to: try 'man hc-rootfs'"),
        (&["box"], "no PROGRAM to copy: try 'man hc-rootfs'"),
        (&["box", "--", "true"], "no PROGRAM to copy: try 'man hc-rootfs'"),
        (&["box", "/bin/echo", "--"], "no NEXT after --: try 'man hc-rootfs'"),
        (&["-x", "box", "/bin/echo"], "invalid option -- 'x': try 'man hc-rootfs'"),
        (
            &["--verbose=1", "box", "/bin/echo"],
            "option '--verbose' doesn't allow an argument: try 'man hc-rootfs'",
        ),
        (&["box", "/bin/echo", "/bin/nosuch"], "/bin/nosuch: No such file or directory"),
        (&["box", "/bin/echo", "nosuch"], "nosuch: not found in PATH"),
        (&["box", "/bin/echo", ""], "'': an empty name is no program"),
    ] {
        let output = Cmd::tool("hc-rootfs").args(args).dir(dir.path()).run();
        assert_eq!(output.fails("hc-rootfs", 125), message);
        assert_eq!(dir.listing(), [""; 0], "{args:?}");
    }
}

#[test]
fn next_inherits_what_this_tool_did() {
    for closed in [None, Some(0), Some(2)] {
        let dir = Dir::new();
        let how = |cmd: Cmd| {
            let cmd = cmd.dir(dir.path()).environ(["A=1", "A=2", "odd", "PATH=/bin"]).umask(0o137);
            cmd.ignoring(13).blocking(10).passing(fs::File::open("/").unwrap(), 100)
        };
        let start = |cmd: Cmd| closed.into_iter().fold(how(cmd), Cmd::closing);
        let direct = start(Cmd::probe()).view();
        let chained = start(rootfs(&dir)).args(["/bin/echo", "--"]).next_view();
        assert_eq!(chained.comparable(&direct), direct.comparable(&direct), "closed: {closed:?}");
    }
}
