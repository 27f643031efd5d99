//! The probe's unsafe code: the C start-up values, and questions to the kernel that nix does not ask.
#![allow(unsafe_code)]

pub(crate) mod call;

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Standard output, if it is open.
// SAFETY: only handed to write(2), which answers EBADF when it is closed.
pub(crate) const STDOUT: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(libc::STDOUT_FILENO) };

/// The strings of a NULL-terminated array.
///
/// # Safety
/// `array` is one that the C library gave to `main`.
pub(crate) unsafe fn strings(mut array: *const *const libc::c_char) -> Vec<&'static CStr> {
    let mut found = Vec::new();
    loop {
        // SAFETY: within the array, for its final NULL has not been met.
        let entry = unsafe { array.read() };
        if entry.is_null() {
            return found;
        }
        // SAFETY: a C string that lives as long as the process.
        found.push(unsafe { CStr::from_ptr(entry) });
        // SAFETY: one more element is in the array.
        array = unsafe { array.add(1) };
    }
}

/// The signals that are ignored.
pub(crate) fn ignored() -> Vec<i32> {
    (1..=64).filter(|&number| disposition(number) == Some(libc::SIG_IGN)).collect()
}

fn disposition(number: i32) -> Option<usize> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is set; the old action is written to memory of its size.
    let asked = unsafe { libc::sigaction(number, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: written, or zeroed, which is a value of it.
    let action = unsafe { action.assume_init() };
    (asked == 0).then_some(action.sa_sigaction)
}

/// The signals that are blocked.
pub(crate) fn blocked() -> Vec<i32> {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: nothing is set; the mask is written to memory of its size.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, std::ptr::null(), set.as_mut_ptr()) };
    (1..=64).filter(|&number| is_member(set.as_ptr(), number)).collect()
}

fn is_member(set: *const libc::sigset_t, number: i32) -> bool {
    // SAFETY: blocked() gives a set that is alive.
    unsafe { libc::sigismember(set, number) == 1 }
}

/// The number, status flags, and file of each descriptor that was inherited: this process opens its own with
/// close-on-exec.
pub(crate) fn descriptors() -> Vec<(i32, i32, libc::stat)> {
    (0..1024).filter_map(descriptor).collect()
}

fn descriptor(number: i32) -> Option<(i32, i32, libc::stat)> {
    // SAFETY: plain numbers; a closed descriptor is EBADF.
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    if flags < 0 || flags & libc::FD_CLOEXEC != 0 {
        return None;
    }
    // SAFETY: likewise.
    let status = unsafe { libc::fcntl(number, libc::F_GETFL) };
    let mut about = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: written to memory of its size.
    unsafe { libc::fstat(number, about.as_mut_ptr()) };
    // SAFETY: written, or zeroed, which is a value of it.
    Some((number, status, unsafe { about.assume_init() }))
}

/// The umask.
pub(crate) fn umask() -> u32 {
    // SAFETY: a plain number.
    let mask = unsafe { libc::umask(0o777) };
    // SAFETY: likewise. Put back, for the file that the view may be written to.
    unsafe { libc::umask(mask) };
    mask
}

/// prctl(2) that takes no more than an option.
pub(crate) fn prctl(option: i32) -> i32 {
    // SAFETY: plain numbers.
    unsafe { libc::prctl(option, 0, 0, 0, 0) }
}

/// The effective, permitted and inheritable capabilities.
pub(crate) fn capabilities() -> [u64; 3] {
    #[repr(C)]
    struct Header(u32, i32);
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header(VERSION_3, 0);
    let mut words = [[0_u32; 3]; 2];
    // SAFETY: the structures of version 3, alive during the call.
    unsafe { libc::syscall(libc::SYS_capget, &raw const header, words.as_mut_ptr()) };
    let [low, high] = words;
    let whole = |at: usize| -> u64 {
        let word = |words: [u32; 3]| u64::from(words.get(at).copied().unwrap_or(0));
        word(high) << 32 | word(low)
    };
    [whole(0), whole(1), whole(2)]
}

/// The signal that this process gets when its parent ends; 0 is none.
pub(crate) fn parent_death_signal() -> i32 {
    let mut signal = 0;
    // SAFETY: a number of the kernel's type, alive during the call.
    unsafe { libc::prctl(libc::PR_GET_PDEATHSIG, &raw mut signal, 0, 0, 0) };
    signal
}

/// True when `capability` is in the set that this option of prctl(2) asks for: the bounding set, or with its own
/// sub-option the ambient one. Nothing for a capability that the kernel does not know.
fn has_capability(option: i32, first: libc::c_ulong, second: libc::c_ulong) -> Option<bool> {
    // SAFETY: plain numbers.
    let answer = unsafe { libc::prctl(option, first, second, 0, 0) };
    (answer >= 0).then_some(answer == 1)
}

/// The bounding set and the ambient set.
pub(crate) fn further_capabilities() -> [u64; 2] {
    let ambient = libc::PR_CAP_AMBIENT_IS_SET.try_into().unwrap_or(0);
    let set = |of: &dyn Fn(libc::c_ulong) -> Option<bool>| {
        let members = (0..64).filter(|&number| of(number) == Some(true));
        members.fold(0, |set, number| set | 1 << number)
    };
    [
        set(&|number| has_capability(libc::PR_CAPBSET_READ, number, 0)),
        set(&|number| has_capability(libc::PR_CAP_AMBIENT, ambient, number)),
    ]
}

/// The personality: 0 is Linux.
pub(crate) fn personality() -> i32 {
    // SAFETY: a number that only asks.
    unsafe { libc::personality(0xffff_ffff) }
}

/// The uid that the file system looks at.
pub(crate) fn fsuid() -> i32 {
    // SAFETY: no user has this number, so nothing changes.
    unsafe { libc::setfsuid(libc::uid_t::MAX) }
}

/// The seconds of a clock.
pub(crate) fn seconds(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: written to a structure of its type.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec
}

/// The user who owns a user namespace, as this process's own one has it.
pub(crate) fn owner(namespace: BorrowedFd<'_>) -> Option<libc::uid_t> {
    const NS_GET_OWNER_UID: libc::Ioctl = 0xb704;
    let mut owner: libc::uid_t = 0;
    // SAFETY: a number of the kernel's type, alive during the call.
    let asked = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_OWNER_UID, &raw mut owner) };
    (asked == 0).then_some(owner)
}

/// The soft and hard limit of a resource.
pub(crate) fn limit(resource: libc::__rlimit_resource_t) -> (u64, u64) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: written to a structure of its type.
    unsafe { libc::getrlimit(resource, &raw mut limit) };
    (limit.rlim_cur, limit.rlim_max)
}

/// The time on a clock, in milliseconds.
pub(crate) fn milliseconds(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: written to a structure of its type.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// A child that waits until it is killed, as it is when this process ends; its process ID.
pub(crate) fn waiting_child() -> nix::Result<libc::pid_t> {
    // SAFETY: one thread.
    let child = nix::errno::Errno::result(unsafe { libc::fork() })?;
    if child == 0 {
        // SAFETY: plain numbers.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        loop {
            // SAFETY: takes nothing.
            unsafe { libc::pause() };
        }
    }
    Ok(child)
}

/// Ends a child and waits for that.
pub(crate) fn end(child: libc::pid_t) {
    // SAFETY: plain numbers.
    unsafe { libc::kill(child, libc::SIGKILL) };
    // SAFETY: the status is not asked for.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
}
