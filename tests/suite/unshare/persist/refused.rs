//! What cannot be bound, and what is left when something goes wrong: nothing.

use super::Place;
use crate::unshare::unshare;
use hc_tests::{Cmd, Ended, Host, can_make_hosts, eventually, require, strace};

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
