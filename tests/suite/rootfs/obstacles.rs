//! What stands where a library is looked for and is none, held against what the real loader makes of it.

use super::{build, library, loaded, program, refuses, rootfs};
use hc_tests::{Cmd, Dir};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

/// What is put there, and why it cannot be opened when the loader looks no further in the same path for that.
const KINDS: [(&str, Option<&str>); 6] = [
    ("loop", Some("Too many levels of symbolic links")),
    ("link over a file", Some("Not a directory")),
    ("link to too long a name", Some("File name too long")),
    ("socket", Some("No such device or address")),
    ("dangling link", None),
    ("nothing", None),
];

fn put(place: &Path, kind: &str) {
    match kind {
        "loop" => symlink(place.file_name().unwrap(), place).unwrap(),
        "link over a file" => symlink("/etc/passwd/x", place).unwrap(),
        "link to too long a name" => symlink("x".repeat(300), place).unwrap(),
        "socket" => drop(UnixListener::bind(place).unwrap()),
        "dangling link" => symlink("nosuch", place).unwrap(),
        _ => {}
    }
}

/// The file behind `libx.so`, to the loader and to us.
fn found(dir: &Dir, options: &[&str]) -> [Option<String>; 2] {
    let mut cmd = Cmd::new(dir.join("p"));
    if let [_, libdir] = options {
        cmd = cmd.env("LD_LIBRARY_PATH", dir.join(libdir));
    }
    let real = loaded(cmd).iter().find_map(|line| line.strip_prefix("libx.so => ").map(str::to_owned));
    let output =
        Cmd::tool("hc-rootfs").args(["-l", "-L", "nosuch"]).args(options).arg("./p").dir(dir.path()).run();
    let text = String::from_utf8(output.stdout).unwrap();
    let ours = text.lines().find(|line| line.ends_with("/libx.so")).map(str::to_owned);
    [real.filter(|file| file != "not found"), ours]
}

#[test]
fn it_ends_the_path_that_it_stands_in() {
    for tags in ["--enable-new-dtags", "--disable-new-dtags"] {
        let dir = Dir::new();
        let path = dir.path().display().to_string();
        for place in ["b", "c"] {
            library(&dir, &format!("{place}/libx.so"), "", "-soname libx.so");
        }
        dir.directory("a");
        program(&dir, "p", "b/libx.so", &format!("-Wl,{tags},-rpath,{path}/a:{path}/b"));
        for (kind, why) in KINDS {
            put(&dir.join("a/libx.so"), kind);
            let second = Some(format!("{path}/b/libx.so")).filter(|_| why.is_none());
            assert_eq!(found(&dir, &[]), [second.clone(), second], "{kind}, {tags}");
            // What comes before that path, and what comes behind.
            let by_option = Some(format!("{path}/c/libx.so"));
            let after = if tags == "--enable-new-dtags" || why.is_some() {
                by_option
            } else {
                Some(format!("{path}/b/libx.so"))
            };
            assert_eq!(found(&dir, &["-L", "c"]), [after.clone(), after], "{kind}, {tags}");
            if let Some(why) = why {
                let system = "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib";
                let message = format!(
                    "{path}/p: libx.so, which it needs, is in none of: {path}/a {system} /etc/ld.so.cache \
                     ({path}/a/libx.so cannot be opened: {why})"
                );
                refuses(&dir, "./p", &message);
            }
            let _ = fs::remove_file(dir.join("a/libx.so"));
        }
    }
}

#[test]
fn a_directory_that_cannot_be_entered_is_passed_over() {
    let dir = Dir::new();
    let path = dir.path().display().to_string();
    library(&dir, "b/libx.so", "", "-soname libx.so");
    dir.file("file", "");
    symlink("loop", dir.join("loop")).unwrap();
    for first in ["file", "file/x", "loop", "loop/x", &"y/".repeat(2500), &"z".repeat(300)] {
        program(&dir, "p", "b/libx.so", &format!("-Wl,-rpath,{path}/{first}:{path}/b"));
        let expected = Some(format!("{path}/b/libx.so"));
        assert_eq!(found(&dir, &[]), [expected.clone(), expected], "{first}");
    }
}

#[test]
fn the_cache_and_the_system_come_behind_it() {
    let dir = Dir::new();
    let path = dir.path().display();
    dir.directory("a");
    dir.file("main.c", "int main(void) { return 0; }\n");
    build(&dir, &format!("cc -o p main.c -Wl,-rpath,{path}/a"));
    symlink("libc.so.6", dir.join("a/libc.so.6")).unwrap();
    assert!(loaded(Cmd::new(dir.join("p"))).iter().any(|line| line.starts_with("libc.so.6 => /lib/")));
    rootfs(&dir).arg("./p").run().ok().quiet();
}

#[test]
fn to_musl_a_loop_is_the_end_and_a_name_too_long_is_not() {
    let dir = Dir::new();
    let path = dir.path().display().to_string();
    dir.file("x.c", "int x;\n");
    dir.file("main.c", "int main(void) { return 0; }\n");
    dir.directory("a");
    dir.directory("b");
    build(&dir, "musl-gcc -shared -fPIC -o b/libx.so x.c");
    let link = format!("musl-gcc -o p main.c -Wl,--no-as-needed b/libx.so -Wl,-rpath,{path}/a:{path}/b");
    build(&dir, &link.replace("b/libx.so", "-Lb -lx"));
    for (kind, why) in KINDS {
        put(&dir.join("a/libx.so"), kind);
        let is_end = matches!(kind, "loop" | "socket");
        assert_eq!(Cmd::new(dir.join("p")).run().ended == hc_tests::Ended::Exit(0), !is_end, "{kind}");
        if is_end {
            let why = why.unwrap();
            let message =
                format!("{path}/p: libx.so, which it needs: {path}/a/libx.so cannot be opened: {why}");
            refuses(&dir, "./p", &message);
        } else {
            rootfs(&dir).arg("./p").run().ok().quiet();
            assert!(dir.join(format!("box{path}/b/libx.so")).exists(), "{kind}");
            fs::remove_dir_all(dir.join("box")).unwrap();
        }
        let _ = fs::remove_file(dir.join("a/libx.so"));
    }
}
