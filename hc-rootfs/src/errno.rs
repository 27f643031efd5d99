//! What went wrong in a call of the standard library, as the kernel has it.

use nix::errno::Errno;

/// An error that is none of the kernel's, as a write that writes nothing, is one of the disk's.
pub(crate) fn errno_of(error: std::io::Error) -> Errno {
    Errno::try_from(error).unwrap_or(Errno::EIO)
}
