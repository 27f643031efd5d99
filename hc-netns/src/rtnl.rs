//! rtnetlink's messages: what goes before the attributes, and the numbers of the attributes. The names are those of
//! include/uapi/linux/rtnetlink.h, if_link.h, if_addr.h and neighbour.h.

use crate::address::{Cidr, family, octets, width};
use crate::netlink::Batch;
use std::net::IpAddr;
use std::path::Path;

pub(crate) const IFINFOMSG: usize = 16;
pub(crate) const IFADDRMSG: usize = 8;
pub(crate) const RTMSG: usize = 12;

pub(crate) const IFLA_ADDRESS: u16 = 1;
pub(crate) const IFLA_IFNAME: u16 = 3;
pub(crate) const IFLA_MTU: u16 = 4;
pub(crate) const IFLA_LINK: u16 = 5;
pub(crate) const IFLA_MASTER: u16 = 10;
pub(crate) const IFLA_LINKINFO: u16 = 18;
pub(crate) const IFLA_IFALIAS: u16 = 20;
const IFLA_AF_SPEC: u16 = 26;
pub(crate) const IFLA_GROUP: u16 = 27;
pub(crate) const IFLA_NET_NS_FD: u16 = 28;
pub(crate) const IFLA_EXT_MASK: u16 = 29;
pub(crate) const IFLA_LINK_NETNSID: u16 = 37;
/// Leaves out the counters of packets, which are most of a message.
pub(crate) const RTEXT_FILTER_SKIP_STATS: u32 = 8;

pub(crate) const IFLA_INFO_KIND: u16 = 1;
pub(crate) const IFLA_INFO_DATA: u16 = 2;
pub(crate) const VETH_INFO_PEER: u16 = 1;
pub(crate) const IFLA_BR_STP_STATE: u16 = 5;
pub(crate) const IFLA_BR_MCAST_SNOOPING: u16 = 23;
pub(crate) const IFLA_BRPORT_MODE: u16 = 4;
pub(crate) const IFLA_BRPORT_ISOLATED: u16 = 33;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;

pub(crate) const IFA_ADDRESS: u16 = 1;
pub(crate) const IFA_LOCAL: u16 = 2;
pub(crate) const IFA_BROADCAST: u16 = 4;
pub(crate) const IFA_CACHEINFO: u16 = 6;
pub(crate) const IFA_FLAGS: u16 = 8;
pub(crate) const IFA_RT_PRIORITY: u16 = 9;
pub(crate) const IFA_TARGET_NETNSID: u16 = 10;
pub(crate) const IFA_PROTO: u16 = 11;
pub(crate) const IFA_F_NODAD: u32 = 2;

pub(crate) const RTA_DST: u16 = 1;
pub(crate) const RTA_OIF: u16 = 4;
pub(crate) const RTA_GATEWAY: u16 = 5;

pub(crate) const NDA_LLADDR: u16 = 2;

/// `RT_SCOPE_UNIVERSE` and `RT_SCOPE_LINK`: through a gateway, and on the network itself.
const UNIVERSE: u8 = 0;
const LINK: u8 = 253;

/// The loopback interface is the first one of each namespace.
pub(crate) const LOOPBACK: u32 = 1;

/// `struct ifinfomsg` of the interface with this index; 0 when a name says which. It is brought up if it is to be.
pub(crate) fn link(index: u32, up: bool) -> [u8; IFINFOMSG] {
    let flag = if up { libc::IFF_UP.unsigned_abs() } else { 0 };
    parts(&[&[0; 4], &index.to_ne_bytes(), &flag.to_ne_bytes(), &flag.to_ne_bytes()])
}

/// `struct ifaddrmsg`: an address of the interface with this index.
pub(crate) fn address(index: u32, cidr: Cidr) -> [u8; IFADDRMSG] {
    parts(&[&[family(cidr.address), cidr.prefix, 0, UNIVERSE], &index.to_ne_bytes()])
}

/// `struct rtmsg`: a unicast route of the main table, as an administrator's.
pub(crate) fn route(to: Cidr, gateway: Option<IpAddr>) -> [u8; RTMSG] {
    let scope = if gateway.is_some() || to.address.is_ipv6() { UNIVERSE } else { LINK };
    let (table, protocol, unicast) = (libc::RT_TABLE_MAIN, libc::RTPROT_BOOT, libc::RTN_UNICAST);
    parts(&[&[family(to.address), to.prefix, 0, 0, table, protocol, scope, unicast], &[0; 4]])
}

/// `struct ndmsg`: an entry in the forwarding table of the bridge that this port is on; static and bound to it.
pub(crate) fn forwarding(port: u32) -> [u8; 12] {
    let family = u8::try_from(libc::AF_BRIDGE).unwrap_or(0);
    let flags = libc::NTF_MASTER | NTF_STICKY;
    parts(&[&[family, 0, 0, 0], &port.to_ne_bytes(), &libc::NUD_NOARP.to_ne_bytes(), &[flags, 0]])
}

/// No frame from another port can take the entry away.
const NTF_STICKY: u8 = 0x40;

/// Puts `parts`, which come to `N` bytes, behind each other.
fn parts<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(parts.iter().copied().flatten()) {
        *to = *from;
    }
    bytes
}

/// Gives an interface an address. IPv6 does not look whether another host has it: it can be used at once.
pub(crate) fn add_address(batch: &mut Batch, index: u32, cidr: Cidr, flags: u16) {
    let bytes = octets(cidr.address);
    let message = batch.message(libc::RTM_NEWADDR, flags, &address(index, cidr));
    message.put(IFA_LOCAL, &bytes).put(IFA_ADDRESS, &bytes);
    if cidr.address.is_ipv6() {
        message.put_u32(IFA_FLAGS, IFA_F_NODAD);
    } else if cidr.host_bits() > 1 {
        message.put(IFA_BROADCAST, &octets(cidr.with_host(u128::MAX).address));
    }
}

/// Puts into a message about an interface that the kernel shall make up no IPv6 address for it. Where there is no IPv6,
/// which has packets of at least 1280 bytes, the kernel does not know what is meant, and makes up none.
pub(crate) fn make_no_addresses(message: &mut Batch, mtu: u32) {
    if mtu < 1280 || !Path::new("/proc/net/if_inet6").exists() {
        return;
    }
    message.nest(IFLA_AF_SPEC, |families| {
        families.nest(u16::try_from(libc::AF_INET6).unwrap_or(0), |inet6| {
            inet6.put(IFLA_INET6_ADDR_GEN_MODE, &[IN6_ADDR_GEN_MODE_NONE]);
        });
    });
}

/// Takes an address away again.
pub(crate) fn remove_address(batch: &mut Batch, index: u32, cidr: Cidr) {
    let message = batch.message(libc::RTM_DELADDR, 0, &address(index, cidr));
    message.put(IFA_LOCAL, &octets(cidr.address));
}

/// Makes a route out of an interface.
pub(crate) fn add_route(batch: &mut Batch, index: u32, to: Cidr, via: Option<IpAddr>) {
    let message = batch.message(libc::RTM_NEWROUTE, crate::netlink::CREATE, &route(to, via));
    if to.prefix > 0 {
        message.put(RTA_DST, &octets(to.address));
    }
    message.put_u32(RTA_OIF, index);
    if let Some(via) = via {
        message.put(RTA_GATEWAY, &octets(via));
    }
}

/// Everything: where a default route leads.
pub(crate) fn everywhere(like: IpAddr) -> Cidr {
    Cidr { address: like, prefix: 0 }.network()
}

/// True for an address that names one host in the whole network, not just on one link.
pub(crate) fn is_global(cidr: &Cidr) -> bool {
    debug_assert!(cidr.prefix <= width(cidr.address));
    match cidr.address {
        IpAddr::V4(address) => !address.is_link_local() && !address.is_loopback(),
        IpAddr::V6(address) => !address.is_unicast_link_local() && !address.is_loopback(),
    }
}
