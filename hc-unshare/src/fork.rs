//! The child that becomes NEXT, and what ties it to its parent.

use crate::init::Setting;
use crate::sys::Signals;
use crate::{parent, pty, sys};
use hc::child;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::unistd::{ForkResult, Pid, chdir};
use std::os::fd::OwnedFd;
use std::os::raw::c_int;

/// What becomes process 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Init {
    /// NEXT, which knows nothing of it.
    #[default]
    None,
    /// The child, which stays, and has NEXT as its child.
    Ours,
    /// NEXT, which is one: what it is told, and how it ends, is understood so.
    Next,
}

/// How the parent and its child are to live with each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fork {
    /// Hand SIGINT and SIGTERM on to the child.
    pub(crate) forward: bool,
    /// What the child gets when the parent dies.
    pub(crate) kill_child: Option<c_int>,
    /// What process 1 of a new PID namespace is.
    pub(crate) init: Init,
    /// NEXT has a terminal of its own, and the parent is between that and the caller's.
    pub(crate) pty: bool,
}

impl Fork {
    /// Nobody is process 1 where there is no new PID namespace.
    pub(crate) fn in_namespaces(self, has_pid: bool) -> Self {
        if has_pid { self } else { Fork { init: Init::None, ..self } }
    }
}

/// Which of the two processes this is after [`fork`].
pub(crate) enum Role {
    /// Outside of the new PID namespace, waiting for the child.
    Parent(Parent),
    /// On its way to become NEXT, or the init that starts it; process 1 if there is a new PID namespace.
    Child(Child),
}

/// What the parent waits for.
pub(crate) enum Parent {
    /// NEXT; whether SIGINT and SIGTERM are handed on.
    OfNext(Pid, bool),
    /// The init.
    OfInit(Pid, Setting),
    /// NEXT, which is an init itself; all signals, blocked.
    OfOwnInit(Pid, Signals),
    /// Either of them, with a terminal of NEXT's own.
    Relay(Box<pty::Relay>),
}

/// What the child still has to see to.
#[derive(Default)]
pub(crate) struct Child {
    pub(crate) tie: Option<Tie>,
    pub(crate) init: Option<Setting>,
    pub(crate) pty: Option<pty::Inside>,
}

/// Makes the child that becomes NEXT. `streams` are the caller's, if NEXT is not to have them.
// From here on there are two processes. The process has one thread, which is what makes fork sound.
//   parent   in the caller's PID namespace; lets the terminal's INT and TERM pass by (they reach the child
//            too), waits, and ends as the child ends: parent.rs. With an init, it takes all signals: init/parent.rs and
//            init/own.rs. With a terminal of NEXT's own, it takes all signals, and what is typed and shown: pty/relay.rs
//   child    furnishes the mount namespace, changes root, becomes NEXT with the caller's signal state, or forks once more
//            and is NEXT's init
pub(crate) fn fork(how: &Fork, streams: Option<pty::Caller>) -> Result<Role> {
    let caller_s_sigchld = child::default_sigchld().context("sigaction SIGCHLD")?;
    let init = if how.init == Init::Ours { Some(Setting::new(caller_s_sigchld)?) } else { None };
    let pty = streams.map(pty::Setting::new).transpose()?;
    let is_for_init = how.init == Init::Next && pty.is_none();
    let all = if is_for_init { Some(Signals::block_all().context("block the signals")?) } else { None };
    let has_blocked = init.is_some() || pty.is_some() || all.is_some();
    let caller_s = if has_blocked { None } else { Some(block_for_parent()?) };
    let tie = how.kill_child.map(Tie::to_this_process).transpose()?;
    match checked()? {
        ForkResult::Parent { child } => {
            // Not to keep a directory busy, nor show one of the host's as /proc/PID/cwd.
            let _ = chdir("/");
            Ok(Role::Parent(match (pty, init, all) {
                (Some(setting), init, _) => {
                    Parent::Relay(Box::new(setting.into_relay(child, init, how.init == Init::Next)))
                }
                (None, Some(setting), _) => Parent::OfInit(child, setting),
                (None, None, Some(signals)) => Parent::OfOwnInit(child, signals),
                (None, None, None) => Parent::OfNext(child, how.forward),
            }))
        }
        ForkResult::Child => {
            if init.is_none() {
                child::hand_on_sigchld(&caller_s_sigchld)?;
            }
            if let Some(all) = all {
                all.restore().context("sigprocmask")?;
            }
            if let Some(mask) = caller_s {
                sigprocmask(SigmaskHow::SIG_SETMASK, Some(&mask), None).context("sigprocmask")?;
            }
            let pty = pty.map(|pty| pty.into_inside(init.is_some())).transpose()?;
            Ok(Role::Child(Child { tie, init, pty }))
        }
    }
}

/// Blocks what the parent waits for, or lets pass by. Returns what was blocked before.
fn block_for_parent() -> Result<SigSet> {
    let mut caller_s = SigSet::empty();
    let parent_s = parent::blocked();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&parent_s), Some(&mut caller_s)).context("sigprocmask")?;
    Ok(caller_s)
}

/// fork(2), with the reason if there is no further process.
pub(crate) fn checked() -> Result<ForkResult> {
    child::fork().map_err(|errno| Error::new(format!("fork: {}{}", hc::reason(errno), cause(errno))))
}

/// What makes the child die with its parent.
pub(crate) struct Tie {
    parent: OwnedFd,
    signal: c_int,
}

impl Tie {
    fn to_this_process(signal: c_int) -> Result<Self> {
        Ok(Tie { parent: sys::pidfd_of_this_process().context("pidfd_open")?, signal })
    }

    /// In the child, has the kernel send the signal. The kernel forgets it with every change of credentials, so this
    /// comes after the last one; and a parent that has died before is not noticed any more.
    pub(crate) fn bind(self) -> Result<()> {
        child::set_parent_death_signal(self.signal).context("prctl PR_SET_PDEATHSIG")?;
        if sys::has_ended(&self.parent).context("poll")? {
            return Err(Error::new("the parent that --kill-child is about has ended"));
        }
        Ok(())
    }
}

/// What fork(2) means by an errno that says something else.
fn cause(errno: Errno) -> &'static str {
    match errno {
        Errno::ENOMEM => " (or process 1 of this PID namespace has ended: with -p, add -f)",
        Errno::EAGAIN => " (a limit on processes: ulimit -u, or pids.max of the cgroup)",
        _ => "",
    }
}
