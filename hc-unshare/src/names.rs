//! Files that namespaces are bound to: these live as long as the mounts, without a process in them.

use crate::causes;
use crate::namespaces::Kind;
use hc::{Error, Result};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::unistd::Pid;
use std::ffi::{OsStr, OsString};

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
            let because = causes::of_refused_name(errno, name.kind);
            let file = hc::show(&name.file);
            return Err(Error::new(format!("bind {namespace} to {file}: {}{because}", hc::reason(errno))));
        }
    }
    Ok(())
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
