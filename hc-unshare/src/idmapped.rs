//! A directory as a mount with the ids of another user namespace: who owns a file is told in those.

mod owners;

use crate::root::Otherwise;
use crate::sys::mount::{self as call, Attributes, Depth};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::{NFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC, fstatfs};
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};

/// What is to be mounted so.
#[derive(Debug)]
pub(crate) enum Idmapped<'a> {
    /// The root directory, and what is mounted in it.
    Root { directory: &'a OsStr, otherwise: Otherwise },
    /// A file or directory of the caller's, and perhaps what is mounted in it; with the ids of the host where it cannot be
    /// so, which are nobody's inside.
    Source(&'a OsStr, Depth),
}

impl Idmapped<'_> {
    /// Mounts it with the ids of the user namespace that `process` is in, attached nowhere. In a process that may mount the
    /// file system itself: who has entered the user namespace may not.
    pub(crate) fn mount(&self, process: Pid) -> Result<OwnedFd> {
        match self {
            Idmapped::Root { directory, otherwise } => {
                let place = open(*directory, crate::root::DIRECTORY, Mode::empty())
                    .context(format_args!("root {}", hc::show(directory)))?;
                tree(&place, directory, Depth::All, *otherwise, process)
            }
            Idmapped::Source(source, depth) => {
                let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
                let place = open(*source, flags, Mode::empty()).context(hc::show(source))?;
                tree(&place, source, *depth, Otherwise::Leave, process)
            }
        }
    }
}

fn tree(place: &OwnedFd, name: &OsStr, depth: Depth, otherwise: Otherwise, process: Pid) -> Result<OwnedFd> {
    let shown = hc::show(name);
    let refused = |errno| {
        let because = cause(errno, place);
        Error::new(format!("mount {shown} with other ids: {}{because}", hc::reason(errno)))
    };
    let tree = call::clone_tree(place, depth).map_err(refused)?;
    let namespace = format!("/proc/{process}/ns/user");
    let user_namespace =
        open(namespace.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).context(&namespace)?;
    let descriptor = u64::try_from(user_namespace.as_raw_fd()).unwrap_or_default();
    let attributes = Attributes {
        set: call::IDMAP,
        user_namespace: descriptor,
        propagation: call::PRIVATE,
        ..Attributes::default()
    };
    match call::set_attributes(&tree, depth, attributes) {
        Err(Errno::EINVAL) if otherwise != Otherwise::Fail => {
            if otherwise == Otherwise::Chown {
                owners::change(place, name, process)?;
            }
            let attributes = Attributes { propagation: call::PRIVATE, ..Attributes::default() };
            call::set_attributes(&tree, depth, attributes).map_err(refused)?;
        }
        result => result.map_err(refused)?,
    }
    Ok(tree)
}

fn cause(errno: Errno, place: &OwnedFd) -> String {
    match errno {
        Errno::EINVAL => {
            let kind = fstatfs(place).map(|file_system| file_system.filesystem_type());
            let name = match kind {
                Ok(TMPFS_MAGIC) => "tmpfs, which can since Linux 6.3,",
                Ok(OVERLAYFS_SUPER_MAGIC) => "overlayfs, which can since Linux 5.19 in its layers only,",
                Ok(NFS_SUPER_MAGIC) => "NFS",
                _ => "its file system, or one mounted in it",
            };
            format!(
                " ({name} cannot; with --map-users=all --map-groups=all the ids inside are those outside)"
            )
        }
        Errno::EPERM => " (only root outside of user namespaces may)".to_owned(),
        Errno::ENOSYS => " (it takes Linux 5.12; --map-users=all --map-groups=all does without)".to_owned(),
        _ => String::new(),
    }
}
