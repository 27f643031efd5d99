//! The end in the namespace: up, with its addresses and routes.

use super::{Gateway, Ground, Wanted};
use crate::address::{Cidr, Mac};
use crate::netlink::{Batch, CREATE, Netlink};
use crate::rtnl::{self, IFLA_ADDRESS};
use hc::{Error, Result};
use std::net::IpAddr;

/// The loopback interface is the first one of each namespace.
const LOOPBACK: u32 = 1;

impl Ground {
    /// Sets up the interface `index` in the namespace, all in one go; with a hardware address first, if there is one.
    pub(super) fn inside(
        &self,
        netlink: &mut Netlink,
        wanted: &Wanted,
        index: u32,
        addresses: &[Cidr],
        mac: Option<Mac>,
    ) -> Result<()> {
        let name = &wanted.inside;
        let (mut batch, mut what) = (Batch::new(), Vec::new());
        if let Some(mac) = mac {
            batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(index, false)).put(IFLA_ADDRESS, &mac.0);
            what.push(format!("{name}: MAC address {mac}"));
        }
        batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(LOOPBACK, true));
        what.push("lo: bring it up".to_owned());
        batch.message(libc::RTM_NEWLINK, 0, &rtnl::link(index, true));
        what.push(format!("{name}: bring it up"));
        for address in addresses {
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
            if !auto && !(wanted.auto && gateways.iter().all(|gateway| gateway.is_ipv4() != is_ipv4)) {
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
