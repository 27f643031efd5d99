//! A netlink socket to the kernel: requests go out together, and each gets its answer. See netlink(7), rtnetlink(7).
//!
//! The kernel does the work while the request is being sent, so that its answers are there when sendto(2)
//! returns: the socket never blocks, and no time limit is needed.

mod batch;
mod message;

pub(crate) use batch::{Batch, CREATE, REPLACE};
pub(crate) use message::{Attributes, Message, text, u32_of};

use crate::sys;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, send, socket,
};
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// More than the kernel puts into one datagram.
const BUFFER: usize = 64 * 1024;
/// Options of the socket, which libc has for Android alone.
const NETLINK_CAP_ACK: libc::c_int = 10;
const NETLINK_EXT_ACK: libc::c_int = 11;
const NETLINK_GET_STRICT_CHK: libc::c_int = 12;

/// A socket to the kernel, of the network namespace that the process is in when it is opened. It stays one of that
/// namespace.
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
    buffer: Vec<u8>,
}

/// The kernel's no, to one message of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// Which message it was, counted from 0.
    pub(crate) at: usize,
    /// The error's number.
    pub(crate) errno: Errno,
    /// What the kernel has to say about it beyond the number.
    said: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hc::reason(self.errno))?;
        match &self.said {
            Some(said) => write!(f, " ({})", hc::show(said)),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// The error that it is for the user: `what` was to be done.
    pub(crate) fn error(&self, what: impl fmt::Display) -> Error {
        Error::new(format!("{what}: {self}"))
    }
}

impl Netlink {
    /// To the kernel's network configuration.
    pub(crate) fn route() -> Result<Self> {
        Self::open(SockProtocol::NetlinkRoute)
    }

    /// To its packet filter.
    pub(crate) fn netfilter() -> Result<Self> {
        Self::open(SockProtocol::NetlinkNetFilter)
    }

    /// Is told from now on when interfaces come, change and go; [`Netlink::discard`] forgets what it was told. Such a
    /// socket is no longer one to ask by: what others have made happen could be taken for an answer.
    pub(crate) fn listen_to_links(&mut self) -> Result<()> {
        const RTMGRP_LINK: u32 = 1;
        // With an address of its own, which the kernel gives to it: one without does not get the news.
        bind(self.socket.as_raw_fd(), &NetlinkAddr::new(0, RTMGRP_LINK)).context("watch the interfaces")
    }

    /// Forgets all that has come without being asked for.
    pub(crate) fn discard(&mut self) {
        // More than the socket could hold is an error, which is told once and forgotten as well.
        let mut errors = 0;
        while errors < 2 {
            match self.receive() {
                Ok(None) => return,
                Ok(Some(_)) => {}
                Err(_) => errors += 1,
            }
        }
    }

    fn open(protocol: SockProtocol) -> Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)
            .context("open a netlink socket")?;
        // Refusals come with the kernel's words, but without the request; dumps look at what they are asked for.
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
            sys::set_netlink_option(&socket, option).context("set up a netlink socket")?;
        }
        Ok(Netlink { socket, sequence: 0, buffer: Vec::new() })
    }

    /// The socket.
    pub(crate) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Has all of `batch` done, in one system call; an empty one too. The first refusal, if there is one: the kernel goes on after it.
    pub(crate) fn run(&mut self, batch: Batch) -> Result<std::result::Result<(), Refusal>> {
        if batch.is_empty() {
            return Ok(Ok(()));
        }
        let mut nothing = |_: &Message<'_>| Ok(());
        self.exchange(batch.acknowledged(), &mut nothing)
    }

    /// Asks one question; what the kernel answers, message by message, is given to `take`.
    pub(crate) fn ask(
        &mut self,
        batch: Batch,
        mut take: impl FnMut(&Message<'_>) -> Result<()>,
    ) -> Result<std::result::Result<(), Refusal>> {
        self.exchange(batch.acknowledged(), &mut take)
    }

    /// [`Netlink::ask`] about all there is of a kind.
    pub(crate) fn dump(
        &mut self,
        batch: Batch,
        mut take: impl FnMut(&Message<'_>) -> Result<()>,
    ) -> Result<std::result::Result<(), Refusal>> {
        self.exchange(batch.dumped(), &mut take)
    }

    /// Sends, and receives until the last message has had its answer.
    fn exchange(
        &mut self,
        mut batch: Batch,
        take: &mut dyn FnMut(&Message<'_>) -> Result<()>,
    ) -> Result<std::result::Result<(), Refusal>> {
        let first = self.sequence.wrapping_add(1);
        self.sequence = self.sequence.wrapping_add(batch.number(first));
        let last = first.wrapping_add(u32::try_from(batch.awaited()).unwrap_or(0));
        send(self.socket.as_raw_fd(), batch.bytes(), MsgFlags::empty()).context("send to netlink")?;
        let mut refusal = None;
        loop {
            let Some(length) = self.receive()? else {
                // What is refused altogether has one answer.
                return refusal.map(Err).ok_or_else(|| Error::new("the kernel does not answer on netlink"));
            };
            let mut rest = self.buffer.get(..length).unwrap_or_default();
            while let Some(message) = Message::take(&mut rest) {
                let at = message.sequence.wrapping_sub(first);
                if at > last.wrapping_sub(first) {
                    // Of an earlier exchange that was given up.
                    continue;
                }
                match message.error() {
                    None if message.is_done() => return Ok(refusal.map_or(Ok(()), Err)),
                    None => take(&message)?,
                    Some((errno, said)) => {
                        if let Some(errno) = errno {
                            let at = usize::try_from(at).unwrap_or(usize::MAX);
                            refusal.get_or_insert(Refusal { at, errno, said });
                        }
                        if message.sequence == last {
                            return Ok(refusal.map_or(Ok(()), Err));
                        }
                    }
                }
            }
        }
    }

    /// The length of the next datagram, which is in the buffer then; `None` when there is no more.
    fn receive(&mut self) -> Result<Option<usize>> {
        self.buffer.resize(BUFFER, 0);
        loop {
            let (length, sender) = match recvfrom::<NetlinkAddr>(self.socket.as_raw_fd(), &mut self.buffer) {
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => return Ok(None),
                received => received.context("receive from netlink")?,
            };
            // Port 0 is the kernel's.
            if sender.is_some_and(|sender| sender.pid() == 0) {
                return Ok(Some(length));
            }
        }
    }
}
