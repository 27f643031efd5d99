//! What is in the table of a link.

use super::{Wanted, rules};
use crate::address::Cidr;
use crate::link::Found;
use crate::netlink::Batch;
use rules::{OUTPUT, POSTROUTING, PREROUTING, RAW};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Fills the table.
pub(super) fn fill(
    batch: &mut Batch,
    table: &[u8],
    bridge: &Found,
    networks: &[Cidr],
    addresses: &[Cidr],
    wanted: &Wanted,
) {
    let name = &bridge.name;
    rules::chain(batch, table, b"postrouting", Some(&POSTROUTING));
    if wanted.masquerade {
        for network in networks {
            rules::rule(batch, table, b"postrouting", |rule| {
                rule.family(network.address).from(*network).not_out_by(name).masquerade();
            });
        }
    }
    if wanted.published.is_empty() {
        return;
    }
    for published in &wanted.published {
        let chain = published.chain();
        rules::chain(batch, table, chain.as_bytes(), None);
        // The kernel sends nothing from ::1 anywhere else. Who meets nobody there tries 127.0.0.1.
        rules::rule(batch, table, chain.as_bytes(), |rule| {
            let nowhere = Ipv6Addr::LOCALHOST.into();
            rule.family(nowhere).to(Cidr::single(nowhere)).leave();
        });
        for address in first_of_each_kind(addresses) {
            if published.at.is_none_or(|at| at.is_ipv4() == address.is_ipv4()) {
                rules::rule(batch, table, chain.as_bytes(), |rule| {
                    rule.family(address).port(published.protocol.number(), published.outside);
                    rule.redirect(address, published.inside);
                });
            }
        }
    }
    for (chain, hook) in [(&b"prerouting"[..], PREROUTING), (b"output", OUTPUT)] {
        rules::chain(batch, table, chain, Some(&hook));
        for published in &wanted.published {
            rules::rule(batch, table, chain, |rule| {
                match published.at {
                    Some(at) => rule.family(at).to(Cidr::single(at)),
                    None => rule.local(),
                };
                rule.port(published.protocol.number(), published.outside).jump(published.chain().as_bytes());
            });
        }
    }
    // Neighbours on the bridge, and the namespace itself, would get the answer straight from where they did not ask.
    for network in networks.iter().copied().chain([LOOPBACK]) {
        rules::rule(batch, table, b"postrouting", |rule| {
            rule.family(network.address).from(network).redirected().out_by(name).masquerade();
        });
    }
    // What makes the host's 127.0.0.1 lead to the bridge would make the bridge lead to the host's 127.0.0.1.
    rules::chain(batch, table, b"raw", Some(&RAW));
    rules::rule(batch, table, b"raw", |rule| {
        rule.in_by(name).family(LOOPBACK.address).to(LOOPBACK).drop();
    });
}

/// The network that never leaves a machine.
const LOOPBACK: Cidr = Cidr { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix: 8 };

fn first_of_each_kind(addresses: &[Cidr]) -> impl Iterator<Item = IpAddr> {
    let first = |is_ipv4| addresses.iter().map(|cidr| cidr.address).find(move |at| at.is_ipv4() == is_ipv4);
    first(true).into_iter().chain(first(false))
}
