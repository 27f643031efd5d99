//! `up` and `run`: a namespace, with a name or without, and the link that it is connected by.

use crate::named::{self, Name};
use crate::netlink::Netlink;
use crate::veth::{Ground, Made, Wanted};
use crate::{namespace, nat, resolv};
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::lstat;

/// Connects the namespace of that name, and makes it first if there is none.
///
/// A new one gets its name last. Until then it is this process's own, and the kernel takes it away with the process,
/// and the link with it, however that ends.
pub(crate) fn up(name: &Name, wanted: &Wanted) -> Result<()> {
    let mut ground = Ground::look(wanted)?;
    let mut filter = filter(&mut ground, wanted)?;
    let is_new = lstat(&name.path()) == Err(Errno::ENOENT);
    if is_new {
        named::make()?;
    } else {
        namespace::enter(&namespace::of(name)?, name)?;
    }
    let mut inside = Netlink::route()?;
    let made = ground.connect(&mut inside, wanted)?;
    let done = finish(name, wanted, is_new, &mut ground, &made, filter.as_mut());
    if done.is_err() {
        ground.remove(&made.outside)?;
    }
    done
}

/// What comes after the link: name servers, the name, and rules last, which are the only thing that the kernel would
/// not take away with a namespace that never got its name.
fn finish(
    name: &Name,
    wanted: &Wanted,
    is_new: bool,
    ground: &mut Ground,
    made: &Made,
    filter: Option<&mut Netlink>,
) -> Result<()> {
    let written = resolv::write(name, &wanted.dns)?;
    let mut done = if is_new { named::publish_own(name) } else { Ok(()) };
    let is_named = is_new && done.is_ok();
    if let Some(filter) = filter.filter(|_| done.is_ok()) {
        done = nat::set(filter, ground, made, &wanted.nat, false);
    }
    if done.is_err() && is_named {
        named::delete(&name.path())?;
    }
    if done.is_err() && written {
        resolv::remove(name)?;
    }
    done
}

/// A socket to the host's packet filter, if it is to do anything, and the host ready to pass packets on.
fn filter(ground: &mut Ground, wanted: &Wanted) -> Result<Option<Netlink>> {
    if !wanted.nat.is_any() {
        return Ok(None);
    }
    let bridge = ground.bridge.clone();
    nat::allow(&mut ground.host, &bridge, !wanted.nat.published.is_empty())?;
    Netlink::netfilter().map(Some)
}

/// Enters a new namespace that has no name, and connects it. The kernel takes it away, and the link with it, when
/// nothing is in it any more.
pub(crate) fn anonymous(wanted: &Wanted) -> Result<Made> {
    let mut ground = Ground::look(wanted)?;
    named::make()?;
    let mut inside = Netlink::route()?;
    ground.connect(&mut inside, wanted)
}
