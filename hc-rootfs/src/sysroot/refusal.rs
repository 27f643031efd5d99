//! Why a file is not read.

use hc::reason;
use nix::errno::Errno;
use nix::sys::stat::{FileStat, SFlag};

/// Why a file is not read.
#[derive(Debug)]
pub(crate) enum Refusal {
    Errno(Errno),
    /// A directory, device or FIFO.
    Kind(&'static str),
    /// The only kind that open(2) refuses, too.
    Socket,
    /// Another file has taken its place.
    Changed,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Errno(errno) => write!(f, "cannot be read: {}", reason(*errno)),
            Refusal::Kind(kind) => write!(f, "is {kind}, not a regular file"),
            Refusal::Socket => f.write_str("is a socket, not a regular file"),
            Refusal::Changed => f.write_str("was changed while it was looked at"),
        }
    }
}

pub(super) fn check_kind(status: &FileStat) -> std::result::Result<(), Refusal> {
    match super::kind(status) {
        SFlag::S_IFREG => Ok(()),
        SFlag::S_IFDIR => Err(Refusal::Kind("a directory")),
        SFlag::S_IFIFO => Err(Refusal::Kind("a FIFO")),
        SFlag::S_IFSOCK => Err(Refusal::Socket),
        _ => Err(Refusal::Kind("a device")),
    }
}
