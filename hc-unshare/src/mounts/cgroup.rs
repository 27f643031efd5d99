//! The cgroup hierarchy of version 2, as the new cgroup namespace shows it; and who may divide the part that is its root.

use crate::idmap::Maps;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{Gid, Pid, Uid, fchownat};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Where it is mounted in the root directory.
pub(super) const PLACE: &str = "/sys/fs/cgroup";
/// Where the host has it: alone, or beside the hierarchies of version 1.
const HOST_S: [&str; 2] = [PLACE, "/sys/fs/cgroup/unified"];
/// The files of a cgroup whose owner may divide it.
const DELEGATED: &str = "/sys/kernel/cgroup/delegate";

/// Gives the cgroup that `process` is in to root of the user namespace of `maps`: to be done outside of that, where the
/// cgroup has its whole path, and with the privileges of the caller.
pub(crate) fn delegate(process: Pid, maps: &Maps) -> Result<()> {
    // Where inside is who is outside, there is nothing to give.
    let Some((user, group)) = maps.root_outside() else { return Ok(()) };
    let path = of(process)?;
    let shown = hc::show(&path);
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    let directory = open(&path, flags, Mode::empty()).context(&shown)?;
    let files = std::fs::read_to_string(DELEGATED).unwrap_or_default();
    for name in [""].into_iter().chain(files.lines().filter(|name| !name.contains('/'))) {
        match give(&directory, name, user, group) {
            // Controllers that are not there have no files there.
            Err(Errno::ENOENT) => {}
            result => result.context(format_args!("give {shown}/{name} to root inside"))?,
        }
    }
    Ok(())
}

fn give(directory: &OwnedFd, name: &str, user: u32, group: u32) -> nix::Result<()> {
    let flags = AtFlags::AT_EMPTY_PATH | AtFlags::AT_SYMLINK_NOFOLLOW;
    fchownat(directory, name, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)), flags)
}

/// The directory of the cgroup of `process`.
fn of(process: Pid) -> Result<PathBuf> {
    let mounted = HOST_S.iter().find(|place| {
        statfs(**place).is_ok_and(|file_system| file_system.filesystem_type() == CGROUP2_SUPER_MAGIC)
    });
    let Some(mounted) = mounted else {
        return Err(Error::new(format!("{PLACE}: is not of cgroup version 2, which --cgroupfs takes")));
    };
    let list = format!("/proc/{process}/cgroup");
    let text = std::fs::read_to_string(&list).context(&list)?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"));
    let path = path.ok_or_else(|| Error::new(format!("{list}: has no cgroup of version 2")))?;
    if path.is_empty() || path.starts_with("..") {
        return Err(Error::new("the root of all cgroups is nobody's to give: see hc-cgroup(1)"));
    }
    Ok(Path::new(mounted).join(path))
}
