//! Helpers that stay when the tool has ended or become NEXT, and are nobody's child: what is made for a namespace
//! without a name has to end with it, and no other process is there to see to that.

use crate::namespace::refused;
use crate::{TOOL, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::CloneFlags;
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, chdir, dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use std::os::fd::{AsFd, BorrowedFd, RawFd};

/// Starts a helper that runs `body`, in new namespaces of these kinds. It has a session, no directory, no terminal and no
/// files but `kept`, which stay open as they are.
///
/// The caller forks a child, and that one a grandchild, which is the helper; the child ends at once, and the caller
/// waits for it, so that NEXT has no child that it knows nothing of. The helper ends here: what the caller has made is
/// not the helper's to undo.
pub(crate) fn start(namespaces: CloneFlags, kept: &[RawFd], body: impl FnOnce() -> Result<()>) -> Result<()> {
    match hc::child::fork().context("fork a helper")? {
        ForkResult::Parent { child } => {
            let ended = loop {
                match waitpid(child, None) {
                    Err(Errno::EINTR) => {}
                    ended => break ended,
                }
            };
            return match ended {
                // Who ignores the ends of children gets no answer; the child has ended anyway.
                Ok(WaitStatus::Exited(_, 0)) | Err(_) => Ok(()),
                Ok(WaitStatus::Exited(_, number)) => {
                    Err(refused("make namespaces for a helper", Errno::from_raw(number)))
                }
                Ok(_) => Err(Error::new("fork a helper: it was killed")),
            };
        }
        ForkResult::Child => {}
    }
    match nix::sched::unshare(namespaces).and_then(|()| hc::child::fork()) {
        Ok(ForkResult::Parent { .. }) => hc::child::end(0),
        Err(errno) => hc::child::end(errno as i32),
        Ok(ForkResult::Child) => {}
    }
    finish(&detach(kept).context("set up a helper").and_then(|()| body()))
}

/// Ends a process that is not the tool itself, and tells why, if it has failed.
pub(crate) fn finish(done: &Result<()>) -> ! {
    if let Err(error) = done {
        hc::note(TOOL, &error.to_string());
    }
    hc::child::end(i32::from(done.is_err()))
}

fn detach(kept: &[RawFd]) -> nix::Result<()> {
    setsid()?;
    chdir("/")?;
    sys::set_name(TOOL);
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    drop(null);
    let mut kept = kept.to_owned();
    kept.sort_unstable();
    let mut from = 3;
    for descriptor in kept {
        sys::close_range(from, descriptor - 1)?;
        from = descriptor + 1;
    }
    sys::close_range(from, RawFd::MAX)
}

/// Waits until one of these can be read, or is at its end. Which ones.
pub(crate) fn wait(descriptors: &[BorrowedFd<'_>], timeout: PollTimeout) -> Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> =
        descriptors.iter().map(|descriptor| PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)).collect();
    loop {
        match poll(&mut polled, timeout) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(Error::from_errno("poll", errno)),
            Ok(_) => return Ok(polled.iter().map(|one| one.any().unwrap_or(true)).collect()),
        }
    }
}
