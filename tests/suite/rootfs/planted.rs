//! Something planted at every component of every way that is taken in DIR: nothing outside changes.

use super::build;
use hc_tests::{Cmd, Dir, Ended, is_root};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

/// All that is not in DIR, with what shows that something was written to: content, times, number of names.
fn outside(dir: &Dir) -> Vec<String> {
    let lines = dir.listing().into_iter().filter(|line| !line.starts_with("box") && !line.starts_with('t'));
    let mut found: Vec<String> = lines.collect();
    for name in ["out", "out/file"] {
        let about = dir.join(name).symlink_metadata().unwrap();
        let size = if about.is_dir() { 0 } else { about.size() };
        found.push(format!("{name} {} {}.{} {}", size, about.mtime(), about.mtime_nsec(), about.mode()));
    }
    found.push(fs::read_to_string(dir.join("out/file")).unwrap());
    found
}

/// Plants `kind` at `place`, with the directories above it.
fn plant(dir: &Dir, place: &Path, kind: &str) {
    let absolute = dir.join("out");
    let up = "../".repeat(place.strip_prefix(dir.path()).unwrap().components().count() - 1);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match kind {
        "absolute link" => symlink(&absolute, place).unwrap(),
        "relative link" => symlink(format!("{up}out"), place).unwrap(),
        "link far up" => symlink(format!("{}{}", "../".repeat(40), absolute.display()), place).unwrap(),
        "link to a file" => symlink(absolute.join("file"), place).unwrap(),
        "dangling link" => symlink(absolute.join("new"), place).unwrap(),
        "loop" => symlink(place.file_name().unwrap(), place).unwrap(),
        "link to proc" => symlink("/proc/self/root/tmp", place).unwrap(),
        "hard link" => fs::hard_link(absolute.join("file"), place).unwrap(),
        "FIFO" => build(dir, &format!("mkfifo {}", place.display())),
        "device" => build(dir, &format!("mknod {} c 1 3", place.display())),
        "socket" => drop(std::os::unix::net::UnixListener::bind(place).unwrap()),
        _ => fs::create_dir(place).unwrap(),
    }
}

const KINDS: [&str; 12] = [
    "absolute link",
    "relative link",
    "link far up",
    "link to a file",
    "dangling link",
    "loop",
    "link to proc",
    "hard link",
    "FIFO",
    "device",
    "socket",
    "directory",
];

/// Places in DIR that the run of the test below takes.
const PLACES: [&str; 19] = [
    "opt",
    "opt/t",
    "opt/t/sub",
    "opt/t/sub/file",
    "opt/t/sub/same",
    "opt/t/link",
    "opt/t/to-directory",
    "opt/t/empty",
    "etc",
    "etc/passwd",
    "etc/resolv.conf",
    "usr",
    "usr/bin",
    "usr/bin/echo",
    "lib64",
    "bin",
    "run",
    "tmp",
    ".hc-rootfs",
];

#[test]
fn whatever_is_planted_nothing_outside_of_dir_changes() {
    let dir = Dir::new();
    dir.file("out/file", "precious");
    dir.file("t/sub/file", "content");
    fs::hard_link(dir.join("t/sub/file"), dir.join("t/sub/same")).unwrap();
    symlink("sub/file", dir.join("t/link")).unwrap();
    symlink("sub", dir.join("t/to-directory")).unwrap();
    dir.directory("t/empty");
    let before = outside(&dir);
    let mut succeeded = 0;
    for options in [&[][..], &["--link=hard"]] {
        // A hard link is one more name of a file of the tree, but the programs may be on another file system.
        let programs: &[&str] = if options == ["--link=hard"] { &[] } else { &["/bin/echo"] };
        for (place, kind) in PLACES.iter().flat_map(|place| KINDS.map(|kind| (place, kind))) {
            if kind == "device" && !is_root() {
                continue;
            }
            plant(&dir, &dir.join("box").join(place), kind);
            let planted = dir.listing();
            let tool =
                Cmd::tool("hc-rootfs").dir(dir.path()).args(options).args(["--etc", "-f", "t:/opt/t", "box"]);
            let output = tool.args(programs).run();
            let what = format!("{kind} at {place} with {options:?}: {output:?}");
            match output.ended {
                Ended::Exit(0) => {
                    succeeded += 1;
                    let copied = files_with(&dir.join("box"), "content");
                    assert!(copied >= 1, "{what}");
                    assert!(!dir.join("box/.hc-rootfs").is_dir(), "{what}");
                }
                Ended::Exit(125) => assert_eq!(dir.listing(), planted, "{what}"),
                _ => panic!("{what}"),
            }
            fs::remove_dir_all(dir.join("box")).unwrap();
            assert_eq!(outside(&dir), before, "{what}");
        }
    }
    assert!(succeeded > PLACES.len() * KINDS.len(), "only {succeeded} were good for anything");
}

/// How many regular files below `root` have this content.
fn files_with(root: &Path, content: &str) -> usize {
    let found = super::files_in(root).into_iter();
    let read =
        |path: std::path::PathBuf| fs::read(root.join(path.strip_prefix("/").unwrap())).unwrap_or_default();
    found.filter(|path| read(path.clone()) == content.as_bytes()).count()
}

#[test]
fn a_name_of_files_being_written_is_no_final_one() {
    let dir = Dir::new();
    dir.file("file", "content");
    dir.file("t/sub/.hc-rootfs.tmp", "content");
    dir.file("t/sub/x", "content");
    dir.file("u/.hc-rootfs/0", "content");
    dir.file("used/own", "content");
    // What a run that was killed has left is not thrown away either.
    dir.file("used/.hc-rootfs/0", "left");
    symlink(".", dir.join("used/here")).unwrap();
    let before = dir.listing();
    for (request, place) in [
        ("file:/.hc-rootfs", "/.hc-rootfs"),
        ("file:/.hc-rootfs/0", "/.hc-rootfs"),
        ("file:/.hc-rootfs/notes", "/.hc-rootfs"),
        ("file:/.HC-Rootfs", "/.HC-Rootfs"),
        ("file:/.hc-rootfs.tmp", "/.hc-rootfs.tmp"),
        ("file:/a/.hc-rootfs.tmp/b", "/a/.hc-rootfs.tmp"),
        ("t:/t", "/t/sub/.hc-rootfs.tmp"),
        ("u:/", "/.hc-rootfs"),
        ("t:/.hc-rootfs", "/.hc-rootfs"),
    ] {
        for (root, option) in [("box", "-v"), ("box", "-n"), ("used", "-v"), ("used", "-n")] {
            let tool = Cmd::tool("hc-rootfs").dir(dir.path()).args([option, "-f", request, root]);
            let why = "is a name that only files being written have: choose another";
            assert_eq!(tool.run().fails("hc-rootfs", 125), format!("{root}{place}: {why}"));
            assert_eq!(dir.listing(), before, "{request} in {root}");
        }
    }
    // Where it is a name like any other.
    for request in ["file:/.hc-rootfs-x", "file:/a/.hc-rootfs", "u:/u"] {
        let tool = Cmd::tool("hc-rootfs").dir(dir.path()).args(["-f", request, "box"]);
        tool.run().ok().quiet();
    }
    assert_eq!(files_with(&dir.join("box"), "content"), 3);
    // DIR's own link leads to it.
    fs::remove_dir_all(dir.join("used/.hc-rootfs")).unwrap();
    let before = dir.listing();
    let tool = Cmd::tool("hc-rootfs").dir(dir.path()).args(["-f", "file:/here/.hc-rootfs/0", "used"]);
    let why = "is a name that only files being written have: choose another";
    assert_eq!(tool.run().fails("hc-rootfs", 125), format!("used/.hc-rootfs: {why}"));
    assert_eq!(dir.listing(), before);
}
