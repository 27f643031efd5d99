//! Several -f for one place, and one for a place of the PROGRAM's: the last -f counts.

use super::super::{NO_CONTAINERS, can_look_inside, files_in, inside};
use super::with;
use hc_tests::{Cmd, Dir, require};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// Runs it twice: the second time there must be nothing to do.
#[track_caller]
fn settled(dir: &Dir, files: &[&str], programs: &[&str]) {
    with(dir, files).args(programs).run().ok().quiet();
    let before = dir.listing();
    let options = files.iter().flat_map(|file| ["-f", file]);
    let again = Cmd::tool("hc-rootfs").dir(dir.path()).arg("-v").args(options).arg("box").args(programs);
    let said = String::from_utf8(again.run().ok().stderr).unwrap();
    assert!(!said.contains("copied"), "{said}");
    assert_eq!(dir.listing(), before);
}

#[test]
fn of_two_trees_the_last_one_counts() {
    let dir = Dir::new();
    for (name, content) in [
        ("a/f", "a"),
        ("a/d/only-a", "a"),
        ("a/d/both", "a"),
        ("a/link", "a"),
        ("a/file/x", "a"),
        ("a/directory", "a"),
        ("b/d/both", "bb"),
        ("b/f", "bb"),
        ("b/file", "bb"),
        ("b/directory/x", "bb"),
    ] {
        dir.file(name, content);
    }
    symlink("f", dir.join("b/link")).unwrap();
    symlink("d", dir.join("a/d-or-link")).unwrap();
    dir.file("b/d-or-link/x", "bb");
    settled(&dir, &["a:/x", "b:/x"], &[]);
    let content = |name: &str| fs::read_to_string(dir.join("box/x").join(name)).unwrap();
    for name in ["f", "d/both", "link", "file", "directory/x", "d-or-link/x"] {
        assert_eq!(content(name), "bb", "{name}");
    }
    assert_eq!(content("d/only-a"), "a");
    assert!(dir.join("box/x/link").is_symlink() && !dir.join("box/x/d-or-link").is_symlink());
    assert!(!dir.join("box/x/d/x").exists());
    // The other way round.
    fs::remove_dir_all(dir.join("box")).unwrap();
    settled(&dir, &["b:/x", "a:/x", "a/f:/x/file"], &[]);
    let content = |name: &str| fs::read_to_string(dir.join("box/x").join(name)).unwrap();
    for name in ["f", "d/both", "link", "file", "directory"] {
        assert_eq!(content(name), "a", "{name}");
    }
    assert_eq!(fs::read_link(dir.join("box/x/d-or-link")).unwrap(), Path::new("d"));
}

#[test]
fn a_file_of_f_stands_for_the_program_s() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let libc = fs::canonicalize("/lib/x86_64-linux-gnu/libc.so.6").unwrap();
    let mut content = fs::read(&libc).unwrap();
    content.push(0);
    dir.program("own/libc.so.6", &content);
    dir.program("own/awk", fs::read("/bin/echo").unwrap());
    // awk is a link to a link. The one name of the library is by way of a link, the other is not.
    for place in ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"] {
        let files = [&*format!("own/libc.so.6:{place}/"), "own/awk:/usr/bin/awk"];
        settled(&dir, &files, &["awk", "echo"]);
        assert_eq!(fs::read(dir.join("box/usr/lib/x86_64-linux-gnu/libc.so.6")).unwrap(), content, "{place}");
        inside(&dir).args(["/usr/bin/awk", "hi"]).run().ok().quiet().says("hi\n");
        assert!(!dir.join("box/usr/bin/mawk").exists());
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn a_link_of_a_tree_stands_for_the_program_s_file() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    dir.program("t/usr/bin/mine", fs::read("/bin/echo").unwrap());
    symlink("mine", dir.join("t/usr/bin/cat")).unwrap();
    settled(&dir, &["t:/"], &["/bin/cat"]);
    inside(&dir).args(["/bin/cat", "hi"]).run().ok().quiet().says("hi\n");
    // A directory of the tree's own where the host has a link.
    dir.file("t/lib/x", "");
    fs::remove_dir_all(dir.join("box")).unwrap();
    settled(&dir, &["t:/"], &["/bin/cat"]);
    inside(&dir).args(["/bin/cat", "hi"]).run().ok().quiet().says("hi\n");
    assert!(!dir.join("box/lib").is_symlink());
    // And one that leads nowhere in there is no program.
    fs::remove_file(dir.join("t/usr/bin/mine")).unwrap();
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = with(&dir, &["t:/"]).arg("/bin/cat").run().fails("hc-rootfs", 125);
    assert_eq!(message, "/bin/cat: No such file or directory, by way of what -f puts there");
}

#[test]
fn parents_of_a_place_are_the_host_s() {
    let dir = Dir::new();
    dir.file("f", "content");
    with(&dir, &["f:/tmp/f", "f:/lib/f", "f:/new/f"]).run().ok().quiet();
    let found: Vec<_> = files_in(&dir.join("box")).into_iter().collect();
    assert_eq!(found, ["/new/f", "/tmp/f", "/usr/lib/f"].map(PathBuf::from));
    assert!(dir.join("box/lib").is_symlink());
    assert_eq!(dir.join("box/tmp").metadata().unwrap().mode() & 0o7777, 0o1777);
}

#[test]
fn what_is_hidden_needs_nothing() {
    let dir = Dir::new();
    super::super::library(&dir, "gone/libgone.so", "", "-soname libgone.so");
    super::super::library(&dir, "t/l.so", "gone/libgone.so", "");
    dir.file("f", "content");
    settled(&dir, &["t/l.so:/x/l.so", "f:/x"], &["/bin/true"]);
    assert_eq!(fs::read(dir.join("box/x")).unwrap(), b"content");
}

#[test]
fn a_loader_that_is_not_there_loads_nothing() {
    let dir = Dir::new();
    super::super::library(&dir, "out/libb.so", "", "-soname libb.so");
    let runpath = format!("-rpath {}", dir.join("out").display());
    super::super::library(&dir, "t/l.so", "out/libb.so", &runpath);
    super::super::program(&dir, "t/a", "", "-Wl,--dynamic-linker=/nosuch/ld.so");
    let said = String::from_utf8(with(&dir, &["t"]).run().ok().stderr).unwrap();
    let path = dir.join("t/a").display().to_string();
    let why = "its loader /nosuch/ld.so is not there, or not readable";
    assert_eq!(said, format!("hc-rootfs: note: {path}: {why}\n"));
    assert!(super::copy_of(&dir, "out/libb.so").is_file());
}

#[test]
fn a_directory_for_the_place_of_a_link_goes_behind_it_if_something_is_there() {
    let dir = Dir::new();
    dir.file("t/a/f", "content");
    dir.file("t/b", "content");
    dir.file("f", "f");
    let found = || files_in(&dir.join("box")).into_iter().collect::<Vec<_>>();
    // The host's /lib is a link to usr/lib.
    for (files, expected) in [
        (&["t/a:/lib/a", "t:/lib"][..], &["/usr/lib/a/f", "/usr/lib/b"][..]),
        (&["t:/lib", "t/a:/lib/c"], &["/lib/a/f", "/lib/b", "/lib/c/f"]),
        // A file takes the link's place, but not that of what was behind it.
        (&["f:/lib/a", "f:/lib"], &["/lib", "/usr/lib/a"]),
        // And a directory that of the file.
        (&["f:/lib", "f:/lib/a"], &["/lib/a"]),
    ] {
        settled(&dir, files, &[]);
        assert_eq!(found(), expected.iter().map(PathBuf::from).collect::<Vec<_>>(), "{files:?}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
    // What the program needs is named as it is put.
    let line = ["-f", "f:/lib", "-f", "f:/lib/a", "box", "/bin/true"];
    let named = Cmd::tool("hc-rootfs").arg("-n").args(line).dir(dir.path()).run().ok().quiet();
    settled(&dir, &["f:/lib", "f:/lib/a"], &["/bin/true"]);
    let mut named: Vec<PathBuf> = named.text().lines().map(PathBuf::from).collect();
    named.sort();
    assert_eq!(named, found());
    assert!(named.contains(&PathBuf::from("/lib/x86_64-linux-gnu/libc.so.6")), "{named:?}");
}
