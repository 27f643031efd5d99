//! Scripts: what their first line needs.

use super::{NO_CONTAINERS, can_look_inside, files_in, inside, refuses, rootfs};
use hc_tests::{Cmd, Dir, Ended, require};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

/// Copies `./s` and runs it inside; its standard output.
#[track_caller]
fn run_inside(dir: &Dir) -> String {
    rootfs(dir).arg("./s").run().ok().quiet();
    let output = inside(dir).arg(dir.join("s")).run().ok().quiet();
    fs::remove_dir_all(dir.join("box")).unwrap();
    output.text().to_owned()
}

#[test]
fn a_script_brings_its_interpreter() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    for line in
        ["#!/bin/sh", "#! \t /bin/sh -e", "#!/usr/bin/env sh", "#!/usr/bin/env -S -i sh -e", "#!/bin/sh -"]
    {
        dir.program("s", format!("{line}\necho run by $0\n"));
        assert_eq!(run_inside(&dir), format!("run by {}\n", dir.join("s").display()), "{line}");
    }
}

#[test]
fn what_env_starts_may_be_a_script_again() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    dir.program("bin/first", "#!/usr/bin/env second\n");
    dir.program("bin/second", "#!/usr/bin/env -S A=b sh\necho $A\n");
    let path = format!("{}:/usr/bin:/bin", dir.join("bin").display());
    rootfs(&dir).arg("first").env("PATH", &path).run().ok().quiet();
    inside(&dir).env("PATH", &path).arg("first").run().ok().quiet().says("b\n");
    // Not in PATH here, and so not in there.
    let message = rootfs(&dir).arg("./bin/first").run().fails("hc-rootfs", 125);
    let path = dir.join("bin/first");
    assert_eq!(message, format!("{}: its program, by way of env: second: not found in PATH", path.display()));
}

#[test]
fn options_of_env_are_understood_or_a_note_is_made() {
    let dir = Dir::new();
    for line in [
        "-iS sh -e",
        "-S -iu HOME sh",
        "-S --uns HOME sh",
        "-S - sh",
        "-ivSsh",
        "-S 'sh' # -x",
        r"-S\_sh\_-e\c ${HOME}",
        "-S A=${PATH} \"sh\"",
        "-S -C /usr bin/sh",
    ] {
        dir.program("s", format!("#!/usr/bin/env {line}\necho ran\n"));
        Cmd::new(dir.join("s")).run().ok().says("ran\n");
        rootfs(&dir).arg("./s").run().ok().quiet();
        inside(&dir).arg(dir.join("s")).run().ok().says("ran\n");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
    for line in ["-S ${SHELL}", "-S ${PATH:+x}", "-S --env0-from=f sh", "-i", "A=1"] {
        dir.program("s", format!("#!/usr/bin/env {line}\n"));
        let why =
            "which program its first line starts by way of env is not known: name that as a PROGRAM as well";
        let note = format!("hc-rootfs: {}: note: {why}\n", dir.join("s").display());
        rootfs(&dir).arg("./s").run().ok().says("").complains(note);
    }
}

#[test]
fn env_looks_in_the_path_that_it_has_made() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    for place in ["a", "b"] {
        dir.program(format!("{place}/tool"), format!("#!/bin/sh\necho {place}\n"));
    }
    let run = |line: &str| {
        dir.program("s", format!("#!/usr/bin/env -S {line} tool\n"));
        let caller = format!("{path}/a:/usr/bin:/bin");
        let real = Cmd::new(dir.join("s")).env("PATH", &caller).run().ok();
        rootfs(&dir).arg("./s").env("PATH", &caller).run().ok().quiet();
        let inside = inside(&dir).arg(dir.join("s")).env("PATH", &caller).run().ok();
        assert_eq!(inside.text(), real.text(), "{line}");
        fs::remove_dir_all(dir.join("box")).unwrap();
        real.text().to_owned()
    };
    assert_eq!(run(""), "a\n");
    assert_eq!(run(&format!("PATH={path}/b")), "b\n");
    assert_eq!(run(&format!("-i PATH={path}/a PATH={path}/b:/bin")), "b\n");
    for line in ["-i", "-u PATH", "-"] {
        dir.program("s", format!("#!/usr/bin/env -S {line} tool\n"));
        let message = rootfs(&dir).arg("./s").env("PATH", dir.join("a")).run().fails("hc-rootfs", 125);
        let why = "its program, by way of env: tool: not found in /bin:/usr/bin (PATH is not set)";
        assert_eq!(message, format!("{path}/s: {why}"), "{line}");
    }
}

#[test]
fn as_many_scripts_are_followed_as_the_kernel_follows() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    dir.program("s1", "#!/bin/sh\necho $#\n");
    for depth in 2..=6 {
        dir.program(format!("s{depth}"), format!("#!{path}/s{}\n", depth - 1));
    }
    Cmd::new(dir.join("s5")).run().ok().says("4\n");
    rootfs(&dir).arg("./s5").run().ok().quiet();
    inside(&dir).arg(dir.join("s5")).run().ok().quiet().says("4\n");
    fs::remove_dir_all(dir.join("box")).unwrap();
    let kernel = Cmd::line(["perl", "-e", "exec @ARGV; print $!"]).arg(dir.join("s6")).run();
    kernel.says("Too many levels of symbolic links");
    refuses(&dir, "./s6", &format!("{path}/s6: more than 5 scripts are each other's interpreters"));
    dir.program("loop", format!("#!{path}/loop\n"));
    refuses(&dir, "./loop", &format!("{path}/loop: more than 5 scripts are each other's interpreters"));
    dir.program("self", "#!/usr/bin/env self\n");
    let found = format!("{path}:/usr/bin:/bin");
    rootfs(&dir).arg("self").env("PATH", found).run().ok().quiet();
}

#[test]
fn a_line_that_ends_in_cr_names_no_interpreter() {
    let dir = Dir::new();
    let path = dir.path().display();
    dir.program("s", "#!/bin/sh\r\necho\r\n");
    let reason = "No such file or directory (its first line ends in CR LF)";
    refuses(&dir, "./s", &format!("{path}/s: its interpreter /bin/sh\\r: {reason}"));
    dir.program("s", "#!/usr/bin/env sh\r\n");
    refuses(&dir, "./s", &format!("{path}/s: its program, by way of env: sh\\r: not found in PATH"));
}

#[test]
fn what_is_wrong_with_an_interpreter_is_said() {
    let dir = Dir::new();
    let path = dir.path().display();
    dir.file("plain", "");
    dir.program("text", "echo\n");
    for (line, reason) in [
        (
            "#!/nosuch/sh",
            "its interpreter /nosuch/sh: No such file or directory (there is no /nosuch)".to_owned(),
        ),
        ("#!/etc", "its interpreter /etc: is a directory".to_owned()),
        ("#!./plain", "its interpreter ./plain: not executable (its mode is 0644)".to_owned()),
        (
            "#!./text",
            format!("its interpreter {path}/text is neither an ELF program nor a script with a #! line"),
        ),
        ("#!", "is neither an ELF program nor a script with a #! line".to_owned()),
        ("#", "is neither an ELF program nor a script with a #! line".to_owned()),
    ] {
        dir.program("s", line);
        refuses(&dir, "./s", &format!("{path}/s: {reason}"));
    }
    dir.program("s", format!("#!/{}", "x".repeat(300)));
    refuses(&dir, "./s", &format!("{path}/s: is neither an ELF program nor a script with a #! line"));
}

#[test]
fn names_are_bytes() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let name = OsStr::from_bytes(b"s\xff\n ");
    dir.program("interpreter", "#!/bin/sh\necho $#\n");
    dir.program(name, [b"#!".as_slice(), dir.path().as_os_str().as_bytes(), b"/i\xff\n"].concat());
    symlink("interpreter", dir.join(OsStr::from_bytes(b"i\xff"))).unwrap();
    rootfs(&dir).arg(dir.join(name)).run().ok().quiet();
    inside(&dir).arg(dir.join(name)).run().ok().quiet().says("1\n");
    assert!(files_in(&dir.join("box")).contains(&dir.join(name)));
    fs::remove_dir_all(dir.join("box")).unwrap();
    fs::remove_file(dir.join("interpreter")).unwrap();
    let message = rootfs(&dir).arg(dir.join(name)).run().fails("hc-rootfs", 125);
    assert!(
        message.contains("/s\\xff\\n : its interpreter ")
            && message.contains("/i\\xff: is a link to interpreter")
    );
}

#[test]
fn next_may_be_what_was_copied() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    dir.program("s", "#!/bin/sh\nexit 7\n");
    let ended =
        rootfs(&dir).args(["./s", "--", "hc-unshare", "-rm", "--root=box"]).arg(dir.join("s")).run().ended;
    assert_eq!(ended, Ended::Exit(7));
}
