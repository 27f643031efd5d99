//! The end in the namespace: up, with its addresses and routes.

use super::{Gateway, Ground, Wanted};
use crate::address::{Cidr, Mac};
use crate::netlink::{Batch, CREATE, Netlink};
use crate::rtnl::{self, IFLA_ADDRESS};
use hc::{Error, Result};
use std::net::{IpAddr, Ipv6Addr};

/// The loopback interface is the first one of each namespace.
const LOOPBACK: u32 = 1;

impl Ground {
    /// Sets up the interface `index` in the namespace, all in one go, with this hardware address.
    ///
    /// Who has addresses by option gets no others of the kernel's making: a host that makes up an IPv6 address tells so,
    /// and asks for routers, by packets that go to each port of the bridge, which is what would make the five hundredth
    /// namespace on a bridge cost more than the first. With an IPv6 address there is a link-local one, at once.
    pub(super) fn inside(
        &self,
        netlink: &mut Netlink,
        wanted: &Wanted,
        index: u32,
        addresses: &[Cidr],
        mac: Mac,
    ) -> Result<()> {
        let name = &wanted.inside;
        let (mut batch, mut what) = (Batch::new(), Vec::new());
        if !addresses.is_empty() {
            let message = batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(index, false));
            let mtu = wanted.mtu.unwrap_or(self.bridge.mtu);
            rtnl::make_no_addresses(message.put(IFLA_ADDRESS, &mac.0), mtu);
            what.push(format!("{name}: MAC address {mac}"));
        }
        batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(LOOPBACK, true));
        what.push("lo: bring it up".to_owned());
        batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(index, true));
        what.push(format!("{name}: bring it up"));
        let has_ipv6 = addresses.iter().any(|cidr| cidr.address.is_ipv6());
        for address in addresses.iter().chain(has_ipv6.then(|| link_local(mac)).as_ref()) {
            rtnl::add_address(&mut batch, index, *address, CREATE);
            what.push(format!("{name}: address {address}"));
        }
        for gateway in self.gateways(wanted, addresses)? {
            rtnl::add_route(&mut batch, index, rtnl::everywhere(gateway), Some(gateway));
            what.push(format!("{name}: gateway {gateway}"));
        }
        for route in &wanted.routes {
            rtnl::add_route(&mut batch, index, route.to, route.via);
            what.push(format!("{name}: route {}", route.to));
        }
        netlink.run(batch)?.map_err(|refusal| {
            let what = what.get(refusal.at).cloned().unwrap_or_default();
            refusal.error(what)
        })
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
