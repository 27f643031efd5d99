//! The only unsafe code of this tool: fork, signals, and the mount calls that nix does not wrap.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, getpid};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::raw::c_int;

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

/// How a child ended.
pub(crate) enum Ended {
    /// With this status.
    Exited(c_int),
    /// By the signal of this number.
    Killed(c_int),
}

/// Waits until `child` has ended. Signals are numbers here: nix has no name for a real-time signal, and answers
/// EINVAL about a child that died of one.
pub(crate) fn wait_for(child: Pid) -> nix::Result<Ended> {
    loop {
        let mut status = 0;
        // SAFETY: the status is written to a variable that is alive.
        match Errno::result(unsafe { libc::waitpid(child.as_raw(), &raw mut status, 0) }) {
            Ok(_) if libc::WIFEXITED(status) => return Ok(Ended::Exited(libc::WEXITSTATUS(status))),
            Ok(_) if libc::WIFSIGNALED(status) => return Ok(Ended::Killed(libc::WTERMSIG(status))),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Ends this process by the signal of this number, without a second core file beside the child's. Returns only
/// where a signal cannot end it.
pub(crate) fn die_of(signal: c_int) {
    // SAFETY: takes plain numbers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0) };
    // SAFETY: no handler comes into play.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    let mut set = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: makes it an empty set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: a set that is alive; a number that is not a signal's is refused.
    unsafe { libc::sigaddset(set.as_mut_ptr(), signal) };
    // SAFETY: a set that is alive; the old mask is not asked for.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut()) };
    // SAFETY: plain numbers.
    unsafe { libc::kill(getpid().as_raw(), signal) };
}

/// Goes to the root of the mount namespace that this process is in: root and working directory. They are
/// elsewhere after a chroot(2) of the caller's.
pub(crate) fn leave_chroot() -> nix::Result<()> {
    // SAFETY: plain numbers.
    let made = unsafe { libc::syscall(libc::SYS_pidfd_open, getpid().as_raw(), 0) };
    let this_process = owned(made)?;
    // SAFETY: a descriptor that is open, and a plain number.
    Errno::result(unsafe { libc::setns(this_process.as_raw_fd(), libc::CLONE_NEWNS) }).map(drop)
}

/// open_tree(2): a detached copy of the mount tree at `directory`, submounts included.
pub(crate) fn clone_tree(directory: &impl AsFd) -> nix::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE
        | libc::OPEN_TREE_CLOEXEC
        | libc::AT_EMPTY_PATH.unsigned_abs()
        | libc::AT_RECURSIVE.unsigned_abs();
    let directory = directory.as_fd().as_raw_fd();
    // SAFETY: an empty C string and plain numbers.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, directory, c"".as_ptr(), flags) })
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

/// The descriptor that a system call has just returned.
fn owned(returned: libc::c_long) -> nix::Result<OwnedFd> {
    let descriptor = RawFd::try_from(Errno::result(returned)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made it, and nothing else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
