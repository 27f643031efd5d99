//! The one question for the kernel's routing netlink: which id does this network namespace have for that one?
//! See rtnetlink(7) and include/uapi/linux/net_namespace.h.

use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, send, socket,
};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// `struct nlmsghdr`, and `struct rtgenmsg` padded to four bytes.
const HEADER: usize = 16;
const BODY: usize = HEADER + 4;
/// `NETNSA_NSID` and `NETNSA_FD`, attributes of four bytes behind a header of four.
const NETNSA_NSID: u16 = 1;
const NETNSA_FD: u16 = 3;
/// The length of the question: with one attribute.
const REQUEST: u32 = 28;
const NLM_F_REQUEST: u16 = 1;
/// The flags in an attribute's type: nested, and network byte order.
const ATTRIBUTE_TYPE: u16 = 0x3fff;

/// A socket to the kernel, and the number of the last question.
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

/// What a message from the kernel says.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// The id; `None` when none has been given.
    Id(Option<i32>),
    Refused(Errno),
    /// Nothing that answers this question.
    Other,
}

impl Netlink {
    /// Not blocking, for the kernel's answer is there when the question has been sent.
    pub(crate) fn open() -> Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, SockProtocol::NetlinkRoute)
            .context("open a netlink socket")?;
        Ok(Netlink { socket, sequence: 0 })
    }

    /// The id of `namespace`, `Ok(None)` when it has none, or why the kernel does not say.
    pub(crate) fn id_of(&mut self, namespace: &OwnedFd) -> Result<nix::Result<Option<i32>>> {
        self.sequence = self.sequence.wrapping_add(1);
        let question = request(self.sequence, namespace.as_raw_fd());
        let socket = self.socket.as_raw_fd();
        send(socket, &question, MsgFlags::empty()).context("ask for the id of a network namespace")?;
        let mut buffer = [0_u8; 1024];
        loop {
            let (length, sender) = match recvfrom::<NetlinkAddr>(socket, &mut buffer) {
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Err(Error::new("the kernel does not answer on netlink")),
                received => received.context("receive from netlink")?,
            };
            // Port 0 is the kernel's.
            if sender.is_none_or(|sender| sender.pid() != 0) {
                continue;
            }
            match answer(buffer.get(..length).unwrap_or_default(), self.sequence) {
                Answer::Id(id) => return Ok(Ok(id)),
                Answer::Refused(errno) => return Ok(Err(errno)),
                Answer::Other => {}
            }
        }
    }
}

/// `RTM_GETNSID` about the namespace that is open as `descriptor`.
fn request(sequence: u32, descriptor: RawFd) -> Vec<u8> {
    let fields: [&[u8]; 9] = [
        &REQUEST.to_ne_bytes(),
        &libc::RTM_GETNSID.to_ne_bytes(),
        &NLM_F_REQUEST.to_ne_bytes(),
        &sequence.to_ne_bytes(),
        &0_u32.to_ne_bytes(), // to the kernel
        &[0; 4],              // AF_UNSPEC, padding
        &8_u16.to_ne_bytes(),
        &NETNSA_FD.to_ne_bytes(),
        &descriptor.to_ne_bytes(),
    ];
    fields.concat()
}

/// Reads a datagram, of which nothing is believed but what is there.
fn answer(datagram: &[u8], sequence: u32) -> Answer {
    let message = match take_u32(datagram, 0).and_then(|length| datagram.get(..usize::try_from(length).ok()?))
    {
        Some(message) if take_u32(message, 8) == Some(sequence) => message,
        _ => return Answer::Other,
    };
    match take_u16(message, 4).map(i32::from) {
        Some(kind) if kind == i32::from(libc::RTM_NEWNSID) => {
            let id = attribute(message.get(BODY..).unwrap_or_default(), NETNSA_NSID);
            // NETNSA_NSID_NOT_ASSIGNED is -1.
            Answer::Id(id.map(i32::from_ne_bytes).filter(|id| *id >= 0))
        }
        Some(libc::NLMSG_ERROR) => match take(message, HEADER).map(i32::from_ne_bytes) {
            Some(0) | None => Answer::Id(None),
            Some(error) => Answer::Refused(Errno::from_raw(error.checked_neg().unwrap_or(libc::EINVAL))),
        },
        _ => Answer::Other,
    }
}

/// The four bytes of the first attribute of that type.
fn attribute(mut attributes: &[u8], wanted: u16) -> Option<[u8; 4]> {
    loop {
        let length = usize::from(take_u16(attributes, 0)?);
        if take_u16(attributes, 2)? & ATTRIBUTE_TYPE == wanted && length >= 8 {
            return take(attributes, 4);
        }
        // At least the header: otherwise this would not end.
        attributes = attributes.get(length.max(4).next_multiple_of(4)..)?;
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn take_u16(bytes: &[u8], at: usize) -> Option<u16> {
    take(bytes, at).map(u16::from_ne_bytes)
}

fn take_u32(bytes: &[u8], at: usize) -> Option<u32> {
    take(bytes, at).map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + payload.len()).unwrap();
        let header: [&[u8]; 6] =
            [&length.to_ne_bytes(), &kind.to_ne_bytes(), &[0; 2], &sequence.to_ne_bytes(), &[0; 4], payload];
        header.concat()
    }

    fn attribute_of(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut bytes = [&length.to_ne_bytes(), &kind.to_ne_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn id(value: i32) -> Vec<u8> {
        let attributes = [attribute_of(9, b"odd"), attribute_of(NETNSA_NSID, &value.to_ne_bytes())];
        message(libc::RTM_NEWNSID, 7, &[vec![0; 4], attributes.concat()].concat())
    }

    #[test]
    fn the_question_is_the_kernel_s_layout() {
        let question = request(7, 5);
        assert_eq!(take_u32(&question, 0), Some(u32::try_from(question.len()).unwrap()));
        assert_eq!(take_u16(&question, 4), Some(90));
        assert_eq!(take_u32(&question, 8), Some(7));
        assert_eq!(attribute(&question[BODY..], NETNSA_FD), Some(5_i32.to_ne_bytes()));
    }

    #[test]
    fn an_id_is_found_behind_other_attributes() {
        assert_eq!(answer(&id(77), 7), Answer::Id(Some(77)));
        assert_eq!(answer(&id(0), 7), Answer::Id(Some(0)));
        assert_eq!(answer(&id(-1), 7), Answer::Id(None));
        assert_eq!(answer(&id(77), 8), Answer::Other);
        assert_eq!(answer(&message(2, 7, &(-libc::EINVAL).to_ne_bytes()), 7), Answer::Refused(Errno::EINVAL));
    }

    #[test]
    fn an_answer_cut_anywhere_or_with_any_byte_changed_is_harmless() {
        let whole = id(77);
        for length in 0..whole.len() {
            assert_ne!(answer(&whole[..length], 7), Answer::Id(Some(77)));
        }
        for at in 0..whole.len() {
            for value in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = value;
                answer(&changed, 7);
            }
        }
        assert_eq!(answer(&message(2, 7, &i32::MIN.to_ne_bytes()), 7), Answer::Refused(Errno::EINVAL));
        // An attribute of length 0 must not be looked at for ever.
        assert_eq!(attribute(&[0; 64], NETNSA_NSID), None);
    }
}
