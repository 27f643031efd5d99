//! The cgroup hierarchy of version 2, as the new cgroup namespace shows it; and who may divide the part that is its root.

use crate::idmap::Maps;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open};
use nix::sys::stat::Mode;
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{Gid, Uid, fchownat, mkdir, write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Where it is mounted in the root directory.
pub(super) const PLACE: &str = "/sys/fs/cgroup";
/// Where the host has it: alone, or beside the hierarchies of version 1.
const HOST_S: [&str; 2] = [PLACE, "/sys/fs/cgroup/unified"];
/// Which cgroups this process is in.
const OWN: &str = "/proc/self/cgroup";
/// The files of a cgroup whose owner may divide it.
const DELEGATED: &str = "/sys/kernel/cgroup/delegate";

/// Where the processes of hc-unshare itself are meanwhile: a cgroup below the one that is given.
const ASIDE: &str = "hc-unshare";
const PROCESSES: &str = "cgroup.procs";

/// The cgroup that NEXT may divide, and the one below it. A cgroup that hands on controllers has no processes itself; so
/// NEXT is to be the only one in there, and can go away.
pub(crate) struct Given {
    processes: OwnedFd,
    aside: OwnedFd,
}

impl Given {
    /// Gives the cgroup that this process is in to root of the user namespace of `maps`: to be done outside of that, where
    /// the cgroup has its whole path, and with the privileges of the caller. For a NEXT that is a child, it is to be left:
    /// nothing comes of it if the cgroup is the root, which may have processes, and stays whose it is.
    pub(crate) fn to_root_of(maps: &Maps, has_parent: bool) -> Result<Option<Self>> {
        let owner = maps.root_outside();
        let path = match own() {
            // Where inside is who is outside, there is nothing to give.
            Err(_) if owner.is_none() => return Ok(None),
            path => path?,
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        let directory = open(&path, flags, Mode::empty()).context(hc::show(&path))?;
        if let Some((user, group)) = owner {
            delegate(&directory, &path, user, group)?;
        }
        if !has_parent {
            return Ok(None);
        }
        let aside = path.join(ASIDE);
        match mkdir(&aside, Mode::from_bits_truncate(0o755)) {
            // Of another one in this cgroup, or of one that was killed.
            Err(Errno::EEXIST) => {}
            result => result.context(format_args!("mkdir {}", hc::show(&aside)))?,
        }
        // Open from now on, for they are in no directory that is in view later.
        Ok(Some(Given { processes: processes(&path)?, aside: processes(&aside)? }))
    }

    /// This process, and whoever it forks, goes aside.
    pub(crate) fn leave(&self) -> Result<()> {
        join(&self.aside)
    }

    /// This process is in it, as NEXT is to be, and who makes the cgroup namespace that has it as its root.
    pub(crate) fn enter(&self) -> Result<()> {
        join(&self.processes)
    }
}

fn processes(cgroup: &Path) -> Result<OwnedFd> {
    let file = cgroup.join(PROCESSES);
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    open(&file, flags, Mode::empty()).context(hc::show(&file))
}

fn join(processes: &OwnedFd) -> Result<()> {
    // 0 is who writes it.
    write(processes, b"0").map(drop).context("enter the cgroup for --cgroupfs")
}

fn delegate(directory: &OwnedFd, path: &Path, user: u32, group: u32) -> Result<()> {
    let files = std::fs::read_to_string(DELEGATED).unwrap_or_default();
    for name in [""].into_iter().chain(files.lines().filter(|name| !name.contains('/'))) {
        match give(directory, name, user, group) {
            // Controllers that are not there have no files there.
            Err(Errno::ENOENT) => {}
            result => result.context(format_args!("give {}/{name} to root inside", hc::show(path)))?,
        }
    }
    Ok(())
}

fn give(directory: &OwnedFd, name: &str, user: u32, group: u32) -> nix::Result<()> {
    let flags = AtFlags::AT_EMPTY_PATH | AtFlags::AT_SYMLINK_NOFOLLOW;
    fchownat(directory, name, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)), flags)
}

/// The directory of the cgroup that this process is in.
fn own() -> Result<PathBuf> {
    let mounted = HOST_S.iter().find(|place| {
        statfs(**place).is_ok_and(|file_system| file_system.filesystem_type() == CGROUP2_SUPER_MAGIC)
    });
    let Some(mounted) = mounted else {
        return Err(Error::new(format!("{PLACE}: is not of cgroup version 2, which --cgroupfs takes")));
    };
    let text = std::fs::read_to_string(OWN).context(OWN)?;
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"));
    let path = path.ok_or_else(|| Error::new(format!("{OWN}: has no cgroup of version 2")))?;
    if path.is_empty() || path.starts_with("..") {
        return Err(Error::new("the root of all cgroups is nobody's to give: see hc-cgroup(1)"));
    }
    Ok(Path::new(mounted).join(path))
}
