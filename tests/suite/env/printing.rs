//! Without NEXT: the environment on standard output.

use super::{CHANGES, both, environments};
use hc_tests::{Cmd, compare};

#[test]
fn what_is_printed_is_what_the_original_prints() {
    for environment in &environments() {
        for changes in CHANGES {
            both(changes, environment).same();
            for null in ["-0", "--null"] {
                both(&[&[null], changes].concat(), environment).same();
            }
        }
    }
}

#[test]
fn a_hundred_thousand_variables_are_printed_in_their_order() {
    let many: Vec<String> = (0..100_000).map(|number| format!("V{number}=1")).collect();
    let output = Cmd::tool("hc-env").environ(&many).as_nobody().run().ok().quiet();
    assert!(output.text().lines().eq(many.iter()), "not the same lines");
}

#[test]
fn a_hundred_thousand_assignments_come_out_as_they_went_in() {
    let many: Vec<String> = (0..100_000).map(|number| format!("V{number}=1")).collect();
    let output = Cmd::tool("hc-env").arg("-i").args(&many).as_nobody().run().ok().quiet();
    assert!(output.text().lines().eq(many.iter()), "not the same lines");
}

#[test]
fn a_failure_to_write_is_a_failure() {
    for redirection in [">/dev/full", ">&-", ">&- -i", ">/dev/full -i", ">/dev/full 2>&-", "| true"] {
        // In the last the reader has gone: the status is all that is said.
        let script = format!("{{ trap '' PIPE; sleep 0 | :; \"$@\" {redirection}; }}; echo $?")
            .replace("| true", "1>&9");
        let how = |cmd: Cmd| cmd.environ(["LC_ALL=C", "PATH=/usr/bin:/bin"]).as_nobody();
        let run = |program: &std::path::Path| {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            how(Cmd::sh(&script).arg("sh").arg(program)).passing(writer, 9).run().ok()
        };
        let (original, ours) =
            (run(&hc_tests::find("env".as_ref()).unwrap()), run(&hc_tests::tool("hc-env")));
        assert_eq!(ours.text(), original.text(), "{redirection}");
        let message = |stderr: &[u8]| {
            let text = String::from_utf8_lossy(stderr).into_owned();
            text.split_once(": ").map(|(_, message)| message.to_owned())
        };
        assert_eq!(message(&ours.stderr), message(&original.stderr), "{redirection}");
    }
}

#[test]
fn who_reads_no_more_ends_it_by_sigpipe() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let script = Cmd::sh("exec \"$0\" >&9").arg(hc_tests::tool("hc-env"));
    script.passing(writer, 9).as_nobody().run().dies_of(libc::SIGPIPE).quiet();
}

#[test]
fn a_chain_of_both_prints_what_either_does() {
    let environment = &environments()[1];
    let ours = hc_tests::tool("hc-env").into_os_string().into_string().unwrap();
    let row = ["-u", "Z", &ours, "B=3", "/usr/bin/env", "C=4", &ours];
    compare::both("env", "hc-env", &row, |cmd| cmd.environ(environment).as_nobody()).same();
}
