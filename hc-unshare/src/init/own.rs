//! The parent of a NEXT that is process 1 itself: it hands every signal on, and takes an end by reboot(2) for what it is.

use super::wait_for_either;
use crate::sys::Signals;
use hc::child::{Ended, end_as, news, send, stop_with};
use hc::{Context, Result, Status};
use nix::unistd::Pid;

/// Follows `next`. `signals` are all of them, blocked.
pub(crate) fn follow(next: Pid, signals: &Signals) -> Result<Status> {
    loop {
        wait_for_either(signals, None)?;
        match signals.next().context("read signals")? {
            libc::SIGCHLD => match news(next)? {
                Some(Ended::Stopped) => stop_with(next),
                Some(ended) => return Ok(end_as_own(&ended)),
                None => {}
            },
            // Process 1 is stopped by no other one. Its stop is the next news.
            libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => send(next, libc::SIGSTOP),
            signal => send(next, signal),
        }
    }
}

/// What the end of an init tells: reboot(2) in a PID namespace ends its process 1 by SIGINT for a halt or power-off, which is
/// the end that was asked for, and by SIGHUP for a restart. Sent by anybody, these two do not end a process 1.
pub(crate) fn end_as_own(ended: &Ended) -> Status {
    match ended {
        Ended::Killed(libc::SIGINT) => Status::SUCCESS,
        ended => end_as(ended),
    }
}
