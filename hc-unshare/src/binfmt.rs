//! Interpreters for other formats of programs, in a user namespace of their own: the kernel's binfmt-misc.rst.

use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::write;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

/// Where it is mounted if nothing else is asked for.
pub(crate) const DIRECTORY: &str = "/proc/sys/fs/binfmt_misc";

/// Registers `definition`, `:NAME:TYPE:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS`, in binfmt_misc at `mount`, whose name is
/// `target`. With the flag F the kernel opens the interpreter now, in the root directory that this process still has;
/// otherwise when it is needed, in NEXT's.
pub(crate) fn register(mount: &OwnedFd, target: &OsStr, definition: &OsStr) -> Result<()> {
    let file = format!("{}/register", hc::show(target));
    let register = openat(mount, "register", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty());
    let register = register.map_err(|errno| {
        let because =
            if errno == Errno::EACCES { " (it belongs to root of the user namespace: -r)" } else { "" };
        Error::new(format!("{file}: {}{because}", hc::reason(errno)))
    })?;
    // In one call, which is how the kernel takes it.
    write(register, definition.as_bytes()).map(drop).map_err(|errno| {
        let because = match errno {
            Errno::EINVAL => " (it takes :NAME:TYPE:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS)",
            Errno::EEXIST => " (there is one of that name)",
            Errno::ENOENT => " (with the flag F the interpreter has to be there now)",
            _ => "",
        };
        Error::new(format!("write '{}' to {file}: {}{because}", hc::show(definition), hc::reason(errno)))
    })
}
