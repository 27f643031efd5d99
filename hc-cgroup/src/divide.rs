//! Controllers of the second version are handed on from the root down, cgroup by cgroup. One that hands on has no processes
//! of its own, the root excepted.

use crate::causes;
use crate::directory::Directory;
use crate::guard::Guard;
use crate::members::Member;
use hc::Error;
use nix::errno::Errno;
use nix::unistd::{Pid, getpid};
use std::ffi::OsString;

const HANDED_ON: &str = "cgroup.subtree_control";

/// Why controllers are not handed on.
pub(crate) enum Obstacle {
    /// The cgroup that is to be divided has processes.
    Busy,
    Other(Error),
}

/// Has all cgroups from the root to `parent`, which is at the path `names`, hand on what `member` needs.
pub(crate) fn hand_on(
    member: &Member,
    parent: &Directory,
    names: &[OsString],
) -> std::result::Result<(), Obstacle> {
    if member.controllers.is_empty() && member.welcome.is_empty() {
        return Ok(());
    }
    let handed_on = words(parent, HANDED_ON);
    let missing = |list: &[String]| -> Vec<String> {
        list.iter().filter(|name| !handed_on.contains(name)).cloned().collect()
    };
    let (needed, welcome) = (missing(&member.controllers), missing(&member.welcome));
    if needed.is_empty() && welcome.is_empty() {
        return Ok(());
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
    for name in &welcome {
        let _ = add(parent, name);
    }
    Ok(())
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
    directory: Directory,
    /// Where the parent that stays is meanwhile.
    aside: Option<OsString>,
    /// The guard is there as well.
    guard: Option<Pid>,
    /// What the cgroup hands on since.
    handed_on: Vec<String>,
}

impl Vacated {
    /// `directory`, this process's own, which is going to be left. With a `guard`, that knows of it from now on.
    pub(crate) fn new(directory: Directory, member: &Member, guard: Option<&Guard>) -> Self {
        let before = words(&directory, HANDED_ON);
        let missing = |(at, name): (u32, &String)| if before.contains(name) { 0 } else { bit(at) };
        let handed_on = (0..).zip(asked_for(member)).map(missing).fold(0, |all, one| all | one);
        guard.inspect(|guard| guard.ledger.will_vacate(handed_on));
        Vacated {
            aside: guard.map(|_| aside_of(getpid())),
            guard: guard.map(|guard| guard.process),
            ..Self::of(directory, member, handed_on)
        }
    }

    /// The same, in the guard, when the `parent` has ended.
    pub(crate) fn by(parent: Pid, directory: Directory, member: &Member, handed_on: u32) -> Self {
        Vacated { aside: Some(aside_of(parent)), ..Self::of(directory, member, handed_on) }
    }

    fn of(directory: Directory, member: &Member, handed_on: u32) -> Self {
        let is_handed_on = |(at, name): (u32, &String)| (handed_on & bit(at) != 0).then(|| name.clone());
        let handed_on = (0..).zip(asked_for(member)).filter_map(is_handed_on).collect();
        Vacated { directory, aside: None, guard: None, handed_on }
    }

    /// This process goes into `new`, or with its guard into a cgroup aside.
    pub(crate) fn leave(&self, new: &Directory) -> nix::Result<()> {
        let Some(name) = &self.aside else { return new.write("cgroup.procs", "0") };
        self.directory.make(name)?;
        let aside = self.directory.open(std::slice::from_ref(name))?;
        self.move_to(&aside)
    }

    /// Makes it as it was, with this process in it.
    pub(crate) fn restore(&self) -> nix::Result<()> {
        for controller in &self.handed_on {
            self.directory.write(HANDED_ON, &format!("-{controller}"))?;
        }
        self.move_to(&self.directory)?;
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

    fn move_to(&self, directory: &Directory) -> nix::Result<()> {
        match self.guard.map(|guard| directory.write("cgroup.procs", &guard.to_string())) {
            // Somebody has killed it.
            None | Some(Ok(()) | Err(Errno::ESRCH)) => directory.write("cgroup.procs", "0"),
            Some(error) => error,
        }
    }
}

/// All the controllers that a cgroup is to have, in an order that does not change.
fn asked_for(member: &Member) -> impl Iterator<Item = &String> {
    member.controllers.iter().chain(&member.welcome)
}

/// The one for the controller of this number: there are fewer controllers than bits.
fn bit(number: u32) -> u32 {
    1_u32.checked_shl(number).unwrap_or_default()
}

/// Where `parent` is while it has left its own cgroup.
fn aside_of(parent: Pid) -> OsString {
    format!("hc-{parent}-wait").into()
}
