//! The pair that connects a namespace to a bridge: born with one end in the namespace and one on the bridge.

mod inside;
mod quiet;
mod wanted;

pub(crate) use wanted::{Gateway, Route, Wanted};

use crate::address::{Cidr, Mac};
use crate::claim;
use crate::link::{self, AddressesOf, Found, Interface};
use crate::netlink::{Batch, CREATE, Netlink, Refusal};
use crate::rtnl::{
    self, IFLA_ADDRESS, IFLA_BRPORT_ISOLATED, IFLA_BRPORT_MODE, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND,
    IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, IFLA_NET_NS_FD, VETH_INFO_PEER,
};
use crate::{bridge, ids};
use hc::{Error, Result};
use nix::errno::Errno;
use std::os::fd::{AsRawFd, OwnedFd};

/// Slave data of a port of a bridge.
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
/// What the post calls its first one.
const FIRST: &[u8] = b"veth1";
/// The kernel puts the lowest number that is free.
const NUMBERED: &[u8] = b"veth%d";

/// The host's side of it: what is looked at before anything is made.
pub(crate) struct Ground {
    /// To the host's network.
    pub(crate) host: Netlink,
    /// The host's network namespace.
    pub(crate) namespace: OwnedFd,
    /// The bridge.
    pub(crate) bridge: Found,
    /// Its addresses, but those that are of use on one link only.
    pub(crate) networks: Vec<Cidr>,
}

/// The end of a pair that is on the bridge.
#[derive(Debug)]
pub(crate) struct End {
    /// Its number.
    pub(crate) index: u32,
    /// Its name.
    pub(crate) name: Interface,
    /// The number of the other end, in the namespace.
    pub(crate) peer: u32,
}

/// What was made.
#[derive(Debug)]
pub(crate) struct Made {
    /// The end on the bridge.
    pub(crate) outside: End,
    /// The addresses of the end in the namespace.
    pub(crate) addresses: Vec<Cidr>,
}

impl Ground {
    /// Looks at the host, whose network this process has to be in.
    pub(crate) fn look(wanted: &Wanted) -> Result<Self> {
        let mut host = Netlink::route()?;
        let bridge = bridge::find(&mut host, &wanted.bridge)?;
        let asks = wanted.auto || wanted.gateways.contains(&Gateway::Auto) || wanted.nat.is_any();
        let mut networks = Vec::new();
        if asks || !wanted.addresses.is_empty() {
            networks = link::addresses(&mut host, AddressesOf::Interface(bridge.index))?;
            networks.retain(rtnl::is_global);
        }
        if asks && networks.is_empty() {
            let because =
                format!("has no address; 'hc-netns bridge {} --addr=...' gives it one", wanted.bridge);
            return Err(Error::new(format!("{}: {because}", wanted.bridge)));
        }
        Ok(Ground { host, namespace: crate::namespace::own()?, bridge, networks })
    }

    /// Makes the link. This process is in the namespace that is to be connected, and `inside` is a socket of it.
    /// When it fails there is no link.
    pub(crate) fn connect(&mut self, inside: &mut Netlink, wanted: &Wanted) -> Result<Made> {
        let mut search = claim::Search::new(self, wanted)?;
        let first = wanted.addresses.first().copied().or(search.next(&self.bridge)?.first().copied());
        let mac = match (wanted.mac, first) {
            (Some(mac), _) => mac,
            (None, Some(address)) => claim::key(address.address),
            (None, None) => bridge::own_mac()?,
        };
        let outside = self.create(inside, wanted, mac, first)?;
        let done = self.furnish(inside, wanted, &outside, search, mac);
        match done {
            Ok(addresses) => Ok(Made { outside, addresses }),
            Err(error) => {
                self.remove(&outside)?;
                Err(error)
            }
        }
    }

    /// Takes the link away again.
    pub(crate) fn remove(&mut self, outside: &End) -> Result<()> {
        let mut batch = Batch::new();
        batch.message(libc::RTM_DELLINK, 0, &rtnl::link(outside.index, false));
        match self.host.run(batch)? {
            Err(refusal) if refusal.errno != Errno::ENODEV => {
                Err(refusal.error(format_args!("{}: remove it", outside.name)))
            }
            _ => Ok(()),
        }
    }

    /// Makes the pair.
    fn create(
        &mut self,
        inside: &mut Netlink,
        wanted: &Wanted,
        mac: Mac,
        address: Option<Cidr>,
    ) -> Result<End> {
        let mut name = self.name_to_try(wanted, address)?;
        let mut made = inside.run(self.creation(wanted, &name, mac))?;
        if wanted.outside.is_none() && made.as_ref().is_err_and(|refusal| refusal.errno == Errno::EEXIST) {
            name = NUMBERED.to_vec();
            made = inside.run(self.creation(wanted, &name, mac))?;
        }
        if let Err(refusal) = made {
            return Err(self.not_created(inside, wanted, &Interface::new(&name), &refusal)?);
        }
        // Asked at the end in the namespace, where nobody else has the kernel busy.
        let gone = || Error::new(format!("{}: was taken away while it was being set up", wanted.inside));
        let end = link::by_name(inside, &wanted.inside)?.ok_or_else(gone)?;
        let index = end.peer.ok_or_else(gone)?;
        let name = match name.as_slice() {
            NUMBERED => link::by_index(&mut self.host, index)?.ok_or_else(gone)?.name,
            name => Interface::new(name),
        };
        Ok(End { index, name, peer: end.index })
    }

    /// The name for the end on the bridge: the one that is given, or one that is free just now.
    ///
    /// The kernel looks through all interfaces for a number that is free, and when a name turns out to be taken it has half
    /// of a pair to take down: to look first is cheap. The number of an address is likely to be free.
    fn name_to_try(&mut self, wanted: &Wanted, address: Option<Cidr>) -> Result<Vec<u8>> {
        if let Some(given) = &wanted.outside {
            return Ok(given.as_bytes().to_owned());
        }
        // An address that is found has a number that nobody has chosen: it comes at once, and all others try this first.
        let is_found = wanted.addresses.is_empty() && address.is_some();
        let first = (!is_found).then(|| FIRST.to_vec());
        let number = address.map(|cidr| cidr.host()).filter(|host| (2..=10_000).contains(host));
        let numbered = number.map(|host| format!("veth{}", host - 1).into_bytes());
        for name in first.into_iter().chain(numbered) {
            if link::by_name(&mut self.host, &Interface::new(&name))?.is_none() {
                return Ok(name);
            }
        }
        Ok(NUMBERED.to_vec())
    }

    /// The message that makes the pair: the end on the bridge is up, and the other one is not yet.
    fn creation(&self, wanted: &Wanted, outside: &[u8], mac: Mac) -> Batch {
        let mtu = wanted.mtu.unwrap_or(self.bridge.mtu);
        let mut batch = Batch::new();
        let message = batch.message(libc::RTM_NEWLINK, CREATE, &rtnl::link(0, true));
        message.put_text(IFLA_IFNAME, outside);
        // Above that of any bridge: one that takes the lowest address of its ports keeps its own.
        let mut highest = mac.0;
        highest[0] = if mac.0[0] == 0xfe { 0xfa } else { 0xfe };
        message.put(IFLA_ADDRESS, &highest);
        message.put_u32(IFLA_MTU, mtu).put_u32(IFLA_MASTER, self.bridge.index);
        message.put(IFLA_NET_NS_FD, &self.namespace.as_raw_fd().to_ne_bytes());
        message.nest(IFLA_LINKINFO, |info| {
            info.put(IFLA_INFO_KIND, b"veth");
            info.nest(IFLA_INFO_DATA, |data| {
                data.nest(VETH_INFO_PEER, |peer| {
                    peer.raw(&rtnl::link(0, false));
                    peer.put_text(IFLA_IFNAME, wanted.inside.as_bytes());
                    peer.put(IFLA_ADDRESS, &mac.0).put_u32(IFLA_MTU, mtu);
                });
            });
        });
        batch
    }

    /// Why the pair was not made: which of the names is taken, and by what.
    fn not_created(
        &mut self,
        inside: &mut Netlink,
        wanted: &Wanted,
        outside: &Interface,
        refusal: &Refusal,
    ) -> Result<Error> {
        if refusal.errno == Errno::EEXIST {
            if let Some(other) = link::by_name(inside, &wanted.inside)? {
                let what = other.what();
                return Ok(Error::new(format!(
                    "{}: name already in use in the namespace by {what}",
                    wanted.inside
                )));
            }
            if let Some(other) = link::by_name(&mut self.host, outside)? {
                let by = match ids::name_of(&mut self.host, other.peer_namespace)? {
                    Some(name) => format!("the link of {}", hc::show(&name)),
                    None => other.what(),
                };
                return Ok(Error::new(format!("{outside}: name already in use by {by}")));
            }
        }
        Ok(refusal.error(format_args!("make the pair {outside} and {}", wanted.inside)))
    }

    /// All that the pair needs: as a port, and in the namespace. The addresses that it got.
    fn furnish(
        &mut self,
        inside: &mut Netlink,
        wanted: &Wanted,
        outside: &End,
        mut search: claim::Search,
        mac: Mac,
    ) -> Result<Vec<Cidr>> {
        let mut likely = wanted.addresses.clone();
        likely.extend(search.next(&self.bridge)?);
        let early = self.early(inside, wanted, outside.peer, &likely, mac)?;
        let mtu = wanted.mtu.unwrap_or(self.bridge.mtu);
        self.host.run(port(wanted, outside, mtu))?.map_err(|refusal| refusal.error(&outside.name))?;
        for address in &wanted.addresses {
            claim::explicit(self, outside, *address)?;
        }
        let (found, key) = search.claim(self, outside)?;
        let addresses: Vec<Cidr> = wanted.addresses.iter().copied().chain(found).collect();
        // Another one may have been quicker with the address that the pair was made for.
        let key = key.filter(|_| wanted.mac.is_none() && wanted.addresses.is_empty());
        self.inside(inside, wanted, outside.peer, &addresses, key.unwrap_or(mac), early)?;
        Ok(addresses)
    }
}

/// What makes the end on the bridge the port that is asked for. It has no address of its own to announce: all that an
/// IPv6 host says when it comes up would go to each port of the bridge.
fn port(wanted: &Wanted, outside: &End, mtu: u32) -> Batch {
    let mut batch = Batch::new();
    let message = batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(outside.index, true));
    rtnl::make_no_addresses(message, mtu);
    let hairpin = wanted.hairpin || !wanted.nat.published.is_empty();
    if wanted.isolated || hairpin {
        message.nest(IFLA_LINKINFO, |info| {
            info.put(IFLA_INFO_SLAVE_KIND, b"bridge");
            info.nest(IFLA_INFO_SLAVE_DATA, |data| {
                data.put(IFLA_BRPORT_ISOLATED, &[u8::from(wanted.isolated)]);
                data.put(IFLA_BRPORT_MODE, &[u8::from(hairpin)]);
            });
        });
    }
    batch
}
