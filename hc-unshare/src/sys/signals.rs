//! All signals at once, by number: nix has no names for those of real time.

use super::owned;
use nix::errno::Errno;
use nix::unistd::Pid;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::raw::c_int;

/// Those that a process gets for what it does itself, and that end it whether they are blocked or not.
const FAULTS: [c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// All signals, blocked and to be read one by one: signalfd(2).
pub(crate) struct Signals {
    descriptor: OwnedFd,
    before: libc::sigset_t,
}

impl Signals {
    /// Blocks all but the faults.
    pub(crate) fn block_all() -> nix::Result<Self> {
        let mut set = MaybeUninit::uninit();
        // SAFETY: fills the set.
        unsafe { libc::sigfillset(set.as_mut_ptr()) };
        for fault in FAULTS {
            // SAFETY: a set that is filled, and the number of a signal.
            unsafe { libc::sigdelset(set.as_mut_ptr(), fault) };
        }
        let mut before = MaybeUninit::uninit();
        // SAFETY: a set that is filled, and memory for another one.
        let blocked = unsafe { libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), before.as_mut_ptr()) };
        Errno::result(blocked)?;
        // SAFETY: the call has filled it.
        let before = unsafe { before.assume_init() };
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        // SAFETY: a set that is filled, and plain numbers.
        let descriptor = owned(unsafe { libc::signalfd(-1, set.as_ptr(), flags) }.into())?;
        Ok(Signals { descriptor, before })
    }

    /// Blocks what was blocked before.
    pub(crate) fn restore(&self) -> nix::Result<()> {
        // SAFETY: a set from the kernel; the present one is not asked for.
        let set =
            unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
        Errno::result(set).map(drop)
    }

    /// The next one that has come in; SIGCHLD, after which one looks anyway, if there is none.
    pub(crate) fn next(&self) -> nix::Result<c_int> {
        let mut information = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        let descriptor = self.descriptor.as_raw_fd();
        // SAFETY: memory of that size.
        match Errno::result(unsafe { libc::read(descriptor, information.as_mut_ptr().cast(), size) }) {
            Ok(_) => {
                // SAFETY: a signalfd fills whole structures.
                let information = unsafe { information.assume_init() };
                Ok(c_int::try_from(information.ssi_signo).unwrap_or(libc::SIGCHLD))
            }
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(libc::SIGCHLD),
            Err(errno) => Err(errno),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// kill(2), by number. To a child that has not been waited for it cannot fail but for want of privilege, and then there is
/// nobody to tell.
pub(crate) fn send(process: Pid, signal: c_int) {
    // SAFETY: plain numbers.
    unsafe { libc::kill(process.as_raw(), signal) };
}

/// The same to all of the process group that `leader` leads.
pub(crate) fn send_to_group(leader: Pid, signal: c_int) {
    // SAFETY: plain numbers.
    unsafe { libc::kill(-leader.as_raw(), signal) };
}

/// Stops this process until somebody continues it.
pub(crate) fn stop_this_process() {
    // SAFETY: a plain number.
    unsafe { libc::raise(libc::SIGSTOP) };
}
