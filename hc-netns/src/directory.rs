//! The directory of the names, /run/netns: its lock, its mount, what is in it.

use crate::namespace::refused;
use crate::sys;
use hc::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use nix::unistd::mkdir;
use std::ffi::OsString;
use std::fs::read_dir;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};

/// Where the names are files.
pub(crate) const DIRECTORY: &str = "/run/netns";

/// All names, in the order of the directory; none when it is not there.
pub(crate) fn names() -> Result<Vec<OsString>> {
    match read_dir(DIRECTORY) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect())
            .context(DIRECTORY),
    }
}

/// Takes the lock under which ip(8) and we change the mount at the directory; and under which, with us, a name
/// is without its namespace. It goes with the descriptor.
pub(crate) fn lock() -> nix::Result<Flock<OwnedFd>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = open(DIRECTORY, flags, Mode::empty())?;
    Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| errno)
}

/// [`lock`], which is made if it is not there.
pub(crate) fn make_and_lock() -> Result<Flock<OwnedFd>> {
    let locked = lock().or_else(|errno| match errno {
        Errno::ENOENT => match mkdir(DIRECTORY, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => lock(),
            Err(errno) => Err(errno),
        },
        errno => Err(errno),
    });
    locked.context(DIRECTORY)
}

/// Makes the directory a shared mount, so that what is mounted and unmounted in it is so in every mount
/// namespace.
///
/// A mount of its own that is a peer of nothing else: bound in place with mount(2) it would become a peer of
/// a shared /run, and each namespace would be mounted twice, on both. Here the copy leaves /run's peer group
/// while it is still detached, and is attached when it has its own; so the copies that mount namespaces with
/// the same /run receive are peers of this one.
///
/// True when mounts made in it stay in this mount namespace, for what is around it sends none out.
pub(crate) fn share() -> Result<bool> {
    // Before it becomes a mount of its own: it is the one around it that tells, then.
    let propagation = sys::propagation(c"/run/netns");
    let slave = propagation.contains(MsFlags::MS_SLAVE);
    // To share it again, all that is mounted in it would be gone through. What is mounted in a shared mount is shared.
    if propagation.contains(MsFlags::MS_SHARED) && sys::is_mount(c"/run/netns") {
        return Ok(slave);
    }
    let share = MsFlags::MS_SHARED | MsFlags::MS_REC;
    let what = format_args!("make {DIRECTORY} a shared mount");
    match mount(None::<&str>, DIRECTORY, None::<&str>, share, None::<&str>) {
        // Not a mount yet.
        Err(Errno::EINVAL) => {}
        shared => return shared.map(|()| slave).map_err(|errno| refused(what, errno)),
    }
    let attach = || {
        let copy = sys::clone_tree(c"/run/netns")?;
        sys::set_propagation(copy.as_fd(), MsFlags::MS_PRIVATE)?;
        sys::set_propagation(copy.as_fd(), MsFlags::MS_SHARED)?;
        sys::attach_tree(copy.as_fd(), c"/run/netns")
    };
    attach().map(|()| slave).map_err(|errno| refused(what, errno))
}
