//! Messages from process to process, each with a descriptor if there is one to hand over.

use crate::sys;
use hc::{Context, Result};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg,
    socketpair,
};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Two ends, closed by exec.
pub(crate) fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let (kind, flags) = (SockType::SeqPacket, SockFlag::SOCK_CLOEXEC);
    socketpair(AddressFamily::Unix, kind, None, flags).context("socketpair")
}

/// Sends one message, whole or not at all, and a descriptor with it; a receiver that is gone is an error and no SIGPIPE.
pub(crate) fn post(socket: &OwnedFd, message: &[u8], descriptor: Option<&OwnedFd>) -> nix::Result<()> {
    let descriptors: Vec<RawFd> = descriptor.map(AsRawFd::as_raw_fd).into_iter().collect();
    let control = [ControlMessage::ScmRights(&descriptors)];
    let control = if descriptors.is_empty() { &[][..] } else { &control };
    let message = [IoSlice::new(message)];
    sendmsg::<()>(socket.as_raw_fd(), &message, control, MsgFlags::MSG_NOSIGNAL, None).map(drop)
}

/// Receives one message, and a descriptor if one comes with it; 0 bytes when there will be no more.
pub(crate) fn receive(socket: &OwnedFd, message: &mut [u8]) -> nix::Result<(usize, Option<OwnedFd>)> {
    let mut space = cmsg_space!(RawFd);
    let mut message = [IoSliceMut::new(message)];
    let received = loop {
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        match recvmsg::<()>(socket.as_raw_fd(), &mut message, Some(&mut space), flags) {
            Err(Errno::EINTR) => {}
            result => break result?,
        }
    };
    let descriptor = received.cmsgs()?.find_map(|control| match control {
        ControlMessageOwned::ScmRights(descriptors) => descriptors.first().copied(),
        _ => None,
    });
    Ok((received.bytes, descriptor.map(sys::received)))
}
