//! The child that becomes NEXT, and what ties it to its parent.

use crate::sys;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, chdir};
use std::os::fd::OwnedFd;
use std::os::raw::c_int;

/// How the parent and its child are to live with each other.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fork {
    /// Hand SIGINT and SIGTERM on to the child.
    pub(crate) forward: bool,
    /// What the child gets when the parent dies.
    pub(crate) kill_child: Option<c_int>,
}

/// Which of the two processes this is after [`fork`].
pub(crate) enum Role {
    /// Outside of the new PID namespace, waiting for the child.
    Parent(Pid),
    /// On its way to become NEXT; process 1 if there is a new PID namespace.
    Child(Option<Tie>),
}

/// Makes the child that becomes NEXT.
// From here on there are two processes. The process has one thread, which is what makes fork sound.
//   parent   in the caller's PID namespace; lets the terminal's INT and TERM pass by (they reach the child
//            too), waits, and ends as the child ends: parent.rs
//   child    furnishes the mount namespace, changes root, becomes NEXT with the caller's signal state
pub(crate) fn fork(how: &Fork) -> Result<Role> {
    let mut parent_s = SigSet::empty();
    // The last three: the parent stops when it has seen that the child has. Stopped by the terminal before that, it would
    // stop once more when it goes on.
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU] {
        parent_s.add(signal);
    }
    if how.forward {
        // Then all three are waited for, in one place.
        parent_s.add(Signal::SIGCHLD);
    }
    let mut caller_s = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&parent_s), Some(&mut caller_s)).context("sigprocmask")?;
    // A caller that ignores SIGCHLD has its children reaped by the kernel, status and all.
    let caller_s_sigchld = sys::default_sigchld().context("sigaction SIGCHLD")?;
    let tie = how.kill_child.map(Tie::to_this_process).transpose()?;
    match checked()? {
        ForkResult::Parent { child } => {
            // Not to keep a directory busy, nor show one of the host's as /proc/PID/cwd.
            let _ = chdir("/");
            Ok(Role::Parent(child))
        }
        ForkResult::Child => {
            if matches!(caller_s_sigchld.handler(), SigHandler::SigIgn) {
                sys::restore_sigchld(&caller_s_sigchld).context("sigaction SIGCHLD")?;
            }
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&caller_s), None).context("sigprocmask")?;
            Ok(Role::Child(tie))
        }
    }
}

/// fork(2), with the reason if there is no further process.
pub(crate) fn checked() -> Result<ForkResult> {
    sys::fork().map_err(|errno| Error::new(format!("fork: {}{}", hc::reason(errno), cause(errno))))
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
        sys::set_parent_death_signal(self.signal).context("prctl PR_SET_PDEATHSIG")?;
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
