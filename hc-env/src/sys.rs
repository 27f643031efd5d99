//! The only unsafe code of this tool: the C library's locale, and the signals that nix has no type for.
#![allow(unsafe_code)]

use libc::{locale_t, sigaction, sigset_t};
use nix::errno::Errno;
use std::collections::BTreeSet;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;
use std::os::raw::{c_int, c_uint};
use std::ptr;

/// All categories.
#[cfg(target_env = "gnu")]
use libc::LC_ALL_MASK;
/// The crate `libc` lacks musl's.
#[cfg(target_env = "musl")]
const LC_ALL_MASK: c_int = 0x7fff_ffff;

unsafe extern "C" {
    /// iswprint_l(3), which the crate `libc` lacks.
    fn iswprint_l(character: c_uint, locale: locale_t) -> c_int;
}

/// A locale of the C library's that is not made the process's own: strerror(3) would read its catalogue, and
/// messages would be half translated.
pub(crate) struct CLocale(locale_t);

impl CLocale {
    /// The locale `name`, `""` for the one that the environment names. Fails, as setlocale(3) of `LC_ALL` does,
    /// if one of its categories cannot be had.
    pub(crate) fn new(name: &CStr) -> Option<Self> {
        // SAFETY: a C string; no locale is changed, for none is given to build upon.
        let locale = unsafe { libc::newlocale(LC_ALL_MASK, name.as_ptr(), ptr::null_mut()) };
        // Not then_some(): a value made for nothing would be dropped, and NULL is no locale to free.
        (!locale.is_null()).then(|| CLocale(locale))
    }

    /// nl_langinfo(3): the name of its character encoding.
    pub(crate) fn codeset(&self) -> CString {
        // A static glibc's nl_langinfo_l(3) answers for the thread's locale, whatever locale it is given.
        // SAFETY: a locale that is alive, and in use for the next call only.
        let before = unsafe { libc::uselocale(self.0) };
        // SAFETY: takes a plain number.
        let name = unsafe { libc::nl_langinfo(libc::CODESET) };
        // SAFETY: what was in use before.
        unsafe { libc::uselocale(before) };
        // SAFETY: a C string of the locale, which is alive until the copy is made.
        unsafe { CStr::from_ptr(name) }.to_owned()
    }

    /// iswprint(3). The C library's wide characters are those of Unicode.
    pub(crate) fn is_print(&self, character: char) -> bool {
        // SAFETY: a plain number, and a locale that is alive.
        unsafe { iswprint_l(character.into(), self.0) != 0 }
    }
}

impl Drop for CLocale {
    fn drop(&mut self) {
        // SAFETY: from newlocale(3), in use nowhere, and not used again.
        unsafe { libc::freelocale(self.0) };
    }
}

/// sigaction(2): how `signal` is handled.
pub(crate) fn action(signal: c_int) -> nix::Result<sigaction> {
    let mut action = MaybeUninit::uninit();
    // SAFETY: nothing is set; the old action goes to memory of its size.
    Errno::result(unsafe { libc::sigaction(signal, ptr::null(), action.as_mut_ptr()) })?;
    // SAFETY: the call has filled it.
    Ok(unsafe { action.assume_init() })
}

/// sigaction(2): has `signal` handled as `action` says, which is from [`action`], but with `SIG_DFL` or `SIG_IGN`.
pub(crate) fn set_action(signal: c_int, action: &sigaction) -> nix::Result<()> {
    // SAFETY: no handler of this program is installed; the old action is not asked for.
    Errno::result(unsafe { libc::sigaction(signal, action, ptr::null_mut()) }).map(drop)
}

/// sigprocmask(2): the signals that are blocked.
pub(crate) fn blocked() -> nix::Result<BTreeSet<c_int>> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: nothing is changed; the mask goes to memory of its size.
    Errno::result(unsafe { libc::sigprocmask(libc::SIG_SETMASK, ptr::null(), set.as_mut_ptr()) })?;
    // SAFETY: the call has filled it.
    let set: sigset_t = unsafe { set.assume_init() };
    // SAFETY: a valid set, and numbers of signals.
    let is_member = |signal: &c_int| unsafe { libc::sigismember(&raw const set, *signal) } == 1;
    Ok((1..=libc::SIGRTMAX()).filter(is_member).collect())
}

/// sigprocmask(2): has these signals blocked, and no others.
pub(crate) fn set_blocked(signals: &BTreeSet<c_int>) -> nix::Result<()> {
    let mut set = MaybeUninit::uninit();
    // SAFETY: writes a set to memory of its size.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    for signal in signals {
        // SAFETY: the set was filled above.
        Errno::result(unsafe { libc::sigaddset(set.as_mut_ptr(), *signal) })?;
    }
    // SAFETY: a valid set; the old one is not asked for.
    Errno::result(unsafe { libc::sigprocmask(libc::SIG_SETMASK, set.as_ptr(), ptr::null_mut()) }).map(drop)
}
