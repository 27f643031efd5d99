//! Out of a root directory to the one around it, where a file of the host's is.

use crate::sys::{call, number};
use crate::{Attempt, Of};
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{Mode, stat};
use nix::unistd::{chdir, chroot, mkdir};

/// Up from wherever this process is.
fn climb() -> Attempt {
    for _ in 0..64 {
        chdir("..").of("chdir")?;
    }
    Ok(())
}

/// Of `file`, which is an absolute path of the host's, from the working directory on.
fn reach(file: &str) -> Attempt {
    stat(file.trim_start_matches('/')).of("stat").map(drop)
}

/// A second chroot(2) to a directory below leaves the working directory outside.
pub(crate) fn by_second_chroot(file: &str) -> Attempt {
    let _ = mkdir("/tmp/below", Mode::from_bits_truncate(0o755));
    chroot("/tmp/below").of("chroot")?;
    climb()?;
    reach(file)
}

/// A directory of the host's that somebody has left open.
pub(crate) fn by_descriptor(descriptor: i32, file: &str) -> Attempt {
    call(libc::SYS_fchdir, [number(descriptor), 0, 0, 0, 0, 0]).of("fchdir")?;
    climb()?;
    reach(file)
}

/// Who was started with a working directory outside, or has another way to one.
pub(crate) fn by_working_directory(file: &str) -> Attempt {
    climb()?;
    reach(file)
}

/// Entering a mount namespace leads to its root directory, which chroot(2) does not change.
pub(crate) fn by_mount_namespace_of_process_1(file: &str) -> Attempt {
    let namespace = open("/proc/1/ns/mnt", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).of("open")?;
    setns(namespace, CloneFlags::CLONE_NEWNS).of("setns")?;
    climb()?;
    reach(file)
}
