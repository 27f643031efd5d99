//! A mount namespace that can be bound to its file, whatever processor has numbered it.

use super::Outside;
use hc::{Context, Result};
use nix::sched::{CloneFlags, CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Makes the mount namespace again until it can be bound to its file. The kernel binds none that is older than the one it is
/// bound in, lest they hold each other; and what it goes by since Linux 6.18 are numbers that each processor deals out of a
/// range of its own.
pub(crate) fn settle(outside: &Outside) -> Result<()> {
    if outside.can_bind()? {
        return Ok(());
    }
    let this = Pid::from_raw(0);
    let allowed = sched_getaffinity(this).context("sched_getaffinity")?;
    let mut done = Ok(());
    for processor in (0..CpuSet::count()).filter(|processor| allowed.is_set(*processor) == Ok(true)) {
        done = make_on(processor).context("make the mount namespace again");
        if done.is_err() || outside.can_bind()? {
            break;
        }
    }
    sched_setaffinity(this, &allowed).context("sched_setaffinity")?;
    done
}

fn make_on(processor: usize) -> nix::Result<()> {
    let mut only = CpuSet::new();
    only.set(processor)?;
    sched_setaffinity(Pid::from_raw(0), &only)?;
    nix::sched::unshare(CloneFlags::CLONE_NEWNS)
}
