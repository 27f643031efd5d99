//! What NEXT inherits is what the tool inherited.

use super::{Who, inherited};
use hc_tests::{Cmd, Dir, View, probe, require, user_namespaces};
use std::fs::{self, File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// All signals but KILL and STOP, which nobody can ignore, and the two that the C library keeps.
fn signals() -> impl Iterator<Item = i32> {
    (1..=64).filter(|number| ![libc::SIGKILL, libc::SIGSTOP, 32, 33].contains(number))
}

/// Everyone's NEXT, started as `how` says, sees what the same program sees without a tool before it.
#[track_caller]
fn same(how: impl Fn(Cmd) -> Cmd) -> Vec<View> {
    let mut views = Vec::new();
    for who in Who::all() {
        let outside = how(who.runs(Cmd::probe())).view();
        for link in who.links() {
            let seen = how(who.runs(Cmd::line(&link.words))).next_view();
            assert_eq!(inherited(&seen, &outside), inherited(&outside, &outside), "{link}");
            views.push(seen);
        }
    }
    views
}

#[test]
fn signals_at_their_default_stay_so() {
    for view in same(|cmd| cmd) {
        assert_eq!((view.get("ignored"), view.get("blocked")), ("", ""));
    }
}

#[test]
fn an_ignored_sigpipe_stays_ignored() {
    for view in same(|cmd| cmd.ignoring(libc::SIGPIPE)) {
        assert_eq!(view.get("ignored"), "13");
    }
}

#[test]
fn every_ignored_and_every_blocked_signal_stays_so() {
    let expected = signals().map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
    let ignored = same(|cmd| signals().fold(cmd, Cmd::ignoring));
    assert!(ignored.iter().all(|view| view.get("ignored") == expected), "{expected}");
    let blocked = same(|cmd| signals().fold(cmd, Cmd::blocking));
    assert!(blocked.iter().all(|view| view.get("blocked") == expected), "{expected}");
}

#[test]
fn the_umask_stays() {
    for mask in [0, 0o27] {
        for view in same(|cmd| cmd.umask(mask)) {
            assert_eq!(view.get("umask"), format!("{mask:o}"));
        }
    }
}

#[test]
fn descriptors_that_the_caller_closed_are_closed() {
    for closed in [&[0][..], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]] {
        for who in Who::all() {
            for link in who.links() {
                let file = who.dir.file("view", "");
                // Writable for the program, and readable for a test that does not run as root.
                fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
                let to = format!("to={}", file.display());
                let line = who.runs(Cmd::line(&link.words)).arg(probe()).arg(to);
                closed.iter().fold(line, |cmd, &number| cmd.closing(number)).run().ok().says("").quiet();
                let open: Vec<i32> = (0..=2).filter(|number| !closed.contains(number)).collect();
                let seen = View::parse(&fs::read_to_string(&file).unwrap());
                assert_eq!(seen.descriptors(), open, "{link}");
            }
        }
    }
}

#[test]
fn open_descriptors_get_through_with_their_flags() {
    let dir = Dir::new();
    let path = dir.file("file", "content");
    let (_reader, writer) = std::io::pipe().unwrap();
    let (socket, _other) = std::os::unix::net::UnixStream::pair().unwrap();
    let flags = libc::O_NONBLOCK;
    let open = |options: &mut OpenOptions, path: &Path| OwnedFd::from(options.open(path).unwrap());
    let views = same(|cmd| {
        cmd.passing(File::open(&path).unwrap(), 100)
            .passing(open(OpenOptions::new().append(true).custom_flags(flags), &path), 101)
            .passing(File::open(dir.path()).unwrap(), 102)
            .passing(writer.try_clone().unwrap(), 103)
            .passing(socket.try_clone().unwrap(), 500)
            .passing(
                open(OpenOptions::new().read(true).custom_flags(libc::O_PATH), Path::new("/dev/null")),
                501,
            )
    });
    for view in views {
        assert_eq!(view.descriptors(), [0, 1, 2, 100, 101, 102, 103, 500, 501]);
    }
}

#[test]
fn the_environment_gets_through_byte_by_byte_and_in_its_order() {
    // Those that a C library or a loader looks at are no exception.
    let odd: [&[u8]; 13] = [
        b"LD_PRELOAD=/nosuch.so",
        b"GLIBC_TUNABLES=glibc.malloc.check=3:a=b",
        b"MALLOC_CHECK_=3",
        b"Z=1",
        b"A=1",
        b"noequals",
        b"A=2",
        b"=",
        b"",
        b"\xff\xfe=\x80\n",
        b"A=3=4",
        b"noequals",
        b"B=",
    ];
    let long = [b"LONG=", "x".repeat(100_000).as_bytes()].concat();
    for view in same(|cmd| cmd.environ(odd.iter().copied().chain([long.as_slice()]))) {
        assert_eq!(view.all("env").len(), 14);
    }
    for view in same(|cmd| cmd.environ([""; 0])) {
        assert_eq!(view.all("env").len(), 0);
    }
}

#[test]
fn arguments_get_through_byte_by_byte() {
    use std::os::unix::ffi::OsStrExt;
    let words: [&[u8]; 9] = [b"", b"--", b"-x", b"--help", b"a=b", b"\xff\x80", b"a\nb", b"-", b""];
    for who in Who::all() {
        for link in who.links() {
            let line = who.runs(Cmd::line(&link.words)).arg(probe());
            let view = line.args(words.iter().map(|word| std::ffi::OsStr::from_bytes(word))).view();
            let expected: Vec<String> = words.iter().map(|word| word.escape_ascii().to_string()).collect();
            assert_eq!(view.all("arg")[1..], expected, "{link}");
        }
    }
}

#[test]
fn the_working_directory_stays() {
    let dir = Dir::new();
    let odd = dir.directory("new\nline");
    for view in same(|cmd| cmd.dir(&odd)) {
        assert!(view.get("cwd").ends_with("new\\nline"));
    }
}

/// What `script` does before it becomes the link: `"$@"`.
#[track_caller]
fn same_after(script: &str) {
    for who in Who::all() {
        let started = || who.runs(Cmd::sh(script)).arg("sh").dir(who.dir.path());
        let outside = started().next_view();
        for link in who.links() {
            let seen = started().args(&link.words).next_view();
            assert_eq!(inherited(&seen, &outside), inherited(&outside, &outside), "{link}");
        }
    }
}

#[test]
fn limits_stay_and_few_are_enough() {
    same_after(r#"ulimit -c 0; ulimit -n 20; ulimit -s 1024; exec "$@""#);
}

#[test]
fn a_working_directory_that_was_removed_is_none_of_a_tool_s_business() {
    same_after(r#"mkdir gone; cd gone; rmdir "$PWD"; exec "$@""#);
}

#[test]
fn next_has_the_tool_s_process_id() {
    for who in Who::all() {
        for link in who.links() {
            let running = who.runs(Cmd::line(&link.words)).arg(probe()).start();
            let pid = running.pid();
            let view = View::parse(running.wait().ok().text());
            assert_eq!(view.get("pid"), pid.to_string(), "{link}");
        }
    }
}

/// With hc-run there is a process between, and a new environment, root and working directory by intent.
#[test]
fn hc_run_hands_on_signals_umask_standard_streams_and_limits() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for who in Who::all() {
        for how in [Cmd::ignoring, Cmd::blocking] {
            let how = |cmd: Cmd| {
                let cmd = signals().fold(who.runs(cmd), how).umask(0o37);
                cmd.passing(File::open("/dev/null").unwrap(), 100).closing(0).closing(2)
            };
            let outside = how(Cmd::probe()).view();
            let seen = how(Cmd::tool("hc-run")).next_view();
            for key in ["arg", "ignored", "blocked", "umask", "limit.nofile", "limit.core", "limit.stack"] {
                assert_eq!(seen.all(key), outside.all(key), "{key}");
            }
            // What else is open is closed to a jail.
            assert_eq!(seen.descriptors(), [1]);
        }
    }
}
