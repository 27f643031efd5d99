//! `down`: a name, and all that connects its namespace.

use crate::directory::names;
use crate::link::{self, Found};
use crate::named::{self, Name};
use crate::netlink::{Batch, Netlink};
use crate::rtnl::{self, IFLA_GROUP};
use crate::{TOOL, ids, lent, namespace, nat, resolv};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};

/// Takes away all names and what connects their namespaces.
pub(crate) fn all() -> Result<()> {
    let names = names()?.into_iter().map(Name::new).collect::<Result<Vec<_>>>()?;
    down(&names)
}

/// Takes away these names, and what connects their namespaces. What cannot be taken away does not keep the rest.
///
/// The links go first and the names last, so that who is killed on the way can do it again.
pub(crate) fn down(names: &[Name]) -> Result<()> {
    let mut host = Netlink::route()?;
    let mut failed = Vec::new();
    let mut links = Vec::new();
    for name in names {
        match connecting(&mut host, name) {
            Ok(found) => links.extend(found),
            Err(error) => failed.push(error),
        }
    }
    nat::remove(&mut host, &links)?;
    let bridges = lent::of(&mut host, &links)?;
    remove(&mut host, &links)?;
    for bridge in bridges {
        lent::give_back(&mut host, &bridge)?;
    }
    for name in names {
        let settings = resolv::remove(name);
        match (named::delete(&name.path()), settings) {
            // Where there was something to clean up, the name may not have been there yet, or not any more.
            (Ok(()), Ok(_)) | (Err(_), Ok(true)) => {}
            (Err(error), _) | (Ok(()), Err(error)) => failed.push(error),
        }
    }
    first_of(failed)
}

/// Tells of all failures; the last one is the error.
pub(crate) fn first_of(mut failed: Vec<Error>) -> Result<()> {
    let last = failed.pop();
    for error in failed {
        hc::note(TOOL, &error.to_string());
    }
    last.map_or(Ok(()), Err)
}

/// The ends, in this namespace, of the pairs that have their other end in the namespace of that name. This process
/// is back in its own network when it returns.
pub(crate) fn connecting(host: &mut Netlink, name: &Name) -> Result<Vec<Found>> {
    if std::fs::symlink_metadata(name.path()).is_ok_and(|about| about.is_symlink()) {
        // Another name's namespace, or a process's.
        return Ok(Vec::new());
    }
    let namespace = match namespace::open_namespace(&name.path()) {
        Ok(namespace) if namespace::is_namespace(&namespace) => namespace,
        // What is no namespace has no links; the rest is for named::delete to tell.
        _ => return Ok(Vec::new()),
    };
    let own = namespace::own()?;
    namespace::enter(&namespace, name)?;
    let inside = Netlink::route();
    setns(&own, CloneFlags::CLONE_NEWNET)
        .map_err(|errno| namespace::refused("return to the own network namespace", errno))?;
    // The kernel gives an id to whatever a link leads to.
    let Ok(Some(id)) = ids::of(host, &namespace)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for end in link::all(&mut inside?, None)? {
        let Some(peer) = end.peer.filter(|_| end.kind == b"veth") else { continue };
        let peer = link::by_index(host, peer)?;
        // The number may be one in yet another namespace: this one has to lead back.
        found.extend(peer.filter(|peer| peer.peer == Some(end.index) && peer.peer_namespace == Some(id)));
    }
    Ok(found)
}

/// Removes these links, and with them their other ends. Several go in one group: the kernel waits once for all that
/// may still be using one of them.
fn remove(host: &mut Netlink, links: &[Found]) -> Result<()> {
    let mut batch = Batch::new();
    match links {
        [] => return Ok(()),
        [only] => {
            batch.message(libc::RTM_DELLINK, 0, &rtnl::link(only.index, false));
        }
        _ => {
            let group = group()?;
            for link in links {
                batch
                    .message(libc::RTM_NEWLINK, 0, &rtnl::link(link.index, false))
                    .put_u32(IFLA_GROUP, group);
            }
            batch.message(libc::RTM_DELLINK, 0, &rtnl::link(0, false)).put_u32(IFLA_GROUP, group);
        }
    }
    match host.run(batch)? {
        // Gone by itself, when its namespace was.
        Err(refusal) if refusal.errno == Errno::ENODEV && refusal.at < links.len() => Ok(()),
        Err(refusal) => Err(refusal.error("remove the links")),
        Ok(()) => Ok(()),
    }
}

/// The number of a group that no link is in: far above those that people give, and made up of chance.
fn group() -> Result<u32> {
    let mut bytes = [0; 4];
    crate::sys::random(&mut bytes).context("make up a group of links")?;
    Ok(u32::from_ne_bytes(bytes) | 0x4000_0000)
}
