//! `--wait`: the parent that stays, and is to be as if it was not there; it removes the cgroup.

use crate::TOOL;
use crate::enter::Group;
use crate::guard::Guard;
use crate::ledger::Ledger;
use crate::make;
use crate::members::Members;
use crate::options::{Place, Stay};
use crate::sys::{self, Received};
use crate::usage::Usage;
use crate::{kill, remove, report};
use hc::child::{self, Ended, GRACE, STOPS};
use hc::{Context, Error, Result, Status};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::signal::SigAction;
use nix::unistd::{ForkResult, Pid, chdir, pipe2, read, write};
use std::os::fd::OwnedFd;
use std::os::raw::c_int;
use std::time::{Duration, Instant};

/// How long what NEXT has left behind may take to end, before it is counted what was used.
const PATIENCE: Duration = Duration::from_secs(1);

/// Makes the cgroups, starts NEXT in them, waits for it, and cleans up. The status is NEXT's own.
// From here on there are three processes. The process has one thread, which is what makes fork sound.
//   parent   outside of the new cgroups, with all signals blocked; hands them on, waits, removes the cgroups, and ends as the
//            child has ended
//   guard    sleeps until the parent has been killed, and removes the cgroups then: guard.rs
//   child    enters the cgroups and becomes NEXT, with the caller's signal state
pub(crate) fn run(
    mut members: Members,
    place: &Place,
    stay: &Stay,
    limit: Option<u64>,
    become_next: impl FnOnce() -> Error,
) -> Result<Status> {
    let signals = Signals::take()?;
    let guard = Guard::start(&mut members, place)?;
    let mut group = match make::make(members, place, Some(&guard)) {
        Ok(group) => group,
        Err(error) => {
            guard.dismiss();
            return Err(error);
        }
    };
    let next = match start(stay, &signals) {
        Ok(Started::Child(failed)) => {
            let error = group.enter().err().unwrap_or_else(become_next);
            if let Some(failed) = failed {
                let _ = write(&failed, &[1]);
            }
            return Err(error);
        }
        Ok(Started::Parent(next)) => next,
        Err(error) => {
            let error = group.undo(error);
            guard.dismiss();
            return Err(error);
        }
    };
    // Not to keep a directory busy, nor show one of the host's as /proc/PID/cwd.
    let _ = chdir("/");
    let ended = wait_for_end(next.pid)?;
    clean_up(group, &guard.ledger, stay, limit, &ended, next.has_become_next());
    guard.dismiss();
    Ok(child::end_as(&ended))
}

/// The caller's signal state, which is to be NEXT's.
struct Signals {
    sigchld: SigAction,
    mask: u64,
}

impl Signals {
    /// Takes over: all are blocked, and SIGCHLD is not ignored.
    fn take() -> Result<Self> {
        let sigchld = child::default_sigchld().context("sigaction SIGCHLD")?;
        let mask = sys::block(sys::ALL).context("block the signals")?;
        Ok(Signals { sigchld, mask })
    }

    fn hand_on(&self) -> Result<()> {
        child::hand_on_sigchld(&self.sigchld)?;
        sys::set_mask(self.mask).context("sigprocmask")
    }
}

enum Started {
    Parent(Child),
    /// And what it tells its parent by that it could not become NEXT.
    Child(Option<OwnedFd>),
}

struct Child {
    pid: Pid,
    failed: Option<(OwnedFd, OwnedFd)>,
}

impl Child {
    /// What it says about a cgroup that NEXT never was in is nothing to report.
    fn has_become_next(&self) -> bool {
        self.failed.as_ref().is_none_or(|(failed, _)| read(failed, &mut [0]) == Err(Errno::EAGAIN))
    }
}

fn start(stay: &Stay, signals: &Signals) -> Result<Started> {
    let flags = OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let failed = stay.report.is_some().then(|| pipe2(flags)).transpose().context("pipe")?;
    // Those that have come in until now are NEXT's as well: also what a terminal has sent, which was not there to get it.
    let mut early = Vec::new();
    while let Some(received) = sys::next_signal(Some(Duration::ZERO)).context("sigtimedwait")? {
        early.push(received.signal);
    }
    match child::fork().map_err(not_forked)? {
        ForkResult::Parent { child: pid } => {
            for signal in early.into_iter().filter(|signal| *signal != libc::SIGCHLD) {
                child::send(pid, signal);
            }
            Ok(Started::Parent(Child { pid, failed }))
        }
        ForkResult::Child => {
            signals.hand_on()?;
            Ok(Started::Child(failed.map(|(_, write)| write)))
        }
    }
}

/// Why there is no further process.
pub(crate) fn not_forked(errno: Errno) -> Error {
    let because = if errno == Errno::EAGAIN {
        " (a limit on processes: ulimit -u, or pids.max of the caller's own cgroup)"
    } else {
        ""
    };
    Error::new(format!("fork: {}{because}", hc::reason(errno)))
}

/// Follows the child until it has ended, and stops and goes on with it. Never `Stopped`.
fn wait_for_end(child: Pid) -> Result<Ended> {
    // Until when the child, which has got the same signal if a terminal has sent it, may stop by itself.
    let mut stop_at: Option<Instant> = None;
    loop {
        let patience = stop_at.map(|at| at.saturating_duration_since(Instant::now()));
        match sys::next_signal(patience).context("sigtimedwait")? {
            Some(Received { signal: libc::SIGCHLD, .. }) => match child::news(child)? {
                Some(Ended::Stopped) => {
                    stop_at = None;
                    child::stop_with(child);
                }
                Some(ended) => return Ok(ended),
                None => {}
            },
            Some(Received { signal, sender: None }) if STOPS.iter().any(|stop| *stop as c_int == signal) => {
                stop_at = Some(Instant::now() + GRACE);
            }
            Some(received) => hand_over(child, received),
            None if stop_at.is_some_and(|at| at <= Instant::now()) => {
                stop_at = None;
                // Its stop is the next news.
                child::send(child, libc::SIGSTOP);
            }
            None => {}
        }
    }
}

/// What a process has sent to this one was meant for NEXT. What a terminal sends, its whole process group gets, and NEXT is in
/// it; so it is with what NEXT sends to its own group.
fn hand_over(child: Pid, Received { signal, sender }: Received) {
    if sender.is_some_and(|sender| sender != child) {
        child::send(child, signal);
    }
}

/// Ends what NEXT has left behind, counts, removes, and tells.
fn clean_up(
    mut group: Group,
    ledger: &Ledger,
    stay: &Stay,
    limit: Option<u64>,
    ended: &Ended,
    has_run: bool,
) {
    if stay.report.is_some() {
        end_what_is_left(&group);
    }
    let is_told = has_run && (stay.report.is_some() || limit.is_some());
    let only = if stay.report.is_some() { None } else { Some(&["memory"][..]) };
    let usage = is_told.then(|| Usage::read(&group.made, only));
    // All of them first: in one of them they can be kept from making others.
    let mut left: Vec<String> = Vec::new();
    for again in [false, true] {
        group.made.retain(|made| {
            if again {
                let _ = kill::kill(&made.directory, made.member.hierarchy.version);
            }
            let gone = remove::at_once(made);
            if gone {
                ledger.removed(made.member.number);
            }
            !gone
        });
    }
    while let Some(made) = group.made.pop() {
        if remove::steps(&made) {
            ledger.removed(made.member.number);
        } else {
            left.push(made.member.hierarchy.shown(&made.names));
        }
    }
    if let Some(vacated) = group.vacated.take() {
        vacated.restore_if_alone();
        ledger.restored();
    }
    if let Some(path) = left.pop() {
        hc::note(TOOL, &format!("{path}: cannot be removed yet (hc-cgroup --delete={path} removes it)"));
    }
    match (usage, stay.report) {
        (Some(usage), Some(report)) => report.tell(&usage, limit, ended.status()),
        (Some(usage), None) => {
            if let Some(killed) = report::killed(&usage, limit) {
                hc::note(TOOL, &killed);
            }
        }
        _ => {}
    }
}

fn end_what_is_left(group: &Group) {
    let deadline = Instant::now() + PATIENCE;
    let full =
        || group.made.iter().filter(|made| !remove::is_empty(&made.directory, made.member.hierarchy.version));
    let full: Vec<_> = full().collect();
    for made in &full {
        let _ = kill::kill(&made.directory, made.member.hierarchy.version);
    }
    for made in full {
        remove::wait_until_empty(&made.directory, made.member.hierarchy.version, deadline);
    }
}
