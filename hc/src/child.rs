//! A child that becomes NEXT, and the parent that stays for it and is to be as if it was not there: it stops and goes on with
//! the child, and ends as the child has ended.

mod sys;

pub use sys::{
    Ended, default_sigchld, end, fork, has_gone_on, send, set_parent_death_signal, stop_this_process,
    wait_for, wait_for_any,
};

use crate::error::{Context, Result, Status};
use nix::sys::signal::{SigAction, SigHandler, Signal};
use nix::unistd::{Pid, getpid};
use std::time::Duration;

/// Those that a terminal stops a job by.
pub const STOPS: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// How long a child that has got one of them as well may take to stop by itself: an editor puts the terminal in order first.
pub const GRACE: Duration = Duration::from_millis(100);

/// Gives SIGCHLD, in the child, the handling that the caller had it with: ignored, if it is not the default.
///
/// # Errors
/// What sigaction(2) says.
pub fn hand_on_sigchld(caller_s: &SigAction) -> Result<()> {
    if matches!(caller_s.handler(), SigHandler::SigIgn) {
        sys::restore_sigchld(caller_s).context("sigaction SIGCHLD")?;
    }
    Ok(())
}

/// What has become of `child`, if there is news. As process 1 this process has orphans too: they are only to be gone.
///
/// # Errors
/// What waitpid(2) says.
pub fn news(child: Pid) -> Result<Option<Ended>> {
    let mut of_child = None;
    while let Some((process, ended)) = wait_for_any().context("wait")? {
        if process == child {
            let has_ended = !matches!(ended, Ended::Stopped);
            of_child = Some(ended);
            if has_ended {
                break;
            }
        }
    }
    Ok(of_child)
}

/// Stops this process as `child` has stopped, and lets the child go on with it: a shell that has stopped its job expects that
/// all of it stands still, and goes on together.
pub fn stop_with(child: Pid) {
    if is_process_1() {
        // It does not stop by a signal of its own, and would continue the child at once.
        return;
    }
    // Both may have been stopped by a signal for the group, and continued so: then there is nothing left to do.
    if has_gone_on(child) {
        return;
    }
    // Returns when somebody lets this process go on.
    stop_this_process();
    if !has_gone_on(child) {
        send(child, libc::SIGCONT);
    }
}

/// Whether this is process 1 of a PID namespace, which obeys no signal that it sends itself.
#[must_use]
pub fn is_process_1() -> bool {
    getpid() == Pid::from_raw(1)
}

/// Ends this process by the signal that has ended the child, so that a shell sees what it would have seen without this
/// process between. Returns the status that tells it where a signal does not end this process, or none has ended the child.
#[must_use]
pub fn end_as(ended: &Ended) -> Status {
    if let Ended::Killed(signal) = ended {
        sys::die_of(*signal);
    }
    ended.status()
}

impl Ended {
    /// The status that tells what became of a child, as a shell has it: 128 and the signal's number.
    #[must_use]
    pub fn status(&self) -> Status {
        let code = match self {
            Ended::Exited(code) => *code,
            Ended::Killed(signal) => 128 + signal,
            Ended::Stopped => 128,
        };
        Status(u8::try_from(code).unwrap_or(u8::MAX))
    }
}
