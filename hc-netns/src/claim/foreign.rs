//! Addresses on a bridge that nobody has claimed: of namespaces that others have connected, or that got their address
//! from a DHCP server. They are seen by looking into these namespaces; hosts further away are not seen.

use super::{Entry, is_claim};
use crate::link::{self, AddressesOf};
use crate::sys;
use crate::veth::Ground;
use hc::{Context, Result};
use std::collections::HashSet;
use std::net::IpAddr;

/// The addresses in all namespaces behind ports of the bridge without a claim in its forwarding `table`.
pub(super) fn addresses(ground: &mut Ground, table: &[Entry]) -> Result<Vec<IpAddr>> {
    let claimed: HashSet<u16> =
        table.iter().filter(|entry| is_claim(entry.mac)).map(|entry| entry.port).collect();
    let ports = sys::ports(ground.host.socket(), ground.bridge.name.as_bytes());
    let ports = ports.context(format_args!("{}: list its ports", ground.bridge.name))?;
    let mut found = Vec::new();
    for (_, index) in ports.into_iter().filter(|(port, _)| !claimed.contains(port)) {
        let port = link::by_index(&mut ground.host, index)?;
        // Gone since, or a cable: not our business.
        let Some(namespace) = port.and_then(|port| port.peer_namespace) else { continue };
        // One of a user namespace that is not ours to look into, or one that is just going away.
        let Ok(addresses) = link::addresses(&mut ground.host, AddressesOf::Namespace(namespace)) else {
            continue;
        };
        found.extend(addresses.into_iter().map(|cidr| cidr.address));
    }
    Ok(found)
}
