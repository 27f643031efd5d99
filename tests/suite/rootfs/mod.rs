//! hc-rootfs: what is found, what is copied, and what is left when it fails.

mod attributes;
mod bounds;
mod broken;
mod cache;
mod change;
mod copy;
mod demand;
mod etc;
mod extra;
mod hostile;
mod library_path;
mod link;
mod machine;
mod machines;
mod made;
mod matrix;
mod notes;
mod obstacles;
mod owner;
mod planted;
mod printed;
mod progress;
mod report;
mod resolve;
mod scripts;
mod sysroot;
mod sysroot_copy;
mod sysroot_hostile;
mod undo;
mod variants;

use hc_tests::{Cmd, Dir, can_make_hosts, is_root, user_namespaces};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const GLIBC: &str = "/lib64/ld-linux-x86-64.so.2";

/// `hc-rootfs box` in `dir`.
fn rootfs(dir: &Dir) -> Cmd {
    Cmd::tool("hc-rootfs").dir(dir.path()).arg("box")
}

/// Why a test cannot look at what was copied from inside, if it cannot.
const NO_CONTAINERS: &str = "takes root with CAP_SYS_ADMIN, or user namespaces for ordinary users";

/// Whether [`inside`] can run anything.
fn can_look_inside() -> bool {
    can_make_hosts() || user_namespaces()
}

/// A command line in the container whose root is `box` in `dir`, with /proc.
fn inside(dir: &Dir) -> Cmd {
    let options = if can_make_hosts() { "-fpm" } else { "-rfpm" };
    Cmd::tool("hc-unshare").dir(dir.path()).args([options, "--mount-proc", "--root=box"])
}

/// The same for a user.
fn inside_as_nobody(dir: &Dir) -> Cmd {
    let options = ["-rfpm", "--mount-proc", "--root=box"];
    Cmd::tool("hc-unshare").dir(dir.path()).args(options).as_nobody()
}

/// A script on a terminal of its own, and in `dir`; standard output is all that is shown there.
fn on_terminal(dir: &Dir, script: &str) -> Cmd {
    Cmd::new("script").args(["-q", "-e", "-c", script, "/dev/null"]).dir(dir.path())
}

/// Runs a compiler or linker in `dir`.
#[track_caller]
fn build(dir: &Dir, line: &str) {
    Cmd::line(line.split_whitespace()).dir(dir.path()).run().ok();
}

/// Builds the program `name`, which needs `libraries` whether it uses them or not; `options` are the linker's.
#[track_caller]
fn program(dir: &Dir, name: &str, libraries: &str, options: &str) {
    dir.file("main.c", "int main(void) { return 0; }\n");
    dir.directory(Path::new(name).parent().expect("a directory"));
    build(dir, &format!("cc -o {name} main.c -Wl,--no-as-needed {libraries} {options}"));
}

/// Builds the library `name`, which needs `libraries`; `options` are those of ld(1).
#[track_caller]
fn library(dir: &Dir, name: &str, libraries: &str, options: &str) {
    dir.directory(Path::new(name).parent().expect("a directory"));
    build(dir, "as -o empty.o /dev/null");
    build(dir, &format!("ld -shared --no-as-needed -o {name} {libraries} {options} empty.o"));
}

/// What the loader says that it loads, in its order: `NAME => FILE`, without addresses.
#[track_caller]
fn loaded(cmd: Cmd) -> Vec<String> {
    let output = cmd.env("LD_TRACE_LOADED_OBJECTS", "1").run().ok().quiet();
    let lines = output.text().lines().map(|line| line.split(" (0x").next().unwrap_or(line).trim().to_owned());
    lines.filter(|line| !line.contains("linux-vdso")).collect()
}

/// The files, without symlinks, that such lines name.
fn files_of(loaded: &[String]) -> BTreeSet<PathBuf> {
    let names = loaded.iter().filter_map(|line| line.rsplit(" => ").next());
    names.map(|name| fs::canonicalize(name).unwrap_or_else(|_| name.into())).collect()
}

/// The regular files below `root`, as absolute paths in it.
fn files_in(root: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut todo = vec![root.to_owned()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(&directory).expect("a directory").map(|entry| entry.expect("an entry")) {
            let kind = entry.file_type().expect("a type");
            if kind.is_dir() {
                todo.push(entry.path());
            } else if kind.is_file() {
                found.insert(Path::new("/").join(entry.path().strip_prefix(root).expect("below")));
            }
        }
    }
    found
}

/// Copies `program`, and expects that its loader loads in there, as root's and as a user's, what it loads
/// outside, and that no other file was copied.
#[track_caller]
fn loads_the_same(dir: &Dir, program: &Path) {
    let outside = loaded(Cmd::new(program));
    let mut expected = files_of(&outside);
    expected.insert(fs::canonicalize(program).expect("the program"));
    rootfs(dir).arg(program).run().ok().quiet();
    assert_eq!(files_in(&dir.join("box")), expected, "copied for {}", program.display());
    assert_eq!(loaded(inside(dir).arg(program)), outside, "inside, {}", program.display());
    if is_root() && user_namespaces() {
        assert_eq!(loaded(inside_as_nobody(dir).arg(program)), outside, "to a user, {}", program.display());
    }
    fs::remove_dir_all(dir.join("box")).expect("box is removed");
}

/// Expects that copying `program` fails with this message, and leaves nothing.
#[track_caller]
fn refuses(dir: &Dir, program: impl AsRef<std::ffi::OsStr>, message: &str) {
    assert_eq!(rootfs(dir).arg(program).run().fails("hc-rootfs", 125), message);
    assert!(!dir.join("box").exists(), "something was made");
}
