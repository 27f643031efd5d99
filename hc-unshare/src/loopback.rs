//! The loopback interface of a new network namespace, which is down at first: netdevice(7).

use crate::sys;
use hc::{Context, Result};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// Brings it up. The kernel gives it 127.0.0.1 and ::1 then.
pub(crate) fn bring_up() -> Result<()> {
    let socket = socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None);
    socket.and_then(|socket| sys::bring_up(&socket, c"lo")).context("bring up lo")
}
