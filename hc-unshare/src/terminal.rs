//! The terminal of the caller: whose keys end and stop whom.

use hc::{Context, Result};
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::{Pid, getpgrp, tcgetpgrp, tcsetpgrp};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A terminal in whose foreground the caller is.
pub(crate) struct Terminal {
    descriptor: OwnedFd,
    /// The caller's process group.
    group: Pid,
}

impl Terminal {
    /// The first of the standard streams that is one, if there is one. A terminal that belongs to others is none of
    /// ours.
    pub(crate) fn of_caller() -> Option<Self> {
        let group = getpgrp();
        let is_ours = |stream: &BorrowedFd<'_>| tcgetpgrp(stream) == Ok(group);
        let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        let stream = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()].into_iter().find(is_ours)?;
        Some(Terminal { descriptor: stream.try_clone_to_owned().ok()?, group })
    }

    /// Puts `process`, the leader of its group, in the foreground.
    pub(crate) fn give_to(&self, process: Pid) -> Result<()> {
        match tcsetpgrp(&self.descriptor, process) {
            // The other process of the two has done it, and it has ended; or the terminal was hung up.
            Err(Errno::EPERM | Errno::ESRCH | Errno::EIO | Errno::ENOTTY) => Ok(()),
            result => result.context("tcsetpgrp"),
        }
    }

    /// Puts the caller in the foreground again.
    pub(crate) fn take_back(&self) -> Result<()> {
        self.give_to(self.group)
    }

    /// Whether the caller is in the foreground.
    pub(crate) fn is_ours(&self) -> bool {
        tcgetpgrp(&self.descriptor) == Ok(self.group)
    }

    /// Whether a group of this process's PID namespace is in the foreground; one of another has no number here.
    pub(crate) fn is_in_here(&self) -> bool {
        tcgetpgrp(&self.descriptor).is_ok_and(|group| group.as_raw() != 0)
    }

    /// Whether the group in the foreground has no process any more.
    pub(crate) fn is_nobodys(&self) -> bool {
        tcgetpgrp(&self.descriptor).is_ok_and(|group| killpg(group, None) == Err(Errno::ESRCH))
    }
}
