//! The link that is asked for, as a value.

use crate::address::{Cidr, Mac};
use crate::link::Interface;
use crate::nat;
use std::fmt;
use std::net::IpAddr;

/// The link that is asked for.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Wanted {
    /// What it is a port of.
    pub(crate) bridge: Interface,
    /// The end on the bridge: a name that is free, unless one is given.
    pub(crate) outside: Option<Interface>,
    /// The end in the namespace.
    pub(crate) inside: Interface,
    /// The addresses of the latter.
    pub(crate) addresses: Vec<Cidr>,
    /// Whether it gets the lowest addresses that are free as well.
    pub(crate) auto: bool,
    /// Where default routes go.
    pub(crate) gateways: Vec<Gateway>,
    /// The hardware address in the namespace.
    pub(crate) mac: Option<Mac>,
    /// Bytes in a packet.
    pub(crate) mtu: Option<u32>,
    /// Other routes.
    pub(crate) routes: Vec<Route>,
    /// Name servers.
    pub(crate) dns: Vec<IpAddr>,
    /// Whether it may not reach other such ports.
    pub(crate) isolated: bool,
    /// Whether ports below 1024 take no privilege in there.
    pub(crate) low_ports: bool,
    /// The address of a bridge that is made if there is none, and goes with its last link.
    pub(crate) lent: Option<Cidr>,
    /// Whether frames may go out where they came in.
    pub(crate) hairpin: bool,
    /// What the packet filter does for it.
    pub(crate) nat: nat::Wanted,
    /// Whether a DHCP server is asked for the address.
    pub(crate) dhcp: bool,
}

/// Where a default route goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gateway {
    /// To the bridge, for each kind of address that both have.
    Auto,
    /// To this address.
    At(IpAddr),
}

impl Gateway {
    /// Whether both would be default routes of the same kind of address.
    pub(crate) fn clashes_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Gateway::At(one), Gateway::At(other)) => one.is_ipv4() == other.is_ipv4(),
            _ => true,
        }
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gateway::Auto => f.write_str("auto"),
            Gateway::At(address) => address.fmt(f),
        }
    }
}

/// A route to a network: on the link, or through a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The network.
    pub(crate) to: Cidr,
    /// The gateway.
    pub(crate) via: Option<IpAddr>,
}
