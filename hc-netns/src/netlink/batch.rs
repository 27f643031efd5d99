//! Netlink messages on their way to the kernel.

/// `struct nlmsghdr`.
pub(super) const HEADER: usize = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_DUMP: u16 = 0x300;
/// In an attribute's type: it is made of attributes.
const NESTED: u16 = 0x8000;

/// Make it; it must not be there yet.
pub(crate) const CREATE: u16 = 0x600;
/// Make it, or change the one that is there.
pub(crate) const REPLACE: u16 = 0x500;

/// Messages that are sent together.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    /// Where each message begins.
    starts: Vec<usize>,
    /// The message whose answer ends the exchange, if it is not the last one.
    awaited: Option<usize>,
}

impl Batch {
    /// One without a message.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Begins a message of this `kind`; `fixed` is what such messages have before their attributes.
    pub(crate) fn message(&mut self, kind: u16, flags: u16, fixed: &[u8]) -> &mut Self {
        self.starts.push(self.bytes.len());
        let header: [&[u8]; 5] =
            [&[0; 4], &kind.to_ne_bytes(), &(flags | NLM_F_REQUEST).to_ne_bytes(), &[0; 8], fixed];
        self.bytes.extend(header.concat());
        self.pad();
        self
    }

    /// An attribute of the message begun last.
    pub(crate) fn put(&mut self, kind: u16, value: &[u8]) -> &mut Self {
        self.nest_with(kind, 0, |batch| batch.bytes.extend_from_slice(value))
    }

    /// A number, in the machine's order.
    pub(crate) fn put_u32(&mut self, kind: u16, value: u32) -> &mut Self {
        self.put(kind, &value.to_ne_bytes())
    }

    /// Text, with the NUL at its end that the kernel wants.
    pub(crate) fn put_text(&mut self, kind: u16, text: &[u8]) -> &mut Self {
        self.put(kind, &[text, &[0]].concat())
    }

    /// An attribute that is made of those that `inner` puts.
    pub(crate) fn nest(&mut self, kind: u16, inner: impl FnOnce(&mut Self)) -> &mut Self {
        self.nest_with(kind, NESTED, inner)
    }

    /// Bytes that stand between attributes: the fixed part of a message within a message.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self.pad();
        self
    }

    fn nest_with(&mut self, kind: u16, flag: u16, inner: impl FnOnce(&mut Self)) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 2]);
        self.bytes.extend_from_slice(&(kind | flag).to_ne_bytes());
        inner(self);
        // What is put is names, addresses and short lists: nothing comes near 64 KiB.
        let length = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX);
        self.overwrite(start, &length.to_ne_bytes());
        self.pad();
        self
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn overwrite(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// How many messages there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// True without a message.
    pub(crate) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// What comes after this gets no answer: the last message so far is the one that is waited for.
    pub(crate) fn answered_so_far(&mut self) {
        self.awaited = self.starts.len().checked_sub(1);
    }

    /// How many messages come before the one whose answer ends the exchange.
    pub(super) fn awaited(&self) -> usize {
        self.awaited.unwrap_or(self.starts.len().saturating_sub(1))
    }

    /// The same, where the last message is to be acknowledged. The others are answered only if they are refused.
    pub(super) fn acknowledged(self) -> Self {
        self.flagged(NLM_F_ACK)
    }

    /// The same, where the message asks for all there is of its kind.
    pub(super) fn dumped(self) -> Self {
        self.flagged(NLM_F_DUMP)
    }

    fn flagged(mut self, flag: u16) -> Self {
        let at = self.starts.get(self.awaited()).copied().unwrap_or(0) + 6;
        let old = self.bytes.get(at..).and_then(|rest| rest.first_chunk().copied());
        let flags = u16::from_ne_bytes(old.unwrap_or_default()) | flag;
        self.overwrite(at, &flags.to_ne_bytes());
        self
    }

    /// Gives each message its length and its number, beginning with `first`. How many there are.
    pub(super) fn number(&mut self, first: u32) -> u32 {
        let ends = self.starts.iter().skip(1).copied().chain([self.bytes.len()]);
        let messages: Vec<(usize, usize)> = self.starts.iter().copied().zip(ends).collect();
        let mut number = first;
        for (start, end) in messages {
            let length = u32::try_from(end - start).unwrap_or(u32::MAX);
            self.overwrite(start, &length.to_ne_bytes());
            self.overwrite(start + 8, &number.to_ne_bytes());
            number = number.wrapping_add(1);
        }
        number.wrapping_sub(first)
    }

    /// What goes to the kernel.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Attributes, Message};
    use super::*;

    #[test]
    fn what_is_put_is_read_again() {
        let mut batch = Batch::new();
        batch.message(16, CREATE, &[7; 16]).put_text(3, b"veth1").nest(18, |info| {
            info.put(1, b"veth");
            info.nest(2, |data| {
                data.put_u32(1, 1500);
            });
        });
        batch.message(20, 0, &[1; 8]);
        let mut batch = batch.acknowledged();
        assert_eq!(batch.number(5), 2);
        let mut bytes = batch.bytes();
        let first = Message::take(&mut bytes).unwrap();
        assert_eq!((first.kind, first.sequence), (16, 5));
        let inner = |attributes: &[u8], kind| Attributes::of(attributes).find(kind).unwrap().to_vec();
        let attributes = &first.body[16..];
        assert_eq!(inner(attributes, 3), b"veth1\0");
        let info = inner(attributes, 18);
        assert_eq!(inner(&info, 1), b"veth");
        assert_eq!(inner(&inner(&info, 2), 1), 1500_u32.to_ne_bytes());
        let second = Message::take(&mut bytes).unwrap();
        assert_eq!((second.kind, second.sequence, second.body), (20, 6, &[1; 8][..]));
        assert_eq!(Message::take(&mut bytes), None);
        // Only the last one is acknowledged.
        let flags = |at: usize| u16::from_ne_bytes(batch.bytes()[at + 6..at + 8].try_into().unwrap());
        assert_eq!((flags(0), flags(batch.starts[1])), (CREATE | 1, 5));
    }
}
