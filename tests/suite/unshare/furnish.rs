//! Furnishing: what is mounted in the new root directory, where, and how; and the names and the network of the machine.

mod binds;
mod cgroupfs;
mod closed;
mod dev;
mod idmap;
mod mask;
mod messages;
mod network;
mod order;
mod overlay;
mod planted;
mod read_only;
mod sys;
mod tmpfs;

use super::{Root, Who, cell, unshare};
use hc_tests::{Cmd, Dir, View};

/// What a user needs to mount anything; root as well has a PID namespace.
fn furnished(who: Who, options: &[&str]) -> Cmd {
    let first = if who == Who::Root { "-fpm" } else { "-rfpm" };
    who.starts(unshare(&[first, "--mount-proc"]).args(options))
}

/// The same in a root directory.
fn furnished_in(who: Who, root: &Root, options: &[&str]) -> Cmd {
    furnished(who, &[]).arg(root.option("--root")).args(options)
}

/// The line of the mount table for `point`, from its place in the file system on. The last one, which is on top.
#[track_caller]
fn row(view: &View, point: &str) -> String {
    let mounts = view.mounts();
    let found = mounts.iter().rev().find(|line| line.split(' ').nth(1) == Some(point));
    found.unwrap_or_else(|| panic!("nothing on {point}: {mounts:#?}")).clone()
}

/// The options of a mount that are its own.
#[track_caller]
fn options(view: &View, point: &str) -> String {
    row(view, point).split(' ').nth(2).unwrap().to_owned()
}

/// Where something is mounted, in order.
fn points(view: &View) -> Vec<String> {
    view.mounts().iter().filter_map(|line| Some(line.split(' ').nth(1)?.to_owned())).collect()
}

/// A root directory that belongs, with all that is in it, to who starts it: so mount points can be made there, and in a
/// user namespace all of it has an owner.
fn own_cell(who: Who) -> Root {
    let root = cell();
    if who == Who::Nobody {
        Cmd::new("chown").args(["-R", "65534:65534"]).arg(root.path()).run().ok().quiet();
    }
    root
}

/// A directory with a file and a program in it, to be mounted somewhere.
fn source() -> Dir {
    let dir = Dir::new();
    dir.file("file", "content");
    dir.program("program", std::fs::read(hc_tests::attack()).unwrap());
    dir.directory("below");
    std::fs::set_permissions(dir.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    dir
}

/// What hc-attack says about an attempt.
#[track_caller]
fn attempt(line: Cmd) -> String {
    let output = line.run();
    let text = output.text().trim().to_owned();
    output.exits(i32::from(text != "works")).quiet();
    text
}
