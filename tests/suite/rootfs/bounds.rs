//! Programs that would keep a run busy, or take all memory, though they are few and small themselves.

use super::GLIBC;
use super::made::{AMD64, Elf};
use hc_tests::{Cmd, Dir, tool};
use std::fs;
use std::os::unix::fs::symlink;

/// Makes the program `name` in `tree`, which needs these libraries.
fn program(dir: &Dir, name: &str, libraries: impl Iterator<Item = String>, runpath: &str) {
    dir.program(format!("tree{GLIBC}"), Elf::new(AMD64).directories(&["/lib", "/usr/lib"]).bytes());
    let program = Elf::new(AMD64).loader(GLIBC).runpath(runpath);
    dir.program(format!("tree/{name}"), libraries.fold(program, |elf, name| elf.needs(&name)).bytes());
}

/// Expects that these programs are refused with this at the end of the message, and without more than 256 MiB of memory.
#[track_caller]
fn is_refused(dir: &Dir, programs: &[&str], message: &str) {
    let script = "ulimit -v 262144; exec \"$0\" --sysroot=tree box \"$@\"";
    let output = Cmd::sh(script).arg(tool("hc-rootfs")).args(programs).dir(dir.path()).run();
    let said = output.fails("hc-rootfs", 125);
    assert!(said.ends_with(message), "{} bytes of message: {}", said.len(), &said[said.len().min(200)..]);
    assert!(!dir.join("box").exists());
}

const PLACES: &str = " is one of more than 262144 places to look at";
const ROOM: &str = ": takes more than 128 MiB to remember, with all before it";

#[test]
fn forty_symlinks_of_a_thousand_steps_each() {
    let dir = Dir::new();
    for number in 0..39 {
        let next = if number == 38 { "d".to_owned() } else { format!("k{}", number + 1) };
        dir.directory("tree/d");
        symlink("/d/../".repeat(600) + &next, dir.join(format!("tree/k{number}"))).unwrap();
    }
    for number in 0..400 {
        dir.file(format!("tree/d/l{number}"), Elf::new(AMD64).bytes());
    }
    program(&dir, "p", (0..400).map(|number| format!("/k0/l{number}")), "/d");
    is_refused(&dir, &["/p"], PLACES);
    program(&dir, "p", (0..400).map(|number| format!("l{number}")), "/k0");
    is_refused(&dir, &["/p"], PLACES);
}

#[test]
fn a_thousand_libraries_two_thousand_directories_deep() {
    let dir = Dir::new();
    let deep = "/x".repeat(1900);
    fs::create_dir_all(dir.join(format!("tree{deep}"))).unwrap();
    let first = dir.file(format!("tree{deep}/l0"), Elf::new(AMD64).bytes());
    for number in 1..1000 {
        fs::hard_link(&first, first.with_file_name(format!("l{number}"))).unwrap();
    }
    program(&dir, "p", (0..1000).map(|number| format!("l{number}")), &deep);
    is_refused(&dir, &["/p"], ROOM);
}

#[test]
fn a_path_that_is_longer_than_any() {
    let dir = Dir::new();
    let deep = "/x".repeat(1500);
    fs::create_dir_all(dir.join(format!("tree{deep}"))).unwrap();
    program(&dir, &format!("{deep}/p"), ["l".to_owned()].into_iter(), &"$ORIGIN".repeat(140_000));
    is_refused(&dir, &[&format!("{deep}/p")], " /lib /usr/lib /etc/ld.so.cache");
}

#[test]
fn names_of_a_megabyte_each() {
    let dir = Dir::new();
    let name = "x".repeat(1_000_000);
    for number in 0..200 {
        let elf = Elf::new(AMD64).soname(&format!("{name}{number}"));
        dir.file(format!("tree/lib/l{number}"), elf.bytes());
    }
    program(&dir, "p", (0..200).map(|number| format!("l{number}")), "");
    is_refused(&dir, &["/p"], ROOM);
    // Also in a tree, where what a file lacks is no error.
    let script = "ulimit -v 262144; exec \"$0\" --sysroot=tree -f /lib box";
    let output = Cmd::sh(script).arg(tool("hc-rootfs")).dir(dir.path()).run();
    let said = output.fails("hc-rootfs", 125);
    assert!(said.starts_with("in tree: /lib/l") && said.ends_with(ROOM), "{said}");
    assert!(!dir.join("box").exists());
}
