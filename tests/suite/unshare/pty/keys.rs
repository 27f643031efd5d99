//! What is typed reaches the line discipline of NEXT's terminal, and job control in there is right.

use super::{Who, called, device, is_raw, leave, mode, terminal, type_in, wait_for_the_shell};
use hc_tests::{can_make_hosts, eventually, require, user_namespaces};

#[test]
fn keys_that_end_and_stop_are_for_the_jobs_of_a_shell_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(user_namespaces(), "takes user namespaces");
    for who in Who::ALL {
        for words in who.ways() {
            for shell in ["sh -i", "bash --norc --noediting -i", "bash --norc -i"] {
                let mut running = terminal(who);
                let outer = device(&running);
                let before = mode(&outer);
                let words = words.join(" ");
                type_in(&mut running, &format!("PS1=inner: hc-unshare {words} {shell}; echo st''atus=$?=\n"));
                running.expect("inner:");
                type_in(&mut running, "sleep 1000\n");
                eventually("the first sleep", || called(&running, "sleep").len() == 1);
                type_in(&mut running, "\x03");
                eventually("the first sleep has ended", || called(&running, "sleep").is_empty());
                type_in(&mut running, "echo inter''rupted=$?=\n");
                running.expect("interrupted=130=");
                type_in(&mut running, "sleep 999\n");
                eventually("the second sleep", || called(&running, "sleep").len() == 1);
                type_in(&mut running, "\x1a");
                type_in(&mut running, "echo sto''pped=$?=\n");
                running.expect("stopped=148=");
                type_in(&mut running, "jobs; echo li''sted=\n");
                running.expect("listed=");
                assert!(running.said().contains("Stopped"), "{}", running.said());
                // The one outside has seen nothing of it.
                assert!(is_raw(&outer));
                type_in(&mut running, "fg\n");
                std::thread::sleep(std::time::Duration::from_millis(100));
                type_in(&mut running, "\x1c");
                eventually("the second sleep has ended", || called(&running, "sleep").is_empty());
                type_in(&mut running, "echo qu''it=$?=\n");
                running.expect("quit=131=");
                // A line editor takes it for one only when it is there to read it.
                std::thread::sleep(std::time::Duration::from_millis(300));
                type_in(&mut running, "\x04");
                running.expect("status=");
                let said = running.said();
                assert!(!said.contains("job control") && !said.contains("can't access tty"), "{said}");
                eventually("the terminal is as it was", || mode(&outer) == before);
                leave(running);
            }
        }
    }
}

/// In the background what is typed is the shell's, and what is written is shown.
#[test]
fn in_the_background_it_leaves_the_terminal_alone() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "-fp --init --pty", "--jail --pty"] {
        let mut running = terminal(Who::Root);
        let outer = device(&running);
        let before = mode(&outer);
        let next = "sh -c 'echo fr''om-behind; read line; echo go''t=$line=; exit 3'";
        type_in(&mut running, &format!("hc-unshare {words} {next} &\n"));
        running.expect("from-behind");
        assert_eq!(mode(&outer), before);
        type_in(&mut running, "echo fr''om-shell\n");
        running.expect("from-shell");
        assert!(!running.said().contains("got="), "{}", running.said());
        assert_eq!(mode(&outer), before);
        type_in(&mut running, "fg; echo st''atus=$?=\n");
        eventually("the terminal is raw", || is_raw(&outer));
        type_in(&mut running, "typed\n");
        running.expect("got=typed=");
        running.expect("status=3=");
        assert_eq!(mode(&outer), before);
        // One that ends there.
        type_in(
            &mut running,
            &format!("hc-unshare {words} sh -c 'echo in-ba''ck; exit 4' & wait $!; echo en''ded=$?=\n"),
        );
        running.expect("in-back");
        running.expect("ended=4=");
        assert_eq!(mode(&outer), before);
        leave(running);
    }
}

/// Behind a pipe the caller's terminal is not taken in hand: a key that ends is for the whole job.
#[test]
fn with_output_to_a_pipe_the_caller_s_keys_are_as_they_were() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in ["--pty", "--jail --pty"] {
        let mut running = terminal(Who::Root);
        let outer = device(&running);
        let before = mode(&outer);
        type_in(&mut running, &format!("hc-unshare {words} cat | sed s/^/out:/\n"));
        eventually("the cat", || called(&running, "cat").len() == 1);
        assert_eq!(mode(&outer), before);
        type_in(&mut running, "one\n\x04");
        running.expect("out:one");
        wait_for_the_shell(&running);
        // Shown once where it was typed, and once as output.
        type_in(&mut running, "echo af''ter=\n");
        running.expect("after=");
        assert_eq!(running.said().matches("one").count(), 2, "{}", running.said());
        type_in(&mut running, &format!("hc-unshare {words} sleep 1000 | cat\n"));
        eventually("the sleep", || called(&running, "sleep").len() == 1);
        type_in(&mut running, "\x03");
        eventually("the sleep has ended", || called(&running, "sleep").is_empty());
        leave(running);
    }
}
