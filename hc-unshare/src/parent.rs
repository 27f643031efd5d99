//! The parent that stays, and is to be as if it was not there.

use crate::fork::Parent;
use crate::init;
use crate::sys;
use hc::child::{self, Ended, GRACE, STOPS};
use hc::{Context, Result, Status};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;
use std::os::raw::c_int;
use std::time::Instant;

/// What the parent has to have blocked before there is a child.
pub(crate) fn blocked() -> SigSet {
    awaited(true)
}

/// What it waits for. `forward`: SIGINT and SIGTERM, too, which otherwise pass by.
fn awaited(forward: bool) -> SigSet {
    let mut set: SigSet = STOPS.into_iter().chain([Signal::SIGCHLD, Signal::SIGCONT]).collect();
    if forward {
        set.extend([Signal::SIGINT, Signal::SIGTERM]);
    }
    set
}

/// Waits for the child; the status is the child's own. A child that died of a signal is followed by the same
/// signal, so that a shell sees what it would have seen without this process between. `forward`: SIGINT and SIGTERM,
/// which are blocked, are handed on.
pub(crate) fn follow(parent: Parent) -> Result<Status> {
    let (child, forward) = match parent {
        Parent::OfNext(child, forward) => (child, forward),
        Parent::OfInit(init, setting) => return init::follow(init, setting),
        Parent::OfOwnInit(next, signals) => return init::follow_own(next, &signals),
        Parent::Relay(relay) => return relay.follow(),
    };
    Ok(child::end_as(&wait_for_end(child, forward)?))
}

/// Follows the child until it has ended, and stops and goes on with it. Never `Stopped`.
fn wait_for_end(child: Pid, forward: bool) -> Result<Ended> {
    let awaited = awaited(forward);
    // Until when the child, which has got the same signal if a terminal has sent it, may stop by itself.
    let mut stop_at: Option<Instant> = None;
    loop {
        let patience = stop_at.map(|at| at.saturating_duration_since(Instant::now()));
        match sys::next_signal(&awaited, patience).context("sigtimedwait")? {
            Some(Signal::SIGCHLD) => match child::news(child)? {
                Some(Ended::Stopped) => {
                    stop_at = None;
                    child::stop_with(child);
                }
                Some(ended) => return Ok(ended),
                None => {}
            },
            Some(signal) if STOPS.contains(&signal) => stop_at = Some(Instant::now() + GRACE),
            Some(Signal::SIGCONT) => {
                stop_at = None;
                if child::is_process_1() {
                    // It was not stopped with the child, and is what the child is continued by.
                    child::send(child, libc::SIGCONT);
                }
            }
            Some(signal) => child::send(child, signal as c_int),
            None if stop_at.is_some_and(|at| at <= Instant::now()) => {
                stop_at = None;
                // Process 1 of a PID namespace obeys this one alone. Its stop is the next news; one that has stopped
                // meanwhile forgets this when it is continued.
                child::send(child, libc::SIGSTOP);
            }
            None => {}
        }
    }
}
