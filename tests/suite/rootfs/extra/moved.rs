//! A tree that gets another place: what its programs load in there.

use super::super::{NO_CONTAINERS, can_look_inside, files_in, inside, library, program};
use super::{copy_of, with};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, is_root, require};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// A tree with a program that looks for its library in `runpath`.
fn tree(dir: &Dir, place: &str, runpath: &str) {
    library(dir, place, "", "-soname libb.so");
    program(dir, "t/bin/p", place, &format!("-Wl,--enable-new-dtags,-rpath,{runpath}"));
}

/// Whether the program runs in its new place.
fn runs(dir: &Dir) {
    inside(dir).arg("/opt/app/bin/p").run().ok().quiet();
}

#[test]
fn its_search_path_names_the_new_place() {
    require!(can_look_inside(), NO_CONTAINERS);
    for runpath in ["/opt/app/lib", "$ORIGIN/../lib", "$ORIGIN/../../app/lib"] {
        let dir = Dir::new();
        tree(&dir, "t/lib/libb.so.1", runpath);
        symlink("libb.so.1", dir.join("t/lib/libb.so")).unwrap();
        with(&dir, &["t:/opt/app"]).run().ok().quiet();
        runs(&dir);
        assert!(!copy_of(&dir, "t").exists(), "nothing is in the old place, {runpath}");
    }
}

#[test]
fn its_search_path_names_the_old_place() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    tree(&dir, "t/lib/libb.so", &dir.join("t/lib").display().to_string());
    with(&dir, &["t:/opt/app"]).run().ok().quiet();
    runs(&dir);
    assert!(copy_of(&dir, "t/lib/libb.so").is_file());
}

#[test]
fn its_origin_is_the_new_place() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    tree(&dir, "out/libb.so", "$ORIGIN/../../out");
    let output = with(&dir, &["t:/opt/app"]).run().ok();
    let note = format!(
        "hc-rootfs: note: {}/t/bin/p as /opt/app/bin/p: libb.so, which it needs, is in none of: \
         /opt/app/bin/../../out ",
        dir.path().display()
    );
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(&note) && said.lines().count() == 1, "{said}");
    fs::remove_dir_all(dir.join("box")).unwrap();
    with(&dir, &["t:/opt/app", "out:/opt/out"]).run().ok().quiet();
    runs(&dir);
    assert!(!copy_of(&dir, "out").exists());
    // One that is named has to be complete.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = with(&dir, &["t/bin/p:/opt/app/bin/p"]).run().fails("hc-rootfs", 125);
    assert!(message.starts_with(note.strip_prefix("hc-rootfs: note: ").unwrap()), "{message}");
    with(&dir, &["out/libb.so:/opt/out/", "t/bin/p:/opt/app/bin/p"]).run().ok().quiet();
    runs(&dir);
}

#[test]
fn the_cache_names_the_old_place() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    library(&dir, "t/lib/libhcb.so", "", "-soname libhcb.so");
    program(&dir, "t/bin/p", "t/lib/libhcb.so", "");
    let script = "ldconfig $PWD/t/lib; exec hc-rootfs -f t:/opt/app box";
    Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
    assert!(copy_of(&dir, "t/lib/libhcb.so").is_file(), "{:?}", files_in(&dir.join("box")));
    runs(&dir);
}

#[test]
fn a_place_over_a_link_of_the_host_s_is_found_by_either_name() {
    require!(can_look_inside(), NO_CONTAINERS);
    for runpath in ["/lib/hc-test", "/usr/lib/hc-test"] {
        let dir = Dir::new();
        tree(&dir, "b/libb.so", runpath);
        for place in ["b:/lib/hc-test", "b:/usr/lib/hc-test"] {
            with(&dir, &["t:/opt/app", place]).run().ok().quiet();
            runs(&dir);
            fs::remove_dir_all(dir.join("box")).unwrap();
        }
    }
}

#[test]
fn a_link_of_somebody_else_s_in_there_leads_to_no_library() {
    require!(is_root(), "takes files of several owners");
    let dir = Dir::new();
    tree(&dir, "secret/libb.so", "$ORIGIN");
    symlink(dir.join("secret/libb.so"), dir.join("t/bin/libb.so")).unwrap();
    std::os::unix::fs::lchown(dir.join("t/bin/libb.so"), Some(65534), Some(65534)).unwrap();
    let said = String::from_utf8(with(&dir, &["t"]).run().ok().stderr).unwrap();
    assert!(said.contains("another owner's") && said.contains("is in none of"), "{said}");
    assert!(!copy_of(&dir, "secret").exists());
}

#[test]
fn a_tree_over_the_root_directory_has_its_own_libraries() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    // The host has a link where this has a directory.
    library(&dir, "t/lib/libb.so", "", "-soname libb.so");
    program(&dir, "t/opt/app/bin/p", "t/lib/libb.so", "");
    with(&dir, &["t:/"]).run().ok().quiet();
    runs(&dir);
    assert!(!Path::new("/lib/libb.so").exists() && dir.join("box/lib/libb.so").is_file());
    fs::remove_dir_all(dir.join("box")).unwrap();
    // The same out of a sysroot.
    Cmd::tool("hc-rootfs").args(["debian", "/bin/true"]).dir(dir.path()).run().ok().quiet();
    Cmd::line(["cp", "-a", "t", "debian/t"]).dir(dir.path()).run().ok();
    let line = ["--sysroot=debian", "-f", "/t:/", "box"];
    Cmd::tool("hc-rootfs").args(line).dir(dir.path()).run().ok().quiet();
    runs(&dir);
}

#[test]
fn a_program_that_needs_proc_is_told_once() {
    let dir = Dir::new();
    tree(&dir, "t/bin/libb.so", "$ORIGIN");
    symlink("p", dir.join("t/bin/q")).unwrap();
    let line = ["-v", "-f", "t", "box", "./t/bin/p", "./t/bin/q"];
    let said =
        String::from_utf8(Cmd::tool("hc-rootfs").args(line).dir(dir.path()).run().ok().stderr).unwrap();
    let told = said.lines().filter(|line| line.ends_with("uses $ORIGIN: /proc must be mounted in box"));
    assert_eq!(told.count(), 1, "{said}");
}
