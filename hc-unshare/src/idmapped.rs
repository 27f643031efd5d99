//! The root directory as a mount with the ids of another user namespace: who owns a file is told in those.

mod owners;

use crate::sys::mount::{self as call, Attributes, Depth};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::fstatfs;
use nix::unistd::Pid;
use std::ffi::OsStr;
use std::os::fd::{AsRawFd, OwnedFd};

/// A root directory that is to have the ids of the user namespace.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) directory: &'a OsStr,
    /// Its files may get other owners where there is no other way.
    pub(crate) chown: bool,
}

/// The directory, and what is mounted in it, with the ids of the user namespace that `process` is in. In a process that may
/// mount the file system itself: who has entered the user namespace may not.
pub(crate) fn tree(wanted: Wanted<'_>, process: Pid) -> Result<OwnedFd> {
    let Wanted { directory, chown } = wanted;
    let shown = hc::show(directory);
    let place =
        open(directory, crate::root::DIRECTORY, Mode::empty()).context(format_args!("root {shown}"))?;
    let refused = |errno| {
        let because = cause(errno, &place);
        Error::new(format!("mount {shown} with other ids: {}{because}", hc::reason(errno)))
    };
    let tree = call::clone_tree(&place, Depth::All).map_err(refused)?;
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
    match call::set_attributes(&tree, Depth::All, attributes) {
        Err(Errno::EINVAL) if chown => {
            owners::change(&place, directory, process)?;
            let attributes = Attributes { propagation: call::PRIVATE, ..Attributes::default() };
            call::set_attributes(&tree, Depth::All, attributes).map_err(refused)?;
        }
        result => result.map_err(refused)?,
    }
    Ok(tree)
}

fn cause(errno: Errno, place: &OwnedFd) -> String {
    match errno {
        Errno::EINVAL => {
            let kind = fstatfs(place).map_or(0, |file_system| file_system.filesystem_type().0);
            let name = match kind {
                libc::TMPFS_MAGIC => "tmpfs, which can since Linux 6.3",
                libc::OVERLAYFS_SUPER_MAGIC => "overlayfs, which can since Linux 5.19 in its layers only",
                libc::NFS_SUPER_MAGIC => "NFS",
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
