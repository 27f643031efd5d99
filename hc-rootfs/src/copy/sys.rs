//! The only unsafe code of this tool: extended attributes, capabilities and FICLONE, which nix lacks, and what it has for
//! glibc only.
#![allow(unsafe_code)]

use nix::NixPath;
use nix::errno::Errno;
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::raw::c_uint;

/// A file whose attributes are asked for.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    Open(BorrowedFd<'a>),
    /// Symlinks are followed.
    Named(&'a CStr),
}

/// listxattr(2): names, each with its NUL; the length of all of them.
pub(super) fn list(of: Of<'_>, buffer: &mut [u8]) -> nix::Result<usize> {
    let (start, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    let length = match of {
        // SAFETY: an open descriptor, and a buffer of that size.
        Of::Open(file) => unsafe { libc::flistxattr(file.as_raw_fd(), start, size) },
        // SAFETY: a C string, and a buffer of that size.
        Of::Named(path) => unsafe { libc::listxattr(path.as_ptr(), start, size) },
    };
    length_of(length)
}

/// getxattr(2): the value's length; with an empty buffer nothing more.
pub(super) fn get(of: Of<'_>, name: &CStr, buffer: &mut [u8]) -> nix::Result<usize> {
    let (start, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    let length = match of {
        // SAFETY: an open descriptor, a C string, and a buffer of that size.
        Of::Open(file) => unsafe { libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), start, size) },
        // SAFETY: two C strings, and a buffer of that size.
        Of::Named(path) => unsafe { libc::getxattr(path.as_ptr(), name.as_ptr(), start, size) },
    };
    length_of(length)
}

fn length_of(result: isize) -> nix::Result<usize> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// fsetxattr(2)
pub(super) fn set(file: BorrowedFd<'_>, name: &CStr, value: &[u8]) -> nix::Result<()> {
    let (start, size) = (value.as_ptr().cast(), value.len());
    // SAFETY: an open descriptor, a C string, and a value of that size.
    let result = unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), start, size, 0) };
    Errno::result(result).map(drop)
}

/// fremovexattr(2)
pub(super) fn remove(file: BorrowedFd<'_>, name: &CStr) -> nix::Result<()> {
    // SAFETY: an open descriptor, and a C string.
    Errno::result(unsafe { libc::fremovexattr(file.as_raw_fd(), name.as_ptr()) }).map(drop)
}

/// Whether this process has CAP_SETFCAP (capget(2)). Where that cannot be asked, nobody can set them either.
pub(super) fn can_set_capabilities() -> bool {
    const VERSION_3: u32 = 0x2008_0522;
    const SETFCAP: u32 = 31;
    let mut header = [VERSION_3, 0];
    // Twice: effective, permitted, inheritable.
    let mut sets = [0_u32; 6];
    // SAFETY: a header of two words, which names this process, and two sets of three words each.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_mut_ptr(), sets.as_mut_ptr()) };
    let [effective, ..] = sets;
    result == 0 && effective & 1 << SETFCAP != 0
}

/// renameat2(2), with flags.
pub(super) fn rename(
    (from, old): (BorrowedFd<'_>, &OsStr),
    (to, new): (BorrowedFd<'_>, &OsStr),
    flags: c_uint,
) -> nix::Result<()> {
    let (from, to) = (from.as_raw_fd(), to.as_raw_fd());
    let renamed = old.with_nix_path(|old| {
        new.with_nix_path(|new| {
            // SAFETY: two C strings that are alive, two open descriptors and a plain number.
            unsafe { libc::syscall(libc::SYS_renameat2, from, old.as_ptr(), to, new.as_ptr(), flags) }
        })
    });
    Errno::result(renamed??).map(drop)
}

/// Makes `to` share all blocks of `from` (ioctl_ficlone(2)).
pub(super) fn clone(from: &File, to: &File) -> nix::Result<()> {
    // SAFETY: two open descriptors; FICLONE takes the second one by value.
    Errno::result(unsafe { libc::ioctl(to.as_raw_fd(), libc::FICLONE, from.as_raw_fd()) }).map(drop)
}
