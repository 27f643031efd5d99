//! `--pty`: a terminal of its own for NEXT, in the place of the caller's.

mod buffer;
mod caller;
mod flow;
mod line;
mod relay;

pub(crate) use caller::Caller;
pub(crate) use relay::Relay;

use crate::sys::Signals;
use crate::sys::pty::{make_controlling, open_slave, set_size};
use crate::{init, message};
use caller::Likeness;
use hc::{Context, Result};
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, tcgetattr, tcsetattr};
use nix::unistd::{Pid, Uid, dup2_stderr, dup2_stdin, dup2_stdout, fchown};
use std::os::fd::{AsFd, OwnedFd};

/// The end that nobody but the relay is to have: not to wait for it is a matter of its open file.
const MASTER: OFlag = OFlag::O_RDWR.union(OFlag::O_NOCTTY).union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

/// A new one of the machine, or of whatever is mounted on /dev.
pub(crate) fn of_host() -> Result<OwnedFd> {
    open("/dev/ptmx", MASTER, Mode::empty()).context("/dev/ptmx")
}

/// A new one of `instance`, a devpts.
pub(crate) fn of_instance(instance: &OwnedFd) -> nix::Result<OwnedFd> {
    openat(instance, "ptmx", MASTER, Mode::empty())
}

/// What both sides need, made before they part.
pub(crate) struct Setting {
    caller: Caller,
    parent: OwnedFd,
    child: OwnedFd,
    /// All signals, blocked.
    signals: Signals,
}

impl Setting {
    pub(crate) fn new(caller: Caller) -> Result<Self> {
        let (parent, child) = message::pair()?;
        let signals = Signals::block_all().context("block the signals")?;
        Ok(Setting { caller, parent, child, signals })
    }

    /// In the parent of NEXT, or of its `init`.
    pub(crate) fn into_relay(self, child: Pid, init: Option<init::Setting>, own_init: bool) -> Relay {
        let Setting { caller, parent: socket, child: theirs, signals } = self;
        drop(theirs);
        Relay::new(child, signals, init.map(init::Setting::into_line), socket, caller, own_init)
    }

    /// In the child. If it is no init, which has all signals blocked itself, it gets back those that it had.
    pub(crate) fn into_inside(self, is_init: bool) -> Result<Inside> {
        let Setting { caller, parent: theirs, child: socket, signals } = self;
        drop(theirs);
        if !is_init {
            signals.restore().context("sigprocmask")?;
        }
        Ok(Inside { likeness: caller.likeness(), socket })
    }
}

/// What the child has of it until there is a terminal.
pub(crate) struct Inside {
    likeness: Likeness,
    socket: OwnedFd,
}

impl Inside {
    /// `master`, furnished like the caller's terminal, and NEXT's: `user` is who that will be, if this process is not.
    pub(crate) fn with(self, master: OwnedFd, user: Option<u32>) -> Result<Terminal> {
        let Inside { likeness, socket } = self;
        let slave = open_slave(&master).context("the new terminal")?;
        let born = tcgetattr(&slave).context("the new terminal")?;
        let mode = line::own(born, likeness.mode, likeness.is_silent);
        tcsetattr(&slave, SetArg::TCSANOW, &mode).context("the new terminal")?;
        if let Some(size) = likeness.size {
            set_size(&master, size).context("the new terminal")?;
        }
        // NEXT has it open anyway. Where it is the host's, it may have no owner in this user namespace that could change.
        let _ = user.map(|user| fchown(&slave, Some(Uid::from_raw(user)), None));
        Ok(Terminal { master, slave, socket, keeps_stderr: !likeness.has_stderr })
    }
}

/// A terminal for NEXT, both ends of it.
pub(crate) struct Terminal {
    master: OwnedFd,
    slave: OwnedFd,
    socket: OwnedFd,
    keeps_stderr: bool,
}

impl Terminal {
    /// In NEXT, which leads a session without a terminal: this becomes that, and the master the relay's. Returns where NEXT's
    /// failure to start is to be told, if that is not the terminal: while the relay has the caller's in hand, a line that
    /// does not come by this one starts where the one before has ended.
    pub(crate) fn hand_over(self) -> Result<Option<OwnedFd>> {
        make_controlling(&self.slave).context("make the new terminal the session's")?;
        let stderr = std::io::stderr();
        let kept = if self.keeps_stderr { stderr.as_fd().try_clone_to_owned().ok() } else { None };
        message::post(&self.socket, b"m", Some(&self.master)).context("hand over the new terminal")?;
        self.put_on_streams()?;
        Ok(kept)
    }

    /// In an init, which is not to hold the caller's terminal for NEXT to find.
    pub(crate) fn put_on_streams(self) -> Result<()> {
        dup2_stdin(&self.slave)
            .and_then(|()| dup2_stdout(&self.slave))
            .and_then(|()| dup2_stderr(&self.slave))
            .context("dup2")
    }
}
