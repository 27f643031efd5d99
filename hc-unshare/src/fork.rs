//! The parent that stays: what a new PID namespace needs, since only children enter it.

use crate::sys::{self, Ended};
use hc::{Context, Error, Result, Status};
use nix::errno::Errno;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, chdir};

/// Which of the two processes this is after [`fork`].
pub(crate) enum Role {
    /// Outside of the new PID namespace, waiting for the child.
    Parent(Pid),
    /// On its way to become NEXT; process 1 if there is a new PID namespace.
    Child,
}

/// Makes the child that becomes NEXT.
// From here on there are two processes. The process has one thread, which is what makes fork sound.
//   parent   in the caller's PID namespace; lets the terminal's INT and TERM pass by (they reach the child
//            too), waits, and ends as the child ends
//   child    furnishes the mount namespace, changes root, becomes NEXT with the caller's signal state
pub(crate) fn fork() -> Result<Role> {
    let mut parent_s = SigSet::empty();
    parent_s.add(Signal::SIGINT);
    parent_s.add(Signal::SIGTERM);
    let mut caller_s = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&parent_s), Some(&mut caller_s)).context("sigprocmask")?;
    // A caller that ignores SIGCHLD has its children reaped by the kernel, status and all.
    let caller_s_sigchld = sys::default_sigchld().context("sigaction SIGCHLD")?;
    match sys::fork() {
        Ok(ForkResult::Parent { child }) => {
            // Not to keep a directory busy, nor show one of the host's as /proc/PID/cwd.
            let _ = chdir("/");
            Ok(Role::Parent(child))
        }
        Ok(ForkResult::Child) => {
            if matches!(caller_s_sigchld.handler(), SigHandler::SigIgn) {
                sys::restore_sigchld(&caller_s_sigchld).context("sigaction SIGCHLD")?;
            }
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&caller_s), None).context("sigprocmask")?;
            Ok(Role::Child)
        }
        Err(errno) => Err(Error::new(format!("fork: {}{}", hc::reason(errno), cause(errno)))),
    }
}

/// Waits for `child`; the status is the child's own. A child that died of a signal is followed by the same
/// signal, so that a shell sees what it would have seen without this process between.
pub(crate) fn hand_on_status_of(child: Pid) -> Result<Status> {
    let code = match sys::wait_for(child).context("wait")? {
        Ended::Exited(code) => code,
        Ended::Killed(signal) => {
            sys::die_of(signal);
            // Still here: process 1 of a PID namespace does not die of a signal of its own.
            128 + signal
        }
    };
    Ok(Status(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// What fork(2) means by an errno that says something else.
fn cause(errno: Errno) -> &'static str {
    match errno {
        Errno::ENOMEM => " (or process 1 of this PID namespace has ended: with -p, add -f)",
        Errno::EAGAIN => " (a limit on processes: ulimit -u, or pids.max of the cgroup)",
        _ => "",
    }
}
