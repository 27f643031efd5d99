//! With NEXT: where it is looked for, and what it sees.

use super::{CHANGES, environments};
use hc_tests::{Cmd, Dir, Ended, compare, probe, require};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
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

/// Directories with a program `x` of different kinds, and one without.
fn places() -> Dir {
    let dir = Dir::new();
    let mode = |name: &str, mode| {
        fs::set_permissions(dir.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    for name in ["good", "other"] {
        dir.program(format!("{name}/x"), format!("#!/bin/sh\necho {name} \"$0\" \"$@\"; pwd\n"));
    }
    dir.program("plain/x", "echo plain \"$0\" \"$@\"\n");
    dir.file("text/x", "hello\n");
    dir.program("lost/x", "#!/nosuch/sh\n");
    dir.directory("directory/x");
    dir.directory("none");
    for (name, target) in [("loop", "x"), ("dangling", "nowhere")] {
        dir.directory(name);
        symlink(target, dir.join(format!("{name}/x"))).unwrap();
    }
    dir.program("closed/x", "#!/bin/sh\n");
    mode("text/x", 0o644);
    // Also to its owner, should the tests not be run by root.
    mode("closed", 0);
    dir.file("file", "");
    dir
}

/// Paths, with `D` for the places.
const PATHS: [&str; 25] = [
    "D/good",
    "D/none:D/other:D/good",
    "D/nosuch:D/file:D/good",
    "D/text:D/good",
    "D/directory:D/good",
    "D/closed:D/good",
    "D/lost:D/good",
    "D/dangling:D/good",
    "D/loop:D/good",
    "D/plain:D/good",
    "D/text:D/none",
    "D/none:D/text",
    "D/dangling:D/text",
    "D/lost:D/text:D/dangling",
    "D/directory",
    "D/dangling",
    "D/lost",
    "D/loop",
    "D/none",
    "D/closed:D/none",
    "",
    ":",
    "D/none:",
    "good",
    "../good:.",
];

#[test]
fn the_search_ends_where_the_original_s_ends() {
    let dir = places();
    let place = dir.path().display().to_string();
    for path in PATHS {
        let path =
            format!("PATH={}", path.replace("D/", &format!("{place}/")).replace("LONG", &"d".repeat(5000)));
        for from in ["good", "none", "text"] {
            for user in [Cmd::as_nobody, |cmd| cmd] {
                let args = ["-i", &path, "x", "1", "a b"];
                let pair = compare::both("env", "hc-env", &args, |cmd| user(cmd).dir(dir.join(from)));
                pair.same_end().same_stdout();
                if let Ended::Exit(status @ 126..) = pair.ours.ended {
                    pair.ours.fails("hc-env", status);
                }
            }
        }
    }
}

#[test]
fn a_refusal_is_about_the_file_that_was_refused() {
    let dir = places();
    let place = dir.path().display().to_string();
    for (path, reason) in [
        ("D/dangling:D/text", "D/text/x: not executable (its mode is 0644)"),
        ("D/lost:D/none", "D/lost/x: its interpreter /nosuch/sh is not in the root"),
        ("D/closed:D/none", "D/closed/x: Permission denied (directory D/closed may not be searched)"),
        ("D/none", "x: not found in PATH"),
    ] {
        let [path, reason] = [path, reason].map(|text| text.replace("D/", &format!("{place}/")));
        let line = Cmd::tool("hc-env").args(["-i", &format!("PATH={path}"), "x"]).as_nobody();
        let output = line.run();
        assert_eq!(String::from_utf8_lossy(&output.stderr), format!("hc-env: {reason}\n"));
    }
    let said = Cmd::tool("hc-env").args(["-u", "PATH", "nosuch"]).as_nobody().run().fails("hc-env", 127);
    assert_eq!(said, "nosuch: not found in /bin:/usr/bin (PATH is not set)");
}

#[test]
fn the_path_is_that_of_the_new_environment() {
    let dir = places();
    let [good, other] = ["good", "other"].map(|name| dir.join(name).display().to_string());
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

#[test]
fn the_directory_is_changed_before_the_search() {
    let dir = places();
    let lines: [&[&str]; 12] = [
        &["-C", "good", "./x"],
        &["-C", "good", "PATH=", "x"],
        &["-Cgood", "PATH=../other", "x"],
        &["--chdir=good", "PATH=.:/bin", "x"],
        &["--ch", "good", "./x", "-C", "/"],
        &["-C", "none", "good/x"],
        &["-C", "good", "-C", "other", "./x"],
        &["-C", "/nosuch", "-C", "good", "./x"],
        &["-C", "nosuch", "true"],
        &["-C", "file", "true"],
        &["-C", "", "true"],
        &["-C", "loop/x", "true"],
    ];
    for args in lines {
        let pair = compare::both("env", "hc-env", args, |cmd| cmd.dir(dir.path()).as_nobody());
        pair.same_end().same_stdout();
        if pair.original.ended == Ended::Exit(125) {
            let words =
                |stderr: &[u8]| String::from_utf8_lossy(stderr).split_once(": ").unwrap().1.to_owned();
            assert_eq!(words(&pair.ours.stderr), words(&pair.original.stderr));
        }
    }
    let said = Cmd::tool("hc-env").args(["-C", "closed", "true"]).dir(dir.path()).as_nobody();
    let said = said.run().fails("hc-env", 125);
    assert_eq!(said, "cannot change directory to 'closed': Permission denied");
}

#[test]
fn operands_after_the_first_that_has_no_equals_sign_are_next_s() {
    for args in [
        &["A=1", "printf", "%s.", "-u", "B=2", "--", "-"][..],
        &["-", "-"],
        &["--", "-i"],
        &["A=1", "-u"],
        &["A=1", "--"],
        &["A=1", ""],
        &["printf", "%s.", "", ""],
        &["-i", "--", "printf", "%s.", "-i"],
    ] {
        let pair = compare::both("env", "hc-env", args, Cmd::as_nobody);
        pair.same_end().same_stdout();
    }
}

/// glibc passes over it too, but then takes the colon after it for an empty element, the current directory.
#[test]
fn an_element_longer_than_any_path_is_passed_over() {
    let dir = places();
    let path = format!("PATH=/{}:{}", "d".repeat(5000), dir.join("good").display());
    for from in ["none", "other"] {
        let line = Cmd::tool("hc-env").args(["-i", &path, "x"]).dir(dir.join(from)).as_nobody();
        let output = line.run().ok().quiet();
        assert!(output.text().starts_with("good "), "{output:?}");
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
    assert_eq!(line.as_nobody().run().fails("hc-env", 126), "/bin/true: Argument list too long");
}

#[test]
fn a_program_that_is_being_written_is_126() {
    let dir = Dir::new();
    let program = dir.program("program", fs::read("/bin/true").unwrap());
    let _writing = fs::OpenOptions::new().write(true).open(&program).unwrap();
    let said = Cmd::tool("hc-env").arg(&program).as_nobody().run().fails("hc-env", 126);
    assert_eq!(said, format!("{}: Text file busy", program.display()));
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

/// Where env(1) has the shell read it and then complain about each line of it.
#[test]
fn a_program_for_another_machine_is_not_given_to_the_shell() {
    let dir = Dir::new();
    let mut foreign = fs::read("/bin/true").unwrap();
    foreign[18] = 0xb7;
    let program = dir.program("foreign", foreign);
    let said = Cmd::tool("hc-env").arg(&program).as_nobody().run().fails("hc-env", 126);
    assert_eq!(said, format!("{}: a program for another machine, or a damaged one", program.display()));
}
