//! On a terminal: its keys end and stop NEXT, and the shell has it back afterwards.

use super::Who;
use hc_tests::{Cmd, Running, can_make_hosts, eventually, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// A shell with job control on a terminal, by script(1): what is typed comes from standard input.
#[track_caller]
fn terminal(who: Who) -> Running {
    let shell = "env PS1=prompt: ENV= sh -i";
    let line = Cmd::line(["script", "-qec", shell, "/dev/null"]).env("SHELL", "/bin/sh").hold_input();
    let mut running = who.starts(line).start();
    running.expect("prompt:");
    running
}

/// The tool, as it is typed.
fn tool(who: Who) -> &'static str {
    if who == Who::Root { "hc-unshare -p --init" } else { "hc-unshare -r --init" }
}

fn names(running: &Running) -> Vec<String> {
    let name =
        |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned();
    running.descendants().into_iter().map(name).collect()
}

fn has(running: &Running, program: &str) -> bool {
    names(running).iter().any(|name| name == program)
}

/// The first hc-unshare, which waits for the other one.
#[track_caller]
fn parent(running: &Running) -> i32 {
    let is_tool = |pid: &i32| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "hc-unshare\n")
    };
    running.descendants().into_iter().find(is_tool).unwrap()
}

/// Types Ctrl-Z, and waits until hc-unshare stands still: what is typed before that NEXT might read.
#[track_caller]
fn stop(running: &mut Running) {
    let parent = parent(running);
    running.write(b"\x1a", false);
    let stat = || std::fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
    eventually("it is stopped", || stat().contains(") T "));
}

#[track_caller]
fn leave(mut running: Running) {
    running.write(b"exit 0\n", true);
    running.wait().ok();
}

/// What the post's line does not do: neither Ctrl-C nor SIGTERM ends `unshare -fp sleep 1000`.
#[test]
fn ends_at_ctrl_c_and_at_ctrl_backslash() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        for (key, status) in [(b"\x03", 130), (b"\x1c", 131)] {
            running.write(format!("ulimit -c 0; {} sleep 1000\n", tool(who)).as_bytes(), false);
            eventually("the sleep is there", || has(&running, "sleep"));
            running.write(key, false);
            eventually("the sleep has ended", || !has(&running, "sleep") && !has(&running, "hc-unshare"));
            running.write(b"echo status=$?=\n", false);
            running.expect(&format!("status={status}="));
        }
        leave(running);
    }
}

/// A NEXT that handles the key gets it once.
#[test]
fn hands_ctrl_c_to_next_once() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        let next = "perl -e '$|=1; $SIG{INT} = sub { $n++; print qq(got).qq(it$n=\\n) }; print qq(up).qq(andrunning\\n); \
                    sleep 1 until $n >= 2; exit 7'";
        running.write(format!("{} {next}; echo status=$?=\n", tool(who)).as_bytes(), false);
        running.expect("upandrunning");
        running.write(b"\x03", false);
        running.expect("gotit1=");
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!running.said().contains("gotit2="), "it came twice");
        running.write(b"\x03", false);
        running.expect("gotit2=");
        running.expect("status=7=");
        leave(running);
    }
}

/// NEXT leads the group in the foreground; its own PID namespace knows no other, so it is asked for by its number there.
#[test]
fn gives_next_the_foreground_and_takes_it_back() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        let next = "perl -e 'use POSIX; print qq(fore).qq(ground=), tcgetpgrp(0) == getpgrp() ? 1 : 0, qq(=\\n); $l = <STDIN>; print qq(line=$l)'";
        for _ in 0..3 {
            running.write(format!("{} {next}\n", tool(who)).as_bytes(), false);
            running.expect("foreground=1=");
            running.write(b"typed\n", false);
            running.expect("line=typed");
            running.write(b"echo sh''ell\n", false);
            running.expect("shell");
        }
        leave(running);
    }
}

/// The shell goes on while it stands, and it goes on with the terminal.
#[test]
fn stops_at_ctrl_z_and_goes_on() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        let next = "perl -e '$|=1; print qq(up).qq(andrunning\\n); while (<STDIN>) { print qq(got).qq(it:$_); last if /end/ } exit 4'";
        running.write(format!("{} {next}; echo status=$?=\n", tool(who)).as_bytes(), false);
        running.expect("upandrunning");
        for round in 0..3 {
            stop(&mut running);
            running.write(format!("echo stopped{round}'='\n").as_bytes(), false);
            running.expect(&format!("stopped{round}="));
            running.write(b"fg; echo after=$?=\n", false);
            running.expect("hc-unshare");
            running.write(format!("line{round}\n").as_bytes(), false);
            running.expect(&format!("gotit:line{round}"));
        }
        running.write(b"end\n", false);
        running.expect("after=4=");
        leave(running);
    }
}

/// In the background it takes no terminal, and nothing that is typed.
#[test]
fn leaves_the_terminal_to_others_in_the_background() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        running.write(format!("{} sleep 1000 &\n", tool(who)).as_bytes(), false);
        eventually("the sleep is there", || has(&running, "sleep"));
        running.write(b"echo he''re\n", false);
        running.expect("here");
        running.write(b"\x03", false);
        // The shell throws away what has come together with it.
        std::thread::sleep(std::time::Duration::from_millis(100));
        running.write(b"echo still''here\n", false);
        running.expect("stillhere");
        assert!(has(&running, "sleep"));
        running.write(b"fg\n", false);
        std::thread::sleep(std::time::Duration::from_millis(100));
        running.write(b"\x03", false);
        eventually("the sleep has ended", || !has(&running, "sleep"));
        leave(running);
    }
}

/// A background NEXT that reads stops, and its hc-unshare with it, until it is in the foreground.
#[test]
fn stops_in_the_background_when_it_reads() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        running.write(format!("{} sh -c 'read line; echo got=$line='; true\n", tool(who)).as_bytes(), false);
        eventually("it is there", || {
            names(&running).iter().filter(|name| *name == "hc-unshare").count() == 2
        });
        std::thread::sleep(std::time::Duration::from_millis(100));
        stop(&mut running);
        running.write(b"bg\n", false);
        running.write(b"echo shell''s\n", false);
        running.expect("shells");
        std::thread::sleep(std::time::Duration::from_millis(100));
        running.write(b"fg\n", false);
        std::thread::sleep(std::time::Duration::from_millis(100));
        running.write(b"typed\n", false);
        running.expect("got=typed=");
        leave(running);
    }
}

/// SIGTERM ends it, too: the other half of what the post's line does not do.
#[test]
fn ends_at_sigterm() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let mut running = terminal(who);
        running.write(format!("{} sleep 1000\n", tool(who)).as_bytes(), false);
        eventually("the sleep is there", || has(&running, "sleep"));
        hc_tests::send(parent(&running), libc::SIGTERM);
        eventually("the sleep has ended", || !has(&running, "sleep"));
        running.write(b"echo status=$?=\n", false);
        running.expect("status=143=");
        leave(running);
    }
}

/// A shell that has taken the terminal back, and two lines that it reads: it notices at the second one that it is not in
/// the foreground.
#[track_caller]
fn reads_two_lines(running: &mut Running, round: &str) {
    for line in ["one", "two"] {
        running.write(format!("echo {round}''{line}=\n").as_bytes(), false);
        running.expect(&format!("{round}{line}="));
    }
}

/// Stopped alone, by a signal that it cannot handle, it does not learn that the shell has the terminal since. What it has
/// not any more it does not give back: neither at the end of NEXT nor when that is stopped.
#[test]
fn leaves_the_terminal_to_a_shell_that_has_taken_it_meanwhile() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for signal in [libc::SIGTERM, libc::SIGSTOP] {
            let mut running = terminal(who);
            running.write(format!("{} sleep 1000\n", tool(who)).as_bytes(), false);
            eventually("the sleep is there", || has(&running, "sleep"));
            let parent = parent(&running);
            hc_tests::send(parent, libc::SIGSTOP);
            running.expect("Stopped");
            running.write(b"bg\n", false);
            reads_two_lines(&mut running, "stopped");
            let state = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            eventually("it goes on", || state(parent).contains(") S "));
            if signal == libc::SIGTERM {
                hc_tests::send(parent, signal);
                // The shell has not waited for it yet.
                eventually("it has ended", || state(parent).is_empty() || state(parent).contains(") Z "));
            } else {
                let is_sleep = |pid: &i32| state(*pid).contains("(sleep)");
                let sleep = running.descendants().into_iter().find(is_sleep).unwrap();
                eventually("it is stopped too", || {
                    // Again: what the shell has let go on by may still be on its way to the sleep.
                    hc_tests::send(sleep, signal);
                    state(parent).contains(") T ")
                });
            }
            reads_two_lines(&mut running, "after");
        }
    }
}
