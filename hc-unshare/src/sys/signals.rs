//! All signals at once, by number: nix has no names for those of real time.

use super::owned;
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::time::TimeSpec;
use nix::unistd::Pid;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::raw::c_int;
use std::ptr;
use std::time::Duration;

/// Those that a process gets for what it does itself, and that end it whether they are blocked or not.
const FAULTS: [c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// All signals, blocked and to be read one by one: signalfd(2). By raw calls, for the C library keeps two signals to itself,
/// which somebody may send all the same.
pub(crate) struct Signals {
    descriptor: OwnedFd,
    before: u64,
}

impl Signals {
    /// Blocks all but the faults.
    pub(crate) fn block_all() -> nix::Result<Self> {
        let set = FAULTS.iter().fold(u64::MAX, |set, fault| set & !(1 << (fault - 1)));
        let mut before = 0;
        change_mask(libc::SIG_BLOCK, set, &mut before)?;
        let (pointer, size, flags) =
            (&raw const set, size_of::<u64>(), libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
        // SAFETY: a set that is alive, its size, and plain numbers.
        let descriptor = owned(unsafe { libc::syscall(libc::SYS_signalfd4, -1, pointer, size, flags) })?;
        Ok(Signals { descriptor, before })
    }

    /// Blocks what was blocked before.
    pub(crate) fn restore(&self) -> nix::Result<()> {
        change_mask(libc::SIG_SETMASK, self.before, &mut 0)
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

/// Takes `signal`, which is blocked, if it has come in: rt_sigtimedwait(2).
pub(crate) fn discard(signal: c_int) {
    let (set, none) = (1_u64 << (signal - 1), libc::timespec { tv_sec: 0, tv_nsec: 0 });
    let (pointer, size) = (&raw const set, size_of::<u64>());
    let information = ptr::null_mut::<libc::siginfo_t>();
    // SAFETY: a set and a time that are alive; what there is to know of the signal is not asked for.
    unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, pointer, information, &raw const none, size) };
}

/// rt_sigprocmask(2): `set`, one bit a signal, and what was blocked `before`.
fn change_mask(how: c_int, set: u64, before: &mut u64) -> nix::Result<()> {
    let (pointer, size) = (&raw const set, size_of::<u64>());
    // SAFETY: two sets that are alive, and their size.
    let changed = unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, pointer, &raw mut *before, size) };
    Errno::result(changed).map(drop)
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

/// The next signal of `set`, which is blocked; `None` if none comes in while there is patience. sigtimedwait(2).
pub(crate) fn next_signal(set: &SigSet, patience: Option<Duration>) -> nix::Result<Option<Signal>> {
    let patience = patience.map(TimeSpec::from);
    let timeout =
        patience.as_ref().map_or(ptr::null(), |patience| ptr::from_ref::<libc::timespec>(patience.as_ref()));
    let set: &libc::sigset_t = set.as_ref();
    // SAFETY: a set and a time that are alive; without a time it waits for ever; no more than the number is asked for.
    match Errno::result(unsafe { libc::sigtimedwait(set, ptr::null_mut(), timeout) }) {
        Ok(number) => Signal::try_from(number).map(Some),
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
        Err(errno) => Err(errno),
    }
}

/// kill(2), by number, of all of the process group that `leader` leads.
pub(crate) fn send_to_group(leader: Pid, signal: c_int) {
    // SAFETY: plain numbers.
    unsafe { libc::kill(-leader.as_raw(), signal) };
}
