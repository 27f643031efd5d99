//! Addresses as values: what the command line says of them, what the kernel says, and arithmetic with both.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address and how many bits of it are the network's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cidr {
    /// The address.
    pub(crate) address: IpAddr,
    /// The length of the network's part.
    pub(crate) prefix: u8,
}

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

/// The bytes of an address, as they go over the wire.
pub(crate) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The address that these bytes are.
pub(crate) fn from_octets(bytes: &[u8]) -> Option<IpAddr> {
    if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(bytes).into());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into())
}

/// `AF_INET` or `AF_INET6`.
pub(crate) fn family(address: IpAddr) -> u8 {
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    u8::try_from(family).unwrap_or(0)
}

/// How many bits an address of this family has.
pub(crate) fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl Cidr {
    /// One with this address, which is alone in its network.
    pub(crate) fn single(address: IpAddr) -> Self {
        Cidr { address, prefix: width(address) }
    }

    /// How many bits number the addresses of the network.
    pub(crate) fn host_bits(&self) -> u8 {
        width(self.address).saturating_sub(self.prefix)
    }

    /// The bits of an address that number it in its network.
    fn host_mask(&self) -> u128 {
        1_u128.checked_shl(u32::from(self.host_bits())).map_or(u128::MAX, |bit| bit - 1)
    }

    /// The same network, and in it the address with this number.
    pub(crate) fn with_host(&self, host: u128) -> Self {
        let bits = bits(self.address) & !self.host_mask() | host & self.host_mask();
        let address = match self.address {
            IpAddr::V4(_) => Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(0)).into(),
            IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
        };
        Cidr { address, prefix: self.prefix }
    }

    /// The number that the address has in its network.
    pub(crate) fn host(&self) -> u128 {
        bits(self.address) & self.host_mask()
    }

    /// The network itself: its first address.
    pub(crate) fn network(&self) -> Self {
        self.with_host(0)
    }

    /// Whether `other` is in the network.
    pub(crate) fn contains(&self, other: IpAddr) -> bool {
        other.is_ipv4() == self.address.is_ipv4()
            && Cidr { address: other, prefix: self.prefix }.network() == self.network()
    }

    /// The numbers that hosts of the network may have. Of IPv4 the first address is the network and the last one
    /// all of it, but for networks of two (RFC 3021); of IPv6 the first is any router (RFC 4291).
    pub(crate) fn hosts(&self) -> std::ops::RangeInclusive<u128> {
        let last = self.host_mask();
        match (self.address, self.host_bits()) {
            (_, 0..=1) => 0..=last,
            (IpAddr::V4(_), _) => 1..=last - 1,
            (IpAddr::V6(_), _) => 1..=last,
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.0.iter().map(|byte| format!("{byte:02x}")).collect();
        f.write_str(&parts.join(":"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        let (address, prefix) = text.split_once('/').unwrap();
        Cidr { address: address.parse().unwrap(), prefix: prefix.parse().unwrap() }
    }

    #[test]
    fn networks_know_their_hosts() {
        let net = cidr("10.1.2.3/24");
        assert_eq!((net.network(), net.host(), net.hosts()), (cidr("10.1.2.0/24"), 3, 1..=254));
        assert_eq!(net.with_host(77), cidr("10.1.2.77/24"));
        assert!(net.contains("10.1.2.255".parse().unwrap()) && !net.contains("10.1.3.0".parse().unwrap()));
        assert!(!net.contains("::1".parse().unwrap()));
        assert_eq!(cidr("10.0.0.0/31").hosts(), 0..=1);
        assert_eq!(cidr("10.0.0.9/32").hosts(), 0..=0);
        assert_eq!(cidr("1.2.3.4/0").hosts(), 1..=u128::from(u32::MAX) - 1);
        let six = cidr("fd00::1/64");
        assert_eq!((six.network(), six.with_host(0x1_0002)), (cidr("fd00::/64"), cidr("fd00::1:2/64")));
        assert_eq!(*cidr("::1/0").hosts().end(), u128::MAX);
        assert!(six.contains("fd00::ffff".parse().unwrap()) && !six.contains("fd01::1".parse().unwrap()));
    }

    #[test]
    fn the_wire_has_the_bytes_in_their_order() {
        for text in ["10.1.2.3", "fd00::1"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(from_octets(&octets(address)), Some(address));
        }
        assert_eq!(octets("10.1.2.3".parse().unwrap()), [10, 1, 2, 3]);
        assert_eq!(from_octets(&[1; 5]), None);
        assert_eq!(Mac([2, 0, 0xab, 4, 5, 6]).to_string(), "02:00:ab:04:05:06");
    }
}
