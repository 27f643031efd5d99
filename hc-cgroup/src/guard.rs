//! The guard: a process that removes the cgroups of a run when the parent that stays is killed, and cannot do that itself.

use crate::divide::Vacated;
use crate::kill;
use crate::ledger::Ledger;
use crate::make::unique;
use crate::members::Members;
use crate::options::Place;
use crate::{parent, remove, steps, sys};
use hc::{Context, Result};
use nix::unistd::{ForkResult, Pid, chdir, getpid, getppid, setsid};
use std::os::fd::{AsFd, AsRawFd, RawFd};

/// What the parent has of it.
pub(crate) struct Guard {
    /// What it would remove.
    pub(crate) ledger: Ledger,
    pub(crate) process: Pid,
}

impl Guard {
    /// Starts it, before there is anything for it to remove. All signals are blocked.
    // From here on there is one process more. The process has one thread, which is what makes fork sound.
    //   parent   makes the cgroups, and writes down each before it is there
    //   guard    a child whose end the parent is not told of, with the parent's memory as it is now; in no terminal's session,
    //            in no process group that anybody knows, without the caller's files and directory. It sleeps until the parent
    //            dies, or kills it
    pub(crate) fn start(members: &mut Members, place: &Place) -> Result<Self> {
        let ledger = Ledger::new(members.0.len()).context("mmap")?;
        let this = getpid();
        match sys::fork_untold().map_err(parent::not_forked)? {
            ForkResult::Parent { child: process } => Ok(Guard { ledger, process }),
            ForkResult::Child => {
                if watch(this, members).is_ok() {
                    clean_up(std::mem::take(members), place, &ledger, this);
                }
                hc::child::end(0)
            }
        }
    }

    /// Ends it. What is still there stays.
    pub(crate) fn dismiss(self) {
        let _ = sys::kill(self.process.as_raw());
        sys::wait_for_untold(self.process);
    }
}

/// Waits for the end of the parent. The kernel tells it by a signal; others may send that as well.
fn watch(parent: Pid, members: &Members) -> nix::Result<()> {
    // First, so that none that is for the caller's process group ends both.
    setsid()?;
    hc::child::set_parent_death_signal(libc::SIGTERM)?;
    chdir("/")?;
    close_all_but(members)?;
    while getppid() == parent {
        sys::next_signal(None)?;
    }
    Ok(())
}

/// Leaves nothing open but the hierarchies: the other end of a pipe waits for its last writer.
fn close_all_but(members: &Members) -> nix::Result<()> {
    let mut kept: Vec<RawFd> =
        members.0.iter().map(|member| member.hierarchy.root.as_fd().as_raw_fd()).collect();
    kept.sort_unstable();
    let mut from = 0;
    for descriptor in kept {
        if from < descriptor {
            sys::close_range(from, descriptor - 1)?;
        }
        from = descriptor + 1;
    }
    sys::close_range(from, RawFd::MAX)
}

/// Ends what is in the cgroups of the `parent`, and removes them. Nobody is there to be told what does not go, and --delete
/// finds it.
fn clean_up(members: Members, place: &Place, ledger: &Ledger, parent: Pid) {
    let name = place.name.clone().unwrap_or_else(|| unique(parent, ledger.number()));
    let vacated = ledger.vacated().and_then(|handed_on| {
        let member = members.0.iter().find(|member| member.is_unified())?;
        let own = member.hierarchy.root.open(&member.hierarchy.own).ok()?;
        Some(Vacated::by(parent, own, member, handed_on))
    });
    let made = members.0.into_iter().filter_map(|member| steps::find(member, place, &name, ledger));
    let made: Vec<_> = made.collect();
    // All of them first: in one of them they can be kept from making others.
    for one in &made {
        let _ = kill::kill(&one.directory, one.member.hierarchy.version);
    }
    for one in &made {
        remove::steps(one);
    }
    if let Some(vacated) = vacated {
        vacated.restore_if_alone();
    }
}
