//! Out of the root directory, to a file of the host's.

use super::{Attack, cell};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};
use std::fs::File;

/// Both are needed for every attack.
fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn by_a_second_chroot() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let marker = cell.marker().display().to_string();
    Attack::new(&cell, &["chroot", &marker]).leads("works", "works").closed_by("chroot: EPERM");
}

#[test]
fn by_a_directory_that_is_inherited() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let marker = cell.marker().display().to_string();
    let outside = cell.dir.path().to_owned();
    Attack::new(&cell, &["fchdir", "100", &marker])
        .start(|cmd| cmd.passing(File::open(&outside).unwrap(), 100))
        .leads("works", "works")
        .closed_by("fchdir: EBADF");
}

/// Process 1 has inherited it as well, and does not exec.
#[test]
fn by_a_directory_that_process_1_has_inherited() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let outside = cell.dir.path().to_owned();
    Attack::new(&cell, &["read", "/proc/1/fd/100/marker"])
        .start(|cmd| cmd.passing(File::open(&outside).unwrap(), 100))
        .leads("works", "works")
        .closed_by("open: EACCES|open: ENOENT");
}

#[test]
fn by_a_working_directory_outside() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let marker = cell.marker().display().to_string();
    let outside = cell.dir.path().to_owned();
    Attack::new(&cell, &["climb", &marker])
        // After its chroot, unshare(1) does not go to / if it is told to go somewhere else.
        .naive("-fpium --mount-proc --wd=.", "-rfpium --mount-proc --wd=.")
        .options(&["--wd=."])
        .start(|cmd| cmd.dir(&outside))
        .leads("works", "works")
        .closed_by("stat: ENOENT");
}

#[test]
fn by_the_mount_namespace_of_process_1() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let marker = cell.marker().display().to_string();
    Attack::new(&cell, &["setns", &marker]).leads("works", "works").closed_by("open: EACCES|setns: EPERM");
}

/// Without a PID namespace those of the host are there. (A user cannot see them in a proc of his own then.)
#[test]
fn by_the_root_directory_of_another_process() {
    require!(can_run(), "takes root, and user namespaces for others");
    let cell = cell();
    let running = Cmd::new("cat").hold_input().start();
    let file = format!("/proc/{}/root{}", running.pid(), cell.marker().display());
    Attack::new(&cell, &["read", &file])
        .naive("-fium --mount-proc", "-rfium")
        .leads("works", "open: ENOENT")
        .closed_by("open: ENOENT");
    let file = format!("/proc/1/root{}", cell.marker().display());
    Attack::new(&cell, &["read", &file]).closed_by("open: EACCES|open: ENOENT");
}
