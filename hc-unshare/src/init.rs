//! Process 1 of a PID namespace that is not NEXT itself: it hands signals on, reaps, and ends as NEXT ends.

mod own;
mod parent;

pub(crate) use own::{end_as_own, follow as follow_own};
pub(crate) use parent::{follow, hears_of_stop, let_go_on};

use crate::capabilities::KILL;
use crate::fork::{self, Tie};
use crate::privileges::Privileges;
use crate::sys::{self, Signals};
use crate::terminal::Terminal;
use hc::child::{self, Ended};
use hc::{Context, Result, Status};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::set_dumpable;
use nix::sys::signal::SigAction;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::unistd::{ForkResult, Pid, getpid, read, setpgid, write};
use std::os::fd::{AsFd, OwnedFd};

/// What the init tells the parent: NEXT stands still, and the terminal is in here, or is somebody else's.
const STOPPED_WITH_TERMINAL: u8 = b't';
const STOPPED: u8 = b's';
/// What the parent tells the init: go on, with the terminal or without.
const FOREGROUND: u8 = b'f';
const BACKGROUND: u8 = b'b';

/// What the parent and the init need to live together, made before they part.
pub(crate) struct Setting {
    /// All signals, blocked.
    signals: Signals,
    /// The caller's handling of SIGCHLD.
    sigchld: SigAction,
    /// The caller's terminal, if it has one.
    terminal: Option<Terminal>,
    line: Line,
}

/// The ends of what the two have to say to each other.
struct Line {
    parent: OwnedFd,
    init: OwnedFd,
}

impl Setting {
    /// For this process and the child that it is about to make.
    pub(crate) fn new(sigchld: SigAction) -> Result<Self> {
        let (kind, flags) = (SockType::Stream, SockFlag::SOCK_CLOEXEC);
        let (parent, init) = socketpair(AddressFamily::Unix, kind, None, flags).context("socketpair")?;
        let signals = Signals::block_all().context("block the signals")?;
        Ok(Setting { signals, sigchld, terminal: Terminal::of_caller(), line: Line { parent, init } })
    }

    /// The parent's end of the line, for one that shares no terminal with NEXT.
    pub(crate) fn into_line(self) -> OwnedFd {
        self.line.parent
    }
}

/// Which process this is after [`start`].
pub(crate) enum Role {
    /// Process 1.
    Init(Init),
    /// On its way to become NEXT.
    Child,
}

/// Process 1.
pub(crate) struct Init {
    child: Pid,
    signals: Signals,
    terminal: Option<Terminal>,
    line: OwnedFd,
}

/// Makes the child that becomes NEXT.
// From here on there are two processes in the PID namespace.
//   init     process 1, in a process group of its own; takes all signals one by one, and reaps
//   child    process 2, in another group, which gets the terminal if the caller had it; goes on to become NEXT
pub(crate) fn start(setting: Setting, privileges: &Privileges) -> Result<Role> {
    let Setting { signals, sigchld, terminal, line: Line { parent, init: line } } = setting;
    drop(parent);
    // A new session has no terminal, and is a process group of its own.
    let terminal = terminal.filter(|_| !privileges.new_session);
    match fork::checked()? {
        ForkResult::Child => {
            if privileges.new_session {
                privileges.leave_session()?;
            } else {
                own_group(getpid())?;
            }
            // Not in the init as well, as a shell does it: that could come late, when a shell has taken the terminal back.
            give(terminal.as_ref(), getpid())?;
            child::hand_on_sigchld(&sigchld)?;
            signals.restore().context("sigprocmask")?;
            Ok(Role::Child)
        }
        ForkResult::Parent { child } => {
            own_group(getpid())?;
            if !privileges.new_session {
                own_group(child)?;
            }
            Ok(Role::Init(Init { child, signals, terminal, line }))
        }
    }
}

/// Puts `process` into a process group of its own, so that a signal for the group of one reaches no other one twice.
fn own_group(process: Pid) -> Result<()> {
    match setpgid(process, process) {
        // It has become NEXT already, having done this itself, or has ended.
        Err(Errno::EACCES | Errno::ESRCH) => Ok(()),
        result => result.context("setpgid"),
    }
}

fn give(terminal: Option<&Terminal>, process: Pid) -> Result<()> {
    terminal.map_or(Ok(()), |terminal| terminal.give_to(process))
}

impl Init {
    /// Serves until NEXT ends; the status is its own. The kernel ends what else is in the PID namespace then.
    ///
    /// NEXT must not get at more than it has by way of its init: that can neither be traced nor looked into in /proc, and
    /// has no right left but to send signals.
    pub(crate) fn serve(&self, tie: Option<Tie>) -> Result<Status> {
        sys::capabilities::keep_only(KILL).context("capset")?;
        set_dumpable(false).context("prctl PR_SET_DUMPABLE")?;
        tie.map_or(Ok(()), Tie::bind)?;
        let mut parent_is_there = true;
        loop {
            let (signal, word) = wait_for_either(&self.signals, parent_is_there.then_some(&self.line))?;
            if word {
                parent_is_there = self.go_on()?;
            }
            if !signal {
                continue;
            }
            match self.signals.next().context("read signals")? {
                libc::SIGCHLD => {
                    if let Some(status) = self.reap()? {
                        return Ok(status);
                    }
                }
                signal => child::send(self.child, signal),
            }
        }
    }

    /// Waits for all that have ended. The status of the child, if it is among them.
    fn reap(&self) -> Result<Option<Status>> {
        loop {
            match child::wait_for_any().context("wait")? {
                None => return Ok(None),
                Some((process, ended)) if process == self.child => match ended {
                    // If there is no parent any more, nobody has to know.
                    Ended::Stopped => drop(write(&self.line, &[self.stopped()])),
                    ended => return Ok(Some(ended.status())),
                },
                Some(_) => {}
            }
        }
    }

    /// What the parent cannot know: it may have been stopped itself while a shell took the terminal, or lent it.
    fn stopped(&self) -> u8 {
        if self.terminal.as_ref().is_some_and(Terminal::is_in_here) { STOPPED_WITH_TERMINAL } else { STOPPED }
    }

    /// Lets the child go on, as the parent says. False if there is no parent any more.
    fn go_on(&self) -> Result<bool> {
        let mut word = [0];
        match read(&self.line, &mut word) {
            Ok(0) | Err(Errno::ECONNRESET) => return Ok(false),
            Ok(_) if word == [FOREGROUND] => give(self.terminal.as_ref(), self.child)?,
            Err(errno) if errno != Errno::EINTR => return Err(errno).context("read"),
            _ => {}
        }
        // All of its group: the terminal has stopped all of it.
        sys::send_to_group(self.child, libc::SIGCONT);
        Ok(true)
    }
}

/// Waits until a signal has come in, or a word on `line`, or both: which.
fn wait_for_either(signals: &Signals, line: Option<&OwnedFd>) -> Result<(bool, bool)> {
    let descriptors = [Some(signals.as_fd()), line.map(AsFd::as_fd)];
    let mut ready: Vec<PollFd<'_>> = descriptors
        .into_iter()
        .flatten()
        .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
        .collect();
    match poll(&mut ready, PollTimeout::NONE) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(errno).context("poll"),
    }
    let is_ready = |at: usize| ready.get(at).and_then(PollFd::any).unwrap_or(false);
    Ok((is_ready(0), is_ready(1)))
}
