//! File systems of the host's and of the kernel's, and what is told to the kernel by files.

use super::{Attack, cell};
use crate::unshare::Root;
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};
use std::path::Path;

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[track_caller]
fn mount(cell: &Root, kind: &str, root: &str, nobody: &str) {
    Attack::new(cell, &["mount", kind, ""]).leads(root, nobody).closed_by("mount: EPERM");
}

/// What a user may mount in a user namespace is what belongs to that; a new proc of his own PID namespace does.
#[test]
fn new_file_systems_are_not_mounted() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    mount(&cell, "devtmpfs", "works", "mount: EPERM");
    mount(&cell, "sysfs", "works", "mount: EPERM");
    mount(&cell, "proc", "works", "works");
    mount(&cell, "cgroup2", "works", "mount: EPERM");
    mount(&cell, "tmpfs", "works", "works");
    mount(&cell, "mqueue", "works", "works");
}

/// Kind and bytes of the handle of a file outside; none if its file system has no handles.
#[track_caller]
pub(super) fn handle_of(cell: &Root) -> Option<[String; 2]> {
    let output = Cmd::new(hc_tests::attack()).args(["handle-of"]).arg(cell.marker()).run();
    if output.text().starts_with("name_to_handle_at: EOPNOTSUPP") {
        return None;
    }
    let output = output.ok();
    let (kind, bytes) = output.text().lines().next()?.split_once(' ')?;
    Some([kind.to_owned(), bytes.to_owned()])
}

/// Another part of the same file system, by a handle, which needs no name.
#[test]
fn files_are_not_opened_by_handle() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let handle = handle_of(&cell);
    require!(handle.is_some(), "the file system of TMPDIR has no handles");
    let [kind, bytes] = handle.unwrap();
    Attack::new(&cell, &["handle", &kind, &bytes])
        .leads("works", "open_by_handle_at: EPERM|open_by_handle_at: ESTALE")
        .closed_by("open_by_handle_at: EPERM");
}

/// The first of these is on every machine. What is written is what is there.
#[test]
fn settings_of_the_kernel_are_not_written() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    for file in [
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/fs/file-max",
    ] {
        if Path::new(file).exists() {
            Attack::new(&cell, &["write", file])
                .leads("works", "open: EACCES")
                .closed_by("open: EACCES|open: EROFS");
        }
    }
    assert!(Path::new("/proc/sys/kernel/core_pattern").exists());
}

/// Where the kernel has it, the letter `h` has it print a help text.
#[test]
fn nor_is_sysrq_trigger() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let has_it = Path::new("/proc/sysrq-trigger").exists();
    let (root, nobody, jailed) = if has_it {
        ("works", "open: EACCES", "open: EACCES|open: EROFS")
    } else {
        ("open: ENOENT", "open: ENOENT", "open: ENOENT")
    };
    Attack::new(&cell, &["write", "/proc/sysrq-trigger", "h"]).leads(root, nobody).closed_by(jailed);
}

/// A sysfs of one's own, if there is none. `uevent_helper` is a program that the kernel starts.
#[test]
fn nor_is_sysfs() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let files = ["kernel/rcu_expedited", "kernel/rcu_normal", "kernel/uevent_helper"];
    let there: Vec<&str> = files.into_iter().filter(|file| Path::new("/sys").join(file).exists()).collect();
    assert!(!there.is_empty());
    for file in there {
        Attack::new(&cell, &["sysfs", file])
            .leads("works", "mount: EPERM")
            .closed_by("open: EACCES|open: EROFS");
    }
}

/// The program that the kernel starts, as root of the host, when a control group becomes empty.
#[test]
fn nor_is_release_agent() {
    require!(can_run(), "takes root, and user namespaces for others");
    let table = std::fs::read_to_string("/proc/self/cgroup").unwrap();
    let mut hierarchies = table.lines().filter_map(|line| line.split(':').nth(1));
    let controller = hierarchies.find(|name| !name.is_empty() && !name.contains('='));
    // Where all controllers are in version 2, which has no such program, one can be made that has none.
    let hierarchy = controller.unwrap_or("none,name=hc-attack");
    let cell = cell();
    Attack::new(&cell, &["release-agent", hierarchy])
        .leads("works", "mount: EPERM")
        .closed_by("mount: EPERM");
}
