//! No byte is lost, changed, or added.

use super::{Who, unshare, used};
use hc_tests::{Cmd, Dir, can_make_hosts, require, user_namespaces};
use std::time::Duration;

/// All values, in no order.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

/// Lines that no line discipline minds.
fn lines(length: usize) -> Vec<u8> {
    let text: String =
        (0..).map(|at| format!("line {at} {}\n", "x".repeat(at * 7 % 200))).take(length / 100).collect();
    assert!(text.len() >= length, "{}", text.len());
    text.into_bytes()
}

fn with_returns(text: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(text).replace('\n', "\r\n").into_bytes()
}

const WAYS: &[&[&str]] = &[&["--pty"], &["-fp", "--init", "--pty"], &["--jail", "--pty"]];

#[test]
fn ten_megabytes_come_out_as_they_went_in() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let bytes = noise(10_000_000);
    let file = dir.file("noise", &bytes);
    for words in WAYS {
        let line = unshare(words).args(["sh", "-c", "stty -opost; exec cat \"$0\""]).arg(&file);
        let output = line.run().ok().quiet();
        assert!(output.stdout == bytes, "{words:?}: {} bytes", output.stdout.len());
    }
}

/// What was written just before the end is there, however short the time is.
#[test]
fn the_last_words_are_heard() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in WAYS {
        for _ in 0..50 {
            unshare(words).args(["sh", "-c", "printf last; exit 3"]).run().exits(3).quiet().says("last");
        }
    }
}

/// On a terminal as well, which is raw for them: no end of a line becomes one twice.
#[test]
fn the_last_words_are_shown_as_they_are() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let mut running = super::terminal(Who::Root);
    for at in 0..30 {
        super::type_in(&mut running, &format!("hc-unshare --pty echo la''st{at}\n"));
        running.expect(&format!("last{at}\r\nouter:"));
        super::wait_for_the_shell(&running);
    }
    super::leave(running);
}

/// A process that NEXT leaves behind writes without end: the end is NEXT's all the same.
#[test]
fn nobody_waits_for_those_who_are_left_behind() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script = "setsid sh -c 'trap \"\" HUP; echo up; exec yes' & sleep 0.2; echo end; exit 4";
    let mut running = unshare(&["--pty", "sh", "-c", script]).start();
    assert_eq!(running.wait_for_it_alone(), hc_tests::Ended::Exit(4));
}

#[test]
fn a_slow_reader_misses_nothing_and_costs_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let bytes = noise(1_000_000);
    let file = dir.file("noise", &bytes);
    for words in WAYS {
        let line = unshare(words).args(["sh", "-c", "stty -opost; exec cat \"$0\""]).arg(&file);
        let running = line.start();
        let relay = running.pid();
        std::thread::sleep(Duration::from_millis(300));
        let before = used(relay);
        std::thread::sleep(Duration::from_millis(500));
        assert!(used(relay) - before <= 2, "{words:?}: {} of 50", used(relay) - before);
        let output = running.wait().ok().quiet();
        assert!(output.stdout == bytes, "{words:?}: {} bytes", output.stdout.len());
    }
}

/// One that has no terminal open any more does not end by that, and is waited for quietly.
#[test]
fn a_next_that_closes_its_terminal_costs_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let script = "$|=1; print 'up'; close $_ for STDIN, STDOUT, STDERR; sleep 2; \
                  open STDOUT, '>', '/dev/tty' or exit 9; print 'again'; exit 5";
    let mut running = unshare(&["--pty", "perl", "-e", script]).hold_input().start();
    running.expect("up");
    std::thread::sleep(Duration::from_millis(300));
    let before = used(running.pid());
    std::thread::sleep(Duration::from_secs(1));
    assert!(used(running.pid()) - before <= 5, "{} of 100", used(running.pid()) - before);
    running.wait().exits(5).quiet().says("upagain");
}

#[test]
fn a_megabyte_comes_in_by_a_pipe() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let text = lines(1_000_000);
    for words in WAYS {
        let output = unshare(words).arg("cat").input(&text).run().ok().quiet();
        assert!(output.stdout == with_returns(&text), "{words:?}: {} bytes", output.stdout.len());
    }
    // NEXT does not read at all: what does not fit is not read from the caller either.
    let running = unshare(&["--pty", "sleep", "1"]).input(&text).start();
    std::thread::sleep(Duration::from_millis(300));
    let before = used(running.pid());
    std::thread::sleep(Duration::from_millis(300));
    assert!(used(running.pid()) - before <= 2, "{} of 30", used(running.pid()) - before);
    running.wait().ok().quiet().says("");
}

#[test]
fn an_end_of_the_input_is_one_for_next() {
    require!(user_namespaces(), "takes user namespaces");
    for who in Who::ALL {
        for words in [&["--pty"][..], &["--jail", "--pty"]] {
            for (input, expected) in [("", ""), ("a\n", "a\r\n"), ("a\nno newline", "a\r\nno newline")] {
                let cat = who.starts(unshare(words)).arg("cat").input(input);
                cat.run().ok().quiet().says(expected);
            }
        }
    }
    // /dev/null, a file, and nothing at all.
    Cmd::sh("hc-unshare --pty cat </dev/null").run().ok().quiet().says("");
    Cmd::sh("hc-unshare --pty sed 5q </etc/passwd | tr -d '\\r' >/dev/null").run().ok().quiet();
    Cmd::sh("hc-unshare --pty cat <&-").run().ok().quiet().says("");
}

#[test]
fn output_that_nobody_takes_ends_next_or_goes_nowhere() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in WAYS {
        let words = words.join(" ");
        // As a terminal that was hung up.
        let line = format!("{{ hc-unshare {words} yes; echo $? >&2; }} | head -n 1");
        let output = Cmd::sh(line).run().ok();
        assert_eq!(output.stdout, b"y\r\n");
        // An init tells by its status what it was that NEXT has died of; otherwise the shell does.
        let told = if words == "--pty" { "Hangup\n129\n" } else { "129\n" };
        assert_eq!(String::from_utf8_lossy(&output.stderr), told, "{words}");
        Cmd::sh(format!("hc-unshare {words} sh -c 'echo x; exit 3' >&-")).run().exits(3).quiet();
        let full = Cmd::sh(format!("hc-unshare {words} sh -c 'echo x; sleep 10' >/dev/full")).run();
        assert_eq!(full.fails("hc-unshare", 125), "write: No space left on device");
    }
}

#[test]
fn what_the_caller_has_open_stays_as_it_is_for_others() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // The flags of the open files are all users': they would notice that reading does not wait any more.
    let script = "{ hc-unshare --pty true; grep flags /proc/self/fdinfo/0 /proc/self/fdinfo/1; } | cat";
    let mut running = super::terminal(Who::Root);
    let before = "grep flags /proc/self/fdinfo/0; hc-unshare --pty true; grep flags /proc/self/fdinfo/0; echo en''d=\n";
    running.write(before.as_bytes(), false);
    running.expect("end=");
    let said = running.said();
    let flags: Vec<&str> = said.lines().filter(|line| line.starts_with("flags:")).collect();
    assert!(flags.len() == 2 && flags[0] == flags[1], "{said}");
    super::leave(running);
    let output = Cmd::sh(script).run().ok().quiet();
    assert!(
        !output.text().is_empty() && output.text().lines().all(|line| !line.contains("04000")),
        "{output:?}"
    );
}
