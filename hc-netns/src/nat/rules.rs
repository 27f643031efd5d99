//! nf_tables' messages: tables, chains and rules, out of the expressions that nft(8) would put into them. The numbers
//! are those of include/uapi/linux/netfilter/nf_tables.h; all of them go over the wire with the high byte first.

use crate::address::{Cidr, octets, width};
use crate::link::Interface;
use crate::netlink::Batch;
use std::net::IpAddr;

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 16;
const NFNL_MSG_BATCH_END: u16 = 17;
const NFNL_BATCH_GENID: u16 = 1;
/// For IPv4 and IPv6 together.
const NFPROTO_INET: u8 = 1;
const NFPROTO_IPV4: u8 = 2;
const NFPROTO_IPV6: u8 = 10;

const NEWTABLE: u16 = 0;
const GETTABLE: u16 = 1;
const DELTABLE: u16 = 2;
const NEWCHAIN: u16 = 3;
const GETCHAIN: u16 = 4;
const NEWRULE: u16 = 6;
const NEWGEN: u16 = 15;
const GETGEN: u16 = 16;
/// To make something, and behind those that are there.
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;

/// A name of the table, in messages about it, its chains and its rules.
pub(super) const TABLE: u16 = 1;
pub(super) const CHAIN_NAME: u16 = 3;
/// Whose socket a table ends with.
pub(super) const TABLE_OWNER: u16 = 7;
/// The table ends with the socket that it was made by.
const OWNER: u32 = 2;

/// `struct nfgenmsg`.
pub(super) const NFGENMSG: usize = 4;
const FOR_INET: [u8; NFGENMSG] = [NFPROTO_INET, 0, 0, 0];

/// Where a chain is hooked in: the hook, its priority and what it may do.
pub(super) struct Hook(u32, i32, &'static [u8]);

/// Before the connections are known.
pub(super) const RAW: Hook = Hook(0, -300, b"filter");
/// Where destinations change: of what comes in, and of what this machine sends.
pub(super) const PREROUTING: Hook = Hook(0, -100, b"nat");
pub(super) const OUTPUT: Hook = Hook(3, -100, b"nat");
/// Where sources change.
pub(super) const POSTROUTING: Hook = Hook(4, 100, b"nat");

fn kind(message: u16) -> u16 {
    NFNL_SUBSYS_NFTABLES << 8 | message
}

/// Begins a change: all of it is done, or nothing. With `generation` only if nobody has changed anything since.
pub(super) fn begin(generation: u32) -> Batch {
    let [high, low] = NFNL_SUBSYS_NFTABLES.to_be_bytes();
    let mut batch = Batch::new();
    batch
        .message(NFNL_MSG_BATCH_BEGIN, 0, &[0, 0, high, low])
        .put(NFNL_BATCH_GENID, &generation.to_be_bytes());
    batch
}

/// Ends it.
pub(super) fn end(mut batch: Batch) -> Batch {
    batch.answered_so_far();
    let [high, low] = NFNL_SUBSYS_NFTABLES.to_be_bytes();
    batch.message(NFNL_MSG_BATCH_END, 0, &[0, 0, high, low]);
    batch
}

/// The question for the generation, the number of changes so far, which [`generation`] finds in the answer.
pub(super) fn ask_generation() -> Batch {
    let mut batch = Batch::new();
    batch.message(kind(GETGEN), 0, &[0; NFGENMSG]);
    batch
}

/// The generation, out of a message.
pub(super) fn generation(message: &crate::netlink::Message<'_>) -> Option<u32> {
    let id = message.attributes(NFGENMSG).find(1).filter(|_| message.kind == kind(NEWGEN))?;
    id.first_chunk().copied().map(u32::from_be_bytes)
}

/// The question for all tables.
pub(super) fn ask_tables() -> Batch {
    let mut batch = Batch::new();
    batch.message(kind(GETTABLE), 0, &FOR_INET);
    batch
}

/// The question for all chains.
pub(super) fn ask_chains() -> Batch {
    let mut batch = Batch::new();
    batch.message(kind(GETCHAIN), 0, &FOR_INET);
    batch
}

/// Removes a table that is there.
pub(super) fn remove(batch: &mut Batch, table: &[u8]) {
    batch.message(kind(DELTABLE), 0, &FOR_INET).put_text(TABLE, table);
}

/// Makes a table.
pub(super) fn make(batch: &mut Batch, table: &[u8], owned: bool) {
    let message = batch.message(kind(NEWTABLE), NLM_F_CREATE, &FOR_INET);
    message.put_text(TABLE, table);
    if owned {
        message.put(2, &OWNER.to_be_bytes());
    }
}

/// Makes a chain: one that is hooked in, or one to go to.
pub(super) fn chain(batch: &mut Batch, table: &[u8], name: &[u8], hook: Option<&Hook>) {
    let message = batch.message(kind(NEWCHAIN), NLM_F_CREATE, &FOR_INET);
    message.put_text(TABLE, table).put_text(CHAIN_NAME, name);
    if let Some(Hook(number, priority, kind)) = hook {
        message.nest(4, |hook| {
            hook.put(1, &number.to_be_bytes()).put(2, &priority.to_be_bytes());
        });
        message.put_text(7, kind);
    }
}

/// The expressions of a rule, in their order.
pub(super) struct Rule<'a>(&'a mut Batch);

/// Adds a rule to a chain.
pub(super) fn rule(batch: &mut Batch, table: &[u8], chain: &[u8], expressions: impl FnOnce(&mut Rule<'_>)) {
    let message = batch.message(kind(NEWRULE), NLM_F_CREATE | NLM_F_APPEND, &FOR_INET);
    message.put_text(TABLE, table).put_text(2, chain);
    message.nest(4, |list| expressions(&mut Rule(list)));
}

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

impl Rule<'_> {
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
