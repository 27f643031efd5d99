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
pub(crate) fn make_private() -> Result<()> {
    let none = None::<&OsStr>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(|errno| {
        let hint = if errno == Errno::EINVAL { " (/ is no mount point, as in a chroot)" } else { "" };
        Error::new(format!("make / private: {}{hint}", hc::reason(errno)))
    })
}

/// Mounts `mounts` in the new root and enters it.
pub(crate) fn furnish_and_enter(root: &Root, mounts: &[Mount]) -> Result<()> {
    match root {
        Root::Unchanged => mounts.iter().try_for_each(|mount| mount.on(mount.target())),
        Root::Chroot(directory) => {
            chroot(directory.as_os_str()).map_err(|errno| {
                let because = causes::of_missing_privilege(errno);
                Error::new(format!("root {}: {}{because}", hc::show(directory), hc::reason(errno)))
            })?;
            chdir("/").context("cd / in the root")
        }
        Root::Pivot(directory) => {
            let root = mount_point_of(directory)?;
            // While the old root is still there: in a user namespace the kernel mounts a new proc only
            // where an old one is in full view.
            for mount in mounts {
                let target = inside(&root, directory, mount.target())?;
                fchdir(&target).context(hc::show(mount.target()))?;
                mount.on(OsStr::new("."))?;
            }
            pivot(&root)
        }
    }
}

/// `directory` as the root of a mount, which pivot_root(2) asks for: a copy of itself over itself. By
/// descriptor, so that nobody can change what the name means in between.
fn mount_point_of(directory: &OsStr) -> Result<OwnedFd> {
    let what = format_args!("root {}", hc::show(directory)).to_string();
    let place = open(directory, DIRECTORY, Mode::empty()).context(&what)?;
    let tree = sys::clone_tree(&place).context(&what)?;
    sys::attach_tree(&tree, &place).context(&what)?;
    Ok(tree)
}

/// Opens the directory `path` of the new root: links in it, absolute ones too, lead to places in that root.
fn inside(root: &OwnedFd, directory: &OsStr, path: &OsStr) -> Result<OwnedFd> {
    let how = OpenHow::new().flags(DIRECTORY).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    openat2(root, path, how).map_err(|errno| {
        let hint = if errno == Errno::ENOENT { " (mkdir it; hc-rootfs makes /proc)" } else { "" };
        let (path, root) = (hc::show(path), hc::show(directory));
        Error::new(format!("{path} in the root {root}: {}{hint}", hc::reason(errno)))
    })
}

/// Makes the mount at `root` the root of the namespace and takes the old one out of it.
fn pivot(root: &OwnedFd) -> Result<()> {
    fchdir(root).context("cd to the new root")?;
    // The old root is put on top of the new one: no directory for it is needed in there.
    pivot_root(".", ".").map_err(|errno| {
        let hint = causes::of_refused_pivot(errno);
        Error::new(format!("pivot_root: {}{hint}", hc::reason(errno)))
    })?;
    umount2(".", MntFlags::MNT_DETACH).context("detach the old root")?;
    chdir("/").context("cd / in the root")
}

impl Mount {
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
