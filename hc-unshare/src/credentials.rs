//! Whose the new namespaces are, and as whom NEXT runs in them.

use crate::capabilities::Changes;
use crate::causes;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::unistd::{Gid, Uid, setgid, setgroups, setresgid, setresuid, setuid};
use std::fmt;

/// Who NEXT is to be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user: Option<u32>,
    pub(crate) group: Option<u32>,
    /// Keep, over exec, the capabilities that the user namespace has given.
    pub(crate) keep_capabilities: bool,
    /// What else is to become of capabilities.
    pub(crate) capabilities: Changes,
}

impl Credentials {
    /// Becomes that. The user last: with root's id goes the right to change the rest.
    pub(crate) fn take(&self) -> Result<()> {
        self.capabilities.prepare()?;
        change(self.user, self.group)?;
        self.capabilities.apply(self.keep_capabilities, self.user.is_some_and(|user| user != 0))
    }
}

/// Then it stays nobody, and can make no files.
fn unless_there_is_none(errno: Errno) -> nix::Result<()> {
    if errno == Errno::EINVAL { Ok(()) } else { Err(errno) }
}

/// Who is to own the user namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Owner {
    /// Becomes that user, for a user namespace belongs to who makes it.
    pub(crate) fn take(self) -> Result<()> {
        change(Some(self.user), Some(self.group))?;
        // With the user the kernel has made this process's files in /proc root's, and there are more of them to write.
        set_dumpable(true).map_err(|errno| refused("prctl PR_SET_DUMPABLE", errno))
    }
}

/// Becomes root in the user namespace: who made one for other ids than his own is nobody in it.
pub(crate) fn enter_as_root() -> Result<()> {
    match setgroups(&[]) {
        // The map is of the caller's group alone, and he keeps what he has.
        Err(Errno::EPERM) => {}
        result => result.map_err(|errno| refused("drop the supplementary groups", errno))?,
    }
    let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(group, group, group)
        .or_else(unless_there_is_none)
        .map_err(|errno| refused("become root's group", errno))?;
    setresuid(user, user, user).or_else(unless_there_is_none).map_err(|errno| refused("become root", errno))
}

/// A group of its own comes without the caller's supplementary groups.
fn change(user: Option<u32>, group: Option<u32>) -> Result<()> {
    if let Some(group) = group {
        setgroups(&[]).map_err(|errno| refused("drop the supplementary groups", errno))?;
        setgid(Gid::from_raw(group)).map_err(|errno| refused(format_args!("become group {group}"), errno))?;
    }
    if let Some(user) = user {
        setuid(Uid::from_raw(user)).map_err(|errno| refused(format_args!("become user {user}"), errno))?;
    }
    Ok(())
}

fn refused(what: impl fmt::Display, errno: Errno) -> Error {
    Error::new(format!("{what}: {}{}", hc::reason(errno), causes::of_refused_credentials(errno)))
}
