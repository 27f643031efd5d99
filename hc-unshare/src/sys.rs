//! The only unsafe code of this tool: signals, capabilities, and the calls that nix does not wrap.
#![allow(unsafe_code)]

pub(crate) mod capabilities;
pub(crate) mod mount;
pub(crate) mod privileges;
pub(crate) mod pty;
mod signals;

pub(crate) use signals::{Signals, discard, next_signal, send_to_group};

use nix::errno::Errno;
use nix::unistd::getpid;
use std::ffi::{CStr, OsStr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

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
