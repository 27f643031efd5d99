//! The parent that stays, and is to be as if it was not there.

use crate::fork::Parent;
use crate::init;
use crate::sys::{self, Ended, Patience};
use hc::{Context, Result, Status};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid, getpid};

/// Waits for the child; the status is the child's own. A child that died of a signal is followed by the same
/// signal, so that a shell sees what it would have seen without this process between. `forward`: SIGINT and SIGTERM,
/// which are blocked, are handed on.
pub(crate) fn follow(parent: Parent) -> Result<Status> {
    let (child, forward) = match parent {
        Parent::OfNext(child, forward) => (child, forward),
        Parent::OfInit(init, setting) => return init::follow(init, setting),
    };
    let code = loop {
        if forward {
            forward_until_sigchld(child)?;
        }
        match wait(child, forward)? {
            Some(Ended::Exited(code)) => break code,
            Some(Ended::Killed(signal)) => {
                sys::die_of(signal);
                // Still here: process 1 of a PID namespace does not die of a signal of its own.
                break 128 + signal;
            }
            Some(Ended::Stopped) => stop_with(child),
            None => {}
        }
    };
    Ok(Status(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// News of the child; `None` if there is none and `forward` wants no waiting here.
fn wait(child: Pid, forward: bool) -> Result<Option<Ended>> {
    let patience = if forward { Patience::None } else { Patience::Endless };
    sys::wait_for_change(child, patience).context("wait")
}

/// Hands signals on until there may be news of the child.
fn forward_until_sigchld(child: Pid) -> Result<()> {
    let mut awaited = SigSet::empty();
    for signal in [Signal::SIGCHLD, Signal::SIGINT, Signal::SIGTERM] {
        awaited.add(signal);
    }
    loop {
        match awaited.wait().context("sigwait")? {
            Signal::SIGCHLD => return Ok(()),
            // It may have ended, but has not been waited for: the number is still its own.
            signal => nix::sys::signal::kill(child, signal).context("kill")?,
        }
    }
}

/// A shell that has stopped its job expects that all of it stands still, and goes on together.
fn stop_with(child: Pid) {
    if getpid() == Pid::from_raw(1) {
        // Process 1 of a PID namespace does not stop by a signal of its own, and would continue the child at once.
        return;
    }
    // Both may have been stopped by a signal for the group, and continued so: then there is nothing left to do.
    if sys::has_gone_on(child) {
        return;
    }
    // Returns when somebody lets this process go on.
    let _ = nix::sys::signal::raise(Signal::SIGSTOP);
    if !sys::has_gone_on(child) {
        let _ = nix::sys::signal::kill(child, Signal::SIGCONT);
    }
}
