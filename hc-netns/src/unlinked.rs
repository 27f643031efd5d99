//! `up --no-link`: a namespace with a name, and nothing that connects it.

use crate::named::{self, Name};
use crate::netlink::{Batch, Netlink};
use crate::{namespace, ports, rtnl};
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::lstat;

/// Enters the namespace of that name, with its loopback interface up; makes it first if there is none.
///
/// A new one gets its name last, so that nobody finds it unfinished, and the kernel takes it away with this process until then.
pub(crate) fn up(name: &Name, low_ports: bool) -> Result<()> {
    let path = name.path();
    if lstat(&path) == Err(Errno::ENOENT) {
        named::make()?;
        furnish(low_ports)?;
        match named::publish_own(name) {
            Ok(()) => return Ok(()),
            Err(error) if lstat(&path).is_err() => return Err(error),
            // Another run was quicker: it is that one's, for both.
            Err(_) => {}
        }
    }
    namespace::enter(&namespace::of(name)?, name)?;
    furnish(low_ports)
}

fn furnish(low_ports: bool) -> Result<()> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(rtnl::LOOPBACK, true));
    Netlink::route()?.run(batch)?.map_err(|refusal| refusal.error("lo: bring it up"))?;
    if low_ports { ports::open_low() } else { Ok(()) }
}
