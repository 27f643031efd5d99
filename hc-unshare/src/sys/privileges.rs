//! What else a process can give up, and descriptors by their number.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use std::os::fd::{BorrowedFd, RawFd};
use std::os::raw::{c_int, c_ulong};
use std::ptr;

/// True when the descriptor is open.
pub(crate) fn is_open(number: RawFd) -> bool {
    // SAFETY: it is only asked about, and EBADF is one of the answers. The number is not that of "no descriptor", -1.
    let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl(descriptor, FcntlArg::F_GETFD).is_ok()
}

/// close_range(2): has exec close all descriptors from `first` to `last`.
pub(crate) fn close_on_exec(first: u32, last: u32) -> nix::Result<()> {
    // SAFETY: plain numbers; nothing is closed yet.
    Errno::result(unsafe { libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC) })
        .map(drop)
}

/// keyctl(2): a new session keyring without a name, which nobody else can join.
pub(crate) fn new_session_keyring() -> nix::Result<()> {
    let name = ptr::null::<libc::c_char>();
    // SAFETY: no name is a name that the call allows.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, name) })
        .map(drop)
}

/// setpriority(2) of this process.
pub(crate) fn set_nice(value: c_int) -> nix::Result<()> {
    // SAFETY: plain numbers.
    Errno::result(unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, value) }).map(drop)
}

/// seccomp(2): lets no system call of this process through that `program` does not let through.
pub(crate) fn set_filter(program: &[libc::sock_filter]) -> nix::Result<()> {
    let length = u16::try_from(program.len()).map_err(|_| Errno::EINVAL)?;
    let filter = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    let mode = c_ulong::from(libc::SECCOMP_SET_MODE_FILTER);
    // SAFETY: the kernel reads that many instructions, which are alive, and writes none.
    Errno::result(unsafe { libc::syscall(libc::SYS_seccomp, mode, 0_u64, &raw const filter) }).map(drop)
}
