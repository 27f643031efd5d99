//! The only unsafe code of this tool: fork, signals by number, and descriptors that are the caller's.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::time::TimeSpec;
use nix::unistd::{ForkResult, Pid};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, RawFd};
use std::os::raw::c_int;
use std::ptr;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Those that a process gets for what it does itself, and that end it whether they are blocked or not.
const FAULTS: [c_int; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGTRAP, libc::SIGSYS];

/// fork(2), but no signal tells of the child's end, and who waits for any child does not get it.
pub(crate) fn fork_untold() -> nix::Result<ForkResult> {
    // SAFETY: the process has one thread; without flags the child has a copy of all, and goes on where this one does.
    match Errno::result(unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) })? {
        0 => Ok(ForkResult::Child),
        child => Ok(ForkResult::Parent { child: Pid::from_raw(i32::try_from(child).unwrap_or(i32::MAX)) }),
    }
}

/// Waits for the end of such a child.
pub(crate) fn wait_for_untold(child: Pid) {
    // SAFETY: plain numbers; the status is not asked for.
    while unsafe { libc::waitpid(child.as_raw(), ptr::null_mut(), libc::__WCLONE) } == -1
        && Errno::last() == Errno::EINTR
    {}
}

/// Closes all descriptors from `first` to `last`.
pub(crate) fn close_range(first: RawFd, last: RawFd) -> nix::Result<()> {
    // SAFETY: plain numbers; no value of this program's owns what the caller has open, and who calls this uses no other.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) }).map(drop)
}

/// So many zeros, which children of this process share with it.
pub(crate) fn shared_words(number: usize) -> nix::Result<&'static [AtomicU64]> {
    let size = number * size_of::<AtomicU64>();
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    // SAFETY: new memory, where there is none.
    let address = unsafe { libc::mmap(ptr::null_mut(), size, protection, flags, -1, 0) };
    if address == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: of that size, on the limit of a page, zeros, and never unmapped; what is shared is only changed as a whole.
    Ok(unsafe { std::slice::from_raw_parts(address.cast(), number) })
}

/// All signals but the faults: one bit each.
pub(crate) static ALL: u64 = {
    let mut set = u64::MAX;
    let mut at = 0;
    while at < FAULTS.len() {
        #[allow(clippy::indexing_slicing, reason = "within the array")]
        let fault = FAULTS[at];
        set &= !(1 << (fault - 1));
        at += 1;
    }
    set
};

/// Blocks all of `set`. What was blocked before.
pub(crate) fn block(set: u64) -> nix::Result<u64> {
    change_mask(libc::SIG_BLOCK, set)
}

/// Blocks `set`, and nothing else.
pub(crate) fn set_mask(set: u64) -> nix::Result<()> {
    change_mask(libc::SIG_SETMASK, set).map(drop)
}

/// rt_sigprocmask(2), raw: the C library keeps two signals to itself, which somebody may send all the same.
fn change_mask(how: c_int, set: u64) -> nix::Result<u64> {
    let mut before = 0_u64;
    let (pointer, size) = (&raw const set, size_of::<u64>());
    // SAFETY: two sets that are alive, and their size.
    let changed = unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, pointer, &raw mut before, size) };
    Errno::result(changed).map(|_| before)
}

/// A signal that came in.
#[derive(Clone, Copy)]
pub(crate) struct Received {
    pub(crate) signal: c_int,
    /// The process that sent it; none if that was the kernel, or a terminal by way of it.
    pub(crate) sender: Option<Pid>,
}

/// The next signal that has come in, of those that [`ALL`] has blocked; `None` if none comes in while there is patience.
pub(crate) fn next_signal(patience: Option<Duration>) -> nix::Result<Option<Received>> {
    let patience = patience.map(TimeSpec::from);
    let timeout =
        patience.as_ref().map_or(ptr::null(), |patience| ptr::from_ref::<libc::timespec>(patience.as_ref()));
    let mut information = MaybeUninit::<libc::siginfo_t>::zeroed();
    let (set, size) = (&raw const ALL, size_of::<u64>());
    // SAFETY: a set and a time that are alive, and memory of the size that is written to.
    let got =
        unsafe { libc::syscall(libc::SYS_rt_sigtimedwait, set, information.as_mut_ptr(), timeout, size) };
    match Errno::result(got) {
        Err(Errno::EAGAIN | Errno::EINTR) => return Ok(None),
        Err(errno) => return Err(errno),
        Ok(_) => {}
    }
    // SAFETY: zeros, or what the call has written.
    let information = unsafe { information.assume_init() };
    // SAFETY: the field is there for all that kill(2) and its kin send, which is what the code tells.
    let sender = (information.si_code <= 0).then(|| unsafe { information.si_pid() });
    Ok(Some(Received { signal: information.si_signo, sender: sender.map(Pid::from_raw) }))
}

/// SIGKILL.
pub(crate) fn kill(process: i32) -> nix::Result<()> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::kill(process, libc::SIGKILL) }).map(drop)
}

/// A descriptor of the caller's. Only handed to calls that answer EBADF if it is closed.
fn of_caller(descriptor: RawFd) -> BorrowedFd<'static> {
    // SAFETY: the caller's are open from the start to the end, or closed, which the calls find out.
    unsafe { BorrowedFd::borrow_raw(descriptor) }
}

/// True if one may write to it.
pub(crate) fn is_writable(descriptor: RawFd) -> bool {
    fcntl(of_caller(descriptor), FcntlArg::F_GETFL).is_ok_and(|flags| {
        let flags = OFlag::from_bits_retain(flags);
        !flags.contains(OFlag::O_PATH) && flags & OFlag::O_ACCMODE != OFlag::O_RDONLY
    })
}

/// Writes all of `bytes` to it.
pub(crate) fn write_all(descriptor: RawFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(of_caller(descriptor), bytes) {
            Ok(0) => return Err(Errno::EIO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
