//! Files that namespaces are bound to: these live as long as the mounts, without a process in them.

use crate::causes;
use crate::namespaces::Kind;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::fd::AsRawFd;

/// A namespace and the file that shall hold it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    pub(crate) file: OsString,
}

/// Binds the namespaces of `process` to their files, all or none of them.
pub(crate) fn bind(names: &[Name], process: Pid) -> Result<()> {
    for (done, name) in names.iter().enumerate() {
        let namespace = format!("/proc/{process}/ns/{}", name.kind.file());
        let none = None::<&OsStr>;
        let bound = mount(Some(namespace.as_str()), name.file.as_os_str(), none, MsFlags::MS_BIND, none);
        if let Err(errno) = bound {
            release(names.get(..done).unwrap_or_default());
            let shared = errno == Errno::EINVAL && is_on_shared_mount(&name.file);
            let because = causes::of_refused_name(errno, name.kind, shared);
            let file = hc::show(&name.file);
            return Err(Error::new(format!("bind {namespace} to {file}: {}{because}", hc::reason(errno))));
        }
    }
    Ok(())
}

/// Whether the mount namespace of `process`, if there is a name for it, can be bound. If the mount that the file is on
/// is shared it never can, which is for [`bind`] to tell.
pub(crate) fn can_be_bound(names: &[Name], process: Pid) -> bool {
    let Some(name) = names.iter().find(|name| name.kind == Kind::Mount) else { return true };
    let namespace = format!("/proc/{process}/ns/{}", name.kind.file());
    let none = None::<&OsStr>;
    match mount(Some(namespace.as_str()), name.file.as_os_str(), none, MsFlags::MS_BIND, none) {
        Err(Errno::EINVAL) => is_on_shared_mount(&name.file),
        Ok(()) => {
            release(std::slice::from_ref(name));
            true
        }
        Err(_) => true,
    }
}

/// True if the mount that `file` is on is shared, according to /proc.
fn is_on_shared_mount(file: &OsStr) -> bool {
    let Ok(file) = open(file, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) else { return false };
    let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap_or_default();
    let Some(id) = about.lines().find_map(|line| line.strip_prefix("mnt_id:")).map(str::trim) else {
        return false;
    };
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    // The fields behind the sixth one, up to a lone hyphen, are about propagation: proc(5).
    let mut mount = mounts
        .lines()
        .map(|line| line.split(' '))
        .filter_map(|mut line| (line.next() == Some(id)).then_some(line));
    mount.next().is_some_and(|line| {
        line.skip(5).take_while(|field| *field != "-").any(|field| field.starts_with("shared:"))
    })
}

/// Takes them back: without a process, the namespaces are gone then.
pub(crate) fn release(names: &[Name]) {
    for name in names.iter().rev() {
        // What cannot be unmounted here was taken away by somebody else.
        let _ = umount2(name.file.as_os_str(), MntFlags::MNT_DETACH);
    }
}

/// In the order of their kinds, which is that in which unshare(1) binds them.
pub(crate) fn in_order(mut names: Vec<Name>) -> Vec<Name> {
    names.sort_by_key(|name| Kind::ALL.iter().position(|kind| *kind == name.kind));
    names
}
