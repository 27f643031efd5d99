//! The options that were given, until the verb says what they are for.

use super::Plan;
use super::verbs::Verb;
use crate::address::{Cidr, Mac};
use crate::json::Layout;
use crate::link::Interface;
use crate::named::Name;
use crate::nat::Published;
use crate::veth::{self, Gateway, Route};
use crate::{bridge, nat};
use hc::{Error, Result};
use std::ffi::OsString;
use std::net::IpAddr;

/// Which verbs an option is for.
const OF_ALL: &[Verb] = &[Verb::Delete, Verb::Down, Verb::Exec];
const OF_JSON: &[Verb] = &[Verb::List, Verb::ListId];
const OF_BRIDGE: &[Verb] = &[Verb::Bridge];
const OF_UP: &[Verb] = &[Verb::Up];
const OF_LINK: &[Verb] = &[Verb::Up, Verb::Run];
const OF_BOTH: &[Verb] = &[Verb::Bridge, Verb::Up, Verb::Run];

/// All options, each as it was given last, or all that were given of those that add up.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct Given {
    /// Each option that was given, and whose it is.
    seen: Vec<(&'static str, &'static [Verb])>,
    all: bool,
    json: bool,
    pretty: bool,
    ports: Vec<Interface>,
    stp: Option<bool>,
    delete: bool,
    addresses: Vec<Cidr>,
    auto: bool,
    mtu: Option<u32>,
    bridge: Option<Interface>,
    outside: Option<Interface>,
    inside: Option<Interface>,
    gateways: Vec<Gateway>,
    mac: Option<Mac>,
    routes: Vec<Route>,
    dns: Vec<IpAddr>,
    isolated: bool,
    low_ports: bool,
    no_link: bool,
    bridge_address: Option<Cidr>,
    hairpin: bool,
    nat: bool,
    published: Vec<Published>,
    dhcp: bool,
}

/// A method for each option: notes that it was given, and for which verbs it is, and keeps its value.
macro_rules! options {
    ($($method:ident($($value:ident: $type:ty)?) $name:literal, $verbs:ident, $self:ident => $keep:expr;)*) => {
        impl Given {$(
            #[doc = concat!("`--", $name, "` was given.")]
            pub(super) fn $method(&mut $self $(, $value: $type)?) {
                $self.seen.push(($name, $verbs));
                $keep;
            }
        )*}
    };
}

options! {
    all() "all", OF_ALL, self => self.all = true;
    json() "json", OF_JSON, self => self.json = true;
    pretty() "pretty", OF_JSON, self => self.pretty = true;
    port(port: Interface) "port", OF_BRIDGE, self => self.ports.push(port);
    stp(on: bool) "stp", OF_BRIDGE, self => self.stp = Some(on);
    delete() "delete", OF_BRIDGE, self => self.delete = true;
    address(address: Cidr) "addr", OF_BOTH, self => self.addresses.push(address);
    auto_address() "addr=auto", OF_LINK, self => self.auto = true;
    mtu(mtu: u32) "mtu", OF_BOTH, self => self.mtu = Some(mtu);
    bridge(bridge: Interface) "bridge", OF_LINK, self => self.bridge = Some(bridge);
    outside(outside: Interface) "host-if", OF_LINK, self => self.outside = Some(outside);
    inside(inside: Interface) "if", OF_LINK, self => self.inside = Some(inside);
    gateway(gateway: Gateway) "gateway", OF_LINK, self => self.gateways.push(gateway);
    mac(mac: Mac) "mac", OF_LINK, self => self.mac = Some(mac);
    route(route: Route) "route", OF_LINK, self => self.routes.push(route);
    dns(dns: IpAddr) "dns", OF_LINK, self => self.dns.push(dns);
    isolated() "isolated", OF_LINK, self => self.isolated = true;
    low_ports() "low-ports", OF_LINK, self => self.low_ports = true;
    no_link() "no-link", OF_UP, self => self.no_link = true;
    bridge_address(address: Cidr) "bridge-addr", OF_LINK, self => self.bridge_address = Some(address);
    hairpin() "hairpin", OF_LINK, self => self.hairpin = true;
    nat() "nat", OF_LINK, self => self.nat = true;
    publish(port: Published) "publish", OF_LINK, self => self.published.push(port);
    dhcp() "dhcp", OF_LINK, self => self.dhcp = true;
}

impl Given {
    /// Whether `--all` was given.
    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    /// What `--json` is to look like, if it was given. Without it `--pretty` changes nothing, as with ip(8).
    pub(super) fn layout(&self) -> Option<Layout> {
        self.json.then_some(if self.pretty { Layout::Pretty } else { Layout::Line })
    }

    /// Fails for an option that `verb` does not have.
    pub(super) fn refuse_unless_of(&self, verb: Verb) -> Result<()> {
        match self.seen.iter().find(|(_, verbs)| !verbs.contains(&verb) && verb != Verb::Help) {
            Some((option, _)) => {
                Err(Error::usage(format!("option '--{option}' is not one of '{}'", verb.name())))
            }
            None => Ok(()),
        }
    }

    /// The plan of `bridge`.
    pub(super) fn bridge_plan(self, bridge: Interface) -> Result<Plan> {
        if !self.delete {
            let Given { ports, addresses, mtu, stp, .. } = self;
            return Ok(Plan::Bridge(bridge::Wanted { bridge, ports, addresses, mtu, stp, lent: false }));
        }
        match self.seen.iter().find(|(option, _)| *option != "delete") {
            Some((option, _)) => Err(Error::usage(format!("option '--{option}' does not go with --delete"))),
            None => Ok(Plan::DeleteBridge(bridge)),
        }
    }

    /// The plan of `up`.
    pub(super) fn up_plan(self, name: Name, argv: Vec<OsString>) -> Result<Plan> {
        if !self.no_link {
            return Ok(Plan::Up { name, link: self.link()?, argv });
        }
        match self.seen.iter().find(|(option, _)| !["no-link", "low-ports"].contains(option)) {
            Some((option, _)) => Err(Error::usage(format!("option '--{option}' does not go with --no-link"))),
            None => Ok(Plan::UpUnlinked { name, low_ports: self.low_ports, argv }),
        }
    }

    /// The link that `up` and `run` make.
    pub(super) fn link(self) -> Result<veth::Wanted> {
        let Given { addresses, auto, gateways, dhcp, .. } = &self;
        if *dhcp && (*auto || !addresses.is_empty() || !gateways.is_empty()) {
            return Err(Error::usage("option '--dhcp' does not go with --addr and --gateway"));
        }
        if !self.published.is_empty() && !*auto && addresses.is_empty() {
            return Err(Error::usage("option '--publish' needs an --addr that the port leads to"));
        }
        if let Some(second) = gateways.iter().enumerate().find_map(|(at, one)| {
            gateways.iter().take(at).any(|other| one.clashes_with(other)).then_some(one)
        }) {
            return Err(Error::usage(format!("option '--gateway={second}' is one gateway too many")));
        }
        Ok(veth::Wanted {
            bridge: self.bridge.unwrap_or_else(|| Interface::new(b"br0")),
            outside: self.outside,
            inside: self.inside.unwrap_or_else(|| Interface::new(b"eth1")),
            addresses: self.addresses,
            auto: self.auto,
            gateways: self.gateways,
            mac: self.mac,
            mtu: self.mtu,
            routes: self.routes,
            dns: self.dns,
            isolated: self.isolated,
            low_ports: self.low_ports,
            lent: self.bridge_address,
            hairpin: self.hairpin,
            nat: nat::Wanted { masquerade: self.nat, published: self.published },
            dhcp: self.dhcp,
        })
    }
}
