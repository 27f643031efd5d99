//! Interfaces: their names, and what the kernel says about them.

use crate::address::{Cidr, from_octets};
use crate::netlink::{Attributes, Batch, Message, Netlink, text, u32_of};
use crate::rtnl::{
    IFA_ADDRESS, IFA_LOCAL, IFA_TARGET_NETNSID, IFADDRMSG, IFINFOMSG, IFLA_ADDRESS, IFLA_BR_MCAST_SNOOPING,
    IFLA_BR_STP_STATE, IFLA_EXT_MASK, IFLA_GROUP, IFLA_IFNAME, IFLA_INFO_DATA, IFLA_INFO_KIND, IFLA_LINK,
    IFLA_LINK_NETNSID, IFLA_LINKINFO, IFLA_MASTER, IFLA_MTU, RTEXT_FILTER_SKIP_STATS,
};
use hc::Result;
use nix::errno::Errno;
use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// The name of an interface: bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Interface(Vec<u8>);

impl Interface {
    /// Of `name`, which the kernel would take, or has.
    pub(crate) fn new(name: &[u8]) -> Self {
        Interface(name.to_owned())
    }

    /// The name.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name, as part of a path.
    pub(crate) fn as_os_str(&self) -> &OsStr {
        OsStr::from_bytes(&self.0)
    }
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hc::show(self.as_os_str()).fmt(f)
    }
}

/// An interface that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is something that the kernel says of it")]
pub(crate) struct Found {
    /// Its number in its namespace.
    pub(crate) index: u32,
    /// Its name.
    pub(crate) name: Interface,
    /// `veth`, `bridge`, ...; nothing for a physical one.
    pub(crate) kind: Vec<u8>,
    /// Bytes in a packet.
    pub(crate) mtu: u32,
    /// Its hardware address.
    pub(crate) mac: Vec<u8>,
    /// What it is a port of.
    pub(crate) master: Option<u32>,
    /// The number of the other end of a pair, in its namespace.
    pub(crate) peer: Option<u32>,
    /// The id of that namespace, if it is another one.
    pub(crate) peer_namespace: Option<u32>,
    /// Whether it is a loopback interface.
    pub(crate) loopback: bool,
    /// Whether it is up, as far as the administrator says.
    pub(crate) up: bool,
    /// Of a bridge: whether it takes part in the spanning tree.
    pub(crate) stp: bool,
    /// Of a bridge: whether it looks for members of multicast groups.
    pub(crate) snoops: bool,
    /// The group that it is in: ip-link(8).
    pub(crate) group: u32,
}

impl Found {
    /// Reads `RTM_NEWLINK`.
    fn read(message: &Message<'_>) -> Option<Self> {
        let attributes = message.attributes(IFINFOMSG);
        let number = |kind| attributes.find(kind).and_then(u32_of);
        let info = Attributes::of(attributes.find(IFLA_LINKINFO).unwrap_or_default());
        let data = Attributes::of(info.find(IFLA_INFO_DATA).unwrap_or_default());
        let flags = message.body.get(8..).and_then(u32_of)?;
        Some(Found {
            index: message.body.get(4..).and_then(u32_of)?,
            name: Interface::new(text(attributes.find(IFLA_IFNAME)?)),
            kind: text(info.find(IFLA_INFO_KIND).unwrap_or_default()).to_owned(),
            mtu: number(IFLA_MTU)?,
            mac: attributes.find(IFLA_ADDRESS).unwrap_or_default().to_owned(),
            master: number(IFLA_MASTER),
            peer: number(IFLA_LINK),
            peer_namespace: number(IFLA_LINK_NETNSID),
            loopback: flags & libc::IFF_LOOPBACK.unsigned_abs() != 0,
            up: flags & libc::IFF_UP.unsigned_abs() != 0,
            stp: data.find(IFLA_BR_STP_STATE).is_some_and(|state| u32_of(state) != Some(0)),
            snoops: data.find(IFLA_BR_MCAST_SNOOPING).is_some_and(|state| state != [0]),
            group: number(IFLA_GROUP).unwrap_or_default(),
        })
    }

    /// What it is, for a message: `a bridge`, `a veth interface`.
    pub(crate) fn what(&self) -> String {
        match self.kind.as_slice() {
            b"" if self.loopback => "the loopback interface".to_owned(),
            b"" => "an interface of hardware".to_owned(),
            b"bridge" => "a bridge".to_owned(),
            kind => format!("a {} interface", hc::show(OsStr::from_bytes(kind))),
        }
    }
}

/// The interface of this name, if there is one.
pub(crate) fn by_name(netlink: &mut Netlink, name: &Interface) -> Result<Option<Found>> {
    let mut batch = Batch::new();
    let message = batch.message(libc::RTM_GETLINK, 0, &[0; IFINFOMSG]);
    message.put_text(IFLA_IFNAME, name.as_bytes()).put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    one(netlink, batch, name)
}

/// The interface with this number, if there is one.
pub(crate) fn by_index(netlink: &mut Netlink, index: u32) -> Result<Option<Found>> {
    let mut batch = Batch::new();
    let message = batch.message(libc::RTM_GETLINK, 0, &crate::rtnl::link(index, false));
    message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    one(netlink, batch, format_args!("interface {index}"))
}

fn one(netlink: &mut Netlink, batch: Batch, what: impl fmt::Display) -> Result<Option<Found>> {
    let mut found = None;
    let answered = netlink.ask(batch, |message| {
        found = Found::read(message);
        Ok(())
    })?;
    match answered {
        Ok(()) => Ok(found),
        Err(refusal) if refusal.errno == Errno::ENODEV => Ok(None),
        Err(refusal) => Err(refusal.error(what)),
    }
}

/// All interfaces, or those that are ports of `master`.
pub(crate) fn all(netlink: &mut Netlink, master: Option<u32>) -> Result<Vec<Found>> {
    let mut batch = Batch::new();
    let message = batch.message(libc::RTM_GETLINK, 0, &[0; IFINFOMSG]);
    message.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    if let Some(master) = master {
        message.put_u32(IFLA_MASTER, master);
    }
    let mut found = Vec::new();
    let answered = netlink.dump(batch, |message| {
        found.extend(Found::read(message));
        Ok(())
    })?;
    answered.map(|()| found).map_err(|refusal| refusal.error("list the interfaces"))
}

/// The addresses of one interface, or of all in the namespace that has this id here.
pub(crate) fn addresses(netlink: &mut Netlink, of: AddressesOf) -> Result<Vec<Cidr>> {
    let mut batch = Batch::new();
    let index = if let AddressesOf::Interface(index) = of { index } else { 0 };
    let fixed = [[0; 4], index.to_ne_bytes()].concat();
    let message = batch.message(libc::RTM_GETADDR, 0, &fixed);
    if let AddressesOf::Namespace(id) = of {
        message.put_u32(IFA_TARGET_NETNSID, id);
    }
    let mut found = Vec::new();
    let answered = netlink.dump(batch, |message| {
        let attributes = message.attributes(IFADDRMSG);
        let address = attributes.find(IFA_LOCAL).or_else(|| attributes.find(IFA_ADDRESS));
        let address = address.and_then(from_octets);
        let prefix = message.body.get(1).copied();
        found.extend(address.zip(prefix).map(|(address, prefix)| Cidr { address, prefix }));
        Ok(())
    })?;
    answered.map(|()| found).map_err(|refusal| refusal.error("list the addresses"))
}

/// Whose addresses are asked for.
#[derive(Clone, Copy)]
pub(crate) enum AddressesOf {
    /// The interface with this number.
    Interface(u32),
    /// The namespace with this id.
    Namespace(u32),
}
