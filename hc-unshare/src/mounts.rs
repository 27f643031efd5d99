//! The new mount namespace: propagation, mounts, and the root directory.

use crate::{causes, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, chroot, fchdir, pivot_root};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::Path;

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

/// A file system to mount. The target is a path in the new root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// proc, for the PID namespace of this process.
    Proc(OsString),
    /// An empty tmpfs.
    Tmpfs(OsString),
}

const DIRECTORY: OFlag = OFlag::O_PATH.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

/// Cuts the tie to the caller's mount namespace: without this, what is mounted here would appear there.
fn make_private() -> Result<()> {
    let none = None::<&OsStr>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(|errno| {
        let because = causes::of_refused_privacy(errno);
        Error::new(format!("make / private: {}{because}", hc::reason(errno)))
    })
}

/// Mounts `mounts` in the new root and enters it. `own_mounts`: this process has just got a mount namespace.
pub(crate) fn furnish_and_enter(root: &Root, mounts: &[Mount], own_mounts: bool) -> Result<()> {
    match root {
        Root::Unchanged => {
            if own_mounts {
                make_private()?;
            }
            mounts.iter().try_for_each(|mount| mount.on(mount.target()))
        }
        Root::Chroot(directory) => {
            chroot(directory.as_os_str()).map_err(|errno| refused(directory, errno))?;
            chdir("/").context("cd / in the root")
        }
        Root::Pivot(directory) => {
            let place = open(directory.as_os_str(), DIRECTORY, Mode::empty())
                .map_err(|errno| refused(directory, errno))?;
            // In a chroot pivot_root(2) would exchange the directory of the chroot, and leave all that is around it
            // for a privileged process to climb to. Once `place` is open, nothing needs the chroot any more.
            sys::leave_chroot().map_err(|errno| refused(directory, errno))?;
            make_private()?;
            let root = mount_point_at(&place)
                .map_err(|errno| failed(directory, errno, causes::of_refused_copy(errno)))?;
            // While the old root is still there: in a user namespace the kernel mounts a new proc only
            // where an old one is in full view.
            for mount in mounts {
                let target = inside(&root, directory, mount.target())?;
                fchdir(&target).context(hc::show(mount.target()))?;
                mount.on(OsStr::new("."))?;
            }
            fchdir(&root).map_err(|errno| refused(directory, errno))?;
            pivot()
        }
    }
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

/// Opens the directory `path` of the new root: links in it, absolute ones too, lead to places in that root.
fn inside(root: &OwnedFd, directory: &OsStr, path: &OsStr) -> Result<OwnedFd> {
    look_up_inside(root, path).map_err(|errno| {
        let hint = if errno == Errno::ENOENT { " (mkdir it; hc-rootfs makes /proc)" } else { "" };
        let (path, root) = (hc::show(path), hc::show(directory));
        Error::new(format!("{path} in the root {root}: {}{hint}", hc::reason(errno)))
    })
}

fn look_up_inside(root: &OwnedFd, path: &OsStr) -> nix::Result<OwnedFd> {
    let how = OpenHow::new().flags(DIRECTORY).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    // Not for ever, a second or less: whoever renames files without end is not to hold us up without end.
    let mut tries = 100_000;
    loop {
        match openat2(root, path, how) {
            // A ".." was looked up while something, anywhere, was renamed or mounted: openat2(2).
            Err(Errno::EAGAIN) if tries > 0 => tries -= 1,
            result => return result,
        }
    }
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

impl Mount {
    /// Makes a relative target one in `directory`.
    pub(crate) fn start_from(&mut self, directory: &OsStr) {
        let (Mount::Proc(target) | Mount::Tmpfs(target)) = self;
        *target = Path::new(directory).join(&*target).into();
    }

    fn target(&self) -> &OsStr {
        match self {
            Mount::Proc(target) | Mount::Tmpfs(target) => target,
        }
    }

    /// Mounts it on `place`, which is its target or, in a new root, the working directory.
    fn on(&self, place: &OsStr) -> Result<()> {
        let (kind, flags, data) = match self {
            Mount::Proc(_) => ("proc", MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC, None),
            // Not noexec: a root directory can live here.
            Mount::Tmpfs(_) => ("tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=0755")),
        };
        mount(Some(kind), place, Some(kind), flags, data).map_err(|errno| {
            let because = if kind == "proc" { causes::of_refused_proc(errno) } else { "" };
            let target = hc::show(self.target());
            Error::new(format!("mount {kind} on {target}: {}{because}", hc::reason(errno)))
        })
    }
}
