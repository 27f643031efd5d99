//! nf_tables' messages: tables, chains and rules, as nft(8) would send them. The numbers
//! are those of include/uapi/linux/netfilter/nf_tables.h; all of them go over the wire with the high byte first.

use super::expressions::Rule;
use crate::netlink::Batch;

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 16;
const NFNL_MSG_BATCH_END: u16 = 17;
const NFNL_BATCH_GENID: u16 = 1;
/// For IPv4 and IPv6 together.
const NFPROTO_INET: u8 = 1;

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

/// Adds a rule to a chain.
pub(super) fn rule(batch: &mut Batch, table: &[u8], chain: &[u8], expressions: impl FnOnce(&mut Rule<'_>)) {
    let message = batch.message(kind(NEWRULE), NLM_F_CREATE | NLM_F_APPEND, &FOR_INET);
    message.put_text(TABLE, table).put_text(2, chain);
    message.nest(4, |list| expressions(&mut Rule::new(list)));
}
