//! The harness's unsafe code: what happens between fork and exec, and calls that nix does not wrap.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

/// Standard error itself, not the one that the test runner captures.
pub(crate) fn stderr() -> ManuallyDrop<File> {
    // SAFETY: never closed, for the File is never dropped.
    ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDERR_FILENO) })
}

/// atexit(3).
pub(crate) fn at_exit(function: extern "C" fn()) {
    // SAFETY: a function that lives as long as the program.
    unsafe { libc::atexit(function) };
}

/// pidfd_open(2): readable when the process has ended.
pub(crate) fn pidfd(pid: u32) -> OwnedFd {
    // SAFETY: plain numbers.
    let made = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let descriptor = RawFd::try_from(made).ok().filter(|&number| number >= 0).expect("pidfd_open");
    // SAFETY: the kernel has just made it, and nothing else holds it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

/// kill(2), by number: nix has no names for the signals of real time.
pub fn send(process: i32, signal: i32) {
    // SAFETY: plain numbers.
    let sent = unsafe { libc::kill(process, signal) };
    assert!(sent == 0, "kill {process} {signal}: {}", io::Error::last_os_error());
}

/// poll(2): which of `wanted` (descriptor, events) are ready within `milliseconds`.
pub(crate) fn poll(wanted: &[(RawFd, i16)], milliseconds: i32) -> Vec<bool> {
    let mut set: Vec<libc::pollfd> =
        wanted.iter().map(|&(fd, events)| libc::pollfd { fd, events, revents: 0 }).collect();
    let count = libc::nfds_t::try_from(set.len()).expect("a few descriptors");
    // SAFETY: an array of that many structures.
    let ready = unsafe { libc::poll(set.as_mut_ptr(), count, milliseconds) };
    set.iter().map(|entry| ready > 0 && entry.revents != 0).collect()
}

/// Makes reading and writing of `file` return at once.
pub(crate) fn set_nonblocking(file: &impl AsRawFd) {
    // SAFETY: plain numbers, on a descriptor that the caller holds.
    unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
}

/// A NULL-terminated array of C strings, for execve(2).
struct Strings {
    pointers: Vec<*const c_char>,
    _owned: Vec<CString>,
}

// SAFETY: the pointers lead to strings that move along with them and that nobody changes.
unsafe impl Send for Strings {}
// SAFETY: likewise.
unsafe impl Sync for Strings {}

impl Strings {
    fn new(owned: Vec<CString>) -> Self {
        let pointers = owned.iter().map(|word| word.as_ptr()).chain([std::ptr::null()]).collect();
        Strings { pointers, _owned: owned }
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

/// All that a child does between fork and exec, made ready before the fork: no allocation after it.
#[derive(Default)]
pub(crate) struct Start {
    pub(crate) file: CString,
    pub(crate) argv: Vec<CString>,
    pub(crate) envp: Vec<CString>,
    /// Namespaces to enter.
    pub(crate) namespaces: Vec<OwnedFd>,
    pub(crate) directory: Option<CString>,
    pub(crate) umask: u32,
    pub(crate) user: Option<u32>,
    /// Ignored instead of default.
    pub(crate) ignored: Vec<i32>,
    pub(crate) blocked: Vec<i32>,
    /// A descriptor of ours, and its number there.
    pub(crate) passed: Vec<(OwnedFd, RawFd)>,
    pub(crate) closed: Vec<RawFd>,
    /// In a session of its own.
    pub(crate) session: bool,
}

/// Starts `command`, of which only the streams count, as `start` says.
pub(crate) fn spawn(command: &mut Command, mut start: Start) -> io::Result<Child> {
    let argv = Strings::new(std::mem::take(&mut start.argv));
    let envp = Strings::new(std::mem::take(&mut start.envp));
    let become_it = move || {
        prepare(&start)?;
        // SAFETY: C strings and arrays of them, held by this closure.
        unsafe { libc::execve(start.file.as_ptr(), argv.as_ptr(), envp.as_ptr()) };
        Err(io::Error::last_os_error())
    };
    // SAFETY: the closure makes system calls and nothing else.
    unsafe { command.pre_exec(become_it) };
    command.spawn()
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

fn prepare(start: &Start) -> io::Result<()> {
    // Nothing of the test runner's gets through, except the pipe by which std tells an error.
    // SAFETY: plain numbers.
    check(unsafe { libc::close_range(3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC.cast_signed()) })?;
    for namespace in &start.namespaces {
        // SAFETY: a descriptor that this closure holds.
        check(unsafe { libc::setns(namespace.as_raw_fd(), 0) })?;
    }
    if let Some(directory) = &start.directory {
        // SAFETY: a C string.
        check(unsafe { libc::chdir(directory.as_ptr()) })?;
    }
    // SAFETY: a plain number.
    unsafe { libc::umask(start.umask) };
    if start.session {
        // SAFETY: takes nothing.
        check(unsafe { libc::setsid() })?;
    }
    if let Some(user) = start.user {
        become_user(user)?;
    }
    for (from, to) in &start.passed {
        // SAFETY: a descriptor that this closure holds, and a plain number.
        check(unsafe { libc::dup2(from.as_raw_fd(), *to) })?;
        // Already that one, by chance: then it is still to be closed at the exec.
        // SAFETY: plain numbers.
        check(unsafe { libc::fcntl(*to, libc::F_SETFD, 0) })?;
    }
    for number in &start.closed {
        // SAFETY: a number below 3, which nothing of the child's own start uses.
        check(unsafe { libc::close(*number) })?;
    }
    signals(start);
    Ok(())
}

fn become_user(user: u32) -> io::Result<()> {
    // SAFETY: an empty list.
    check(unsafe { libc::setgroups(0, std::ptr::null()) })?;
    // SAFETY: a plain number.
    check(unsafe { libc::setgid(user) })?;
    // SAFETY: a plain number.
    check(unsafe { libc::setuid(user) })
}

/// Every signal at its default, except what `start` says. By the raw call, for the C library keeps two of them to itself.
fn signals(start: &Start) {
    for number in 1..=64 {
        let handler = if start.ignored.contains(&number) { libc::SIG_IGN } else { libc::SIG_DFL };
        // The kernel's structure: handler, flags, restorer, and the mask, which is as long as is said.
        let action = [handler, 0, 0, 0];
        let none = std::ptr::null::<usize>();
        // SAFETY: a structure that is alive, and no handler; numbers that cannot be set are refused.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, action.as_ptr(), none, size_of::<usize>()) };
    }
    // SAFETY: all zero is the empty set.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    for number in &start.blocked {
        // SAFETY: a set that is alive.
        unsafe { libc::sigaddset(&raw mut set, *number) };
    }
    // SAFETY: likewise.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const set, std::ptr::null_mut()) };
}
