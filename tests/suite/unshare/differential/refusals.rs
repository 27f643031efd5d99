//! What does not start, and in what order things are found wrong.

use super::{Stage, as_root};
use hc_tests::{Cmd, Ended, can_make_hosts, require};

/// A program that cannot be executed ends with the same status. What is said is each tool's own.
#[test]
fn to_execute_have_the_same_status() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.dir.program("loaderless", b"\x7fELF broken");
    stage.dir.program("script", "#!/nosuch/interpreter\n");
    stage.dir.file("plain", "echo plain\n");
    stage.dir.program("shell", "echo $0 is run by the shell\n");
    let long = "x".repeat(300);
    for options in ["", "-f", "-u", "-fpm --mount-proc", "-r", "-R /"] {
        for (next, status) in [
            ("/nosuch", 127),
            ("nosuch", 127),
            ("./nosuch", 127),
            ("", 127),
            ("/", 126),
            (".", 126),
            ("./plain", 126),
            ("./plain/x", 126),
            ("./script", 127),
            (long.as_str(), 126),
        ] {
            // After a chroot both are in the new root.
            let next = next.replace("./", &format!("{}/", stage.dir.path().display()));
            let run = |tool: Cmd| stage.start(as_root, tool).args(stage.words(options)).arg(&next).run();
            let theirs = run(Cmd::new("unshare"));
            assert_eq!(theirs.ended, Ended::Exit(status), "{theirs:?}");
            let ours = run(super::unshare(&[]));
            assert_eq!(ours.ended, Ended::Exit(status), "{ours:?}");
            assert!(!ours.stderr.is_empty() && ours.stdout.is_empty(), "{ours:?}");
        }
    }
    // execvp(3) gives what has no known beginning to the shell.
    let shell = stage.path("shell").display().to_string();
    stage.same(as_root, &[&[&shell], &["-f", &shell], &["-r", &shell, "a", "b"]]);
}

/// A line that is wrong twice: the parser comes before any deed, so nothing is made.
#[test]
fn of_the_line_come_first() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let persisted = stage.dir.file("ns", "");
    let before = stage.host.mounts();
    for line in [
        format!("--uts={} -x", persisted.display()),
        format!("--uts={} --propagation=bad", persisted.display()),
        format!("--uts={} --monotonic=5", persisted.display()),
        format!("--uts={} -R", persisted.display()),
        format!("--uts={} --kill-child=NOSUCH", persisted.display()),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        stage.start(as_root, super::unshare(&words)).run().fails("hc-unshare", 125);
        stage.start(as_root, Cmd::new("unshare")).args(&words).run().exits(1);
    }
    assert_eq!(stage.host.mounts(), before);
}
