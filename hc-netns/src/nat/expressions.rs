//! What rules are made of: the expressions that nft(8) would put into them, in their order.

use crate::address::{Cidr, octets, width};
use crate::link::Interface;
use crate::netlink::Batch;
use std::net::IpAddr;

const NFPROTO_IPV4: u8 = 2;
const NFPROTO_IPV6: u8 = 10;

/// The expressions of a rule, in their order.
pub(super) struct Rule<'a>(&'a mut Batch);

/// The registers that values are in between two expressions.
const VERDICT: u32 = 0;
const ADDRESS: u32 = 1;
const PORT: u32 = 2;
/// `NF_DROP`, and to another chain and back.
const DROP: i32 = 0;
const JUMP: i32 = -3;
const RETURN: i32 = -5;
const EQUAL: u32 = 0;
const DIFFERENT: u32 = 1;

impl<'a> Rule<'a> {
    /// One that is added to this message.
    pub(super) fn new(list: &'a mut Batch) -> Self {
        Rule(list)
    }
    fn expression(&mut self, name: &str, data: impl FnOnce(&mut Batch)) -> &mut Self {
        self.0.nest(1, |element| {
            element.put_text(1, name.as_bytes());
            element.nest(2, data);
        });
        self
    }

    fn compare(&mut self, how: u32, value: &[u8]) -> &mut Self {
        self.expression("cmp", |data| {
            data.put(1, &ADDRESS.to_be_bytes()).put(2, &how.to_be_bytes());
            data.nest(3, |inner| {
                inner.put(1, value);
            });
        })
    }

    fn meta(&mut self, key: u32) -> &mut Self {
        self.expression("meta", |data| {
            data.put(1, &ADDRESS.to_be_bytes()).put(2, &key.to_be_bytes());
        })
    }

    /// Loads part of the packet: of the network's header (1), or of the transport's (2).
    fn payload(&mut self, base: u32, offset: u32, length: u32) -> &mut Self {
        self.expression("payload", |data| {
            data.put(1, &ADDRESS.to_be_bytes()).put(2, &base.to_be_bytes());
            data.put(3, &offset.to_be_bytes()).put(4, &length.to_be_bytes());
        })
    }

    /// Keeps the bits of `mask` that are in what was loaded.
    fn mask(&mut self, mask: &[u8]) -> &mut Self {
        let length = u32::try_from(mask.len()).unwrap_or(0);
        self.expression("bitwise", |data| {
            data.put(1, &ADDRESS.to_be_bytes()).put(2, &ADDRESS.to_be_bytes()).put(3, &length.to_be_bytes());
            data.nest(4, |inner| {
                inner.put(1, mask);
            });
            data.nest(5, |inner| {
                inner.put(1, &vec![0; mask.len()]);
            });
        })
    }

    /// Packets of the kind of this address.
    pub(super) fn family(&mut self, like: IpAddr) -> &mut Self {
        self.meta(15).compare(EQUAL, &[if like.is_ipv4() { NFPROTO_IPV4 } else { NFPROTO_IPV6 }])
    }

    /// Those from this network; [`Rule::family`] is before it.
    pub(super) fn from(&mut self, network: Cidr) -> &mut Self {
        self.address(if network.address.is_ipv4() { 12 } else { 8 }, network)
    }

    /// Those to this network.
    pub(super) fn to(&mut self, network: Cidr) -> &mut Self {
        self.address(if network.address.is_ipv4() { 16 } else { 24 }, network)
    }

    fn address(&mut self, offset: u32, network: Cidr) -> &mut Self {
        let length = u32::from(width(network.address) / 8);
        self.payload(1, offset, length);
        if network.host_bits() > 0 {
            let all = if network.address.is_ipv4() { [255; 4].to_vec() } else { [255; 16].to_vec() };
            let all = crate::address::from_octets(&all).unwrap_or(network.address);
            self.mask(&octets(Cidr { address: all, prefix: network.prefix }.network().address));
        }
        self.compare(EQUAL, &octets(network.network().address))
    }

    /// Those to an address that this machine has.
    pub(super) fn local(&mut self) -> &mut Self {
        const BY_DESTINATION: u32 = 2;
        const TYPE_OF_ADDRESS: u32 = 3;
        self.expression("fib", |data| {
            data.put(1, &ADDRESS.to_be_bytes());
            data.put(2, &TYPE_OF_ADDRESS.to_be_bytes()).put(3, &BY_DESTINATION.to_be_bytes());
        });
        // A number of this machine's own, in its order.
        self.compare(EQUAL, &u32::from(libc::RTN_LOCAL).to_ne_bytes())
    }

    /// Those that come from this interface.
    pub(super) fn in_by(&mut self, interface: &Interface) -> &mut Self {
        self.meta(6).compare(EQUAL, &padded(interface))
    }

    /// Those that go to this interface.
    pub(super) fn out_by(&mut self, interface: &Interface) -> &mut Self {
        self.meta(7).compare(EQUAL, &padded(interface))
    }

    /// Those that go to another one.
    pub(super) fn not_out_by(&mut self, interface: &Interface) -> &mut Self {
        self.meta(7).compare(DIFFERENT, &padded(interface))
    }

    /// Those of this protocol, to this port.
    pub(super) fn port(&mut self, protocol: u8, port: u16) -> &mut Self {
        self.meta(16).compare(EQUAL, &[protocol]);
        self.payload(2, 2, 2).compare(EQUAL, &port.to_be_bytes())
    }

    /// Those of connections that have had their destination changed.
    pub(super) fn redirected(&mut self) -> &mut Self {
        const STATUS: u32 = 2;
        const IPS_DST_NAT: u32 = 1 << 5;
        self.expression("ct", |data| {
            data.put(2, &STATUS.to_be_bytes()).put(1, &ADDRESS.to_be_bytes());
        });
        self.mask(&IPS_DST_NAT.to_ne_bytes()).compare(DIFFERENT, &[0; 4])
    }

    /// They get the address of the interface that they leave by.
    pub(super) fn masquerade(&mut self) {
        self.expression("masq", |_| {});
    }

    /// They go to this address and port instead.
    pub(super) fn redirect(&mut self, to: IpAddr, port: u16) {
        const DESTINATION: u32 = 1;
        let family = u32::from(if to.is_ipv4() { NFPROTO_IPV4 } else { NFPROTO_IPV6 });
        self.immediate(ADDRESS, &octets(to)).immediate(PORT, &port.to_be_bytes());
        self.expression("nat", |data| {
            data.put(1, &DESTINATION.to_be_bytes()).put(2, &family.to_be_bytes());
            data.put(3, &ADDRESS.to_be_bytes()).put(5, &PORT.to_be_bytes());
        });
    }

    fn immediate(&mut self, register: u32, value: &[u8]) -> &mut Self {
        self.expression("immediate", |data| {
            data.put(1, &register.to_be_bytes());
            data.nest(2, |inner| {
                inner.put(1, value);
            });
        })
    }

    /// They are left as they are, by this chain.
    pub(super) fn leave(&mut self) {
        self.verdict(RETURN, None);
    }

    /// They are dropped.
    pub(super) fn drop(&mut self) {
        self.verdict(DROP, None);
    }

    /// They go to another chain, and come back if nothing has become of them.
    pub(super) fn jump(&mut self, chain: &[u8]) {
        self.verdict(JUMP, Some(chain));
    }

    fn verdict(&mut self, code: i32, chain: Option<&[u8]>) {
        self.expression("immediate", |data| {
            data.put(1, &VERDICT.to_be_bytes());
            data.nest(2, |inner| {
                inner.nest(2, |verdict| {
                    verdict.put(1, &code.to_be_bytes());
                    if let Some(chain) = chain {
                        verdict.put_text(2, chain);
                    }
                });
            });
        });
    }
}

/// A name as the kernel compares it: sixteen bytes.
fn padded(interface: &Interface) -> Vec<u8> {
    let mut name = interface.as_bytes().to_vec();
    name.resize(16, 0);
    name
}
