//! The only unsafe code of the library: the C start-up values and the calls that nix does not wrap.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::{BorrowedFd, IntoRawFd};
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::ptr;

unsafe extern "C" {
    /// environ(7).
    static environ: *const *const c_char;
}

/// Standard output.
// SAFETY: only handed to calls that answer EBADF when it is closed; `reserve_closed` keeps it from being
// somebody else's file.
pub(crate) const STDOUT: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(libc::STDOUT_FILENO) };
/// Standard error.
// SAFETY: as for STDOUT.
pub(crate) const STDERR: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(libc::STDERR_FILENO) };

/// The strings of a NULL-terminated array.
///
/// # Safety
/// `array` is NULL, or points to valid C strings that are never changed or freed, ended by NULL.
unsafe fn strings(array: *const *const c_char) -> Vec<&'static CStr> {
    let mut found = Vec::new();
    let mut next = array;
    while !next.is_null() {
        // SAFETY: within the array, for its final NULL has not been met.
        let entry = unsafe { next.read() };
        if entry.is_null() {
            break;
        }
        // SAFETY: a valid C string that lives as long as the process, says the caller.
        found.push(unsafe { CStr::from_ptr(entry) });
        // SAFETY: the final NULL has not been met, so one more element is in the array.
        next = unsafe { next.add(1) };
    }
    found
}

/// The arguments after the program's name.
///
/// # Safety
/// `argv` is what the C library gave to `main`.
pub(crate) unsafe fn arguments(argv: *const *const c_char) -> Vec<OsString> {
    // SAFETY: argv of main is such an array, and nobody writes to it.
    let all = unsafe { strings(argv) };
    all.into_iter().skip(1).map(|arg| OsStr::from_bytes(arg.to_bytes()).to_owned()).collect()
}

/// The environment block of this process.
pub(crate) fn environment() -> Vec<&'static CStr> {
    // SAFETY: read once, by value; the process has one thread.
    let block = unsafe { environ };
    // SAFETY: the C library's block. setenv and its kin, which could change it, are never called
    // (clippy.toml bans them).
    unsafe { strings(block) }
}

/// Puts a placeholder on each of the descriptors 0 to 2 that the caller closed, so that no file this tool
/// opens lands there and receives, say, an error message. A descriptor opened with `O_PATH` answers EBADF to
/// read(2) and write(2), as a closed one does, and `O_CLOEXEC` closes it again for NEXT.
pub(crate) fn reserve_closed() {
    for number in 0..=2 {
        // SAFETY: the descriptor is only asked about; EBADF is one of the two expected answers.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        if fcntl(descriptor, FcntlArg::F_GETFD) == Err(Errno::EBADF) {
            // The lowest free number is this one, for all below it are taken.
            match open("/dev/null", OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
                Ok(placeholder) => {
                    let _kept_until_exec = placeholder.into_raw_fd();
                }
                // No /dev/null: an epoll set, which refuses read(2) and write(2) too. Never a directory: a
                // parent that stays would hold the host's tree open for those who can see its /proc/PID/fd.
                Err(_) => {
                    // SAFETY: makes a descriptor, touches no memory.
                    unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
                }
            }
        }
    }
}

/// Writes all of `bytes`, going on after interruptions.
pub(crate) fn write_all(descriptor: BorrowedFd<'_>, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(descriptor, bytes) {
            // Not an error by the book; but to go on would be for ever.
            Ok(0) => return Err(Errno::EIO),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// strerror(3), reentrant.
pub(crate) fn strerror(number: c_int) -> String {
    let mut text = [0_u8; 128];
    // SAFETY: the buffer is writable for the length given; the call ends it with NUL.
    unsafe { libc::strerror_r(number, text.as_mut_ptr().cast(), text.len()) };
    CStr::from_bytes_until_nul(&text)
        .map_or_else(|_| String::new(), |text| text.to_string_lossy().into_owned())
}

/// execve(2). Returns only when it failed.
pub(crate) fn execve(path: &CStr, argv: &[&CStr], envp: &[&CStr]) -> Errno {
    let array = |strings: &[&CStr]| -> Vec<*const c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([ptr::null()]).collect()
    };
    let (argv, envp) = (array(argv), array(envp));
    // SAFETY: C strings that the caller holds, in arrays that live through the call and end in NULL.
    unsafe { libc::execve(path.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
    Errno::last()
}
