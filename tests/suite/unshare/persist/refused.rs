//! What cannot be bound, and what is left when something goes wrong: nothing.

use super::{KINDS, Place};
use crate::unshare::{Root, unshare};
use hc_tests::{Cmd, Dir, Ended, Host, can_make_hosts, eventually, require, strace};

#[test]
fn that_cannot_be_bound_are_not_and_nothing_is_left() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let [uts, lost, directory] = [("uts", "uts"), ("ipc", "nosuch"), ("net", "directory")]
        .map(|(kind, file)| place.option(kind, file));
    for words in [
        &["--uts=", "true"][..],
        &["--uts=/nosuch/x", "true"],
        &[&lost, "true"],
        &[&directory, "true"],
        // What was bound before another one fails is released again.
        &[&uts, &lost, "true"],
        &[&lost, &uts, "true"],
        &["-f", &uts, &directory, "true"],
        &["-fm", &uts, &lost, "true"],
        // So it is if something else goes wrong.
        &[&uts, "-w", "/nosuch", "true"],
        &["-f", &uts, "-w", "/nosuch", "true"],
        &[&uts, "--mount-proc=/nosuch", "true"],
        &["-r", &uts, "-S", "5", "true"],
        &["-f", &uts, "-R", "/nosuch", "true"],
    ] {
        place.run(words).run().fails("hc-unshare", 125);
        assert_eq!(place.bound(), [] as [&str; 0], "{words:?}");
    }
    for (next, status) in [("/nosuch", 127), ("/etc/passwd", 126)] {
        for fork in [&[][..], &["-f"], &["-fm"]] {
            place.run(&[&uts]).args(fork).arg(next).run().fails("hc-unshare", status);
            assert_eq!(place.bound(), [] as [&str; 0], "{fork:?} {next}");
        }
    }
    // A program that ran and failed is another thing.
    place.run(&["-f", &uts, "false"]).run().exits(1).quiet();
    assert_eq!(place.bound(), ["uts"]);
    place.release();
}

/// However long the name is, the reason that comes after it is told.
#[test]
fn are_told_with_the_reason() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let file = "/\x01".repeat(2000);
    for words in [&["-m"][..], &["-r"], &[]] {
        let message =
            place.run(words).args([&format!("--uts={file}"), "true"]).run().fails("hc-unshare", 125);
        let end = ": No such file or directory (the file has to exist: touch it)";
        assert!(message.ends_with(end), "{words:?}: {} bytes: {message}", message.len());
    }
}

/// What was given up for NEXT is not needed to take back what was made for it.
#[test]
fn are_released_by_who_has_still_the_right_to() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let root = Root::new();
    let dir = Dir::new();
    // One that allows all calls but umount2 (166).
    let refuse: [(u16, u8, u8, u32); 4] =
        [(0x20, 0, 0, 0), (0x15, 0, 1, 166), (0x06, 0, 0, 0x0005_0001), (0x06, 0, 0, 0x7fff_0000)];
    let bytes: Vec<u8> = refuse
        .iter()
        .flat_map(|(code, jt, jf, k)| [&code.to_ne_bytes()[..], &[*jt, *jf], &k.to_ne_bytes()].concat())
        .collect();
    let filter = format!("--seccomp={}", dir.file("filter", bytes).display());
    for without in [
        &["-S", "65534"][..],
        &["-G", "65534"],
        &["-S", "65534", "-G", "65534"],
        &["--cap-drop=all"],
        &["--cap-drop=sys_admin"],
        &["--cap-drop=all", "--cap-add=kill", "-S", "65534"],
        &["--seccomp=default"],
        &["--cap-drop=all", "--seccomp=default"],
        &[&filter],
        &["--no-new-privs"],
        &["--close-fds"],
        &["--rlimit=nofile=0"],
        &[&root.option("--root"), "--cap-drop=all", "--no-new-privs", "--close-fds"],
    ] {
        for fork in [&[][..], &["-f"], &["-fp", "--init"], &["-m"]] {
            let option = place.option("uts", "uts");
            place.run(&[&option]).args(fork).args(without).arg("/nosuch").run().fails("hc-unshare", 127);
            assert_eq!(place.bound(), [] as [&str; 0], "{without:?} {fork:?}");
        }
    }
    for (kind, _) in KINDS {
        let option = place.option(kind, kind);
        let line = place.run(&["-f", &option, "--cap-drop=all", "--seccomp=default", "/nosuch"]);
        line.run().fails("hc-unshare", 127);
        assert_eq!(place.bound(), [] as [&str; 0], "{kind}");
    }
}

/// Who names no file pays for no process.
#[test]
fn alone_take_a_process_outside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let forks = |words: &[&str]| {
        let log = place.path("calls");
        let strace = ["strace", "-f", "-e", "trace=fork,vfork,clone,clone3", "-o", log.to_str().unwrap()];
        Cmd::line(strace).chain(&unshare(words)).on(&place.host).run().ok();
        let calls = Cmd::new("cat").arg(&log).on(&place.host).run().ok().text().to_owned();
        calls.lines().filter(|line| line.contains("clone")).count()
    };
    for words in [&["-u", "-S", "65534", "--cap-drop=all"][..], &["-u", "--seccomp=default"]] {
        assert_eq!(forks(&[words, &["true"]].concat()), 0, "{words:?}");
    }
    assert_eq!(forks(&[&place.option("uts", "uts"), "true"]), 0);
    place.release();
}

#[test]
fn of_mounts_take_a_mount_that_is_not_shared() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::on(Host::shared());
    let before = place.host.mounts();
    let file = place.dir.join("../").canonicalize().unwrap().join("on-shared");
    std::fs::write(&file, "").unwrap();
    let option = format!("--mount={}", file.display());
    place.run(&[&option, "true"]).run().fails("hc-unshare", 125);
    assert_eq!(place.host.mounts(), before);
    // Any other kind may be there.
    place.run(&[&option.replace("mount", "uts"), "true"]).run().ok().quiet();
    Cmd::new("umount").arg(&file).on(&place.host).run().ok().quiet();
    place.run(&[&place.option("mount", "mount"), "true"]).run().ok().quiet();
    assert_eq!(place.bound(), ["mount"]);
    place.release();
    std::fs::remove_file(&file).unwrap();
}

/// On a processor where the kernel refuses it for reasons of its own, that is not told as if it was for the mount.
#[test]
fn of_mounts_are_not_said_to_be_on_a_shared_mount_if_they_are_not() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let option = place.option("mount", "mount");
    for cpu in 0..std::thread::available_parallelism().unwrap().get() {
        let cpu = cpu.to_string();
        let output = Cmd::line(["taskset", "-c", &cpu, "hc-unshare", &option, "true"]).on(&place.host).run();
        if output.ended == Ended::Exit(0) {
            assert_eq!(place.bound(), ["mount"]);
            place.release();
        } else {
            let message = output.fails("hc-unshare", 125);
            assert!(!message.contains("the mount that the file is on is shared"), "{message}");
        }
    }
}

/// What is killed in the middle leaves no process; what is bound already can be unmounted as always.
#[test]
fn leave_no_process_behind_at_whatever_call_one_is_killed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let [uts, mount] = ["uts", "mount"].map(|kind| place.option(kind, kind));
    for words in [&[uts.as_str(), "true"][..], &["-f", &mount, &uts, "true"]] {
        let line = unshare(words);
        let calls = strace::calls(&place.host, &line);
        place.release();
        for call in &calls {
            // If it is the one outside that was killed, the other says so, unless all was done.
            let ended = strace::killed(&place.host, &line, call);
            let possible = [Ended::Signal(9), Ended::Exit(125), Ended::Exit(0)];
            assert!(possible.contains(&ended), "{call:?}: {ended:?}");
            eventually("no process is left", || !processes_have(&uts));
            place.release();
            assert_eq!(place.bound(), [] as [&str; 0], "{call:?}");
        }
    }
}

fn processes_have(word: &str) -> bool {
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let path = entry.ok()?.path();
        let stat = std::fs::read_to_string(path.join("stat")).ok()?;
        let line = std::fs::read(path.join("cmdline")).ok()?;
        (!stat.contains(") Z ")).then(|| String::from_utf8_lossy(&line).into_owned())
    });
    lines.into_iter().any(|line| line.contains(word))
}
