//! The calls that processes are made, waited for and ended by. Signals are numbers here: nix has no name for a real-time
//! signal, and answers EINVAL about a child that died of one.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::{ForkResult, Pid, getpid};
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::ptr;

/// fork(2).
///
/// # Errors
/// EAGAIN and ENOMEM, as there.
pub fn fork() -> nix::Result<ForkResult> {
    // SAFETY: a tool has one thread, so the child may do all that the parent could.
    unsafe { nix::unistd::fork() }
}

/// _exit(2): ends a process that is not the tool itself. What the standard library would do at an end is the tool's to do.
pub fn end(status: c_int) -> ! {
    // SAFETY: a plain number.
    unsafe { libc::_exit(status) }
}

/// Has this process get `signal`, of this number, when its parent dies. Any change of credentials undoes it.
///
/// # Errors
/// EINVAL if there is no such signal.
pub fn set_parent_death_signal(signal: c_int) -> nix::Result<()> {
    // SAFETY: takes plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) }).map(drop)
}

/// Gives SIGCHLD its default disposition and returns the one it had: a caller that ignores it has its children reaped by the
/// kernel, status and all.
///
/// # Errors
/// None that is known.
pub fn default_sigchld() -> nix::Result<SigAction> {
    restore_sigchld(&SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty()))
}

/// Sets the disposition of SIGCHLD and returns the one before.
pub(super) fn restore_sigchld(action: &SigAction) -> nix::Result<SigAction> {
    // SAFETY: after execve a disposition is default or ignore; no handler comes into play.
    unsafe { sigaction(Signal::SIGCHLD, action) }
}

/// What became of a child.
pub enum Ended {
    /// It ended with this status.
    Exited(c_int),
    /// It was ended by the signal of this number.
    Killed(c_int),
    /// It has not ended, but stands still.
    Stopped,
}

/// Waits until `child` has ended.
///
/// # Errors
/// ECHILD if it was reaped by the kernel, or is no child.
pub fn wait_for(child: Pid) -> nix::Result<Ended> {
    loop {
        if let Some((_, ended)) = wait(child.as_raw(), 0)? {
            return Ok(ended);
        }
    }
}

/// News of any child, and which one, if there is some: also of those that were not this process's to begin with.
///
/// # Errors
/// What waitpid(2) says, unless it is that there is no child.
pub fn wait_for_any() -> nix::Result<Option<(Pid, Ended)>> {
    match wait(-1, libc::WUNTRACED | libc::WNOHANG) {
        Err(Errno::ECHILD) => Ok(None),
        result => result,
    }
}

/// waitpid(2).
fn wait(child: libc::pid_t, options: c_int) -> nix::Result<Option<(Pid, Ended)>> {
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

/// True if `child`, which was stopped, has been continued, or was stopped once more after that. What there is to wait for
/// is left.
#[must_use]
pub fn has_gone_on(child: Pid) -> bool {
    let mut information = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WCONTINUED | libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT;
    let id = child.as_raw().unsigned_abs();
    // SAFETY: what there is to tell is written to memory of its size.
    let waited = unsafe { libc::waitid(libc::P_PID, id, information.as_mut_ptr(), options) };
    // SAFETY: zeros, or what the call has written.
    let information = unsafe { information.assume_init() };
    waited == 0 && information.si_signo == libc::SIGCHLD
}

/// kill(2), by number. To a child that has not been waited for it cannot fail but for want of privilege, and then there is
/// nobody to tell.
pub fn send(process: Pid, signal: c_int) {
    // SAFETY: plain numbers.
    unsafe { libc::kill(process.as_raw(), signal) };
}

/// Stops this process until somebody continues it.
pub fn stop_this_process() {
    // SAFETY: a plain number.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Ends this process by the signal of this number, without a second core file beside the child's. Returns only
/// where a signal cannot end it.
pub(super) fn die_of(signal: c_int) {
    let _ = set_dumpable(false);
    // SAFETY: no handler comes into play.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
    if let Some(set) = u32::try_from(signal - 1).ok().and_then(|shift| 1_u64.checked_shl(shift)) {
        let (set, none, size) = (&raw const set, ptr::null_mut::<u64>(), size_of::<u64>());
        // By number, for the C library keeps two signals to itself, which the child may have died of all the same.
        // SAFETY: a set that is alive, and its size; the old mask is not asked for.
        unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_UNBLOCK, set, none, size) };
    }
    // SAFETY: plain numbers.
    unsafe { libc::kill(getpid().as_raw(), signal) };
}
