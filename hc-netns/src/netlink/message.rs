//! Netlink messages from the kernel, of which nothing is believed but what is there.

use super::batch::HEADER;
use nix::errno::Errno;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// In the flags of an error: the request is not behind it; attributes are.
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;
/// The bits of an attribute's type that are not flags.
const ATTRIBUTE_TYPE: u16 = 0x3fff;

/// One message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// What it is about: `RTM_NEWLINK`, say.
    pub(crate) kind: u16,
    flags: u16,
    /// The number of the request that it answers.
    pub(crate) sequence: u32,
    /// What is behind the header.
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Takes the first message off a datagram.
    pub(crate) fn take(datagram: &mut &'a [u8]) -> Option<Self> {
        let bytes = *datagram;
        let length = usize::try_from(u32_of(bytes)?).ok()?;
        let message = bytes.get(..length)?;
        let body = message.get(HEADER..)?;
        *datagram = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: u16_at(message, 4)?,
            flags: u16_at(message, 6)?,
            sequence: u32_of(message.get(8..)?)?,
            body,
        })
    }

    /// The attributes behind `fixed` bytes.
    pub(crate) fn attributes(&self, fixed: usize) -> Attributes<'a> {
        Attributes::of(self.body.get(fixed..).unwrap_or_default())
    }

    /// True for the end of a dump.
    pub(super) fn is_done(&self) -> bool {
        self.kind == NLMSG_DONE
    }

    /// For an acknowledgement and an error: its number and the kernel's words; no number when all went well. The
    /// end of a dump that broke off is an error as well.
    pub(super) fn error(&self) -> Option<(Option<Errno>, Option<String>)> {
        let number = match self.kind {
            NLMSG_ERROR | NLMSG_DONE => u32_of(self.body).unwrap_or(0).cast_signed(),
            _ => return None,
        };
        if self.kind == NLMSG_DONE && number >= 0 {
            return None;
        }
        let said = (self.flags & NLM_F_ACK_TLVS != 0).then(|| self.attributes(self.before_words()));
        let said = said.and_then(|attributes| attributes.find(NLMSGERR_ATTR_MSG));
        let said = said.map(|said| String::from_utf8_lossy(text(said)).into_owned());
        let errno = (number != 0).then(|| Errno::from_raw(number.checked_neg().unwrap_or(libc::EINVAL)));
        Some((errno, said))
    }

    /// How much of an error's body comes before the words: the number, and the request's header or all of it.
    fn before_words(&self) -> usize {
        if self.kind == NLMSG_DONE {
            return 4;
        }
        let request = self.body.get(4..).and_then(u32_of).and_then(|length| usize::try_from(length).ok());
        match request {
            Some(length) if self.flags & NLM_F_CAPPED == 0 => {
                4_usize.saturating_add(length).saturating_add(3) & !3
            }
            _ => 4 + HEADER,
        }
    }
}

/// A row of attributes: the type, without its flags, and the value of each.
#[derive(Clone)]
pub(crate) struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    /// Those in `bytes`.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Attributes(bytes)
    }

    /// The value of the first one of this type.
    pub(crate) fn find(&self, wanted: u16) -> Option<&'a [u8]> {
        self.clone().find_map(|(kind, value)| (kind == wanted).then_some(value))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & ATTRIBUTE_TYPE;
        // A length below that of the header is none: this has to end.
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The number in the first four bytes, in the machine's order.
pub(crate) fn u32_of(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().copied().map(u32::from_ne_bytes)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_ne_bytes)
}

/// Text, up to its NUL.
pub(crate) fn text(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + body.len()).unwrap();
        let parts: [&[u8]; 6] = [
            &length.to_ne_bytes(),
            &kind.to_ne_bytes(),
            &flags.to_ne_bytes(),
            &7_u32.to_ne_bytes(),
            &[0; 4],
            body,
        ];
        parts.concat()
    }

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [&length.to_ne_bytes(), &kind.to_ne_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn an_error_has_its_number_and_the_kernel_s_words() {
        let request = [20_u32.to_ne_bytes(), [0; 4], [0; 4], [0; 4], [9; 4]].concat();
        let words = attribute(NLMSGERR_ATTR_MSG, b"no such thing\0");
        let number = (-libc::EINVAL).to_ne_bytes();
        for (flags, request) in [(NLM_F_CAPPED, &request[..16]), (0, &request[..])] {
            let whole = message(
                NLMSG_ERROR,
                flags | NLM_F_ACK_TLVS,
                &[&number, &attribute(9, b"odd")[..0], request, &words].concat(),
            );
            let read = Message::take(&mut whole.as_slice()).unwrap().error();
            assert_eq!(read, Some((Some(Errno::EINVAL), Some("no such thing".to_owned()))));
        }
        let fine = message(NLMSG_ERROR, NLM_F_CAPPED, &[0; 20]);
        assert_eq!(Message::take(&mut fine.as_slice()).unwrap().error(), Some((None, None)));
        let least = message(NLMSG_ERROR, 0, &i32::MIN.to_ne_bytes());
        let least = Message::take(&mut least.as_slice()).unwrap().error();
        assert_eq!(least, Some((Some(Errno::EINVAL), None)));
    }

    #[test]
    fn a_datagram_cut_anywhere_or_with_any_byte_changed_is_harmless() {
        let body = [attribute(3, b"veth1\0"), attribute(0x8012, &attribute(1, b"veth"))].concat();
        let whole = message(16, 0, &body);
        let walk = |mut bytes: &[u8]| {
            let mut seen = 0;
            while let Some(message) = Message::take(&mut bytes) {
                message.error();
                seen += message.attributes(0).flat_map(|(_, value)| Attributes::of(value)).count() + 1;
            }
            seen
        };
        assert_eq!(walk(&whole), 2);
        for length in 0..whole.len() {
            assert_eq!(walk(&whole[..length]), 0);
        }
        for at in 0..whole.len() {
            for value in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = value;
                assert!(walk(&changed) < 20);
            }
        }
        assert_eq!(Attributes::of(&[0; 64]).count(), 0);
    }
}
