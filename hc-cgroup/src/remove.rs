//! Cgroups go: what is in them is ended, and waited for.

use crate::directory::Directory;
use crate::hierarchy::Hierarchy;
use crate::kill;
use crate::make::Made;
use crate::name::Path;
use crate::table::{Table, Version};
use hc::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// How long processes may take to end. One that waits for a disk or a server takes no signal before it has waited.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited before one looks again.
const PAUSE: u8 = 20;

/// Removes what was made for a cgroup that is empty. False if it stays.
pub(crate) fn steps(made: &Made) -> bool {
    let mut steps = made.steps.iter().rev();
    let Some((parent, name)) = steps.next() else { return true };
    let gone = remove(parent, name, made.member.hierarchy.version).is_ok();
    // Of those above, others may have made use meanwhile.
    steps.for_each(|(parent, name)| {
        let _ = parent.remove(name);
    });
    gone
}

/// The same, but only if nobody is in it any more.
pub(crate) fn at_once(made: &Made) -> bool {
    let mut steps = made.steps.iter().rev();
    let Some((parent, name)) = steps.next() else { return true };
    let gone = matches!(parent.remove(name), Ok(()) | Err(Errno::ENOENT));
    if gone {
        steps.for_each(|(parent, name)| {
            let _ = parent.remove(name);
        });
    }
    gone
}

/// `--delete`: the cgroup at `path`, in every hierarchy that has one there.
pub(crate) fn by_name(table: &Table, path: &Path) -> Result<()> {
    let mut found = Vec::new();
    let mut obstacle = None;
    let first = table.first_version().map(|controller| Hierarchy::first_version(table, controller));
    for hierarchy in std::iter::once(Hierarchy::unified(table)).chain(first) {
        match hierarchy.and_then(|hierarchy| hierarchy.map_or(Ok(None), |hierarchy| look(&hierarchy, path))) {
            Ok(Some(one)) => found.push(one),
            Ok(None) => {}
            Err(error) => obstacle = Some(error),
        }
    }
    if let Some(error) = found.is_empty().then_some(obstacle).flatten() {
        return Err(error);
    }
    if found.is_empty() {
        return Err(Error::new(format!("{path}: no such cgroup")));
    }
    if let Some(one) = found.iter().find(|one| one.has_caller) {
        return Err(Error::new(format!("{}: the caller is in it", one.shown)));
    }
    // All of them first: in one of them they can be kept from making others.
    for one in &found {
        one.kill()?;
    }
    found.iter().try_for_each(Found::remove)
}

/// A cgroup of that name.
struct Found {
    version: Version,
    parent: Directory,
    directory: Directory,
    name: OsString,
    shown: String,
    has_caller: bool,
}

fn look(hierarchy: &Hierarchy, path: &Path) -> Result<Option<Found>> {
    let names = hierarchy.names_of(path)?;
    let shown = hierarchy.shown(&names);
    let Some((name, above)) = names.split_last() else { return Ok(None) };
    let parent = match hierarchy.root.open(above) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        parent => parent.map_err(|errno| crate::causes::not_opened(&shown, errno))?,
    };
    let directory = match parent.open(std::slice::from_ref(name)) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
        directory => directory.map_err(|errno| crate::causes::not_opened(&shown, errno))?,
    };
    let has_caller = hierarchy.own.starts_with(&names);
    let name = name.clone();
    Ok(Some(Found { version: hierarchy.version, parent, directory, name, shown, has_caller }))
}

impl Found {
    fn kill(&self) -> Result<()> {
        kill::kill(&self.directory, self.version).map_err(|errno| match errno {
            Errno::EACCES | Errno::EPERM => {
                Error::new(format!("{}: its processes are not the caller's to end", self.shown))
            }
            errno => Error::from_errno(format_args!("{}: end its processes", self.shown), errno),
        })
    }

    fn remove(&self) -> Result<()> {
        remove(&self.parent, &self.name, self.version).map_err(|errno| match errno {
            Errno::EBUSY => {
                let seconds = PATIENCE.as_secs();
                Error::new(format!("{}: has processes that did not end in {seconds} seconds", self.shown))
            }
            errno => Error::from_errno(format_args!("cannot remove {}", self.shown), errno),
        })
    }
}

/// Removes the cgroup `name` and all below it, and ends who is in there.
pub(crate) fn remove(parent: &Directory, name: &OsStr, version: Version) -> nix::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match parent.remove(name) {
            Ok(()) | Err(Errno::ENOENT) => return Ok(()),
            Err(Errno::EBUSY | Errno::ENOTEMPTY) if Instant::now() < deadline => {}
            Err(errno) => return Err(errno),
        }
        let name = name.to_owned();
        let Ok(directory) = parent.open(std::slice::from_ref(&name)) else { continue };
        kill::kill(&directory, version)?;
        wait_until_empty(&directory, version, deadline);
        remove_below(&directory)?;
    }
}

/// Removes the cgroups in it, from the lowest up. Not by recursion: who was in there may have made them as deep as he liked.
fn remove_below(top: &Directory) -> nix::Result<()> {
    loop {
        let Some(mut child) = top.children()?.pop() else { return Ok(()) };
        let mut parent = top.open(&[])?;
        loop {
            let directory = parent.open(std::slice::from_ref(&child))?;
            let Some(deeper) = directory.children()?.pop() else { break };
            parent = directory;
            child = deeper;
        }
        match parent.remove(&child) {
            Ok(()) | Err(Errno::ENOENT) => {}
            // Not empty yet: the caller looks again.
            Err(Errno::EBUSY) => return Ok(()),
            Err(errno) => return Err(errno),
        }
    }
}

/// Waits until nobody is in there.
pub(crate) fn wait_until_empty(directory: &Directory, version: Version, deadline: Instant) {
    let events = match version {
        Version::Two => directory.open_file("cgroup.events").ok(),
        Version::One => None,
    };
    while !is_empty(directory, version) && Instant::now() < deadline {
        let wanted = events.as_ref().map(|events| PollFd::new(events.as_fd(), PollFlags::POLLPRI));
        let _ = poll(&mut wanted.into_iter().collect::<Vec<_>>(), pause(version));
    }
}

/// The first version tells nobody when the last one has gone.
fn pause(version: Version) -> u8 {
    match version {
        Version::One => 1,
        Version::Two => PAUSE,
    }
}

/// True if nobody is in there, nor below.
pub(crate) fn is_empty(directory: &Directory, version: Version) -> bool {
    match version {
        Version::Two => {
            directory.read("cgroup.events").is_ok_and(|text| text.lines().any(|line| line == "populated 0"))
        }
        Version::One => {
            let mut todo = vec![directory.open(&[])];
            while let Some(next) = todo.pop() {
                let Ok(directory) = next else { continue };
                if directory.read("cgroup.procs").is_ok_and(|list| !list.is_empty()) {
                    return false;
                }
                let children = directory.children().unwrap_or_default();
                todo.extend(children.iter().map(|name| directory.open(std::slice::from_ref(name))));
            }
            true
        }
    }
}
