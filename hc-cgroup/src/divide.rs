//! Controllers of the second version are handed on from the root down, cgroup by cgroup. One that hands on has no processes
//! of its own, the root excepted.

use crate::causes;
use crate::directory::Directory;
use crate::members::Member;
use hc::Error;
use nix::errno::Errno;
use std::ffi::OsString;

const HANDED_ON: &str = "cgroup.subtree_control";

/// Why controllers are not handed on.
pub(crate) enum Obstacle {
    /// The cgroup that is to be divided has processes.
    Busy,
    Other(Error),
}

/// Has all cgroups from the root to `parent`, which is at the path `names`, hand on what `member` needs. What `parent` hands
/// on only since then.
pub(crate) fn hand_on(
    member: &Member,
    parent: &Directory,
    names: &[OsString],
) -> std::result::Result<Vec<String>, Obstacle> {
    if member.controllers.is_empty() && member.welcome.is_empty() {
        return Ok(Vec::new());
    }
    let handed_on = words(parent, HANDED_ON);
    let missing = |list: &[String]| -> Vec<String> {
        list.iter().filter(|name| !handed_on.contains(name)).cloned().collect()
    };
    let (needed, welcome) = (missing(&member.controllers), missing(&member.welcome));
    if needed.is_empty() && welcome.is_empty() {
        return Ok(Vec::new());
    }
    let there = words(parent, "cgroup.controllers");
    if needed.iter().chain(&welcome).any(|name| !there.contains(name)) {
        for depth in 0..names.len() {
            let above = names.get(..depth).unwrap_or_default();
            let Ok(directory) = member.hierarchy.root.open(above) else { continue };
            let handed_on = words(&directory, HANDED_ON);
            for name in needed.iter().filter(|name| !handed_on.contains(name)) {
                add(&directory, name).map_err(|errno| {
                    Obstacle::Other(causes::not_handed_on(&member.hierarchy.shown(above), name, errno))
                })?;
            }
            for name in welcome.iter().filter(|name| !handed_on.contains(name)) {
                let _ = add(&directory, name);
            }
        }
    }
    for name in &needed {
        add(parent, name).map_err(|errno| match errno {
            Errno::EBUSY => Obstacle::Busy,
            errno => Obstacle::Other(causes::not_handed_on(&member.hierarchy.shown(names), name, errno)),
        })?;
    }
    let welcome = welcome.into_iter().filter(|name| add(parent, name).is_ok()).collect::<Vec<_>>();
    Ok(needed.into_iter().chain(welcome).collect())
}

/// Of controllers that can have threads apart, the kernel would have a cgroup with processes hand them on: and nobody could
/// enter what is below it then. So that is refused here as the kernel refuses the others.
fn add(directory: &Directory, controller: &str) -> nix::Result<()> {
    let is_root = directory.open_file("cgroup.events").is_err();
    if !is_root && directory.read("cgroup.procs").is_ok_and(|processes| !processes.is_empty()) {
        return Err(Errno::EBUSY);
    }
    directory.write(HANDED_ON, &format!("+{controller}"))
}

fn words(directory: &Directory, file: &str) -> Vec<String> {
    let text = directory.read(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// A cgroup that this process has left, so that it could be divided.
pub(crate) struct Vacated {
    pub(crate) directory: Directory,
    /// Where the parent that stays is meanwhile.
    pub(crate) aside: Option<OsString>,
    /// What it hands on since.
    pub(crate) handed_on: Vec<String>,
}

impl Vacated {
    /// Makes it as it was, with this process in it.
    pub(crate) fn restore(&self) -> nix::Result<()> {
        for controller in &self.handed_on {
            self.directory.write(HANDED_ON, &format!("-{controller}"))?;
        }
        self.directory.write("cgroup.procs", "0")?;
        self.aside.as_ref().map_or(Ok(()), |name| self.directory.remove(name))
    }

    /// The same, unless there are other cgroups in it by now, which need what is handed on.
    pub(crate) fn restore_if_alone(&self) {
        let children = self.directory.children().unwrap_or_default();
        if children.iter().all(|name| Some(name) == self.aside.as_ref()) {
            // What stays is an empty cgroup, which --delete removes.
            let _ = self.restore();
        }
    }
}
