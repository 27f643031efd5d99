//! `delete`: a name goes, and its namespace lives on for as long as it is in use; so does its link, with its rules.
//!
//! The kernel takes the link away with the namespace, but no rules with a link. When there are any, a helper waits for
//! that, and takes them away.

use crate::link::{self, Found};
use crate::named::{self, Name};
use crate::netlink::Netlink;
use crate::{apart, down, nat};
use hc::Result;
use nix::poll::PollTimeout;
use nix::sched::CloneFlags;

/// Removes each name; one that cannot be is an error, but does not keep the others.
pub(crate) fn delete(names: &[Name]) -> Result<()> {
    let ruled = nat::links();
    let (mut links, mut failed) = (Vec::new(), Vec::new());
    for name in names {
        // Before the name is gone, for it leads to them.
        let own = if ruled.is_empty() { Vec::new() } else { with_rules(name, &ruled) };
        match named::delete(&name.path()) {
            Ok(()) => links.extend(own),
            Err(error) => failed.push(error),
        }
    }
    if !links.is_empty() {
        apart::start(CloneFlags::empty(), &[], || follow(&links))?;
    }
    down::first_of(failed)
}

/// The links of the namespace of that name that have rules. None when it is not to be entered: that is for the removal
/// of the name to tell.
fn with_rules(name: &Name, ruled: &[u32]) -> Vec<Found> {
    let found = Netlink::route().and_then(|mut host| down::connecting(&mut host, name));
    let mut found = found.unwrap_or_default();
    found.retain(|link| ruled.contains(&link.index));
    found
}

/// The helper: waits until all of `links` are gone, and takes away their rules.
fn follow(links: &[Found]) -> Result<()> {
    let (mut host, mut news) = (Netlink::route()?, Netlink::route()?);
    news.listen_to_links()?;
    for link in links {
        while link::by_index(&mut host, link.index)?.is_some_and(|found| found.peer == link.peer) {
            apart::wait(&[news.socket()], PollTimeout::NONE)?;
            news.discard();
        }
        nat::remove(&mut host, &[])?;
    }
    Ok(())
}
