//! `up` and `run`: a namespace, with a name or without, and the link that it is connected by.

use crate::named::{self, Name};
use crate::netlink::Netlink;
use crate::veth::{Ground, Made, Wanted};
use crate::{namespace, resolv};
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::lstat;

/// Connects the namespace of that name, and makes it first if there is none.
///
/// A new one gets its name last. Until then it is this process's own, and the kernel takes it away with the process,
/// and the link with it, however that ends.
pub(crate) fn up(name: &Name, wanted: &Wanted) -> Result<()> {
    let mut ground = Ground::look(wanted)?;
    let is_new = lstat(&name.path()) == Err(Errno::ENOENT);
    if is_new {
        named::make()?;
    } else {
        namespace::enter(&namespace::of(name)?, name)?;
    }
    let mut inside = Netlink::route()?;
    let made = ground.connect(&mut inside, wanted)?;
    let done = finish(name, wanted, is_new);
    if done.is_err() {
        ground.remove(&made.outside)?;
    }
    done
}

/// What comes after the link.
fn finish(name: &Name, wanted: &Wanted, is_new: bool) -> Result<()> {
    let written = resolv::write(name, &wanted.dns)?;
    let named = if is_new { named::publish_own(name) } else { Ok(()) };
    if named.is_err() && written {
        resolv::remove(name)?;
    }
    named
}

/// Enters a new namespace that has no name, and connects it. The kernel takes it away, and the link with it, when
/// nothing is in it any more.
pub(crate) fn anonymous(wanted: &Wanted) -> Result<Made> {
    let mut ground = Ground::look(wanted)?;
    named::make()?;
    let mut inside = Netlink::route()?;
    ground.connect(&mut inside, wanted)
}
