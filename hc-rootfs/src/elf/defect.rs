//! What can be wrong with an ELF file.

use hc::reason;
use nix::errno::Errno;

/// Why a file is not an object that can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// No ELF magic.
    NotElf,
    /// For another class, byte order or processor: a search goes on.
    OtherMachine,
    /// Something in it contradicts itself.
    Broken(&'static str),
    /// It could not be read.
    Unreadable(Errno),
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Defect::NotElf => f.write_str("is no ELF file"),
            Defect::OtherMachine => f.write_str("is for another machine"),
            Defect::Broken(why) => write!(f, "is broken: {why}"),
            Defect::Unreadable(errno) => write!(f, "cannot be read: {}", reason(*errno)),
        }
    }
}
