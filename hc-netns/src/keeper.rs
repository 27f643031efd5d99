//! The keeper of the rules of a namespace without a name.
//!
//! Its table in the packet filter belongs to a socket, and the kernel takes it away with the socket. NEXT cannot have that
//! socket: it would be a way to the host's network, and a program may close what it does not know. So a helper holds it
//! for as long as there is the link; whatever happens to the helper, no rule is left.

use crate::apart;
use crate::link;
use crate::netlink::Netlink;
use crate::sys;
use crate::veth::{End, Ground};
use hc::{Context, Result};
use nix::poll::PollTimeout;
use nix::sched::{CloneFlags, setns};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Starts the keeper of what belongs to `filter`, until the link is gone that `outside` is an end of.
pub(crate) fn keep(ground: &mut Ground, filter: &Netlink, outside: &End) -> Result<()> {
    // This process, which becomes NEXT: as long as it is there, so is the link.
    let next: OwnedFd = sys::own_pidfd().context("watch this process")?;
    let Ground { host, namespace, .. } = ground;
    let kept = [host.socket(), namespace.as_fd(), filter.socket(), next.as_fd()].map(|kept| kept.as_raw_fd());
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
        Ok(())
    })
}
