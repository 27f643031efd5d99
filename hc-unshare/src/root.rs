//! The root directory, and entering it.

use crate::mounts::{Mount, View};
use crate::propagation::Propagation;
use crate::{causes, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, chroot, fchdir, pivot_root};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;

/// Where NEXT's root directory is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Root {
    /// Where the caller's is.
    Unchanged,
    /// There by chroot(2): only a habit of path look-up, which a privileged process can drop again.
    Chroot(OsString),
    /// There by pivot_root(2): the caller's root is no longer part of the mount namespace.
    Pivot(OsString),
}

/// Opens a directory for no more than to be named by it.
pub(crate) const DIRECTORY: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

impl Root {
    /// Mounts `mounts` in the new root and enters it. `propagation`: what is to become of the mounts of the namespace
    /// that this process has just got, if it has got one.
    pub(crate) fn furnish_and_enter(&self, mounts: &[Mount], propagation: Option<Propagation>) -> Result<()> {
        match self {
            Root::Unchanged => {
                propagation.map_or(Ok(()), Propagation::set)?;
                mounts.iter().try_for_each(|mount| mount.make(&View::Caller, propagation))
            }
            Root::Chroot(directory) => {
                let place = open_root(directory)?;
                propagation.map_or(Ok(()), Propagation::set)?;
                let view = View::Inside { root: &place, directory };
                mounts.iter().try_for_each(|mount| mount.make(&view, propagation))?;
                fchdir(&place).map_err(|errno| refused(directory, errno))?;
                chroot(".").map_err(|errno| refused(directory, errno))
            }
            Root::Pivot(directory) => {
                let place = open_root(directory)?;
                // In a chroot pivot_root(2) would exchange the directory of the chroot, and leave all that is around
                // it for a privileged process to climb to. Once `place` is open, nothing needs the chroot any more.
                sys::leave_chroot().map_err(|errno| refused(directory, errno))?;
                propagation.map_or(Ok(()), Propagation::set)?;
                let root = mount_point_at(&place)
                    .map_err(|errno| failed(directory, errno, causes::of_refused_copy(errno)))?;
                // While the old root is still there: in a user namespace the kernel mounts a new proc only
                // where an old one is in full view.
                let view = View::Inside { root: &root, directory };
                mounts.iter().try_for_each(|mount| mount.make(&view, propagation))?;
                fchdir(&root).map_err(|errno| refused(directory, errno))?;
                pivot()
            }
        }
    }
}

fn open_root(directory: &OsStr) -> Result<OwnedFd> {
    open(directory, DIRECTORY, Mode::empty()).map_err(|errno| refused(directory, errno))
}

/// The error for a root directory that cannot be one.
fn refused(directory: &OsStr, errno: Errno) -> Error {
    failed(directory, errno, causes::of_missing_privilege(errno))
}

fn failed(directory: &OsStr, errno: Errno, because: &str) -> Error {
    Error::new(format!("root {}: {}{because}", hc::show(directory), hc::reason(errno)))
}

/// `place` as the root of a mount, which pivot_root(2) asks for: a copy of itself over itself. By descriptor,
/// so that nobody can change what its name means in between.
fn mount_point_at(place: &OwnedFd) -> nix::Result<OwnedFd> {
    let tree = sys::clone_tree(place)?;
    sys::attach_tree(&tree, place)?;
    Ok(tree)
}

/// Makes the mount at the working directory the root of the namespace and takes the old one out of it.
fn pivot() -> Result<()> {
    // The old root is put on top of the new one: no directory for it is needed in there, and when it is gone "/"
    // and "." are the new one (pivot_root(2), NOTES).
    pivot_root(".", ".").map_err(|errno| {
        let hint = causes::of_refused_pivot(errno);
        Error::new(format!("pivot_root: {}{hint}", hc::reason(errno)))
    })?;
    umount2(".", MntFlags::MNT_DETACH).context("detach the old root")
}

/// Goes to `directory`, in the new root.
pub(crate) fn change_directory(directory: &OsStr) -> Result<()> {
    chdir(directory).context(format_args!("cannot change directory to '{}'", hc::show(directory)))
}
