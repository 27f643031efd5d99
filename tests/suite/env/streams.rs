//! Standard output and standard error that cannot be written to, or are the same.

use super::{in_our_name, report};
use hc_tests::{Cmd, Output};

/// As a shell makes them. Descriptor 9 is a pipe that nobody reads any more.
const REDIRECTIONS: [&str; 10] = [
    ">/dev/full",
    ">&-",
    ">&9",
    "2>/dev/full",
    "2>&-",
    "2>&9",
    ">&- 2>&-",
    ">/dev/full 2>/dev/full",
    ">&- 2>&1",
    "2>&1",
];

const LINES: [&[&str]; 22] = [
    &[],
    &["-i"],
    &["-0"],
    &["-i", "A=2"],
    &["-v"],
    &["-vi"],
    &["-vi", "A=2"],
    &["-u", ""],
    &["-z"],
    &["-vi", "-z"],
    &["-S", "'"],
    &["true"],
    &["sh", "-c", "exit 3"],
    &["-v", "true"],
    &["-vi", "sh", "-c", "exit 3"],
    &["nosuch"],
    &["-v", "no such"],
    &["/"],
    &["-C", "/nosuch", "true"],
    &["--ignore-signal=KILL", "true"],
    &["--ignore-signal=HUP", "--list-signal-handling", "true"],
    &["--ignore-signal=HUP", "--list-signal-handling", "nosuch"],
];

/// What comes of a line whose streams are redirected so, by a shell that ignores SIGPIPE.
fn run(tool: &str, line: &[&str], redirection: &str) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let script = format!("exec \"$@\" {redirection}");
    let cmd = Cmd::sh(script).args(["sh", tool]).args(line).passing(writer, 9).ignoring(libc::SIGPIPE);
    cmd.as_nobody().run()
}

#[test]
fn what_cannot_be_written_ends_as_it_does_with_the_original() {
    let mut failures = Vec::new();
    let mut count = 0;
    for redirection in REDIRECTIONS {
        for line in LINES {
            count += 1;
            let [original, ours] = ["env", "hc-env"].map(|tool| run(tool, line, redirection));
            // One of the two is where both may have gone.
            let said =
                in_our_name(&original.stderr) == ours.stderr && in_our_name(&original.stdout) == ours.stdout;
            if !said || original.ended != ours.ended {
                failures.push(format!("{redirection}\n{original:?}{ours:?}"));
            }
        }
    }
    report(&failures, count);
}

#[test]
fn an_answer_that_cannot_be_written_ends_as_it_does_with_the_original() {
    for redirection in REDIRECTIONS {
        for line in [["--help"], ["--version"]] {
            let [original, ours] = ["env", "hc-env"].map(|tool| run(tool, &line, redirection));
            assert_eq!(ours.ended, original.ended, "{redirection} {ours:?}");
            if redirection != "2>&1" {
                assert_eq!(ours.stderr, in_our_name(&original.stderr), "{redirection} {ours:?}");
            }
        }
    }
}

#[test]
fn who_reads_no_more_ends_it_by_sigpipe() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let script = Cmd::sh("exec \"$0\" >&9").arg(hc_tests::tool("hc-env"));
    script.passing(writer, 9).as_nobody().run().dies_of(libc::SIGPIPE).quiet();
}
