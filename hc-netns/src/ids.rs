//! The ids by which a network namespace knows others. See include/uapi/linux/net_namespace.h.

use crate::directory::{DIRECTORY, names};
use crate::named::Name;
use crate::namespace::{self, not_a_namespace, open_namespace, refused};
use crate::netlink::{Batch, Message, Netlink, Refusal, u32_of};
use hc::{Error, Result};
use nix::errno::Errno;
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

/// `struct rtgenmsg`, padded.
const ANY_FAMILY: [u8; 4] = [0; 4];
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;
const NETNSA_TARGET_NSID: u16 = 4;
const NETNSA_CURRENT_NSID: u16 = 5;

/// What this namespace calls one that another was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Current {
    /// No other was asked.
    Same,
    /// Nothing.
    None,
    /// This.
    Id(u32),
}

/// One line of `list-id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The id that the namespace asked about has for it.
    pub(crate) id: Option<u32>,
    /// The id that this one has for it, when another was asked about.
    pub(crate) current: Current,
}

/// The id of `namespace`, `Ok(None)` when it has none, or the kernel's refusal.
pub(crate) fn of(
    netlink: &mut Netlink,
    namespace: &OwnedFd,
) -> Result<std::result::Result<Option<u32>, Refusal>> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_GETNSID, 0, &ANY_FAMILY).put(NETNSA_FD, &namespace.as_raw_fd().to_ne_bytes());
    let mut id = None;
    let answered = netlink.ask(batch, |message| {
        id = known(message).id;
        Ok(())
    })?;
    Ok(answered.map(|()| id))
}

/// Gives the namespace mounted on `name` an id; the kernel chooses when there is none.
pub(crate) fn set(name: &Name, id: Option<u32>) -> Result<()> {
    let namespace = namespace::of(name)?;
    let mut batch = Batch::new();
    // NETNSA_NSID_NOT_ASSIGNED is -1.
    batch
        .message(libc::RTM_NEWNSID, 0, &ANY_FAMILY)
        .put(NETNSA_FD, &namespace.as_raw_fd().to_ne_bytes())
        .put_u32(NETNSA_NSID, id.unwrap_or(u32::MAX));
    let path = name.path();
    let what = || hc::show(&path);
    match Netlink::route()?.run(batch)? {
        Ok(()) => Ok(()),
        Err(Refusal { errno: Errno::EINVAL, .. }) => {
            let because = not_a_namespace(&namespace, name.as_os_str());
            Err(Error::new(format!("{}: {because}", what())))
        }
        Err(Refusal { errno: Errno::EPERM, .. }) => {
            Err(refused(format_args!("{}: set its id", what()), Errno::EPERM))
        }
        Err(refusal) => Err(refusal.error(format_args!("{}: set its id", what()))),
    }
}

/// All ids that the namespace `target` has, or this one.
pub(crate) fn all(netlink: &mut Netlink, target: Option<u32>) -> Result<Vec<Known>> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_GETNSID, 0, &ANY_FAMILY);
    if let Some(target) = target {
        batch.put_u32(NETNSA_TARGET_NSID, target);
    }
    let mut found = Vec::new();
    let answered = netlink.dump(batch, |message| {
        found.push(known(message));
        Ok(())
    })?;
    let target = target.map_or(String::new(), |target| format!(" of nsid {target}"));
    answered.map(|()| found).map_err(|refusal| refusal.error(format_args!("list the ids{target}")))
}

/// The namespace that has `id` here; and, if there is a `target`, the id that it has there.
pub(crate) fn one(netlink: &mut Netlink, target: Option<u32>, id: u32) -> Result<Vec<Known>> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_GETNSID, 0, &ANY_FAMILY).put_u32(NETNSA_NSID, id);
    if let Some(target) = target {
        batch.put_u32(NETNSA_TARGET_NSID, target);
    }
    let mut found = Vec::new();
    let answered = netlink.ask(batch, |message| {
        found.push(known(message));
        Ok(())
    })?;
    answered.map(|()| found).map_err(|refusal| match refusal.errno {
        Errno::ENOENT => Error::new(format!("nsid {id}: no network namespace has this id here")),
        _ => refusal.error(format_args!("nsid {id}")),
    })
}

/// The name of the namespace that has this id here, if it has one.
pub(crate) fn name_of(netlink: &mut Netlink, id: Option<u32>) -> Result<Option<OsString>> {
    let Some(id) = id else { return Ok(None) };
    for name in names()? {
        let Ok(namespace) = open_namespace(&Path::new(DIRECTORY).join(&name)) else { continue };
        if of(netlink, &namespace)? == Ok(Some(id)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn known(message: &Message<'_>) -> Known {
    let attributes = message.attributes(ANY_FAMILY.len());
    let id = |kind| attributes.find(kind).and_then(u32_of);
    let assigned = |id: u32| (id.cast_signed() >= 0).then_some(id);
    let current =
        id(NETNSA_CURRENT_NSID).map_or(Current::Same, |id| assigned(id).map_or(Current::None, Current::Id));
    Known { id: id(NETNSA_NSID).and_then(assigned), current }
}
