//! The parent that stays, and is to be as if it was not there.

use crate::fork::Parent;
use crate::init;
use crate::sys::{self, Ended};
use hc::{Context, Result, Status};
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::unistd::{Pid, getpid};
use std::time::{Duration, Instant};

/// Those that a terminal stops a job by.
const STOPS: [Signal; 3] = [Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// How long a child may take to stop by itself: an editor puts the terminal in order first.
const GRACE: Duration = Duration::from_millis(100);

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
    Ok(end_as(&wait_for_end(child, forward)?))
}

/// The status of a child that has ended, or the end of this process by the same signal.
pub(crate) fn end_as(ended: &Ended) -> Status {
    if let Ended::Killed(signal) = ended {
        // Returns in process 1 of a PID namespace, which does not die of a signal of its own.
        sys::die_of(*signal);
    }
    status_of(ended)
}

/// The status that tells what became of a child, as a shell has it.
pub(crate) fn status_of(ended: &Ended) -> Status {
    let code = match ended {
        Ended::Exited(code) => *code,
        Ended::Killed(signal) => 128 + signal,
        Ended::Stopped => 128,
    };
    Status(u8::try_from(code).unwrap_or(u8::MAX))
}

/// Follows the child until it has ended, and stops and goes on with it. Never `Stopped`.
fn wait_for_end(child: Pid, forward: bool) -> Result<Ended> {
    let awaited = awaited(forward);
    // Until when the child, which has got the same signal if a terminal has sent it, may stop by itself.
    let mut stop_at: Option<Instant> = None;
    loop {
        let patience = stop_at.map(|at| at.saturating_duration_since(Instant::now()));
        match sys::next_signal(&awaited, patience).context("sigtimedwait")? {
            Some(Signal::SIGCHLD) => match news(child)? {
                Some(Ended::Stopped) => {
                    stop_at = None;
                    stop_with(child);
                }
                Some(ended) => return Ok(ended),
                None => {}
            },
            Some(signal) if STOPS.contains(&signal) => stop_at = Some(Instant::now() + GRACE),
            Some(Signal::SIGCONT) => {
                stop_at = None;
                if is_process_1() {
                    // It was not stopped with the child, and is what the child is continued by.
                    send(child, Signal::SIGCONT);
                }
            }
            Some(signal) => send(child, signal),
            None if stop_at.is_some_and(|at| at <= Instant::now()) => {
                stop_at = None;
                // Process 1 of a PID namespace obeys this one alone. Its stop is the next news; one that has stopped
                // meanwhile forgets this when it is continued.
                send(child, Signal::SIGSTOP);
            }
            None => {}
        }
    }
}

/// What has become of the child, if there is news. As process 1 this has orphans too: they are only to be gone.
pub(crate) fn news(child: Pid) -> Result<Option<Ended>> {
    let mut of_child = None;
    while let Some((process, ended)) = sys::wait_for_any().context("wait")? {
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

/// It may have ended, but has not been waited for: the number is still its own. To one with other privileges nothing can
/// be sent, and nobody needs to know.
fn send(child: Pid, signal: Signal) {
    let _ = kill(child, signal);
}

fn is_process_1() -> bool {
    getpid() == Pid::from_raw(1)
}

/// A shell that has stopped its job expects that all of it stands still, and goes on together.
pub(crate) fn stop_with(child: Pid) {
    if is_process_1() {
        // It does not stop by a signal of its own, and would continue the child at once.
        return;
    }
    // Both may have been stopped by a signal for the group, and continued so: then there is nothing left to do.
    if sys::has_gone_on(child) {
        return;
    }
    // Returns when somebody lets this process go on.
    let _ = raise(Signal::SIGSTOP);
    if !sys::has_gone_on(child) {
        send(child, Signal::SIGCONT);
    }
}
