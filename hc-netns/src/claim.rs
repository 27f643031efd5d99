//! Who has which address on a bridge.
//!
//! The bridge's own forwarding table is where it is written down. Each link that has an address puts an entry there: a
//! hardware address that is made of the IP address, at its own port. The kernel accepts an entry once, so that of several
//! who want an address at the same time one gets it, without a lock; and it drops the entry with the port, so that
//! whatever happens to a container, its address is free again as soon as it is gone. Nothing else keeps track.
//!
//! The entry is of use as well: it is the hardware address of the container's interface unless another is asked for,
//! so the bridge need not learn it, no other port can pretend to have it, and whoever gets the address next is known to
//! all neighbours.

mod foreign;

use crate::address::{Cidr, Mac, octets};
use crate::leaving::Patience;
use crate::link::{self, Found};
use crate::netlink::{Batch, CREATE};
use crate::rtnl::{self, NDA_LLADDR};
use crate::sys;
use crate::veth::{End, Ground, Wanted};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use std::collections::HashSet;
use std::net::IpAddr;

/// The first two bytes of the hardware addresses: of one interface, locally administered; one pair for each kind.
const OF_IPV4: [u8; 2] = [0x0e, 0x68];
const OF_IPV6: [u8; 2] = [0x0e, 0x69];

/// The hardware address that stands for an address. That of an IPv6 address is all of its bits folded into four bytes:
/// those of one network that are numbered one after the other have different ones.
pub(crate) fn key(address: IpAddr) -> Mac {
    let kind = if address.is_ipv4() { OF_IPV4 } else { OF_IPV6 };
    let mut bytes = [kind[0], kind[1], 0, 0, 0, 0];
    for part in octets(address).chunks(4) {
        for (byte, more) in bytes.iter_mut().skip(2).zip(part) {
            *byte ^= more;
        }
    }
    Mac(bytes)
}

/// An entry in the forwarding table: the kernel's `struct __fdb_entry`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The hardware address.
    pub(crate) mac: Mac,
    /// The number of the port in the bridge.
    pub(crate) port: u16,
}

/// The search for the lowest address that is free, in the first network of each kind that the bridge has.
pub(crate) struct Search {
    networks: Vec<Cidr>,
    taken: HashSet<Mac>,
    /// The number in its network that comes next.
    next: u128,
    last: u128,
    /// What `next` has come to.
    candidate: Option<Vec<Cidr>>,
}

impl Search {
    /// Looks at what is taken. Searches nothing, and finds nothing, when no such address is asked for.
    pub(crate) fn new(ground: &mut Ground, wanted: &Wanted) -> Result<Self> {
        let mut search =
            Search { networks: Vec::new(), taken: HashSet::new(), next: 1, last: 0, candidate: None };
        if !wanted.auto {
            return Ok(search);
        }
        for is_ipv4 in [true, false] {
            let network = ground.networks.iter().find(|network| network.address.is_ipv4() == is_ipv4);
            search.networks.extend(network.copied());
        }
        let hosts = search.networks.iter().map(Cidr::hosts);
        search.next = hosts.clone().map(|hosts| *hosts.start()).max().unwrap_or(1);
        search.last = hosts.map(|hosts| *hosts.end()).min().unwrap_or(0);
        let table = sys::forwarding_table(ground.host.socket(), ground.bridge.name.as_bytes());
        let table = table.context(format_args!("{}: read its forwarding table", ground.bridge.name))?;
        search.taken.extend(table.iter().map(|entry| entry.mac));
        search.taken.extend(ground.networks.iter().map(|network| key(network.address)));
        search.taken.extend(foreign::addresses(ground, &table)?.into_iter().map(key));
        Ok(search)
    }

    /// The lowest addresses that are not known to be taken: one of each kind, with the same number in its network. The same
    /// ones as before, unless these have turned out to be taken.
    pub(crate) fn next(&mut self, bridge: &Found) -> Result<Vec<Cidr>> {
        if self.networks.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(candidate) = &self.candidate {
            return Ok(candidate.clone());
        }
        while self.next <= self.last {
            let candidate: Vec<Cidr> =
                self.networks.iter().map(|network| network.with_host(self.next)).collect();
            self.next += 1;
            if !candidate.iter().any(|address| self.taken.contains(&key(address.address))) {
                self.candidate = Some(candidate.clone());
                return Ok(candidate);
            }
        }
        let networks: Vec<String> =
            self.networks.iter().map(|network| network.network().to_string()).collect();
        Err(Error::new(format!("{}: no address of {} is free", bridge.name, networks.join(" and "))))
    }

    /// Claims addresses for the port `outside`: those that were found, and what their hardware address is.
    pub(crate) fn claim(mut self, ground: &mut Ground, outside: &End) -> Result<(Vec<Cidr>, Option<Mac>)> {
        loop {
            let candidate = self.next(&ground.bridge)?;
            let mut got = Vec::new();
            for address in &candidate {
                if !enter(ground, outside, key(address.address))? {
                    break;
                }
                got.push(*address);
            }
            if got.len() == candidate.len() {
                return Ok((candidate.clone(), candidate.first().map(|first| key(first.address))));
            }
            // Somebody was quicker with one of them.
            for address in got {
                leave(ground, outside, key(address.address))?;
            }
            self.candidate = None;
        }
    }
}

/// Claims an address that the user has chosen.
pub(crate) fn explicit(ground: &mut Ground, outside: &End, address: Cidr) -> Result<()> {
    let refused = |ground: &Ground, what: &str| {
        Error::new(format!("address {}: {what} {}", address.address, ground.bridge.name))
    };
    if ground.networks.iter().any(|own| own.address == address.address) {
        return Err(refused(ground, "is that of"));
    }
    let mut patience = Patience::new();
    while !enter(ground, outside, key(address.address))? {
        // None: it has gone just now.
        if let Some(holder) = holder(ground, key(address.address))?
            && (holder.index == outside.index || !patience.waits_for(&mut ground.host, &holder)?)
        {
            return Err(refused(ground, "is in use on"));
        }
    }
    Ok(())
}

/// The link that has the entry.
fn holder(ground: &mut Ground, mac: Mac) -> Result<Option<Found>> {
    let bridge = ground.bridge.name.as_bytes();
    let table = sys::forwarding_table(ground.host.socket(), bridge)
        .context(format_args!("{}: read its forwarding table", ground.bridge.name))?;
    let Some(entry) = table.iter().find(|entry| entry.mac == mac) else { return Ok(None) };
    let ports = sys::ports(ground.host.socket(), bridge)
        .context(format_args!("{}: its ports", ground.bridge.name))?;
    let index = ports.into_iter().find_map(|(port, index)| (port == entry.port).then_some(index));
    index.map_or(Ok(None), |index| link::by_index(&mut ground.host, index))
}

/// Puts an entry into the table; false when there is one already.
fn enter(ground: &mut Ground, outside: &End, mac: Mac) -> Result<bool> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_NEWNEIGH, CREATE, &rtnl::forwarding(outside.index)).put(NDA_LLADDR, &mac.0);
    match ground.host.run(batch)? {
        Ok(()) => Ok(true),
        Err(refusal) if refusal.errno == Errno::EEXIST => Ok(false),
        Err(refusal) => Err(refusal.error(format_args!("{}: claim an address on the bridge", outside.name))),
    }
}

/// Takes an entry out again.
fn leave(ground: &mut Ground, outside: &End, mac: Mac) -> Result<()> {
    let mut batch = Batch::new();
    batch.message(libc::RTM_DELNEIGH, 0, &rtnl::forwarding(outside.index)).put(NDA_LLADDR, &mac.0);
    ground
        .host
        .run(batch)?
        .map_err(|refusal| refusal.error(format_args!("{}: give an address back", outside.name)))
}

/// True for the hardware address of a claim.
fn is_claim(mac: Mac) -> bool {
    [OF_IPV4, OF_IPV6].iter().any(|kind| mac.0.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(networks: &[&str], taken: &[&str]) -> Search {
        let cidr = |text: &&str| {
            let (address, prefix) = text.split_once('/').unwrap();
            Cidr { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
        };
        let networks: Vec<Cidr> = networks.iter().map(cidr).collect();
        let hosts = networks.iter().map(Cidr::hosts);
        let next = hosts.clone().map(|hosts| *hosts.start()).max().unwrap();
        let last = hosts.map(|hosts| *hosts.end()).min().unwrap();
        let taken = taken.iter().map(|address| key(address.parse().unwrap())).collect();
        Search { networks, taken, next, last, candidate: None }
    }

    fn bridge() -> Found {
        Found {
            index: 2,
            name: crate::link::Interface::new(b"br0"),
            kind: b"bridge".to_vec(),
            mtu: 1500,
            mac: vec![0; 6],
            master: None,
            peer: None,
            peer_namespace: None,
            loopback: false,
            up: true,
            stp: false,
            snoops: false,
            group: 0,
        }
    }

    fn shown(found: Result<Vec<Cidr>>) -> Vec<String> {
        found.unwrap().iter().map(Cidr::to_string).collect()
    }

    #[test]
    fn the_lowest_address_that_is_free_is_next_until_it_is_not() {
        let mut search =
            search(&["10.0.0.1/29", "fd00::1/64"], &["10.0.0.1", "fd00::1", "10.0.0.2", "fd00::4"]);
        assert_eq!(shown(search.next(&bridge())), ["10.0.0.3/29", "fd00::3/64"]);
        assert_eq!(shown(search.next(&bridge())), ["10.0.0.3/29", "fd00::3/64"]);
        search.candidate = None;
        assert_eq!(shown(search.next(&bridge())), ["10.0.0.5/29", "fd00::5/64"]);
        search.candidate = None;
        assert_eq!(shown(search.next(&bridge())), ["10.0.0.6/29", "fd00::6/64"]);
        search.candidate = None;
        let none = search.next(&bridge()).unwrap_err().to_string();
        assert_eq!(none, "br0: no address of 10.0.0.0/29 and fd00::/64 is free");
    }

    #[test]
    fn addresses_have_keys_of_one_interface() {
        assert_eq!(key("10.1.2.3".parse().unwrap()).to_string(), "0e:68:0a:01:02:03");
        let six = |text: &str| key(text.parse().unwrap()).to_string();
        assert_eq!(six("fd00::1"), "0e:69:fd:00:00:01");
        assert_ne!(six("fd00::1"), six("fd00::2"));
        assert!(is_claim(key("10.1.2.3".parse().unwrap())) && !is_claim(Mac([2; 6])));
    }
}
