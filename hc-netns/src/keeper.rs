//! The keeper of what a namespace without a name has outside of itself: rules, and a bridge that is lent.
//!
//! Its table in the packet filter belongs to a socket, and the kernel takes it away with the socket. NEXT cannot have that
//! socket: it would be a way to the host's network, and a program may close what it does not know. So a helper holds it
//! for as long as there is the link; whatever happens to the helper, no rule is left. When the link is gone, it gives the
//! bridge back.

use crate::link;
use crate::netlink::Netlink;
use crate::sys;
use crate::veth::{End, Ground};
use crate::{apart, lent};
use hc::{Context, Result};
use nix::poll::PollTimeout;
use nix::sched::{CloneFlags, setns};
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

/// Starts the keeper of what belongs to `filter`, and of the bridge, until the link is gone that `outside` is an end of.
pub(crate) fn keep(ground: &mut Ground, filter: Option<&Netlink>, outside: &End) -> Result<()> {
    // This process, which becomes NEXT: as long as it is there, so is the link.
    let next: OwnedFd = sys::own_pidfd().context("watch this process")?;
    let Ground { host, namespace, bridge, .. } = ground;
    let kept =
        [host.socket(), namespace.as_fd(), next.as_fd()].into_iter().chain(filter.map(Netlink::socket));
    let kept: Vec<RawFd> = kept.map(|kept| kept.as_raw_fd()).collect();
    apart::start(CloneFlags::empty(), &kept, || {
        // Out of the namespace whose end is waited for.
        setns(&*namespace, CloneFlags::CLONE_NEWNET).context("return to the host's network")?;
        apart::wait(&[next.as_fd()], PollTimeout::NONE)?;
        // Others may be in the namespace still, and the kernel takes its time. Only now: while NEXT is there, each link
        // that comes or goes would wake all keepers.
        let mut news = Netlink::route()?;
        news.listen_to_links()?;
        while link::by_index(host, outside.index)?.is_some_and(|found| found.peer == Some(outside.peer)) {
            apart::wait(&[news.socket()], PollTimeout::NONE)?;
            news.discard();
        }
        if lent::is_lent(bridge) { lent::give_back(host, &bridge.name).map(drop) } else { Ok(()) }
    })
}
