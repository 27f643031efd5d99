//! What cannot be run: one line, the right status, nothing left behind.

use super::everybody;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, is_root, require, user_namespaces};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

#[test]
fn a_bad_command_line_is_refused_before_anything_is_done() {
    let cases: [(&[&str], &str); 9] = [
        (&[], "no program to run"),
        (&["--frobnicate", "echo"], "unrecognized option '--frobnicate'"),
        (&["-x", "echo"], "invalid option -- 'x'"),
        (&["--n", "a"], "no program to run"),
        (&["--name"], "option '--name' requires an argument"),
        (&["--print=1", "echo"], "option '--print' doesn't allow an argument"),
        (&["--name=a/b", "echo"], "--name: 'a/b' has a slash (--root takes a directory)"),
        (&["--name=..", "echo"], "--name: '..' is no name"),
        (&["--name=a", "--root=b", "echo"], "--name and --root exclude each other"),
    ];
    let dir = Dir::of_nobody();
    for (words, message) in cases {
        for who in everybody() {
            let line = Cmd::tool("hc-run").args(words).dir(dir.path());
            let said = who.runs(line).run().fails("hc-run", 125);
            assert_eq!(said, format!("{message}: try 'man hc-run'"), "{words:?}");
        }
    }
    assert_eq!(dir.listing(), Vec::<String>::new());
}

#[test]
fn a_program_that_cannot_be_run_is_told_and_no_root_is_made() {
    let dir = Dir::of_nobody();
    let text = dir.file("text", "hello\n");
    let program = dir.program("program", "hello\n");
    let (text, program, here) = (text.display(), program.display(), dir.path().display());
    let cases: [(String, i32, String); 8] = [
        ("nosuch".into(), 127, "nosuch: not found in PATH".into()),
        ("/nosuch".into(), 127, "/nosuch: No such file or directory".into()),
        ("/no/such".into(), 127, "/no/such: No such file or directory (there is no /no)".into()),
        (String::new(), 127, "'': an empty name is no program".into()),
        (here.to_string(), 126, format!("{here}: is a directory")),
        (text.to_string(), 126, format!("{text}: not executable (its mode is 0644)")),
        (
            program.to_string(),
            126,
            format!("{program}: neither a program of this machine nor a script with a #! line"),
        ),
        ("/dev/null".into(), 126, "/dev/null: is not a regular file".into()),
    ];
    for (name, status, message) in cases {
        for who in everybody() {
            let line = Cmd::tool("hc-run").args(["--root=root", &name]).dir(dir.path());
            assert_eq!(who.runs(line).run().fails("hc-run", status), message, "{who:?}: {name}");
            assert!(!dir.join("root").exists(), "{name}");
        }
    }
}

#[test]
fn a_root_directory_that_cannot_be_one_is_told() {
    require!(is_root(), "needs a user to refuse");
    let dir = Dir::new();
    let file = dir.file("file", "x");
    let closed = dir.directory("closed");
    std::fs::set_permissions(&closed, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let before = dir.listing();
    let run = |root: &std::path::Path| Cmd::tool("hc-run").arg("--root").arg(root).arg("echo");
    let message = run(&file).run().fails("hc-rootfs", 125);
    assert_eq!(message, format!("{}: Not a directory", file.display()));
    for root in [closed.clone(), closed.join("below")] {
        let message = run(&root).as_nobody().run().fails("hc-rootfs", 125);
        assert_eq!(message, format!("{}: Permission denied", root.display()));
    }
    let message = run("/".as_ref()).run().fails("hc-rootfs", 125);
    assert!(message.starts_with("/: is the root directory"), "{message}");
    assert_eq!(dir.listing(), before);
}

#[test]
fn a_hostile_name_stays_on_one_line() {
    for who in everybody() {
        let name = OsStr::from_bytes(b"/x\n\x1b[2Jy\xff");
        let line = Cmd::tool("hc-run").arg(name);
        let message = who.runs(line).run().fails("hc-run", 127);
        assert_eq!(message, "/x\\n\\x1b[2Jy\\xff: No such file or directory");
    }
}

#[test]
fn a_missing_library_is_told_and_leaves_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    // A program whose library is taken away.
    let make = "cd /root; printf 'int f(void);int main(void){return f();}' >m.c; printf 'int f(void){return 0;}' >f.c
                cc -shared -o /usr/lib/libhcgone.so f.c && cc -o m m.c -lhcgone && rm /usr/lib/libhcgone.so";
    Cmd::sh(make).on(&host).run().ok().quiet();
    let message = Cmd::tool("hc-run").args(["--name=a", "/root/m"]).on(&host).run().fails("hc-rootfs", 125);
    assert!(message.starts_with("/root/m: libhcgone.so, which it needs, is in none of: "), "{message}");
    assert!(!host.path("/ns/a").exists());
}

#[test]
fn python_runs_or_its_missing_library_is_named_with_the_way_to_get_it() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for who in everybody() {
        let line = Cmd::tool("hc-run").args(["/usr/bin/python3", "-c", "import os; print(os.getpid())"]);
        let output = who.runs(line).run();
        let first = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        if output.ended == hc_tests::Ended::Exit(0) {
            assert_eq!(output.text(), "1\n", "{output:?}");
        } else {
            assert!(first.starts_with("hc-rootfs: /usr/bin/python3"), "{output:?}");
            assert!(first.contains(" is data and is not copied"), "{output:?}");
            assert!(
                first.contains("--root=DIR") && first.contains("hc-rootfs -f /usr/lib/python3."),
                "{output:?}"
            );
        }
    }
}
