//! What an interface carries, as the kernel says it, so that another one can be given the same.

use crate::link::Found;
use crate::netlink::{Attributes, Batch, CREATE, Message, Netlink, u32_of};
use crate::rtnl::{
    IFA_ADDRESS, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_LOCAL, IFA_PROTO, IFA_RT_PRIORITY, IFADDRMSG,
    RTA_OIF, RTMSG,
};
use hc::{Error, Result};

/// Link-local addresses are each interface's own.
const SCOPE_LINK: u8 = 253;
/// The flags that an administrator may set: no look for another host, home address, temporary ones of it, no route
/// to the network, joins groups.
const SETTABLE: u32 = 0x02 | 0x10 | 0x100 | 0x200 | 0x400;
const RTPROT_KERNEL: u8 = 2;
const RTA_MULTIPATH: u16 = 9;
const RTA_CACHEINFO: u16 = 12;
const RTA_ENCAP_TYPE: u16 = 21;
const RTA_EXPIRES: u16 = 23;
const RTA_NH_ID: u16 = 30;
/// The one flag of a route that is not the kernel's.
const RTNH_F_ONLINK: u32 = 4;
/// What the kernel counts the life of a route in: `USER_HZ`.
const TICKS: u32 = 100;

/// The addresses of an interface, and the routes through it that are not made by the kernel with them.
pub(super) struct Carried {
    pub(super) addresses: Vec<Address>,
    pub(super) routes: Vec<Route>,
}

/// `struct ifaddrmsg` and the attributes that can be set.
pub(super) struct Address {
    fixed: Vec<u8>,
    attributes: Vec<(u16, Vec<u8>)>,
    origin: Option<u8>,
}

/// `struct rtmsg` and the attributes, without the interface.
pub(super) struct Route {
    fixed: Vec<u8>,
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Carried {
    /// What `interface` carries. An error when something is among it that cannot be moved.
    pub(super) fn of(netlink: &mut Netlink, interface: &Found) -> Result<Self> {
        let refused = |what| {
            Error::new(format!(
                "{}: {what} goes through it, which cannot be moved to a bridge",
                interface.name
            ))
        };
        let mut carried = Carried { addresses: Vec::new(), routes: Vec::new() };
        let mut batch = Batch::new();
        batch.message(libc::RTM_GETADDR, 0, &[[0; 4], interface.index.to_ne_bytes()].concat());
        let answered = netlink.dump(batch, |message| {
            carried.addresses.extend(Address::read(message));
            Ok(())
        })?;
        answered.map_err(|refusal| refusal.error(format_args!("{}: list its addresses", interface.name)))?;
        for family in [libc::AF_INET, libc::AF_INET6] {
            let mut fixed = [0; RTMSG];
            fixed[0] = u8::try_from(family).unwrap_or(0);
            let mut batch = Batch::new();
            batch.message(libc::RTM_GETROUTE, 0, &fixed);
            let answered = netlink.dump(batch, |message| {
                match Route::read(message, interface.index) {
                    Ok(route) => carried.routes.extend(route),
                    Err(what) => return Err(refused(what)),
                }
                Ok(())
            })?;
            answered.map_err(|refusal| refusal.error(format_args!("{}: list its routes", interface.name)))?;
        }
        Ok(carried)
    }
}

impl Address {
    /// Who has given a bridge an address, for `IFA_PROTO`: us, with a port. (Unused by any other program.)
    pub(super) const MOVED: u8 = 0x68;

    fn read(message: &Message<'_>) -> Option<Self> {
        let fixed = message.body.get(..IFADDRMSG)?;
        let all = message.attributes(IFADDRMSG);
        let wanted = [IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS, IFA_RT_PRIORITY];
        let mut attributes: Vec<(u16, Vec<u8>)> = all
            .clone()
            .filter(|(kind, _)| wanted.contains(kind))
            .map(|(kind, value)| (kind, value.to_owned()))
            .collect();
        for (kind, value) in &mut attributes {
            if *kind == IFA_FLAGS {
                let flags = u32_of(value).unwrap_or(0) & SETTABLE;
                // It has been looked for already: it is to be there at once.
                let flags = if fixed.first().copied() == u8::try_from(libc::AF_INET6).ok() {
                    flags | 2
                } else {
                    flags
                };
                *value = flags.to_ne_bytes().to_vec();
            }
        }
        let origin = all.find(IFA_PROTO).and_then(|value| value.first().copied());
        (fixed.get(3) != Some(&SCOPE_LINK)).then(|| Address { fixed: fixed.to_owned(), attributes, origin })
    }

    /// Whether a port has brought it.
    pub(super) fn was_moved(&self) -> bool {
        self.origin == Some(Self::MOVED)
    }

    /// Gives an interface this address, with a note of who has done so.
    pub(super) fn add_to(&self, batch: &mut Batch, index: u32, origin: Option<u8>) {
        self.put(batch, libc::RTM_NEWADDR, CREATE, index);
        if let Some(origin) = origin {
            batch.put(IFA_PROTO, &[origin]);
        }
    }

    /// Takes it away again.
    pub(super) fn remove_from(&self, batch: &mut Batch, index: u32) {
        self.put(batch, libc::RTM_DELADDR, 0, index);
    }

    fn put(&self, batch: &mut Batch, kind: u16, flags: u16, index: u32) {
        // Family, prefix and scope; the flags are in an attribute.
        let mut fixed = self.fixed.clone();
        if let Some(flags) = fixed.get_mut(2) {
            *flags = 0;
        }
        fixed.splice(4.., index.to_ne_bytes());
        let message = batch.message(kind, flags, &fixed);
        for (kind, value) in &self.attributes {
            message.put(*kind, value);
        }
    }
}

impl Route {
    /// A route through the interface; what it is, when it cannot be moved.
    fn read(message: &Message<'_>, index: u32) -> std::result::Result<Option<Self>, &'static str> {
        let all = message.attributes(RTMSG);
        let through = |attributes: &Attributes<'_>| attributes.find(RTA_OIF).and_then(u32_of) == Some(index);
        if let Some(hops) = all.find(RTA_MULTIPATH) {
            return if is_hop(hops, index) { Err("one of several ways of a route") } else { Ok(None) };
        }
        let Some(fixed) = message.body.get(..RTMSG).filter(|_| through(&all)) else { return Ok(None) };
        let (protocol, kind) = (fixed.get(5).copied(), fixed.get(7).copied());
        if protocol == Some(RTPROT_KERNEL) || kind != Some(libc::RTN_UNICAST) {
            return Ok(None);
        }
        if all.find(RTA_NH_ID).is_some() || all.find(RTA_ENCAP_TYPE).is_some() {
            return Err("a route with a next hop object or an encapsulation");
        }
        let mut fixed = fixed.to_owned();
        let flags = fixed.get(8..).and_then(u32_of).unwrap_or(0) & RTNH_F_ONLINK;
        fixed.splice(8.., flags.to_ne_bytes());
        let mut attributes: Vec<(u16, Vec<u8>)> = all
            .clone()
            .filter(|(kind, _)| ![RTA_OIF, RTA_CACHEINFO].contains(kind))
            .map(|(kind, value)| (kind, value.to_owned()))
            .collect();
        // `struct rta_cacheinfo`: its third number says when a router's announcement is over.
        let left = all.find(RTA_CACHEINFO).and_then(|info| u32_of(info.get(8..)?)).filter(|left| *left > 0);
        attributes.extend(left.map(|left| (RTA_EXPIRES, (left / TICKS).to_ne_bytes().to_vec())));
        Ok(Some(Route { fixed, attributes }))
    }

    /// Makes the route through an interface.
    pub(super) fn add_to(&self, batch: &mut Batch, index: u32) {
        self.put(batch, libc::RTM_NEWROUTE, CREATE, index);
    }

    /// Takes it away again.
    pub(super) fn remove_from(&self, batch: &mut Batch, index: u32) {
        self.put(batch, libc::RTM_DELROUTE, 0, index);
    }

    fn put(&self, batch: &mut Batch, kind: u16, flags: u16, index: u32) {
        let message = batch.message(kind, flags, &self.fixed);
        message.put_u32(RTA_OIF, index);
        for (kind, value) in &self.attributes {
            message.put(*kind, value);
        }
    }
}

/// Whether one of these `struct rtnexthop` is the interface.
fn is_hop(mut hops: &[u8], index: u32) -> bool {
    while let Some(length) = hops.first_chunk().copied().map(u16::from_ne_bytes).map(usize::from) {
        if hops.get(4..).and_then(u32_of) == Some(index) {
            return true;
        }
        hops = hops.get(length.max(8).next_multiple_of(4)..).unwrap_or_default();
    }
    false
}
