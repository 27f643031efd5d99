//! Libraries in the place of others: filters, and those for certain processors.

use super::{
    NO_CONTAINERS, can_look_inside, files_in, files_of, inside, library, loaded, loads_the_same, program,
    refuses, rootfs,
};
use hc_tests::{Cmd, Dir, require};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_filter_brings_its_filtee() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    // What the filtee needs is found before what the next library needs of the same name.
    for place in ["x", "y"] {
        library(&dir, &format!("{place}/libc1.so"), "", "-soname libc1.so");
    }
    let runpath = "--enable-new-dtags -rpath";
    library(&dir, "r/libf.so", "x/libc1.so", &format!("-soname libf.so {runpath} {path}/x"));
    library(&dir, "r/libb.so", "y/libc1.so", &format!("-soname libb.so {runpath} {path}/y"));
    library(&dir, "r/liba.so", "", &format!("-soname liba.so -F libf.so {runpath} {path}/r"));
    let rpath = format!("-Wl,-rpath-link,{path}/x:{path}/y,--enable-new-dtags,-rpath,{path}/r");
    program(&dir, "p", "r/liba.so r/libb.so", &rpath);
    let names = loaded(Cmd::new(dir.join("p")));
    assert!(names.contains(&format!("libc1.so => {path}/x/libc1.so")), "to the loader: {names:?}");
    loads_the_same(&dir, &dir.join("p"));
    fs::remove_file(dir.join("r/libf.so")).unwrap();
    assert!(loaded_or_not(&dir).contains("libf.so"), "the loader misses it, too");
    let message = rootfs(&dir).arg("./p").run().fails("hc-rootfs", 125);
    let start = format!("{path}/p: libf.so, needed by {path}/r/liba.so, is in none of: {path}/r /lib");
    assert!(message.starts_with(&start), "{message}");
}

/// What the loader says of `p`, whether it starts it or not.
fn loaded_or_not(dir: &Dir) -> String {
    let output = Cmd::new(dir.join("p")).run();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_auxiliary_filter_does_without_its_filtee() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "r/libf.so", "", "-soname libf.so");
    let options = format!("-soname liba.so -f libf.so -f libnone.so --enable-new-dtags -rpath {path}/r");
    library(&dir, "r/liba.so", "", &options);
    program(&dir, "p", "r/liba.so", &format!("-Wl,-rpath,{path}/r"));
    assert!(loaded(Cmd::new(dir.join("p"))).contains(&format!("libf.so => {path}/r/libf.so")));
    brings(&dir, &[]);
    fs::write(dir.join("r/libf.so"), "not an object").unwrap();
    brings(&dir, &[]);
    fs::remove_file(dir.join("r/libf.so")).unwrap();
    brings(&dir, &[]);
    // To one that needs it, it is missing.
    library(&dir, "r/libf.so", "", "-soname libf.so");
    program(&dir, "p", "r/liba.so r/libf.so", &format!("-Wl,--disable-new-dtags,-rpath,{path}/r"));
    fs::write(dir.join("r/libf.so"), "not an object").unwrap();
    let why = format!("{path}/p: libf.so, which it needs: {path}/r/libf.so is no ELF file");
    refuses(&dir, "./p", &why);
}

/// What of that is found: an auxiliary filter says so of its filtee when it is not.
fn found(mut loaded: Vec<String>) -> Vec<String> {
    loaded.retain(|line| !line.ends_with("not found"));
    loaded
}

/// Copies `p`, and expects these files besides what the loader loads here, and the same load inside.
#[track_caller]
fn brings(dir: &Dir, others: &[&str]) {
    let outside = found(loaded(Cmd::new(dir.join("p"))));
    let mut expected: BTreeSet<_> = files_of(&outside);
    expected.extend(others.iter().chain(&["p"]).map(|name| dir.join(name)));
    rootfs(dir).arg("./p").run().ok().quiet();
    assert_eq!(files_in(&dir.join("box")), expected);
    assert_eq!(found(loaded(inside(dir).arg(dir.join("p")))), outside);
    fs::remove_dir_all(dir.join("box")).unwrap();
}

#[test]
fn a_library_is_copied_for_every_processor() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    let variants = ["v2", "v3", "v4", "v9"].map(|level| format!("r/glibc-hwcaps/x86-64-{level}/liba.so"));
    let variants: Vec<&str> = variants.iter().map(String::as_str).chain(["s/liba.so"]).collect();
    for name in &variants {
        library(&dir, name, "", "-soname liba.so");
    }
    // One of them needs what the plain one does not.
    library(&dir, "r/libv.so", "", "-soname libv.so");
    let options = format!("-soname liba.so --enable-new-dtags -rpath {path}/r");
    library(&dir, "r/glibc-hwcaps/x86-64-v9/liba.so", "r/libv.so", &options);
    program(&dir, "p", "s/liba.so", &format!("-Wl,-rpath,{path}/r:{path}/s"));
    brings(&dir, &[&variants[..], &["r/libv.so"]].concat());
    // What is bad is so only to some processors, but it would end their search.
    dir.file("r/glibc-hwcaps/x86-64-v9/liba.so", "");
    let bad = format!("{path}/r/glibc-hwcaps/x86-64-v9/liba.so is no ELF file");
    refuses(&dir, "./p", &format!("{path}/p: liba.so, which it needs: {bad}"));
}

#[test]
fn what_old_loaders_had_for_certain_processors_is_copied() {
    require!(can_look_inside(), NO_CONTAINERS);
    let help = Cmd::line(["/lib64/ld-linux-x86-64.so.2", "--help"]).run().ok();
    let dir = Dir::new();
    let names = ["r/tls/liba.so", "r/tls/haswell/avx512_1/liba.so", "r/x86_64/x86_64/liba.so"];
    for name in names.iter().chain(&["r/liba.so"]) {
        library(&dir, name, "", "-soname liba.so");
    }
    program(&dir, "p", "r/liba.so", &format!("-Wl,-rpath,{}/r", dir.path().display()));
    // glibc up to 2.36, as it says itself.
    let legacy = help.text().contains("Legacy HWCAP");
    let others = if legacy { names.as_slice() } else { &[] };
    brings(&dir, &[&["r/liba.so"], others].concat());
}

#[test]
fn a_platform_is_every_one_that_it_may_be() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    let help = Cmd::line(["/lib64/ld-linux-x86-64.so.2", "--help"]).run().ok();
    let platforms: &[&str] =
        if help.text().contains("Legacy HWCAP") { &["xeon_phi", "haswell", "x86_64"] } else { &["x86_64"] };
    for name in ["xeon_phi", "haswell", "x86_64"] {
        library(&dir, &format!("r/{name}/liba.so"), "", "-soname liba.so");
    }
    program(&dir, "p", "r/x86_64/liba.so", &format!("-Wl,-rpath,{path}/r/$PLATFORM"));
    let files: Vec<String> = platforms.iter().map(|name| format!("r/{name}/liba.so")).collect();
    brings(&dir, &files.iter().map(String::as_str).collect::<Vec<_>>());
}
