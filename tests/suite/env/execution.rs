//! With NEXT: where it is looked for, and what it sees.

use super::{CHANGES, environments, places};
use hc_tests::{Cmd, Dir, compare, probe, require};
use std::fs;
use std::path::Path;

#[test]
fn next_sees_what_it_sees_under_the_original() {
    for environment in &environments() {
        for changes in CHANGES {
            let how = |cmd: Cmd| cmd.environ(environment).as_nobody();
            compare::views("env", "hc-env", changes, how);
        }
    }
}

#[test]
fn the_path_is_that_of_the_new_environment() {
    let [good, other] = ["good", "other"].map(|name| places().join(name).display().to_string());
    let path = format!("PATH={good}");
    let how = |cmd: Cmd| cmd.env("PATH", &other).as_nobody();
    for args in [&[&path, "x"][..], &["x"], &["-u", "PATH", "x"], &["-u", "PATH", "true"], &["-i", "x"]] {
        compare::both("env", "hc-env", args, how).same_end().same_stdout();
    }
    let output = how(Cmd::tool("hc-env")).args([&path, "x"]).run().ok();
    assert!(output.text().starts_with("good "), "{output:?}");
    // Of two the first counts, before and after a change.
    let twice = [format!("PATH={good}"), format!("PATH={other}")];
    for args in [&["x"][..], &["PATH=/nosuch", "x"], &["-u", "PATH", "x"]] {
        compare::both("env", "hc-env", args, |cmd| cmd.environ(&twice).as_nobody()).same_end().same_stdout();
    }
}

/// What the kernel does seldom, made to happen: each execve(2) after the tool's own fails so.
#[test]
fn what_the_search_goes_on_after_is_what_it_goes_on_after_in_the_original() {
    require!(
        hc_tests::find("strace".as_ref()).is_some(),
        "strace is not installed: tests/require installs it"
    );
    let dir = Dir::of_nobody();
    let trace = dir.join("trace");
    for errno in [
        "E2BIG",
        "EAGAIN",
        "EIO",
        "EISDIR",
        "ELIBBAD",
        "EMFILE",
        "ENODEV",
        "ENOMEM",
        "EPERM",
        "ESTALE",
        "ETIMEDOUT",
        "ETXTBSY",
    ] {
        for path in ["PATH=/bin:/usr/bin", "PATH=/nosuch"] {
            for name in ["true", "/bin/true"] {
                let run = |tool: &Path| {
                    let inject = format!("inject=execve:error={errno}:when=1+");
                    let line = Cmd::line(["strace", "-e", &inject, "-o"]).arg(&trace).arg(tool);
                    let output = line.args(["-i", path, name]).as_nobody().run();
                    let calls = fs::read_to_string(&trace).unwrap();
                    (calls.lines().filter(|call| call.starts_with("execve(")).count(), output)
                };
                let (expected, original) = run(&hc_tests::find("env".as_ref()).unwrap());
                let (tried, ours) = run(&hc_tests::tool("hc-env"));
                assert_eq!((tried, ours.ended), (expected, original.ended), "{errno} {path}: {ours:?}");
            }
        }
    }
}

#[test]
fn too_much_for_the_kernel_is_said_by_its_name() {
    require!(
        hc_tests::find("strace".as_ref()).is_some(),
        "strace is not installed: tests/require installs it"
    );
    let inject = ["strace", "-o", "/dev/null", "-e", "inject=execve:error=E2BIG:when=1+"];
    let line = Cmd::line(inject).arg(hc_tests::tool("hc-env")).arg("/bin/true");
    assert_eq!(line.as_nobody().run().fails("hc-env", 126), "'/bin/true': Argument list too long");
}

#[test]
fn a_program_that_is_being_written_is_126() {
    let dir = Dir::new();
    let program = dir.program("program", fs::read("/bin/true").unwrap());
    let _writing = fs::OpenOptions::new().write(true).open(&program).unwrap();
    let said = Cmd::tool("hc-env").arg(&program).as_nobody().run().fails("hc-env", 126);
    assert_eq!(said, format!("'{}': Text file busy", program.display()));
}

/// A root directory with both tools and no shell.
#[test]
fn a_script_where_there_is_no_shell_is_127() {
    require!(hc_tests::is_root(), "chroot needs root");
    let dir = Dir::new();
    let root = dir.join("root");
    let programs = [Path::new("/usr/bin/env").to_owned(), hc_tests::tool("hc-env"), probe()];
    Cmd::tool("hc-rootfs").arg(&root).args(&programs).run().ok().quiet();
    dir.program("root/script", "echo hello\n");
    let run = |tool: &Path| Cmd::new("chroot").arg(&root).arg(tool).arg("/script").run();
    run(&programs[0]).exits(127);
    let said = run(&programs[1]).fails("hc-env", 127);
    assert_eq!(said, "/script: it has no #! line, and /bin/sh is not in the root");
    // In PATH the search goes on after it.
    dir.program("root/a/hc-probe", "echo hello\n");
    let run = |tool: &Path| {
        let path = format!("PATH=/a:{}", probe().parent().unwrap().display());
        Cmd::new("chroot").arg(&root).arg(tool).args([&path, "hc-probe"]).run().ok()
    };
    run(&programs[0]);
    run(&programs[1]);
}
