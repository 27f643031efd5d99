//! The only unsafe code of this tool: fork, signals, and the mount calls that nix does not wrap.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal, raise, sigaction, sigprocmask,
};
use nix::unistd::ForkResult;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};

/// fork(2).
pub(crate) fn fork() -> nix::Result<ForkResult> {
    // SAFETY: the process has one thread, so the child may do all that the parent could.
    unsafe { nix::unistd::fork() }
}

/// Gives SIGCHLD its default disposition and returns the one it had.
pub(crate) fn default_sigchld() -> nix::Result<SigAction> {
    restore_sigchld(&SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty()))
}

/// Sets the disposition of SIGCHLD and returns the one before.
pub(crate) fn restore_sigchld(action: &SigAction) -> nix::Result<SigAction> {
    // SAFETY: after execve a disposition is default or ignore; no handler comes into play.
    unsafe { sigaction(Signal::SIGCHLD, action) }
}

/// Ends this process by `signal`, without a second core file beside the child's. Returns only where a signal
/// cannot end it.
pub(crate) fn die_of(signal: Signal) {
    // SAFETY: takes plain numbers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
    let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler comes into play.
    let _ = unsafe { sigaction(signal, &default) };
    let mut set = SigSet::empty();
    set.add(signal);
    let _ = sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&set), None);
    let _ = raise(signal);
}

/// open_tree(2): a detached copy of the mount tree at `directory`, submounts included.
pub(crate) fn clone_tree(directory: &impl AsFd) -> nix::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE
        | libc::OPEN_TREE_CLOEXEC
        | libc::AT_EMPTY_PATH.unsigned_abs()
        | libc::AT_RECURSIVE.unsigned_abs();
    let directory = directory.as_fd().as_raw_fd();
    // SAFETY: an empty C string and plain numbers.
    let made = unsafe { libc::syscall(libc::SYS_open_tree, directory, c"".as_ptr(), flags) };
    let descriptor = RawFd::try_from(Errno::result(made)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made it, and nothing else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// move_mount(2): attaches the detached `tree` on `directory`.
pub(crate) fn attach_tree(tree: &impl AsFd, directory: &impl AsFd) -> nix::Result<()> {
    let (tree, directory) = (tree.as_fd().as_raw_fd(), directory.as_fd().as_raw_fd());
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let empty = c"".as_ptr();
    // SAFETY: empty C strings and plain numbers.
    let moved = unsafe { libc::syscall(libc::SYS_move_mount, tree, empty, directory, empty, flags) };
    Errno::result(moved).map(drop)
}
