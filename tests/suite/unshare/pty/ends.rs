//! How it ends, and what is left then.

use super::{Who, called, device, is_raw, leave, mode, terminal, type_in, unshare, wait_for_the_shell};
use hc_tests::{Cmd, Dir, Running, can_make_hosts, eventually, require, user_namespaces};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::os::unix::fs::PermissionsExt;

fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).unwrap();
}

#[test]
fn the_status_is_next_s() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for status in 0..=255 {
        unshare(&["--pty", "sh", "-c", "exit $0", &status.to_string()]).run().exits(status).quiet();
    }
    for status in [0, 1, 77, 125, 126, 127, 128, 255] {
        for words in [&["-fp", "--init", "--pty"][..], &["--jail", "--pty"]] {
            unshare(words).args(["sh", "-c", "exit $0", &status.to_string()]).run().exits(status).quiet();
        }
    }
}

#[test]
fn the_signal_is_next_s() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for signal in [1, 2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 31, 34, 64] {
        let next = ["sh", "-c", "ulimit -c 0; kill -$0 $$", &signal.to_string()];
        unshare(&["--pty"]).args(next).run().dies_of(signal).quiet();
        unshare(&["-fp", "--init", "--pty"]).args(next).run().exits(128 + signal).quiet();
    }
}

#[test]
fn a_failure_is_told_where_the_caller_reads_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), "takes user namespaces");
    for who in Who::ALL {
        for words in [&["--pty"][..], &["--jail", "--pty"]] {
            let output = who.starts(unshare(words)).arg("/nosuch").run();
            assert_eq!(output.fails("hc-unshare", 127), "/nosuch: No such file or directory");
            let output = who.starts(unshare(words)).args(["-w/nosuch", "true"]).run();
            let message = "cannot change directory to '/nosuch': No such file or directory";
            assert_eq!(output.fails("hc-unshare", 125), message);
        }
    }
    let without_dev = ["-m", "sh", "-c", "mount -t tmpfs none /dev; exec hc-unshare --pty true"];
    assert_eq!(unshare(&without_dev).run().fails("hc-unshare", 125), "/dev/ptmx: No such file or directory");
    // On a terminal, each line starts where a line starts.
    let mut running = terminal(Who::Root);
    type_in(&mut running, "hc-unshare --pty /nosuch; echo sta''tus=$?=\n");
    running.expect("\r\nhc-unshare: /nosuch: No such file or directory\r\nstatus=127=\r\n");
    type_in(&mut running, "hc-unshare --pty -w/nosuch true; echo sta''tus=$?=\n");
    running.expect("'/nosuch': No such file or directory\r\nstatus=125=\r\n");
    leave(running);
}

/// A relay, and its NEXT, a sleep that is up.
#[track_caller]
fn started(running: &mut Running, words: &str) -> (i32, i32) {
    type_in(running, &format!("hc-unshare {words} sleep 1000\n"));
    eventually("the sleep", || called(running, "sleep").len() == 1);
    let outer = device(running);
    eventually("the terminal is raw", || is_raw(&outer));
    (called(running, "hc-unshare")[0], called(running, "sleep")[0])
}

#[test]
fn the_caller_s_terminal_is_as_it_was() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), "takes user namespaces");
    for who in Who::ALL {
        for words in who.ways() {
            let words = words.join(" ");
            let mut running = terminal(who);
            let outer = device(&running);
            let before = mode(&outer);
            type_in(&mut running, &format!("hc-unshare {words} true; echo do''ne=\n"));
            running.expect("done=");
            assert_eq!(mode(&outer), before, "{who:?} {words}: after the end");
            // Whoever is sent a signal, NEXT gets it.
            for (signal, to_relay) in [
                (Signal::SIGTERM, true),
                (Signal::SIGINT, true),
                (Signal::SIGHUP, true),
                (Signal::SIGUSR1, true),
                (Signal::SIGKILL, false),
            ] {
                let (relay, next) = started(&mut running, &words);
                send(if to_relay { relay } else { next }, signal);
                wait_for_the_shell(&running);
                assert_eq!(mode(&outer), before, "{who:?} {words}: after {signal}");
                // On a line of its own: a shell whose command has died of an interrupt drops the rest of the line.
                let status = 128 + signal as i32;
                type_in(&mut running, &format!("echo {signal}''=$?=\n"));
                running.expect(&format!("{signal}={status}="));
            }
            leave(running);
        }
    }
}

/// All that a shell does with a job: the terminal is the shell's while the job stands still.
#[test]
fn the_caller_s_terminal_is_in_order_while_the_relay_stands_still() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "-fp --init --pty", "--jail --pty"] {
        let mut running = terminal(Who::Root);
        let outer = device(&running);
        let before = mode(&outer);
        type_in(
            &mut running,
            &format!(
                "hc-unshare {words} sh -c 'while read line; do echo got=$line=; done'; echo st''atus=$?=\n"
            ),
        );
        eventually("the terminal is raw", || is_raw(&outer));
        let relay = called(&running, "hc-unshare")[0];
        for round in 0..3 {
            type_in(&mut running, &format!("round{round}\n"));
            running.expect(&format!("got=round{round}="));
            send(relay, Signal::SIGTSTP);
            eventually("the terminal is the shell's", || mode(&outer) == before);
            type_in(&mut running, &format!("echo at-sh''ell{round}; fg\n"));
            running.expect(&format!("at-shell{round}"));
            eventually("the terminal is raw again", || is_raw(&outer));
        }
        // Nobody can see that one coming: a shell has to see to the terminal itself. Continued, it is raw.
        send(relay, Signal::SIGSTOP);
        running.expect("outer:");
        Cmd::line(["stty", "sane", "-F"]).arg(&outer).run().ok();
        send(relay, Signal::SIGCONT);
        type_in(&mut running, "fg\n");
        eventually("the terminal is raw after a stop unseen", || is_raw(&outer));
        type_in(&mut running, "last\n");
        running.expect("got=last=");
        type_in(&mut running, "\x04");
        running.expect("status=");
        eventually("the terminal is sane at last", || !is_raw(&outer));
        leave(running);
    }
}

/// Both stand still together, and go on together.
#[test]
fn a_next_that_stops_itself_stops_the_relay() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "-fp --init --pty", "--jail --pty"] {
        let mut running = terminal(Who::Root);
        let outer = device(&running);
        let before = mode(&outer);
        type_in(
            &mut running,
            &format!("hc-unshare {words} sh -c 'kill -STOP $$; echo went''-on; exit 6'; echo st''atus=$?=\n"),
        );
        running.expect("status=147=");
        assert_eq!(mode(&outer), before);
        type_in(&mut running, "fg; echo st''atus=$?=\n");
        running.expect("went-on");
        running.expect("status=6=");
        assert_eq!(mode(&outer), before);
        leave(running);
    }
}

/// A session that says in `file` that it was hung up.
fn witness(file: &std::path::Path) -> String {
    format!("trap \"echo hup >{}; exit\" HUP; echo u''p; while :; do sleep 0.1; done", file.display())
}

#[test]
fn a_hangup_outside_is_one_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "-fp --init --pty", "--jail --pty"] {
        let dir = Dir::new();
        // Root of a jail is nobody outside.
        let writable = dir.directory("for-all");
        std::fs::set_permissions(&writable, std::fs::Permissions::from_mode(0o777)).unwrap();
        let file = writable.join("hup");
        let mut running = terminal(Who::Root);
        type_in(&mut running, &format!("hc-unshare {words} sh -c '{}'\n", witness(&file)));
        running.expect("up\r\n");
        let relay = called(&running, "hc-unshare")[0];
        // The one who has the other end of the caller's terminal.
        running.signal(Signal::SIGKILL);
        eventually("the session inside was hung up", || file.exists());
        eventually("the relay has ended", || !std::path::Path::new(&format!("/proc/{relay}/exe")).exists());
    }
}

#[test]
fn a_relay_that_is_killed_hangs_up_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "-fp --init --pty"] {
        let dir = Dir::new();
        let file = dir.join("hup");
        let mut running =
            unshare(&[]).args(words.split(' ')).args(["sh", "-c", &witness(&file)]).hold_input().start();
        running.expect("up\r\n");
        running.signal(Signal::SIGKILL);
        eventually("the session inside was hung up", || file.exists());
        running.wait().dies_of(libc::SIGKILL);
    }
}
