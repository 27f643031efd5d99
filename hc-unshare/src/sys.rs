//! The only unsafe code of this tool: fork, signals, capabilities, and the calls that nix does not wrap.
#![allow(unsafe_code)]

pub(crate) mod capabilities;
pub(crate) mod mount;
pub(crate) mod privileges;
pub(crate) mod pty;
mod signals;

pub(crate) use signals::{Signals, discard, next_signal, send, send_to_group, stop_this_process};

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, getpid};
use std::ffi::{CStr, OsStr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::raw::c_int;
use std::os::unix::ffi::OsStrExt;

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

/// What became of a child.
pub(crate) enum Ended {
    /// It ended with this status.
    Exited(c_int),
    /// It was ended by the signal of this number.
    Killed(c_int),
    /// It has not ended, but stands still.
    Stopped,
}

/// Waits until `child` has ended.
pub(crate) fn wait_for(child: Pid) -> nix::Result<Ended> {
    loop {
        if let Some((_, ended)) = news(child.as_raw(), 0)? {
            return Ok(ended);
        }
    }
}

/// waitpid(2). Signals are numbers here: nix has no name for a real-time signal, and answers EINVAL about a child that
/// died of one.
fn news(child: libc::pid_t, options: c_int) -> nix::Result<Option<(Pid, Ended)>> {
    let mut status = 0;
    // SAFETY: the status is written to a variable that is alive.
    let process = match Errno::result(unsafe { libc::waitpid(child, &raw mut status, options) }) {
        Ok(0) | Err(Errno::EINTR) => return Ok(None),
        result => Pid::from_raw(result?),
    };
    Ok(if libc::WIFEXITED(status) {
        Some((process, Ended::Exited(libc::WEXITSTATUS(status))))
    } else if libc::WIFSIGNALED(status) {
        Some((process, Ended::Killed(libc::WTERMSIG(status))))
    } else {
        libc::WIFSTOPPED(status).then_some((process, Ended::Stopped))
    })
}

/// News of any child, and which one, if there is some: also of those that were not this process's to begin with.
pub(crate) fn wait_for_any() -> nix::Result<Option<(Pid, Ended)>> {
    match news(-1, libc::WUNTRACED | libc::WNOHANG) {
        Err(Errno::ECHILD) => Ok(None),
        result => result,
    }
}

/// True if `child`, which was stopped, has been continued, or was stopped once more after that. What there is to wait for
/// is left.
pub(crate) fn has_gone_on(child: Pid) -> bool {
    let mut information = std::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WCONTINUED | libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
    let id = child.as_raw().unsigned_abs();
    // SAFETY: what there is to tell is written to memory of its size.
    let waited = unsafe { libc::waitid(libc::P_PID, id, information.as_mut_ptr(), options) };
    // SAFETY: zeros, or what the call has written.
    let information = unsafe { information.assume_init() };
    waited == 0 && information.si_signo == libc::SIGCHLD
}

/// Ends a child that could not become what it was made for. What the standard library would do at an end is the
/// parent's to do.
pub(crate) fn end_child(status: c_int) -> ! {
    // SAFETY: a plain number.
    unsafe { libc::_exit(status) }
}

/// pidfd_open(2) of this process.
pub(crate) fn pidfd_of_this_process() -> nix::Result<OwnedFd> {
    // SAFETY: plain numbers.
    owned(unsafe { libc::syscall(libc::SYS_pidfd_open, getpid().as_raw(), 0) })
}

/// True when the process of `pidfd` has ended.
pub(crate) fn has_ended(pidfd: &OwnedFd) -> nix::Result<bool> {
    let mut poll = libc::pollfd { fd: pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one structure, which is alive; it does not wait.
    Errno::result(unsafe { libc::poll(&raw mut poll, 1, 0) }).map(|ready| ready > 0)
}

/// Has this process get `signal`, of this number, when its parent dies. Any change of credentials undoes it.
pub(crate) fn set_parent_death_signal(signal: c_int) -> nix::Result<()> {
    // SAFETY: takes plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) }).map(drop)
}

/// Ends this process by the signal of this number, without a second core file beside the child's. Returns only
/// where a signal cannot end it.
pub(crate) fn die_of(signal: c_int) {
    let _ = set_dumpable(false);
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
    let this_process = pidfd_of_this_process()?;
    // SAFETY: a descriptor that is open, and a plain number.
    Errno::result(unsafe { libc::setns(this_process.as_raw_fd(), libc::CLONE_NEWNS) }).map(drop)
}

/// NS_GET_USERNS: the user namespace that the one of `namespace` belongs to. EPERM if that is out of reach.
pub(crate) fn owner_of(namespace: &OwnedFd) -> nix::Result<OwnedFd> {
    // SAFETY: a descriptor that is open; the request takes nothing.
    owned(unsafe { libc::ioctl(namespace.as_raw_fd(), libc::NS_GET_USERNS) }.into())
}

/// setdomainname(2).
pub(crate) fn set_domain_name(name: &OsStr) -> nix::Result<()> {
    // SAFETY: bytes that are alive, and how many.
    Errno::result(unsafe { libc::setdomainname(name.as_bytes().as_ptr().cast(), name.len()) }).map(drop)
}

/// SIOCSIFFLAGS: brings the network interface `name` up, in the network namespace of `socket`. It has no other flags than
/// that.
pub(crate) fn bring_up(socket: &OwnedFd, name: &CStr) -> nix::Result<()> {
    // The crate `libc` has it in a type that not every C library's ioctl(2) takes.
    const SIOCSIFFLAGS: libc::Ioctl = 0x8914;
    // SAFETY: numbers and bytes, of which none has a meaning when it is 0.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(name.to_bytes()) {
        *to = libc::c_char::from_ne_bytes([*from]);
    }
    request.ifr_ifru.ifru_flags = libc::c_short::try_from(libc::IFF_UP).unwrap_or_default();
    // SAFETY: a structure of the kind that the request reads, which is alive.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCSIFFLAGS, &raw const request) }).map(drop)
}

/// The descriptor that has come in a message.
pub(crate) fn received(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just put it here, and nothing else holds it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// The descriptor that a system call has just returned.
fn owned(returned: libc::c_long) -> nix::Result<OwnedFd> {
    let descriptor = RawFd::try_from(Errno::result(returned)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made it, and nothing else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
