//! The way out of a bridge's network and into it: what the packet filter does for a link.
//!
//! Each link that asks for something has a table of its own, which is named after it; whatever others have in the
//! packet filter stays as it is. A change is made only if nobody has made one since we looked, so that those who do it
//! at the same time do not get the same port, without a lock.

mod forward;
mod rules;

pub(crate) use forward::allow;

use crate::address::Cidr;
use crate::apart;
use crate::link::{self, Found};
use crate::netlink::{Batch, Netlink, Refusal, text};
use crate::veth::{Ground, Made};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::poll::PollTimeout;
use rules::{OUTPUT, POSTROUTING, PREROUTING, RAW};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

/// How the names of our tables begin.
const PREFIX: &[u8] = b"hc-netns-";
/// How often others may come between looking and changing.
const ATTEMPTS: usize = 400;
/// How long it is waited for what goes away by itself, in milliseconds.
const PAUSE: u8 = 5;

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

/// The name of the table of a link: that of the link, and its number, which no other link gets.
fn table_of(link: &Found) -> Vec<u8> {
    [PREFIX, link.name.as_bytes(), b"-", link.index.to_string().as_bytes()].concat()
}

/// Whether `table` is one of ours.
fn is_ours(table: &[u8]) -> bool {
    table.starts_with(PREFIX)
}

/// The number of the link that a table is of.
fn number_in(table: &[u8]) -> Option<u32> {
    let digits = table.rsplit(|&byte| byte == b'-').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// What our tables are, when it was looked.
#[derive(Default)]
struct State {
    /// The tables, and whether each belongs to a keeper.
    tables: Vec<(Vec<u8>, bool)>,
    /// The chains, each with its table.
    chains: Vec<(Vec<u8>, String)>,
}

/// What is to be done about a state.
enum Step {
    /// This.
    Change(Batch),
    /// Nothing.
    Leave,
    /// Nothing yet: something is about to go away by itself.
    Wait,
}

/// Makes the table of a link, which `made` is. With `owned` it lasts no longer than the socket `filter`.
pub(crate) fn set(
    filter: &mut Netlink,
    ground: &mut Ground,
    made: &Made,
    wanted: &Wanted,
    owned: bool,
) -> Result<()> {
    for published in &wanted.published {
        let fits = |cidr: &Cidr| published.at.is_none_or(|at| at.is_ipv4() == cidr.address.is_ipv4());
        if !made.addresses.iter().any(fits) {
            let because = "has no address of that kind to lead to";
            return Err(Error::new(format!("port {}: {because}", published.outside)));
        }
    }
    let table = table_of(&made.outside);
    change(filter, &format!("{}: its rules", made.outside.name), |state, generation| {
        let mut batch = rules::begin(generation);
        for (other, chain) in &state.chains {
            let Some(published) = wanted.published.iter().find(|published| published.clashes_with(chain))
            else {
                continue;
            };
            let link = number_in(other).map(|number| link::by_index(&mut ground.host, number)).transpose()?;
            if let Some(link) = link.flatten() {
                let port = format!("{}/{}", published.outside, published.protocol.name());
                return Err(Error::new(format!("port {port}: is published for {} already", link.name)));
            }
            // Its link is gone: a keeper is about to see that, or nobody was there to do so.
            if state.tables.iter().any(|(table, kept)| table == other && *kept) {
                return Ok(Step::Wait);
            }
            rules::remove(&mut batch, other);
        }
        rules::make(&mut batch, &table, owned);
        fill(&mut batch, &table, &ground.bridge, &ground.networks, &made.addresses, wanted);
        Ok(Step::Change(batch))
    })
}

/// Takes away the tables of these links, and of those that are gone.
pub(crate) fn remove(host: &mut Netlink, links: &[Found]) -> Result<()> {
    let mut filter = match Netlink::netfilter() {
        Ok(filter) => filter,
        // A kernel without a packet filter.
        Err(_) => return Ok(()),
    };
    change(&mut filter, "remove the rules", |state, generation| {
        let mut batch = rules::begin(generation);
        for (table, _) in state.tables.iter().filter(|(_, kept)| !kept) {
            let number = number_in(table);
            let is_one = links.iter().any(|link| Some(link.index) == number);
            let is_there = match number.filter(|_| !is_one) {
                Some(number) => link::by_index(host, number)?.is_some(),
                None => false,
            };
            if !is_there {
                rules::remove(&mut batch, table);
            }
        }
        Ok(if batch.len() == 1 { Step::Leave } else { Step::Change(batch) })
    })
}

/// Makes the change that `plan` plans when it sees our tables; again, when somebody else was quicker.
fn change(filter: &mut Netlink, what: &str, mut plan: impl FnMut(&State, u32) -> Result<Step>) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let mut generation = 0;
        let asked = filter.ask(rules::ask_generation(), |message| {
            generation = rules::generation(message).unwrap_or(generation);
            Ok(())
        })?;
        asked.map_err(|refusal| not_there(what, &refusal))?;
        let state = look(filter, what)?;
        let batch = match plan(&state, generation)? {
            Step::Leave => return Ok(()),
            Step::Wait => {
                apart::wait(&[], PollTimeout::from(PAUSE))?;
                continue;
            }
            Step::Change(batch) => batch,
        };
        match filter.run(rules::end(batch))? {
            Ok(()) => return Ok(()),
            Err(refusal) if refusal.errno == Errno::ERESTART => {}
            Err(refusal) => return Err(not_there(what, &refusal)),
        }
    }
    Err(Error::new(format!("{what}: others do not stop changing theirs")))
}

fn look(filter: &mut Netlink, what: &str) -> Result<State> {
    let mut state = State::default();
    let asked = filter.dump(rules::ask_tables(), |message| {
        let attributes = message.attributes(rules::NFGENMSG);
        let name = attributes.find(rules::TABLE).map(text).unwrap_or_default();
        if is_ours(name) {
            state.tables.push((name.to_owned(), attributes.find(rules::TABLE_OWNER).is_some()));
        }
        Ok(())
    })?;
    asked.map_err(|refusal| not_there(what, &refusal))?;
    if state.tables.is_empty() {
        return Ok(state);
    }
    let asked = filter.dump(rules::ask_chains(), |message| {
        let attributes = message.attributes(rules::NFGENMSG);
        let name = |kind| attributes.find(kind).map(text).unwrap_or_default();
        if is_ours(name(rules::TABLE)) {
            let chain = String::from_utf8_lossy(name(rules::CHAIN_NAME)).into_owned();
            state.chains.push((name(rules::TABLE).to_owned(), chain));
        }
        Ok(())
    })?;
    asked.map_err(|refusal| not_there(what, &refusal))?;
    Ok(state)
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
