//! --mount-binfmt and --load-interp: formats of programs that only this user namespace knows.

use super::{as_root, unshare};
use hc_tests::{Cmd, Dir, View, can_make_hosts, require, user_namespaces};
use std::path::PathBuf;

/// What is begun with this is not known to the kernel.
const PROGRAM: &str = "HCX1 a program of a strange kind\n";

fn formats() -> bool {
    std::fs::read_to_string("/proc/filesystems").unwrap().contains("binfmt_misc") && user_namespaces()
}

/// A program of that kind, and an interpreter for it that says what it is asked to run.
fn strange(dir: &Dir) -> (PathBuf, String) {
    let program = dir.program("strange", PROGRAM);
    let interpreter = dir.program("interpreter", "#!/bin/sh\necho interpreted ${1##*/}\n");
    (program, format!(":hctest:M::HCX1::{}:", interpreter.display()))
}

/// Kind and place of the mounts that a program sees.
fn table(view: &View) -> Vec<String> {
    let mounts = view.mounts();
    let words = mounts.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .map(|words| {
            let kind = words.iter().skip_while(|word| **word != "-").nth(1).unwrap();
            format!("{kind} {}", words[1])
        })
        .collect()
}

#[test]
fn are_mounted_where_they_are_wanted() {
    require!(can_make_hosts() && formats(), "takes root, user namespaces for others, and binfmt_misc");
    let dir = Dir::of_nobody();
    let place = dir.directory("place");
    std::os::unix::fs::chown(&place, Some(65534), Some(65534)).unwrap();
    let option = format!("--mount-binfmt={}", place.display());
    let plain = "binfmt_misc /proc/sys/fs/binfmt_misc".to_owned();
    let placed = format!("binfmt_misc {}", place.display());
    for who in [as_root as fn(Cmd) -> Cmd, Cmd::as_nobody] {
        for (words, expected) in [
            (&["-rfp", "--mount-binfmt"][..], &plain),
            (&["-fp", "-r", "-m", "--mount-proc", "--mount-binfmt"], &plain),
            (&["-rfp", "--mount-binfmt=/proc/sys/fs/binfmt_misc", "--mount-proc"], &plain),
            (&["-r", option.as_str()], &placed),
            (&["-rfp", "--mount-proc", option.as_str()], &placed),
        ] {
            let seen = who(unshare(words)).next_view();
            let table = table(&seen);
            assert_eq!(
                table.iter().filter(|row| row.starts_with("binfmt_misc ")).collect::<Vec<_>>(),
                [expected]
            );
            let line = seen.mounts().into_iter().find(|line| line.contains("binfmt_misc")).unwrap();
            assert!(line.contains("nosuid,nodev,noexec"), "{line}");
            assert!(!line.contains("shared"), "{line}");
        }
    }
}

#[test]
fn imply_a_user_and_a_mount_namespace_and_proc() {
    require!(can_make_hosts() && formats(), "takes root, user namespaces for others, and binfmt_misc");
    let outside = Cmd::probe().view();
    let seen = unshare(&["-fp", "--mount-binfmt"]).next_view();
    assert_eq!(seen.new_namespaces(&outside), ["mnt", "pid", "pid_for_children", "user"]);
    assert!(
        table(&seen).ends_with(&["proc /proc".to_owned(), "binfmt_misc /proc/sys/fs/binfmt_misc".to_owned()])
    );
    // Without a PID namespace, proc cannot be mounted.
    let message = unshare(&["-r", "--mount-binfmt", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert!(message.contains("proc"), "{message}");
}

#[test]
fn are_loaded_for_the_program_and_for_nobody_else() {
    require!(can_make_hosts() && formats(), "takes root, user namespaces for others, and binfmt_misc");
    let dir = Dir::new();
    let (program, format) = strange(&dir);
    for who in [as_root as fn(Cmd) -> Cmd, Cmd::as_nobody] {
        for words in [
            &["-rfp", "-l", &format][..],
            &["-rfp", "--load-interp", &format],
            &["-rfp", &format!("--load-interp={format}")],
            &["-rfpiumn", "--mount-proc", "--mount-binfmt", "-l", &format],
            &["-rfp", "-l", &format!("{format}F")],
        ] {
            who(unshare(words)).arg(&program).run().ok().says("interpreted strange\n").quiet();
        }
    }
    let outside = Cmd::sh("exec 2>/dev/null; \"$0\" || echo unknown").arg(&program).run();
    assert!(!outside.text().contains("interpreted"), "{outside:?}");
    assert!(!PathBuf::from("/proc/sys/fs/binfmt_misc/hctest").exists());
}

/// The interpreter of a format with the flag F is opened before the root is changed, any other one in the new root.
#[test]
fn may_have_an_interpreter_of_the_old_root() {
    require!(can_make_hosts() && formats(), "takes root, user namespaces for others, and binfmt_misc");
    let dir = Dir::new();
    let root = dir.directory("root");
    dir.directory("root/proc");
    let program = dir.program("root/strange", PROGRAM);
    // Static, so that it runs in an empty root.
    let interpreter = dir.program("interpreter", std::fs::read(hc_tests::probe()).unwrap());
    let fixed = format!(":hctest:M::HCX1::{}:F", interpreter.display());
    let option = format!("--root={}", root.display());
    for words in [&["-rfpm", "--mount-proc"][..], &["-rfp"], &["-rfpiumnC"]] {
        for who in [as_root as fn(Cmd) -> Cmd, Cmd::as_nobody] {
            let output = who(unshare(words)).args(["-l", &fixed, &option, "/strange", "x"]).run();
            let seen = View::parse(output.ok().quiet().text());
            assert_eq!(seen.all("arg")[1..], ["/strange", "x"]);
            assert!(
                table(&seen).contains(&"binfmt_misc /proc/sys/fs/binfmt_misc".to_owned()),
                "{:?}",
                table(&seen)
            );
            let points: Vec<String> = table(&seen).into_iter().filter(|row| row.contains(" /")).collect();
            assert!(points.iter().all(|row| !row.contains(dir.path().to_str().unwrap())), "{points:?}");
        }
    }
    dir.program("root/inside", std::fs::read(hc_tests::probe()).unwrap());
    let inside = unshare(&["-rfp", "-l", ":hctest:M::HCX1::/inside:", &option, "/strange"]).as_nobody().run();
    assert_eq!(View::parse(inside.ok().quiet().text()).all("arg"), ["/inside", "/strange"]);
    drop(program);
}

#[test]
fn that_the_kernel_does_not_take_are_refused() {
    require!(can_make_hosts() && formats(), "takes root, user namespaces for others, and binfmt_misc");
    for format in ["", "x", ":x", ":hctest:M::HCX1::", ":hctest:Q::HCX1::/bin/sh:", ":a/b:M::HCX1::/bin/sh:"]
    {
        let message = unshare(&["-rfp", "-l", format, "true"]).as_nobody().run().fails("hc-unshare", 125);
        assert!(message.contains("register"), "{message}");
    }
    let lost = ":hctest:M::HCX1::/nosuch/interpreter:F";
    unshare(&["-rfp", "-l", lost, "true"]).as_nobody().run().fails("hc-unshare", 125);
    unshare(&["-rfp", "--mount-binfmt=/nosuch", "true"]).as_nobody().run().fails("hc-unshare", 125);
}
