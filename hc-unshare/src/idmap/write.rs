//! Writing the maps of a user namespace: by who is in it, or by a process outside.

use super::{Map, Maps, Setgroups, external, ranges};
use crate::causes;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, geteuid, write};

impl Maps {
    /// Writes what a process may write in the user namespace that it has just made.
    pub(crate) fn write_from_inside(&self) -> Result<()> {
        // Before the groups: without privileges outside a process may map its group only after giving up setgroups(2).
        // Otherwise it could drop a group by which a file denies it access.
        let own_group = matches!(self.groups, Some(Map::Own(_)));
        let setgroups = if own_group { Some(Setgroups::Deny) } else { self.setgroups };
        if let Some(setgroups) = setgroups.filter(|_| !self.need_one_outside() || own_group) {
            put("/proc/self/setgroups", setgroups.word())?;
        }
        if let Some(Map::Own(range)) = self.groups {
            put("/proc/self/gid_map", ranges::text(&[range]).trim_end())?;
        }
        if let Some(Map::Own(range)) = self.users {
            put("/proc/self/uid_map", ranges::text(&[range]).trim_end())?;
        }
        Ok(())
    }

    /// Writes the rest, for `process`, from the user namespace that it has left: as root, else through the set-user-ID
    /// programs that know who may use which ids.
    pub(crate) fn write_from_outside(&self, process: Pid) -> Result<()> {
        // Denying it is possible until the groups are mapped, and no later.
        if let Some(setgroups) = self.setgroups.filter(|_| !matches!(self.groups, Some(Map::Own(_)))) {
            put(&format!("/proc/{process}/setgroups"), setgroups.word())?;
        }
        let maps = [(&self.users, "uid_map", "newuidmap"), (&self.groups, "gid_map", "newgidmap")];
        for (map, file, program) in maps {
            let Some(Map::Foreign(ranges)) = map else { continue };
            if geteuid().is_root() {
                put(&format!("/proc/{process}/{file}"), &ranges::text(ranges))?;
            } else {
                external::map(program, process, ranges)?;
            }
        }
        Ok(())
    }
}

impl Setgroups {
    fn word(self) -> &'static str {
        match self {
            Setgroups::Allow => "allow",
            Setgroups::Deny => "deny",
        }
    }
}

/// Writes `text` in one call, which is how the kernel takes a map.
fn put(file: &str, text: &str) -> Result<()> {
    let descriptor = open(file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|errno| causes::refused_proc_file(file, errno))?;
    write(descriptor, text.as_bytes()).map(drop).map_err(|errno| {
        let because = if errno == Errno::EPERM { causes::of_refused_maps(file) } else { "" };
        let text = text.trim_end().replace('\n', ", ");
        Error::new(format!("write '{text}' to {file}: {}{because}", hc::reason(errno)))
    })
}
