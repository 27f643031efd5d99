//! The way out of a bridge's network and into it: what the packet filter does for a link.
//!
//! Each link that asks for something has a table of its own, which is named after it; whatever others have in the
//! packet filter stays as it is. A change is made only if nobody has made one since we looked, so that those who do it
//! at the same time do not get the same port, without a lock.

mod forward;
mod rules;

pub(crate) use forward::allow;

use crate::address::Cidr;
use crate::link::{self, Found, Interface};
use crate::netlink::{Batch, Netlink, Refusal, text};
use crate::veth::{Ground, Made};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use rules::{OUTPUT, POSTROUTING, PREROUTING, RAW};
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

/// How the names of our tables begin.
const PREFIX: &[u8] = b"hc-netns-";
/// How often others may come between looking and changing.
const ATTEMPTS: usize = 100;

/// What the packet filter is to do for a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether what leaves the bridge's network goes by the host's address.
    pub(crate) masquerade: bool,
    /// The ports of the host that lead to the link.
    pub(crate) published: Vec<Published>,
}

impl Wanted {
    /// Whether it is to do anything.
    pub(crate) fn is_any(&self) -> bool {
        self.masquerade || !self.published.is_empty()
    }
}

/// A port of the host, and the port of the namespace that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// The host's address; any, if there is none.
    pub(crate) at: Option<IpAddr>,
    /// The host's port.
    pub(crate) outside: u16,
    /// The namespace's port.
    pub(crate) inside: u16,
    /// Of which protocol.
    pub(crate) protocol: Protocol,
}

/// A protocol that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    fn number(self) -> u8 {
        let number = match self {
            Protocol::Tcp => libc::IPPROTO_TCP,
            Protocol::Udp => libc::IPPROTO_UDP,
        };
        u8::try_from(number).unwrap_or(0)
    }
}

impl Published {
    /// The name of the chain that it leads through, by which others see that the port is taken: `tcp-8080`,
    /// `udp-53-127.0.0.1`. nft(8) would not read a colon in it.
    fn chain(&self) -> String {
        let at = self.at.map_or(String::new(), |at| format!("-{at}").replace(':', "."));
        format!("{}-{}{at}", self.protocol.name(), self.outside)
    }

    /// Whether a packet could mean this one and the one that `chain` is of.
    fn clashes_with(&self, chain: &str) -> bool {
        let any = Published { at: None, ..self.clone() }.chain();
        match chain.strip_prefix(&any) {
            Some("") => true,
            Some(at) => at.starts_with('-') && (self.at.is_none() || self.chain() == chain),
            None => false,
        }
    }
}

/// Fails for a port that a program of the host has: it would be there for nothing.
pub(crate) fn refuse_busy(wanted: &Wanted) -> Result<()> {
    for published in &wanted.published {
        let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        let at = published.at.as_ref().map_or(&any[..], std::slice::from_ref);
        for at in at {
            let at = SocketAddr::new(*at, published.outside);
            let bound = match published.protocol {
                Protocol::Tcp => TcpListener::bind(at).map(drop),
                Protocol::Udp => UdpSocket::bind(at).map(drop),
            };
            // A machine without IPv6 has nothing there.
            match bound {
                Err(error) if published.at.is_some() || error.kind() == ErrorKind::AddrInUse => {
                    return Err(error).context(format_args!("port {at}/{}", published.protocol.name()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The table of a link.
fn table(link: &Interface) -> Vec<u8> {
    [PREFIX, link.as_bytes()].concat()
}

/// Makes the table of a link, which `made` is. With `owned` it lasts no longer than the socket `filter`.
pub(crate) fn set(
    filter: &mut Netlink,
    ground: &mut Ground,
    made: &Made,
    wanted: &Wanted,
    owned: bool,
) -> Result<()> {
    if !wanted.is_any() {
        return Ok(());
    }
    for published in &wanted.published {
        if !made
            .addresses
            .iter()
            .any(|cidr| published.at.is_none_or(|at| at.is_ipv4() == cidr.address.is_ipv4()))
        {
            return Err(Error::new(format!(
                "port {}: has no address of that kind to lead to",
                published.outside
            )));
        }
    }
    let table = table(&made.outside.name);
    change(filter, &format!("{}: its rules", made.outside.name), |batch, chains| {
        for (other, chain) in chains.iter().filter(|(other, _)| *other != table) {
            let Some(published) = wanted.published.iter().find(|published| published.clashes_with(chain))
            else {
                continue;
            };
            let link = Interface::new(other.strip_prefix(PREFIX).unwrap_or_default());
            if link::by_name(&mut ground.host, &link)?.is_some() {
                let port = format!("{}/{}", published.outside, published.protocol.name());
                return Err(Error::new(format!("port {port}: is published for {link} already")));
            }
            // Its link went without it.
            rules::remove(batch, other);
        }
        rules::replace(batch, &table, owned);
        fill(batch, &table, &ground.bridge, &ground.networks, &made.addresses, wanted);
        Ok(())
    })
}

/// Takes away the tables of these links, and of those that are gone.
pub(crate) fn remove(host: &mut Netlink, links: &[Found]) -> Result<()> {
    let mut filter = match Netlink::netfilter() {
        Ok(filter) => filter,
        // A kernel without a packet filter.
        Err(_) => return Ok(()),
    };
    change(&mut filter, "remove the rules", |batch, chains| {
        let tables: BTreeSet<&[u8]> = chains.iter().map(|(table, _)| table.as_slice()).collect();
        if tables.is_empty() {
            return Ok(());
        }
        let there = link::all(host, None)?;
        for table in tables {
            let name = table.strip_prefix(PREFIX).unwrap_or_default();
            let is = |found: &Found| found.name.as_bytes() == name;
            if links.iter().any(is) || !there.iter().any(is) {
                rules::remove(batch, table);
            }
        }
        Ok(())
    })
}

/// Makes the change that `plan` plans when it sees what chains our tables have; again, when somebody else was quicker.
fn change(
    filter: &mut Netlink,
    what: &str,
    mut plan: impl FnMut(&mut Batch, &[(Vec<u8>, String)]) -> Result<()>,
) -> Result<()> {
    let mut refused = None;
    for _ in 0..ATTEMPTS {
        let mut generation = 0;
        filter
            .ask(rules::ask_generation(), |message| {
                generation = rules::generation(message).unwrap_or(generation);
                Ok(())
            })?
            .map_err(|refusal| not_there(what, &refusal))?;
        let mut chains = Vec::new();
        filter
            .dump(rules::ask_chains(), |message| {
                let attributes = message.attributes(rules::NFGENMSG);
                let name = |kind| attributes.find(kind).map(text).unwrap_or_default();
                if name(rules::TABLE).starts_with(PREFIX) {
                    let chain = String::from_utf8_lossy(name(rules::CHAIN_NAME)).into_owned();
                    chains.push((name(rules::TABLE).to_owned(), chain));
                }
                Ok(())
            })?
            .map_err(|refusal| not_there(what, &refusal))?;
        let mut batch = rules::begin(generation);
        plan(&mut batch, &chains)?;
        if batch.len() == 1 {
            return Ok(());
        }
        match filter.run(rules::end(batch))? {
            Ok(()) => return Ok(()),
            Err(refusal) if refusal.errno == Errno::ERESTART => refused = Some(refusal),
            Err(refusal) => return Err(not_there(what, &refusal)),
        }
    }
    Err(refused.map_or_else(|| Error::new(what), |refusal| refusal.error(what)))
}

fn not_there(what: &str, refusal: &Refusal) -> Error {
    match refusal.errno {
        Errno::EOPNOTSUPP | Errno::ENOENT | Errno::EPROTONOSUPPORT => {
            refusal.error(format_args!("{what}: the kernel has no nf_tables for it"))
        }
        _ => refusal.error(what),
    }
}

/// Fills the table.
fn fill(
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
                    rule.family(address).redirect(address, published.inside);
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
                    None => rule.to_this_machine(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn published(at: Option<&str>, outside: u16) -> Published {
        let at = at.map(|at| at.parse().unwrap());
        Published { at, outside, inside: 80, protocol: Protocol::Tcp }
    }

    #[test]
    fn a_port_is_taken_for_all_addresses_or_for_one() {
        let (any, one, other) =
            (published(None, 80), published(Some("10.0.0.1"), 80), published(Some("fd00::1"), 80));
        assert_eq!(
            [&any, &one, &other].map(Published::chain),
            ["tcp-80", "tcp-80-10.0.0.1", "tcp-80-fd00..1"]
        );
        for (a, b, clash) in [
            (&any, &any, true),
            (&any, &one, true),
            (&one, &any, true),
            (&one, &one, true),
            (&one, &other, false),
            (&any, &published(None, 8080), false),
            (&published(None, 8), &any, false),
        ] {
            assert_eq!(a.clashes_with(&b.chain()), clash, "{a:?} {b:?}");
        }
        assert!(!any.clashes_with("udp-80") && !any.clashes_with("postrouting"));
    }
}
