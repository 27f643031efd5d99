//! The requests to terminals that nix does not wrap: ioctl_tty(2).

use super::owned;
use nix::errno::Errno;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::raw::c_int;

/// Rows and columns.
pub(crate) type Size = libc::winsize;

/// The slave of `master`, by the mount that the master was opened in: whatever is called like it does not matter.
pub(crate) fn open_slave(master: &OwnedFd) -> nix::Result<OwnedFd> {
    let locked: c_int = 0;
    // SAFETY: a number that is alive.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSPTLCK, &raw const locked) })?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: a plain number.
    let opened = unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) };
    owned(libc::c_long::from(opened))
}

/// Makes it the terminal of the session that this process leads.
pub(crate) fn make_controlling(slave: &OwnedFd) -> nix::Result<()> {
    // SAFETY: a plain number: it is not taken from another session.
    Errno::result(unsafe { libc::ioctl(slave.as_raw_fd(), libc::TIOCSCTTY, 0) }).map(drop)
}

pub(crate) fn size(terminal: &impl AsFd) -> nix::Result<Size> {
    let mut size = MaybeUninit::<Size>::zeroed();
    let number = terminal.as_fd().as_raw_fd();
    // SAFETY: memory of the size that the request fills.
    Errno::result(unsafe { libc::ioctl(number, libc::TIOCGWINSZ, size.as_mut_ptr()) })?;
    // SAFETY: zeros, or what the call has written.
    Ok(unsafe { size.assume_init() })
}

/// Tells the processes in the foreground, if it is another one: SIGWINCH.
pub(crate) fn set_size(terminal: &impl AsFd, size: Size) -> nix::Result<()> {
    let number = terminal.as_fd().as_raw_fd();
    // SAFETY: a structure of the kind that the request reads, which is alive.
    Errno::result(unsafe { libc::ioctl(number, libc::TIOCSWINSZ, &raw const size) }).map(drop)
}
