//! -f and --kill-child: what the child is, what it inherits, what its parent does meanwhile, and how both end.

use super::{Stage, as_root};
use hc_tests::{Cmd, Running, can_make_hosts, require, user_namespaces};

const LINES: &[&str] = &[
    "-f",
    "--kill-child",
    "--kill-child -f",
    "-f --kill-child",
    "--kill-child=KILL",
    "--kill-child=SIGKILL",
    "--kill-child=TERM",
    "--kill-child=SIGTERM",
    "--kill-child=term",
    "--kill-child=sigterm",
    "--kill-child=SigHup",
    "--kill-child=INT",
    "--kill-child=USR1",
    "--kill-child=USR2",
    "--kill-child=CHLD",
    "--kill-child=CLD",
    "--kill-child=IOT",
    "--kill-child=ABRT",
    "--kill-child=POLL",
    "--kill-child=IO",
    "--kill-child=STOP",
    "--kill-child=RTMIN+3",
    "--kill-child=RTMAX-3",
    "--kill-child=SIGRTMIN+1",
    "--kill-child=TERM --kill-child",
    "--kill-child --kill-child=TERM",
    "--kill-child=HUP -fp",
    "--kill-child -fpm --mount-proc",
    "--kill-child -r",
    "--kill-child -rfp --mount-proc",
    "--kill-child=TERM -c --keep-caps",
    "--kill-child -u -w /tmp",
];

const REFUSED: &[&str] = &[
    "--kill-child=''",
    "--kill-child=NOSUCH",
    "--kill-child=SIG",
    "--kill-child=SIGSIGTERM",
    "--kill-child=TERMx",
    "--kill-child=RTMIN+99",
    "--kill-child=RTMIN-1",
    "--kill-child=RTMAX+1",
    "--kill-child=-1",
    "--kill-child=0",
];

#[test]
fn the_child_is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.alike(as_root, LINES);
    stage.refused(as_root, REFUSED);
    let needs_root = |line: &str| line.contains("-fp") || line.contains("-u");
    let users: Vec<&&str> = LINES.iter().filter(|line| line.contains("-r") || !needs_root(line)).collect();
    stage.alike(Cmd::as_nobody, &users);
}

/// Ignored and blocked signals, an odd environment, descriptors, umask and directory: all as the caller has them.
#[test]
fn what_is_inherited_is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let environ: [&[u8]; 7] = [b"A=1", b"A=2", b"no equals sign", b"\xff\xfe=\x80", b"=x", b"EMPTY=", b""];
    let hows: [fn(Cmd) -> Cmd; 8] = [
        |cmd| cmd.ignoring(libc::SIGINT).ignoring(libc::SIGTERM),
        |cmd| cmd.ignoring(libc::SIGPIPE).ignoring(40).ignoring(libc::SIGTSTP),
        |cmd| cmd.blocking(libc::SIGINT).blocking(libc::SIGTERM),
        |cmd| cmd.blocking(libc::SIGCHLD).blocking(libc::SIGPIPE).blocking(50),
        |cmd| cmd.umask(0o123),
        |cmd| cmd.passing(std::fs::File::open("/dev/zero").unwrap(), 100),
        |cmd| cmd.session(),
        |cmd| cmd.environ([b"PATH=/usr/bin:/bin".as_slice()]),
    ];
    for who in [as_root, Cmd::as_nobody] {
        for how in hows {
            for line in ["", "-f", "-r", "-rfpm --mount-proc", "--kill-child", "-c --keep-caps"] {
                let run = |tool: Cmd| stage.start(who, how(tool)).args(stage.words(line)).next_view();
                let outside = stage.start(who, how(Cmd::probe())).view();
                let [theirs, ours] = [run(Cmd::new("unshare")), run(super::unshare(&[]))]
                    .map(|view| view.comparable(&outside));
                if let Err(why) = super::difference(&theirs, &ours) {
                    panic!("unshare {line}\n{why}");
                }
            }
        }
        for line in ["", "-f", "-r", "--keep-caps -rf"] {
            let run = |tool: Cmd| {
                let cmd = stage.start(who, tool.environ(environ)).args(stage.words(line));
                cmd.next_view().all("env").iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!(run(Cmd::new("unshare")), run(super::unshare(&[])), "{line}");
        }
    }
}

#[test]
fn closed_streams_are_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    let sets: [&[i32]; 7] = [&[0], &[1], &[2], &[0, 1], &[1, 2], &[0, 2], &[0, 1, 2]];
    for (number, (closed, line)) in sets
        .into_iter()
        .flat_map(|set| ["", "-f", "-u", "-r", "--kill-child"].map(|line| (set, line)))
        .enumerate()
    {
        let run = |tool: Cmd, name: &str| {
            let file = stage.path(&format!("{name}{number}"));
            let mut cmd = stage.start(as_root, tool).args(stage.words(line));
            for &descriptor in closed {
                cmd = cmd.closing(descriptor);
            }
            cmd.arg(hc_tests::probe()).arg(format!("to={}", file.display())).run().ok();
            hc_tests::View::parse(&std::fs::read_to_string(file).unwrap()).descriptors()
        };
        let (theirs, ours) = (run(Cmd::new("unshare"), "theirs"), run(super::unshare(&[]), "ours"));
        assert_eq!(theirs, ours, "{line} without {closed:?}");
        assert_eq!(ours.len(), 3 - closed.len(), "{line} without {closed:?}");
    }
}

#[test]
fn ends_are_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    for status in ["0", "1", "2", "124", "125", "126", "127", "128", "137", "255"] {
        let script = format!("echo out; echo err >&2; exit {status}");
        for options in [&[][..], &["-f"], &["--kill-child"], &["-rf"], &["-rfp"]] {
            let line = [options, &["sh", "-c", &script]].concat();
            stage.same(as_root, &[&line]);
            stage.same(Cmd::as_nobody, &[&line]);
        }
    }
}

/// Not KILL, which 2.38 takes for an error of its own, nor those that do not end a process.
#[test]
fn deaths_by_signals_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let deadly =
        [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, 34, 40, 50, 64];
    for signal in deadly {
        let script = format!("ulimit -c 0; kill -{signal} $$");
        for options in [&[][..], &["-f"], &["--kill-child"], &["-uf"]] {
            stage.same(as_root, &[&[options, &["sh", "-c", &script]].concat()]);
        }
    }
    // From outside a process 1 can be killed; from inside it shrugs.
    stage.same(as_root, &[&["-fp", "sh", "-c", "kill -TERM $$; kill -KILL $$; exit 3"]]);
}

/// What /proc says about the signals of a process, without those in `but`.
fn signals(pid: i32, but: &[i32]) -> Vec<String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let wanted = ["SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd"];
    let lines = status.lines().filter(|line| wanted.iter().any(|key| line.starts_with(key)));
    let without = |line: &str| {
        let (key, set) = line.split_once(":\t").unwrap();
        let set = u64::from_str_radix(set, 16).unwrap();
        format!("{key} {:x}", but.iter().fold(set, |set, signal| set & !(1_u64 << (signal - 1))))
    };
    lines.map(without).collect()
}

/// What the parent waits for beside the child's end: that it stops with the child, and the child with it, is ours alone.
const STOPS: [i32; 5] = [libc::SIGTSTP, libc::SIGTTIN, libc::SIGTTOU, libc::SIGCONT, libc::SIGCHLD];

#[test]
fn the_signals_of_parent_and_child_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let hows: [fn(Cmd) -> Cmd; 5] = [
        |cmd| cmd,
        |cmd| cmd.ignoring(libc::SIGINT),
        |cmd| cmd.ignoring(libc::SIGTERM).ignoring(libc::SIGUSR1),
        |cmd| cmd.blocking(libc::SIGTERM),
        |cmd| cmd.blocking(libc::SIGUSR2).blocking(libc::SIGQUIT),
    ];
    for how in hows {
        for options in [&["-f"][..], &["-fp"], &["--kill-child"], &["--kill-child=TERM", "-u"]] {
            let started = |tool: Cmd| {
                let cmd = stage.start(as_root, how(tool)).args(options);
                // Not a shell, which would set signals up for itself.
                let mut running: Running =
                    cmd.args(["perl", "-e", "$|=1; print qq(ready\\n); <>"]).hold_input().start();
                running.expect("ready\n");
                let children = running.descendants();
                assert_eq!(children.len(), 1, "{children:?}");
                let found = [signals(running.pid(), &STOPS), signals(children[0], &[])];
                running.write(b"\n", true);
                running.wait().ok();
                found
            };
            assert_eq!(started(super::unshare(&[])), started(Cmd::new("unshare")), "{options:?}");
        }
    }
}
