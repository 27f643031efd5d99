//! The jail without its locks: all capabilities, no filter. What the namespaces keep they keep alone.

use super::files::handle_of;
use super::{Attack, cell};
use hc_tests::{can_make_hosts, require, user_namespaces};
use std::fs::File;

const UNLOCKED: &[&str] = &["--cap-add=all", "--seccomp=none"];

#[test]
fn is_still_one() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let marker = cell.marker().display().to_string();
    let below_root = format!("/proc/1/root{marker}");
    let outside = cell.dir.path().to_owned();
    for (words, expected) in [
        (&["chroot", &marker][..], "stat: ENOENT"),
        (&["fchdir", "100", &marker], "fchdir: EBADF"),
        (&["read", "/proc/1/fd/100/marker"], "open: EACCES|open: ENOENT"),
        (&["read", "/proc/1/cwd/../marker"], "open: EACCES|open: ENOENT"),
        (&["setns", &marker], "open: EACCES|stat: ENOENT"),
        (&["read", &below_root], "open: EACCES|open: ENOENT"),
        (&["device", "c", "1", "9"], "mknod: EPERM"),
        (&["mount", "devtmpfs", ""], "mount: EPERM"),
        (&["write", "/proc/sys/kernel/core_pattern"], "open: EACCES|open: EROFS"),
        (&["bpf"], "bpf: EPERM|works"),
        (&["kexec_load"], "kexec_load: EPERM|kexec_load: ENOSYS"),
        (&["init_module"], "init_module: EPERM|init_module: ENOSYS"),
    ] {
        Attack::new(&cell, words)
            .options(UNLOCKED)
            .start(|cmd| cmd.passing(File::open(&outside).unwrap(), 100))
            .closed_by(expected);
    }
}

/// A file of the host's whose handle is known.
#[test]
fn has_no_handles_for_what_is_outside() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let handle = handle_of(&cell);
    require!(handle.is_some(), "the file system of TMPDIR has no handles");
    let [kind, bytes] = handle.unwrap();
    Attack::new(&cell, &["handle", &kind, &bytes])
        .options(UNLOCKED)
        .closed_by("open_by_handle_at: EPERM|open_by_handle_at: ESTALE");
}
