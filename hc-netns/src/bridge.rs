//! Bridges: made, or brought into the state that is asked for; found by those who want to be a port.

use crate::address::{Cidr, Mac};
use crate::link::{self, AddressesOf, Found, Interface};
use crate::netlink::{Batch, CREATE, Netlink, REPLACE};
use crate::rtnl::{
    IFLA_ADDRESS, IFLA_BR_MCAST_SNOOPING, IFLA_BR_STP_STATE, IFLA_GROUP, IFLA_IFALIAS, IFLA_IFNAME,
    IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINKINFO, IFLA_MTU, add_address, remove_address,
};
use crate::{lent, migrate, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;

/// The state that a bridge is to have. What is not said stays as it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Its name.
    pub(crate) bridge: Interface,
    /// What is to be a port of it.
    pub(crate) ports: Vec<Interface>,
    /// Addresses for it, beside those that it has.
    pub(crate) addresses: Vec<Cidr>,
    /// Bytes in a packet.
    pub(crate) mtu: Option<u32>,
    /// Whether it takes part in the spanning tree.
    pub(crate) stp: Option<bool>,
    /// Whether one that is made is to go with its last link.
    pub(crate) lent: bool,
}

/// The bridge of this name.
pub(crate) fn find(netlink: &mut Netlink, name: &Interface) -> Result<Found> {
    match link::by_name(netlink, name)? {
        Some(found) if found.kind == b"bridge" => Ok(found),
        Some(found) => Err(Error::new(format!("{name}: is {}, not a bridge", found.what()))),
        None => {
            Err(Error::new(format!("{name}: there is no such bridge; 'hc-netns bridge {name}' makes one")))
        }
    }
}

/// Makes the bridge if there is none, and brings it into the state that is asked for. One that was made is removed
/// again when it cannot be.
pub(crate) fn ensure(wanted: &Wanted) -> Result<()> {
    let mut netlink = Netlink::route()?;
    let ports = migrate::ports(&mut netlink, wanted)?;
    let made = match link::by_name(&mut netlink, &wanted.bridge)? {
        None => make(&mut netlink, wanted, ports.first())?,
        Some(_) => false,
    };
    // Made just now by somebody else is as well.
    let bridge = find(&mut netlink, &wanted.bridge)?;
    let mut undo = Vec::new();
    let alias = (made && wanted.lent).then_some(lent::ALIAS);
    let done = adjust(&mut netlink, &bridge, wanted, alias, &mut undo).and_then(|()| {
        ports.iter().try_for_each(|port| {
            undo.push(migrate::onto(&mut netlink, port, &bridge)?);
            Ok(())
        })
    });
    if done.is_err() {
        for batch in undo.into_iter().rev() {
            let _ = netlink.run(batch)?;
        }
        if made {
            let _ = remove(&mut netlink, &bridge);
        }
    }
    done
}

/// Makes it; false when another has made it just now.
fn make(netlink: &mut Netlink, wanted: &Wanted, first: Option<&Found>) -> Result<bool> {
    let mac = match first {
        // Those who know the machine by the port's address go on to do so.
        Some(port) => port.mac.clone(),
        None => own_mac()?.0.to_vec(),
    };
    let mut batch = Batch::new();
    let message = batch.message(libc::RTM_NEWLINK, CREATE, &crate::rtnl::link(0, false));
    // With an address that is set, not made up, it does not change with the ports that come and go.
    message.put_text(IFLA_IFNAME, wanted.bridge.as_bytes()).put(IFLA_ADDRESS, &mac);
    if wanted.lent {
        message.put_u32(IFLA_GROUP, lent::GROUP);
    }
    message.nest(IFLA_LINKINFO, |info| {
        info.put(IFLA_INFO_KIND, b"bridge");
        if first.is_none() {
            // Who looks for members of groups takes notice of all ports whenever one comes. Without a cable there is no
            // querier to make use of it, and all members are on this machine.
            info.nest(IFLA_INFO_DATA, |data| {
                data.put(IFLA_BR_MCAST_SNOOPING, &[0]);
            });
        }
    });
    match netlink.run(batch)? {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.errno == Errno::EEXIST => Ok(false),
        Err(refusal) => Err(refusal.error(format_args!("{}: make a bridge", wanted.bridge))),
    }
}

/// One message for the bridge, one for each address; in one go. How to undo it is added to `undo`, first.
fn adjust(
    netlink: &mut Netlink,
    bridge: &Found,
    wanted: &Wanted,
    alias: Option<&str>,
    undo: &mut Vec<Batch>,
) -> Result<()> {
    let name = &wanted.bridge;
    let mut batch = Batch::new();
    let mut what = vec![format!("{name}: bring it up")];
    let message = batch.message(libc::RTM_NEWLINK, 0, &crate::rtnl::link(bridge.index, true));
    // The one that it has: from now on it is set.
    message.put(IFLA_ADDRESS, &bridge.mac);
    if let Some(alias) = alias {
        message.put_text(IFLA_IFALIAS, alias.as_bytes());
    }
    if let Some(mtu) = wanted.mtu {
        message.put_u32(IFLA_MTU, mtu);
    }
    put_stp(message, wanted.stp);
    let before = link::addresses(netlink, AddressesOf::Interface(bridge.index))?;
    let mut back = Batch::new();
    if wanted.mtu.is_some() || wanted.stp.is_some() {
        let message = back.message(libc::RTM_NEWLINK, 0, &crate::rtnl::link(bridge.index, bridge.up));
        message.put_u32(IFLA_MTU, bridge.mtu);
        put_stp(message, wanted.stp.map(|_| bridge.stp));
    }
    for address in wanted.addresses.iter().filter(|address| !before.contains(address)) {
        remove_address(&mut back, bridge.index, *address);
    }
    if !back.is_empty() {
        undo.push(back);
    }
    for address in &wanted.addresses {
        add_address(&mut batch, bridge.index, *address, REPLACE);
        what.push(format!("{name}: address {address}"));
    }
    netlink.run(batch)?.map_err(|refusal| {
        let what = what.get(refusal.at).cloned().unwrap_or_default();
        refusal.error(what)
    })
}

fn put_stp(message: &mut Batch, stp: Option<bool>) {
    if let Some(stp) = stp {
        message.nest(IFLA_LINKINFO, |info| {
            info.put(IFLA_INFO_KIND, b"bridge");
            info.nest(IFLA_INFO_DATA, |data| {
                data.put_u32(IFLA_BR_STP_STATE, u32::from(stp));
            });
        });
    }
}

/// Removes a bridge. A port that had brought addresses with it gets them back.
pub(crate) fn delete(name: &Interface) -> Result<()> {
    let mut netlink = Netlink::route()?;
    let bridge = find(&mut netlink, name)?;
    remove(&mut netlink, &bridge)
}

/// Removes `bridge`. A port that had brought addresses with it gets them back.
pub(crate) fn remove(netlink: &mut Netlink, bridge: &Found) -> Result<()> {
    let mut batch = migrate::back(netlink, bridge)?;
    batch.message(libc::RTM_DELLINK, 0, &crate::rtnl::link(bridge.index, false));
    netlink.run(batch)?.map_err(|refusal| refusal.error(format_args!("{}: remove it", bridge.name)))
}

/// A hardware address of our own making: of one interface, and locally administered.
pub(crate) fn own_mac() -> Result<Mac> {
    let mut bytes = [0; 6];
    sys::random(&mut bytes).context("make up a MAC address")?;
    // Below those that ends on a bridge have.
    bytes[0] = bytes[0] & 0x7c | 2;
    Ok(Mac(bytes))
}
