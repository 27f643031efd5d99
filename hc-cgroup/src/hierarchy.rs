//! A hierarchy of cgroups, opened, and where this process is in it.

use crate::directory::Directory;
use crate::name::{Path, joined};
use crate::table::{Mount, Seen, Table, Version};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::unistd::getpid;
use std::ffi::OsString;

/// One that is mounted.
pub(crate) struct Hierarchy {
    pub(crate) version: Version,
    /// The highest cgroup that is within reach.
    pub(crate) root: Directory,
    /// Where this process is, from there.
    pub(crate) own: Vec<OsString>,
    /// What the kernel calls `root`; unknown if that is outside of the cgroup namespace.
    prefix: Option<Vec<OsString>>,
    device: (u64, u64),
}

/// Where a process is, from the top of a mount.
#[derive(Debug, PartialEq, Eq)]
enum Way {
    /// Along these names.
    Along(Vec<OsString>),
    /// The root of the cgroup namespace is so deep, and its names cannot be known; from there along these.
    From(usize, Vec<OsString>),
}

impl Hierarchy {
    /// That of the second version, if it is mounted.
    pub(crate) fn unified(table: &Table) -> Result<Option<Self>> {
        Self::first_of(table, |mount| mount.version == Version::Two)
    }

    /// That of the first version which has `controller`, if it is mounted.
    pub(crate) fn first_version(table: &Table, controller: &str) -> Result<Option<Self>> {
        Self::first_of(table, |mount| mount.has(controller))
    }

    fn first_of(table: &Table, is_wanted: impl Fn(&Mount) -> bool) -> Result<Option<Self>> {
        let mut obstacle = None;
        for mount in table.mounts.iter().filter(|mount| is_wanted(mount)) {
            let Some(own) = table.own(mount) else { continue };
            match Self::open(mount, own) {
                Ok(Some(hierarchy)) => return Ok(Some(hierarchy)),
                Ok(None) => {}
                Err(error) => obstacle = Some(error),
            }
        }
        obstacle.map_or(Ok(None), Err)
    }

    fn open(mount: &Mount, own: &Seen) -> Result<Option<Self>> {
        let point = hc::show(&mount.point);
        let top = match Directory::of_mount(mount) {
            // Something else is mounted above it.
            Err(Errno::ENOENT | Errno::ENOTDIR | Errno::ELOOP) => None,
            opened => opened.context(&point)?,
        };
        let Some(top) = top else { return Ok(None) };
        let outside = || Error::new(format!("{point}: the caller's own cgroup is not below this mount"));
        let (root, prefix, own) = match way(&mount.root, own).ok_or_else(outside)? {
            Way::Along(own) => (top, (mount.root.up == 0).then(|| mount.root.names.clone()), own),
            Way::From(depth, own) => (below(top, depth, &own).ok_or_else(outside)?, Some(Vec::new()), own),
        };
        Ok(Some(Hierarchy { version: mount.version, root, own, prefix, device: mount.device }))
    }

    pub(crate) fn is_same(&self, other: &Hierarchy) -> bool {
        self.device == other.device
    }

    /// What `path` means, from `root`.
    pub(crate) fn names_of(&self, path: &Path) -> Result<Vec<OsString>> {
        if !path.absolute {
            return Ok(self.own.iter().chain(&path.names).cloned().collect());
        }
        let below = self.prefix.as_ref().and_then(|prefix| path.names.strip_prefix(prefix.as_slice()));
        below
            .map(<[OsString]>::to_vec)
            .ok_or_else(|| Error::new(format!("{path}: not below what is mounted of the cgroups")))
    }

    /// The path of `names`, from `root`, as the user would give it.
    pub(crate) fn shown(&self, names: &[OsString]) -> String {
        let all: Vec<OsString> = self.prefix.iter().flatten().chain(names).cloned().collect();
        format!("/{}", hc::show(&joined(&all)))
    }
}

/// From the top of a mount, `root`, to a process's cgroup.
fn way(root: &Seen, own: &Seen) -> Option<Way> {
    if root.up == own.up {
        return own.names.strip_prefix(root.names.as_slice()).map(|names| Way::Along(names.to_vec()));
    }
    // The namespace was entered with this mount in place.
    let above = root.up.checked_sub(own.up)?;
    (own.up == 0 && root.names.is_empty()).then(|| Way::From(above, own.names.clone()))
}

/// The cgroup that is `depth` below `top`, and along the names `own` from there has this process.
fn below(top: Directory, depth: usize, own: &[OsString]) -> Option<Directory> {
    if depth == 0 {
        let processes = top.open(own).ok()?.read("cgroup.procs").ok()?;
        let pid = getpid().to_string();
        return processes.lines().any(|line| line == pid).then_some(top);
    }
    let children = top.children().ok()?;
    children.iter().find_map(|name| below(top.open(std::slice::from_ref(name)).ok()?, depth - 1, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(up: usize, names: &[&str]) -> Seen {
        Seen { up, names: names.iter().map(OsString::from).collect() }
    }

    #[test]
    fn a_process_is_below_a_mount_or_it_is_not() {
        let along = |names: &[&str]| Some(Way::Along(seen(0, names).names));
        assert_eq!(way(&seen(0, &[]), &seen(0, &["a", "b"])), along(&["a", "b"]));
        // A container without a cgroup namespace.
        assert_eq!(way(&seen(0, &["docker", "x"]), &seen(0, &["docker", "x"])), along(&[]));
        assert_eq!(way(&seen(0, &["docker", "x"]), &seen(0, &["docker", "xy"])), None);
        assert_eq!(way(&seen(1, &[]), &seen(1, &["a"])), along(&["a"]));
        assert_eq!(way(&seen(2, &[]), &seen(0, &["a"])), Some(Way::From(2, seen(0, &["a"]).names)));
        assert_eq!(way(&seen(0, &[]), &seen(1, &["a"])), None);
        assert_eq!(way(&seen(1, &["x"]), &seen(0, &[])), None);
    }
}
