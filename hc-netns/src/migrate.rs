//! Ports of a bridge that carry addresses: these, and the routes through them, go to the bridge with the port, and
//! back when the bridge is removed.
//!
//! All of a move is one batch of messages, which the kernel works off in one system call: a machine that is reached by
//! this port stays so, and whoever kills us finds the port moved or not moved. What makes a move impossible is looked
//! for before.

mod carried;

use crate::bridge;
use crate::link::{self, Found};
use crate::netlink::{Batch, Netlink};
use crate::rtnl::IFLA_MASTER;
use carried::{Address, Carried};
use hc::{Error, Result};

/// The ports that are to be put on the bridge and are not there yet.
pub(crate) fn ports(netlink: &mut Netlink, wanted: &bridge::Wanted) -> Result<Vec<Found>> {
    let bridge = link::by_name(netlink, &wanted.bridge)?.map(|found| found.index);
    let mut ports: Vec<Found> = Vec::new();
    for name in &wanted.ports {
        let Some(port) = link::by_name(netlink, name)? else {
            return Err(Error::new(format!("{name}: there is no such interface")));
        };
        if port.loopback || port.kind == b"bridge" {
            return Err(Error::new(format!("{name}: is {}, which cannot be a port", port.what())));
        }
        match port.master {
            None if ports.contains(&port) => {}
            None => ports.push(port),
            master if master == bridge => {}
            Some(master) => {
                let master = link::by_index(netlink, master)?;
                let of = master.map_or_else(|| "something".to_owned(), |found| found.name.to_string());
                return Err(Error::new(format!("{name}: is a port of {of} already")));
            }
        }
    }
    for port in &ports {
        Carried::of(netlink, port)?;
    }
    Ok(ports)
}

/// Makes `port` one of `bridge`, with what it carries. How to undo it.
pub(crate) fn onto(netlink: &mut Netlink, port: &Found, bridge: &Found) -> Result<Batch> {
    let carried = Carried::of(netlink, port)?;
    let undo = || {
        let mut batch = Batch::new();
        carried.routes.iter().for_each(|route| route.remove_from(&mut batch, bridge.index));
        carried.addresses.iter().rev().for_each(|address| address.remove_from(&mut batch, bridge.index));
        put_under(&mut batch, port, 0);
        carried.addresses.iter().for_each(|address| address.add_to(&mut batch, port.index, None));
        carried.routes.iter().for_each(|route| route.add_to(&mut batch, port.index));
        batch
    };
    let mut batch = Batch::new();
    put_under(&mut batch, port, bridge.index);
    carried
        .addresses
        .iter()
        .for_each(|address| address.add_to(&mut batch, bridge.index, Some(Address::MOVED)));
    carried.routes.iter().for_each(|route| route.remove_from(&mut batch, port.index));
    // The last one first: with the first one of a network the kernel takes the others.
    carried.addresses.iter().rev().for_each(|address| address.remove_from(&mut batch, port.index));
    carried.routes.iter().for_each(|route| route.add_to(&mut batch, bridge.index));
    match netlink.run(batch)? {
        Ok(()) => Ok(undo()),
        Err(refusal) => {
            // The kernel has gone on after the refusal: all is put back.
            let _ = netlink.run(undo())?;
            Err(refusal.error(format_args!("{}: make it a port of {}", port.name, bridge.name)))
        }
    }
}

/// What gives a port back what it had brought onto `bridge`.
pub(crate) fn back(netlink: &mut Netlink, bridge: &Found) -> Result<Batch> {
    let mut carried = Carried::of(netlink, bridge)?;
    carried.addresses.retain(Address::was_moved);
    let mut batch = Batch::new();
    if carried.addresses.is_empty() {
        return Ok(batch);
    }
    let ports = link::all(netlink, Some(bridge.index))?;
    // The bridge has the hardware address of the port that it was made with.
    let port = ports.iter().find(|port| port.mac == bridge.mac).or(match ports.as_slice() {
        [only] => Some(only),
        _ => None,
    });
    let Some(port) = port else {
        let because = "has addresses that a port has brought, and none of its ports is known to be that one";
        return Err(Error::new(format!("{}: {because}", bridge.name)));
    };
    put_under(&mut batch, port, 0);
    carried.addresses.iter().for_each(|address| address.add_to(&mut batch, port.index, None));
    carried.routes.iter().for_each(|route| route.remove_from(&mut batch, bridge.index));
    carried.addresses.iter().rev().for_each(|address| address.remove_from(&mut batch, bridge.index));
    carried.routes.iter().for_each(|route| route.add_to(&mut batch, port.index));
    Ok(batch)
}

/// Makes `port` one of the interface with the number `master`; of none when that is 0.
fn put_under(batch: &mut Batch, port: &Found, master: u32) {
    let up = port.up || master != 0;
    batch.message(libc::RTM_NEWLINK, 0, &crate::rtnl::link(port.index, up)).put_u32(IFLA_MASTER, master);
}
