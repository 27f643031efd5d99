//! The root directory, and entering it.

use crate::mounts::{Mount, Sources, View, overlay};
use crate::propagation::Propagation;
use crate::sys::mount::{self as call, Attributes, Depth};
use crate::{causes, credentials, sys};
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

/// What else is to become of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// For reading, as it was found: what is mounted in it for NEXT is as that says.
    pub(crate) read_only: bool,
    /// As of mount_setattr(2).
    pub(crate) attributes: u64,
    /// Changes go to a tmpfs.
    pub(crate) overlay_tmpfs: bool,
    /// With the ids of the new user namespace.
    pub(crate) idmap: Option<Otherwise>,
}

/// What is to be done where a mount cannot have other ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    Fail,
    /// Its files get other owners.
    Chown,
    /// It is as it is.
    Leave,
}

/// How NEXT's root directory comes about.
pub(crate) struct Entry<'a> {
    pub(crate) root: &'a Root,
    pub(crate) manner: Manner,
    /// What one outside has mounted with other ids: the root directory, and sources of mounts in their order.
    pub(crate) trees: Vec<OwnedFd>,
    /// Become root of the user namespace when the caller's files have been opened.
    pub(crate) enter_as_root: bool,
    pub(crate) mounts: &'a [Mount],
    /// What is to become of the mounts of the namespace that this process has just got, if it has got one.
    pub(crate) propagation: Option<Propagation>,
}

/// What a mount takes of the caller's.
enum Opened<'a> {
    /// To be mounted.
    Sources(Sources),
    /// Mounted already, with other ids, and attached nowhere.
    Tree(&'a OwnedFd),
}

impl Entry<'_> {
    /// Mounts what is to be mounted in the new root and enters it.
    /// Returns the master of the terminal that is the console in there, if there is one.
    pub(crate) fn furnish_and_enter(self) -> Result<Option<OwnedFd>> {
        match self.root {
            Root::Unchanged => {
                let sources = self.open_sources()?;
                self.propagation.map_or(Ok(()), Propagation::set)?;
                let root = if self.manner.read_only { Some(open_root(OsStr::new("/"))?) } else { None };
                self.furnish(&View::Caller, &sources, root.as_ref())
            }
            Root::Chroot(directory) => {
                let place = open_root(directory)?;
                let sources = self.open_sources()?;
                self.propagation.map_or(Ok(()), Propagation::set)?;
                let console = self.furnish(&View::Inside { root: &place, directory }, &sources, None)?;
                fchdir(&place).map_err(|errno| refused(directory, errno))?;
                chroot(".").map_err(|errno| refused(directory, errno))?;
                Ok(console)
            }
            Root::Pivot(directory) => {
                let place = open_root(directory)?;
                let sources = self.open_sources()?;
                // In a chroot pivot_root(2) would exchange the directory of the chroot, and leave all that is around
                // it for a privileged process to climb to. Once `place` is open, nothing needs the chroot any more.
                sys::leave_chroot().map_err(|errno| refused(directory, errno))?;
                self.propagation.map_or(Ok(()), Propagation::set)?;
                let root = self.mount_point_at(&place, directory)?;
                // While the old root is still there: in a user namespace the kernel mounts a new proc only
                // where an old one is in full view.
                let console =
                    self.furnish(&View::Inside { root: &root, directory }, &sources, Some(&root))?;
                fchdir(&root).map_err(|errno| refused(directory, errno))?;
                pivot()?;
                Ok(console)
            }
        }
    }

    /// Opens what is the caller's, as the caller.
    fn open_sources(&self) -> Result<Vec<Opened<'_>>> {
        let mut trees = self.trees.iter().skip(1);
        let sources = self.mounts.iter().map(|mount| match mount.idmapped().and_then(|_| trees.next()) {
            Some(tree) => Ok(Opened::Tree(tree)),
            None => mount.open_sources().map(Opened::Sources),
        });
        let sources = sources.collect::<Result<_>>()?;
        if self.enter_as_root {
            credentials::enter_as_root()?;
        }
        Ok(sources)
    }

    /// Mounts all in their order. `root`, if it is a mount of this namespace, is made read-only if that is wanted: what is
    /// mounted in it already before, itself when all mount points have been made.
    fn furnish(
        &self,
        view: &View<'_>,
        sources: &[Opened<'_>],
        root: Option<&OwnedFd>,
    ) -> Result<Option<OwnedFd>> {
        let root = root.filter(|_| self.manner.read_only);
        if let Some(root) = root {
            mark(root, Depth::All, Attributes { set: call::RDONLY, ..Attributes::default() })?;
            mark(root, Depth::One, Attributes { clear: call::RDONLY, ..Attributes::default() })?;
        }
        let mut console = None;
        for (mount, sources) in self.mounts.iter().zip(sources) {
            match sources {
                Opened::Sources(sources) => {
                    console = mount.make(view, sources, self.propagation)?.or(console);
                }
                Opened::Tree(tree) => mount.attach(view, tree)?,
            }
        }
        if let Some(root) = root {
            mark(root, Depth::One, Attributes { set: call::RDONLY, ..Attributes::default() })?;
        }
        Ok(console)
    }

    /// `place` as the root of a mount, which pivot_root(2) asks for: a copy of itself over itself. By descriptor,
    /// so that nobody can change what its name means in between.
    fn mount_point_at(&self, place: &OwnedFd, directory: &OsStr) -> Result<OwnedFd> {
        let copy = match self.trees.first() {
            Some(tree) => tree.try_clone().map_err(|_| refused(directory, Errno::EMFILE))?,
            None => call::clone_tree(place, Depth::All)
                .map_err(|errno| failed(directory, errno, causes::of_refused_copy(errno)))?,
        };
        if self.manner.attributes != 0 {
            let attributes = Attributes { set: self.manner.attributes, ..Attributes::default() };
            call::set_attributes(&copy, Depth::All, attributes).map_err(|errno| refused(directory, errno))?;
        }
        call::attach_tree(&copy, place)
            .map_err(|errno| failed(directory, errno, causes::of_refused_copy(errno)))?;
        if self.manner.overlay_tmpfs { overlay::with_tmpfs(&copy, self.manner.attributes) } else { Ok(copy) }
    }
}

fn mark(root: &OwnedFd, depth: Depth, attributes: Attributes) -> Result<()> {
    call::set_attributes(root, depth, attributes).context("make the root read-only")
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
