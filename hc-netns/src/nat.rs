//! The way out of a bridge's network and into it: what the packet filter does for a link.
//!
//! Each link that asks for something has a table of its own, which is named after it; whatever others have in the
//! packet filter stays as it is. A change is made only if nobody has made one since we looked, so that those who do it
//! at the same time do not get the same port, without a lock.

mod change;
mod expressions;
mod forward;
mod published;
mod rules;
mod table;

pub(crate) use forward::allow;
pub(crate) use published::{Protocol, Published, refuse_busy};

use crate::address::Cidr;
use crate::leaving::Patience;
use crate::link::{self, Found};
use crate::netlink::Netlink;
use crate::sys;
use crate::veth::{End, Ground, Made};
use change::{State, Step, change};
use hc::{Error, Result};
use std::collections::HashSet;
use table::fill;

/// How the names of our tables begin.
const PREFIX: &[u8] = b"hc-netns-";

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

/// The name of the table of a link: that of the link, and its number, which no other link gets.
fn table_of(link: &End) -> Vec<u8> {
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
    let mut patience = Patience::new();
    change(filter, &format!("{}: its rules", made.outside.name), |state, generation| {
        let mut batch = rules::begin(generation);
        let stale = stale(&mut ground.host, &ground.bridge, state)?;
        for other in &stale {
            rules::remove(&mut batch, other);
        }
        for (other, chain) in state.chains.iter().filter(|(other, _)| !stale.contains(&other.as_slice())) {
            let Some(published) = wanted.published.iter().find(|published| published.clashes_with(chain))
            else {
                continue;
            };
            let link = number_in(other).map(|number| link::by_index(&mut ground.host, number)).transpose()?;
            let Some(link) = link.flatten() else {
                // Its link is gone, and a keeper is about to see that; or it has gone just now.
                return Ok(Step::Wait);
            };
            if patience.waits_for(&mut ground.host, &link)? {
                return Ok(Step::Wait);
            }
            let port = format!("{}/{}", published.outside, published.protocol.name());
            return Err(Error::new(format!("port {port}: is published for {} already", link.name)));
        }
        rules::make(&mut batch, &table, owned);
        fill(&mut batch, &table, &ground.bridge, &ground.networks, &made.addresses, wanted);
        Ok(Step::Change(batch))
    })
}

/// The tables whose links have gone without us, and that nobody keeps.
fn stale<'a>(host: &mut Netlink, bridge: &Found, state: &'a State) -> Result<Vec<&'a [u8]>> {
    let mut found = Vec::new();
    // Most are of links that are ports of the same bridge: to ask for each of them would take longer with each.
    let ports = sys::ports(host.socket(), bridge.name.as_bytes()).unwrap_or_default();
    let ports: HashSet<u32> = ports.into_iter().map(|(_, index)| index).collect();
    for (table, _) in state.tables.iter().filter(|(_, kept)| !kept) {
        let is_there = match number_in(table) {
            Some(number) => ports.contains(&number) || link::by_index(host, number)?.is_some(),
            None => false,
        };
        if !is_there {
            found.push(table.as_slice());
        }
    }
    Ok(found)
}

/// The numbers of the links that have a table that nobody keeps. None where it cannot be known.
pub(crate) fn links() -> Vec<u32> {
    let look = || change::look(&mut Netlink::netfilter()?, "look at the rules");
    let tables = look().unwrap_or_default().tables;
    tables.iter().filter(|(_, kept)| !kept).filter_map(|(table, _)| number_in(table)).collect()
}

/// Takes away the tables of these links, and of those that are gone.
pub(crate) fn remove(host: &mut Netlink, links: &[Found]) -> Result<()> {
    // None on a kernel without a packet filter.
    let Ok(mut filter) = Netlink::netfilter() else { return Ok(()) };
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
