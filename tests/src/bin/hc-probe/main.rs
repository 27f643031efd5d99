//! hc-probe: what the kernel says about a process, as `key=value` lines. The harness reads it as a `View`.
//!
//! It has a C main and asks by system calls wherever there is one, so that it sees its inherited state as it
//! is, and works where proc is not mounted. It shares no code with what it is there to test.
//!
//! * `hc-probe [ARG]...`: print the view; `hc-probe to=FILE`: write it there (standard output may be closed)
//! * `hc-probe owner FILE`: print the uid that owns the user namespace FILE
//! * `hc-probe rejoin FILE`: enter the mount namespace of process 1, and open FILE
//! * `hc-probe call ARCH:NUMBER[:ARGUMENT]...`: make system calls, of x86_64 or i386, and print what each came to
//! * `hc-probe allocate MIB`: fill so much memory, and print `allocated`
//! * `hc-probe fork NUMBER`: make children that wait, and print how many there were, and the error that ended it
//! * `hc-probe burn MILLISECONDS`: be busy so long, and print how many of them were a processor's time
//! * `hc-probe read FILE BYTES`: read past the cache, and print how many milliseconds that took
//! * `hc-probe escape FILE`: try to leave a root directory by chroot(2), the classic way, and open FILE
#![cfg_attr(not(test), no_main)]
#![allow(clippy::print_stdout)]

mod calls;
mod load;
mod sys;
mod view;

use std::ffi::CStr;
use std::os::fd::AsFd;

/// Called by the C library.
///
/// # Safety
/// The arguments are those of a C `main`.
#[allow(unsafe_code)]
#[must_use]
#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn main(
    _count: libc::c_int,
    argv: *const *const libc::c_char,
    envp: *const *const libc::c_char,
) -> libc::c_int {
    // SAFETY: the C library's own array.
    let arguments = unsafe { sys::strings(argv) };
    // SAFETY: likewise.
    let environment = unsafe { sys::strings(envp) };
    if let [_, verb, marker] = arguments.as_slice()
        && verb.to_bytes() == b"escape"
    {
        return escape(marker);
    }
    if let [_, verb, namespace] = arguments.as_slice()
        && verb.to_bytes() == b"owner"
    {
        return owner(namespace);
    }
    if let [_, verb, marker] = arguments.as_slice()
        && verb.to_bytes() == b"rejoin"
    {
        return rejoin(marker);
    }
    if let [_, verb, calls @ ..] = arguments.as_slice()
        && verb.to_bytes() == b"call"
    {
        return i32::from(write(None, &calls::make(calls)).is_err());
    }
    if let Some(text) = load::put(arguments.get(1..).unwrap_or_default()) {
        return i32::from(write(None, text.as_bytes()).is_err());
    }
    let text = view::collect(&arguments, &environment);
    let target = arguments.get(1).and_then(|first| first.to_bytes().strip_prefix(b"to="));
    i32::from(write(target, &text).is_err())
}

fn owner(namespace: &CStr) -> libc::c_int {
    use nix::fcntl::{OFlag, open};
    let file = open(namespace, OFlag::O_RDONLY | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty());
    let Some(owner) = file.ok().and_then(|file| sys::owner(file.as_fd())) else { return 1 };
    i32::from(write(None, format!("{owner}\n").as_bytes()).is_err())
}

fn write(target: Option<&[u8]>, mut text: &[u8]) -> nix::Result<()> {
    use nix::fcntl::{OFlag, open};
    let file = match target {
        Some(path) => {
            let mode = nix::sys::stat::Mode::from_bits_truncate(0o666);
            Some(open(path, OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_TRUNC | OFlag::O_CLOEXEC, mode)?)
        }
        None => None,
    };
    let out = file.as_ref().map_or(sys::STDOUT, AsFd::as_fd);
    while !text.is_empty() {
        let written = nix::unistd::write(out, text)?;
        text = text.get(written..).unwrap_or_default();
    }
    Ok(())
}

/// Entering a mount namespace leads to its root directory: that of a process which was put elsewhere by chroot(2)
/// is the old one. 0 when `marker` is in reach then.
fn rejoin(marker: &CStr) -> libc::c_int {
    use nix::fcntl::{OFlag, open};
    let namespace = open("/proc/1/ns/mnt", OFlag::O_RDONLY | OFlag::O_CLOEXEC, nix::sys::stat::Mode::empty());
    let Ok(namespace) = namespace else { return 2 };
    if nix::sched::setns(namespace, nix::sched::CloneFlags::CLONE_NEWNS).is_err() {
        return 3;
    }
    i32::from(nix::sys::stat::stat(marker).is_err())
}

/// A process that keeps its working directory outside of the new root can walk up from there: with
/// chroot(2) to the very top, after pivot_root(2) only to the root it has. 0 when `marker` is in reach then.
fn escape(marker: &CStr) -> libc::c_int {
    let below = c"/tmp/hc-probe-escape";
    let _ = nix::unistd::mkdir(below, nix::sys::stat::Mode::S_IRWXU);
    if nix::unistd::chroot(below).is_err() {
        return 2;
    }
    for _ in 0..64 {
        let _ = nix::unistd::chdir("..");
    }
    if nix::unistd::chroot(".").is_err() {
        return 3;
    }
    i32::from(nix::sys::stat::stat(marker).is_err())
}
