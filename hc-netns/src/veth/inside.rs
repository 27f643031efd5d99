//! The end in the namespace: up, with its addresses and routes.

use super::quiet::{self, Speaks};
use super::{Gateway, Ground, Wanted};
use crate::address::{Cidr, Mac};
use crate::link::Interface;
use crate::netlink::{Batch, CREATE, Netlink};
use crate::rtnl::{self, IFLA_ADDRESS};
use hc::{Error, Result};
use std::net::{IpAddr, Ipv6Addr};

impl Ground {
    /// Sets up the interface `index` in the namespace, all in one go, with this hardware address.
    ///
    /// Who has addresses by option gets no others of the kernel's making. With an IPv6 address there is a link-local one,
    /// at once, unless there is `early` one already.
    pub(super) fn inside(
        &self,
        netlink: &mut Netlink,
        wanted: &Wanted,
        index: u32,
        addresses: &[Cidr],
        mac: Mac,
        early: Option<Cidr>,
    ) -> Result<()> {
        let name = &wanted.inside;
        let own = addresses.iter().any(|cidr| cidr.address.is_ipv6()).then(|| link_local(mac));
        let mut steps = Steps::default();
        // Not a second time, unless it turned out to be another hardware address.
        if !addresses.is_empty() && (early.is_none() || early != own) {
            steps.only_addresses_by_option(wanted, self.bridge.mtu, index, mac);
        }
        steps.link("lo: bring it up".to_owned(), &rtnl::link(rtnl::LOOPBACK, true));
        steps.link(format!("{name}: bring it up"), &rtnl::link(index, true));
        for address in addresses.iter().chain(own.as_ref()).filter(|address| Some(**address) != early) {
            steps.address(name, index, *address);
        }
        if let Some(other) = early.filter(|early| Some(*early) != own) {
            steps.what.push(format!("{name}: address {other}"));
            rtnl::remove_address(&mut steps.batch, index, other);
        }
        for gateway in self.gateways(wanted, addresses)? {
            steps.what.push(format!("{name}: gateway {gateway}"));
            rtnl::add_route(&mut steps.batch, index, rtnl::everywhere(gateway), Some(gateway));
        }
        for route in &wanted.routes {
            steps.what.push(format!("{name}: route {}", route.to));
            rtnl::add_route(&mut steps.batch, index, route.to, route.via);
        }
        steps.done_by(netlink)
    }

    /// What comes before that, for an interface that is to have addresses like these: it is made quiet. The link-local
    /// address that it has got, if any.
    ///
    /// To get its link-local address long before it comes up is of use: what the kernel has to tell about that nobody
    /// hears, and nobody has to, for it tells once more when the interface is up. It does so a moment later, and keeps all
    /// others from changing the network meanwhile.
    pub(super) fn early(
        &self,
        netlink: &mut Netlink,
        wanted: &Wanted,
        index: u32,
        likely: &[Cidr],
        mac: Mac,
    ) -> Result<Option<Cidr>> {
        if likely.is_empty() {
            return Ok(None);
        }
        let speaks = Speaks::of(likely, &self.gateways(wanted, likely)?);
        quiet::keep(&wanted.inside, speaks, self.bridge.snoops);
        // Who asks for routers has to be heard.
        if speaks != Speaks::OfGroups {
            return Ok(None);
        }
        let address = link_local(mac);
        let mut steps = Steps::default();
        steps.only_addresses_by_option(wanted, self.bridge.mtu, index, mac);
        steps.address(&wanted.inside, index, address);
        steps.done_by(netlink).map(|()| Some(address))
    }

    /// Where the default routes go. With an address of the bridge's network it is the bridge, unless it is said.
    fn gateways(&self, wanted: &Wanted, addresses: &[Cidr]) -> Result<Vec<IpAddr>> {
        let mut gateways = Vec::new();
        let auto = wanted.gateways.contains(&Gateway::Auto);
        gateways.extend(wanted.gateways.iter().filter_map(|gateway| match gateway {
            Gateway::At(address) => Some(*address),
            Gateway::Auto => None,
        }));
        for is_ipv4 in [true, false] {
            let is_said = gateways.iter().any(|gateway| gateway.is_ipv4() == is_ipv4);
            if !auto && (is_said || !wanted.auto) {
                continue;
            }
            let here = |network: &&Cidr| addresses.iter().any(|address| address.contains(network.address));
            let networks = self.networks.iter().filter(|network| network.address.is_ipv4() == is_ipv4);
            gateways.extend(networks.clone().find(here).map(|network| network.address));
        }
        if auto && gateways.is_empty() {
            let because = format!("{} has no address in the networks of {}", self.bridge.name, wanted.inside);
            return Err(Error::new(format!("gateway auto: {because}")));
        }
        Ok(gateways)
    }
}

/// Messages that go out together, and what each of them is to do.
#[derive(Default)]
struct Steps {
    batch: Batch,
    what: Vec<String>,
}

impl Steps {
    /// One more message about an interface.
    fn link(&mut self, what: String, fixed: &[u8]) -> &mut Batch {
        self.what.push(what);
        self.batch.message(libc::RTM_NEWLINK, 0, fixed)
    }

    /// The interface gets its hardware address, and no address of the kernel's making.
    fn only_addresses_by_option(&mut self, wanted: &Wanted, bridge_mtu: u32, index: u32, mac: Mac) {
        let message = self.link(format!("{}: MAC address {mac}", wanted.inside), &rtnl::link(index, false));
        rtnl::make_no_addresses(message.put(IFLA_ADDRESS, &mac.0), wanted.mtu.unwrap_or(bridge_mtu));
    }

    fn address(&mut self, name: &Interface, index: u32, address: Cidr) {
        self.what.push(format!("{name}: address {address}"));
        rtnl::add_address(&mut self.batch, index, address, CREATE);
    }

    /// Has them done, in one go.
    fn done_by(self, netlink: &mut Netlink) -> Result<()> {
        let Steps { batch, what } = self;
        netlink.run(batch)?.map_err(|refusal| {
            let what = what.get(refusal.at).cloned().unwrap_or_default();
            refusal.error(what)
        })
    }
}

/// The link-local address that an interface with this hardware address has: RFC 4291, appendix A.
fn link_local(mac: Mac) -> Cidr {
    let mac = mac.0.into_iter().fold(0_u64, |number, byte| number << 8 | u64::from(byte));
    let number = (mac >> 24 << 40 | 0xff_fe << 24 | mac & 0xff_ffff) ^ 2 << 56;
    let address = Ipv6Addr::from_bits(0xfe80 << 112 | u128::from(number));
    Cidr { address: address.into(), prefix: 64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_local_address_is_made_of_the_hardware_address() {
        assert_eq!(link_local(Mac([2, 0, 0xab, 4, 5, 6])).to_string(), "fe80::abff:fe04:506/64");
    }
}
