//! Makes the cgroups, with their limits; or nothing.

use crate::causes;
use crate::directory::Directory;
use crate::divide::{self, Obstacle, Vacated};
use crate::enter::Group;
use crate::guard::Guard;
use crate::members::{Member, Members};
use crate::name::Path;
use crate::options::Place;
use crate::steps;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::unistd::{Pid, getpid};
use std::ffi::OsString;

/// How many names are tried. Others may make cgroups of such names, but not for ever.
const TRIES: u32 = 1000;

/// A cgroup of this run.
pub(crate) struct Made {
    pub(crate) member: Member,
    pub(crate) directory: Directory,
    /// Its path, from the root.
    pub(crate) names: Vec<OsString>,
    /// What was made for it: in which directory, and by which name.
    pub(crate) steps: Vec<(Directory, OsString)>,
}

/// Why a cgroup was not made.
pub(crate) enum Failure {
    /// There is one of that name.
    Exists(String),
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// Makes a cgroup in each hierarchy, of the same name in all. With a `guard` this process will not be in them.
pub(crate) fn make(members: Members, place: &Place, guard: Option<&Guard>) -> Result<Group> {
    let mut members = members.0;
    for number in 0..TRIES {
        let name = place.name.clone().unwrap_or_else(|| unique(getpid(), number));
        guard.inspect(|guard| guard.ledger.try_name(number));
        let mut group = Group::default();
        match make_all(&mut members, place, &name, guard, &mut group) {
            Ok(()) => return Ok(group),
            Err(Failure::Other(error)) => return Err(group.undo(error)),
            Err(Failure::Exists(shown)) => {
                members = group.take_back(members, guard);
                if place.name.is_some() {
                    return Err(Error::new(format!(
                        "{shown}: there is such a cgroup already (hc-cgroup --delete={shown} removes it)"
                    )));
                }
            }
        }
    }
    Err(Error::new(format!("no name from hc-{0} to hc-{0}-{1} is free", getpid(), TRIES - 1)))
}

/// One that no other process than `pid` takes for itself, but may have left.
pub(crate) fn unique(pid: Pid, number: u32) -> Path {
    let name = if number == 0 { format!("hc-{pid}") } else { format!("hc-{pid}-{number}") };
    Path { absolute: false, names: vec![name.into()] }
}

fn make_all(
    members: &mut Vec<Member>,
    place: &Place,
    name: &Path,
    guard: Option<&Guard>,
    group: &mut Group,
) -> std::result::Result<(), Failure> {
    while !members.is_empty() {
        let member = members.remove(0);
        let needed = member.needed;
        match steps::make(member, place, name, guard.map(|guard| &guard.ledger)) {
            Ok(made) => group.made.push(made),
            Err(failed) => match *failed {
                (member, Failure::Exists(shown)) => {
                    members.insert(0, member);
                    return Err(Failure::Exists(shown));
                }
                (_, failure) if needed => return Err(failure),
                _ => {}
            },
        }
    }
    for at in 0..group.made.len() {
        if let Err(error) = group.limit(at, guard) {
            let needed = group.made.get(at).is_none_or(|made| made.member.needed);
            if needed {
                return Err(error.into());
            }
        }
    }
    Ok(())
}

impl Group {
    /// Writes the limits of one, which has its controllers then.
    fn limit(&mut self, at: usize, guard: Option<&Guard>) -> Result<()> {
        let Some(made) = self.made.get(at) else { return Ok(()) };
        if made.member.is_unified() {
            self.vacated = divide_above(made, guard)?;
        }
        for control in &made.member.controls {
            match made.directory.write(&control.file, &control.value) {
                Err(Errno::ENOENT) if control.if_there => {}
                Err(errno) => return Err(causes::not_written(made, control, errno)),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Has the cgroups above hand on the controllers. If the last of them is the caller's own, and nobody else is in it, this
/// process goes out of the way.
fn divide_above(made: &Made, guard: Option<&Guard>) -> Result<Option<Vacated>> {
    let Made { member, directory, names, steps } = made;
    let above = names.get(..names.len().saturating_sub(1)).unwrap_or_default();
    let shown = member.hierarchy.shown(above);
    let open = || member.hierarchy.root.open(above).map_err(|errno| causes::not_opened(&shown, errno));
    let opened;
    let parent = if let Some((parent, _)) = steps.last() {
        parent
    } else {
        opened = open()?;
        &opened
    };
    let busy = || causes::busy(&shown);
    match divide::hand_on(member, parent, above) {
        Ok(()) => return Ok(None),
        Err(Obstacle::Other(error)) => return Err(error),
        Err(Obstacle::Busy) if *above != *member.hierarchy.own => return Err(busy()),
        Err(Obstacle::Busy) => {}
    }
    let vacated = Vacated::new(open()?, member, guard);
    let moved = vacated.leave(directory);
    let divided = moved.map_err(|errno| causes::not_entered(&shown, errno, true)).and_then(|()| {
        divide::hand_on(member, parent, above).map_err(|obstacle| match obstacle {
            Obstacle::Busy => busy(),
            Obstacle::Other(error) => error,
        })
    });
    match divided {
        Ok(()) => Ok(Some(vacated)),
        Err(error) => {
            let _ = vacated.restore();
            Err(error)
        }
    }
}
