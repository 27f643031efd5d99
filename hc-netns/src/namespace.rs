//! What lies under a name: a network namespace, or something that is none.

use crate::directory;
use crate::named::Name;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};
use nix::unistd::geteuid;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens what should be a namespace. It may have been about to get there, or to go, when it was none: with the
/// lock held neither is so, and what is opened then is what there is.
pub(crate) fn open_namespace(path: &Path) -> nix::Result<OwnedFd> {
    // As well it may be a FIFO, which must not hold us up.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let found = open(path, flags, Mode::empty())?;
    if is_namespace(&found) {
        return Ok(found);
    }
    let _lock = directory::lock();
    open(path, flags, Mode::empty())
}

/// Why `file`, found under `name`, cannot be used as a network namespace.
pub(crate) fn not_a_namespace(file: &OwnedFd, name: &OsStr) -> String {
    if is_namespace(file) {
        "is a namespace, but not of the network".to_owned()
    } else if is_plain(file) {
        left_over(name)
    } else {
        "is not a namespace".to_owned()
    }
}

/// True for a namespace of any kind.
pub(crate) fn is_namespace(file: &OwnedFd) -> bool {
    fstatfs(file).is_ok_and(|filesystem| filesystem.filesystem_type() == NSFS_MAGIC)
}

/// True for a regular file, which namespaces are as well.
pub(crate) fn is_plain(file: &OwnedFd) -> bool {
    fstat(file).is_ok_and(|about| SFlag::S_IFMT.bits() & about.st_mode == SFlag::S_IFREG.bits())
}

/// What a plain file is there for, and what to do about it.
pub(crate) fn left_over(name: &OsStr) -> String {
    format!("is a left-over that no namespace is mounted on; 'hc-netns delete {}' removes it", hc::show(name))
}

/// The error of a call that takes privileges, or comes up against a limit.
pub(crate) fn refused(what: impl std::fmt::Display, errno: Errno) -> Error {
    let hint = match errno {
        Errno::EPERM if geteuid().is_root() => {
            " (root lacks the CAP_SYS_ADMIN for this: in a user namespace, or a container?)"
        }
        Errno::EPERM => " (needs root, or CAP_SYS_ADMIN)",
        Errno::ENOSPC => " (a limit in /proc/sys/user, or fs.mount-max, is reached)",
        _ => "",
    };
    Error::new(format!("{what}: {}{hint}", hc::reason(errno)))
}

/// Opens the network namespace mounted on `name`, or says what is there instead.
pub(crate) fn of(name: &Name) -> Result<OwnedFd> {
    let path = name.path();
    open_namespace(&path).context(hc::show(&path))
}

/// The namespace that this process is in.
pub(crate) fn own() -> Result<OwnedFd> {
    let path = "/proc/self/ns/net";
    open(path, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).context(path)
}

/// Enters `namespace`, which was found under `name`.
pub(crate) fn enter(namespace: &OwnedFd, name: &Name) -> Result<()> {
    let path = name.path();
    setns(namespace, CloneFlags::CLONE_NEWNET).map_err(|errno| match errno {
        Errno::EINVAL => {
            let because = not_a_namespace(namespace, name.as_os_str());
            Error::new(format!("{}: {because}", hc::show(&path)))
        }
        errno => refused(format_args!("enter {}", hc::show(&path)), errno),
    })
}
