//! What is told before copying, and while it is done.

use super::{files_in, on_terminal, rootfs};
use hc_tests::{Cmd, Dir};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

#[test]
fn a_dry_run_names_what_a_run_then_copies_and_changes_nothing() {
    let dir = Dir::of_nobody();
    let names = |options: &[&str]| {
        let output = Cmd::tool("hc-rootfs")
            .dir(dir.path())
            .args(options)
            .args(["box/new", "/bin/sh", "/usr/bin/awk"])
            .as_nobody()
            .run()
            .ok();
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8(text).unwrap().replace("hc-rootfs: copied ", "");
        text.lines().map(PathBuf::from).collect::<Vec<_>>()
    };
    let first = names(&["-n"]);
    assert_eq!(dir.listing(), [""; 0], "no DIR, and no parent of it");
    assert_eq!(first, names(&["-v"]), "all of it");
    assert!(first.len() >= 5 && files_in(&dir.join("box/new")) == first.into_iter().collect());
    // One is changed, another away, of a third only the link; and in a DIR that nobody can write to.
    fs::write(dir.join("box/new/usr/bin/mawk"), "other").unwrap();
    fs::remove_file(dir.join("box/new/usr/bin/dash")).unwrap();
    fs::remove_file(dir.join("box/new/usr/bin/awk")).unwrap();
    let before = dir.listing();
    let second = names(&["--dry-run"]);
    assert_eq!(second, ["/usr/bin/dash", "/usr/bin/mawk"].map(PathBuf::from));
    assert_eq!(dir.listing(), before);
    assert_eq!(names(&["-v"]), second);
    assert_eq!(names(&["-n"]), Vec::<PathBuf>::new());
    symlink("nowhere", dir.join("dangling")).unwrap();
    dir.file("file", "");
    let root = "is the root directory, where the programs come from: name a directory to copy them to";
    for (form, reason) in [
        ("dangling", "is a link to nowhere, which does not exist"),
        ("file", "Not a directory"),
        ("/", root),
        ("", "No such file or directory"),
    ] {
        let shown_form = if form.is_empty() { "''" } else { form };
        let output = Cmd::tool("hc-rootfs").dir(dir.path()).args(["-n", form, "echo"]).run();
        assert_eq!(output.fails("hc-rootfs", 125), format!("{shown_form}: {reason}"));
    }
}

#[test]
fn copying_much_is_told_on_a_terminal_and_then_the_line_is_gone() {
    let dir = Dir::new();
    let script = |mebibytes: usize| [b"#!/bin/sh\n".as_slice(), &vec![b'#'; mebibytes << 20]].concat();
    dir.program("p", script(70));
    let output = on_terminal(&dir, "hc-rootfs box ./p && echo done").run().ok();
    let written: Vec<&str> = output.text().split('\r').collect();
    assert_eq!(written.first(), Some(&""), "{output:?}");
    // At the end nothing is left, and what comes then begins the line.
    let [.., line, blank, done, "\n"] = written.as_slice() else { panic!("{output:?}") };
    assert_eq!((blank.trim(), *done), ("", "done"));
    assert_eq!(blank.len(), line.len());
    for line in written.iter().filter(|line| line.starts_with("hc-rootfs")) {
        let rest = line.strip_prefix("hc-rootfs: copied ").and_then(|rest| rest.strip_suffix(" of 72 MiB"));
        assert!(rest.is_some_and(|number| number.parse::<u32>().is_ok_and(|number| number <= 72)), "{line}");
    }
    assert_eq!(written[1], "hc-rootfs: copied 0 of 72 MiB");
    // Nothing when all is there, nothing without a terminal, and nothing where there is little to do.
    on_terminal(&dir, "hc-rootfs box ./p").run().ok().says("");
    fs::remove_dir_all(dir.join("box")).unwrap();
    rootfs(&dir).arg("./p").run().ok().quiet();
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.program("p", script(50));
    on_terminal(&dir, "hc-rootfs box ./p").run().ok().says("");
    // A failure comes on a line of its own.
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.program("p", script(70));
    dir.directory(format!("box{}", dir.join("p").display()));
    let output = on_terminal(&dir, "hc-rootfs box ./p").run().exits(125);
    let last = output.text().rsplit('\r').nth(1).unwrap().to_owned();
    assert!(last.starts_with("hc-rootfs: box") && last.ends_with("belongs there"), "{output:?}");
}
