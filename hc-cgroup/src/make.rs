//! Makes the cgroups, with their limits; or nothing.

use crate::causes;
use crate::directory::Directory;
use crate::divide::{self, Obstacle, Vacated};
use crate::enter::Group;
use crate::members::{Member, Members};
use crate::name::Path;
use crate::options::Place;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::unistd::getpid;
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

enum Failure {
    /// There is one of that name.
    Exists(String),
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

/// Makes a cgroup in each hierarchy, of the same name in all. `stays`: this process will not be in them.
pub(crate) fn make(members: Members, place: &Place, stays: bool) -> Result<Group> {
    let mut members = members.0;
    for number in 0..TRIES {
        let name = place.name.clone().unwrap_or_else(|| unique(number));
        let mut group = Group::default();
        match make_all(&mut members, place, &name, stays, &mut group) {
            Ok(()) => return Ok(group),
            Err(Failure::Other(error)) => return Err(group.undo(error)),
            Err(Failure::Exists(shown)) => {
                members = group.take_back(members);
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

/// One that nobody else takes for himself, but may have left.
fn unique(number: u32) -> Path {
    let pid = getpid();
    let name = if number == 0 { format!("hc-{pid}") } else { format!("hc-{pid}-{number}") };
    Path { absolute: false, names: vec![name.into()] }
}

fn make_all(
    members: &mut Vec<Member>,
    place: &Place,
    name: &Path,
    stays: bool,
    group: &mut Group,
) -> std::result::Result<(), Failure> {
    while !members.is_empty() {
        let member = members.remove(0);
        let needed = member.needed;
        match make_one(member, place, name) {
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
        if let Err(error) = group.limit(at, stays) {
            let needed = group.made.get(at).is_none_or(|made| made.member.needed);
            if needed {
                return Err(error.into());
            }
        }
    }
    Ok(())
}

/// Where `place` and `name` are in the hierarchy of `member`: what has to be there, and what is made below.
fn path(member: &Member, place: &Place, name: &Path) -> Result<(Vec<OsString>, Vec<OsString>)> {
    let hierarchy = &member.hierarchy;
    if name.absolute {
        return Ok((Vec::new(), hierarchy.names_of(name)?));
    }
    let above = place
        .parent
        .as_ref()
        .map_or_else(|| Ok(hierarchy.own.clone()), |parent| hierarchy.names_of(parent))?;
    Ok((above, name.names.clone()))
}

fn make_one(member: Member, place: &Place, name: &Path) -> std::result::Result<Made, Box<(Member, Failure)>> {
    let mut steps = Vec::new();
    match make_steps(&member, place, name, &mut steps) {
        Ok((directory, names)) => Ok(Made { member, directory, names, steps }),
        Err(failure) => {
            while let Some((parent, name)) = steps.pop() {
                let _ = parent.remove(&name);
            }
            Err(Box::new((member, failure)))
        }
    }
}

fn make_steps(
    member: &Member,
    place: &Place,
    name: &Path,
    steps: &mut Vec<(Directory, OsString)>,
) -> std::result::Result<(Directory, Vec<OsString>), Failure> {
    let (mut names, below) = path(member, place, name)?;
    let shown = |names: &[OsString]| member.hierarchy.shown(names);
    let mut current =
        member.hierarchy.root.open(&names).map_err(|errno| causes::not_opened(&shown(&names), errno))?;
    let last = below.len().saturating_sub(1);
    for (at, name) in below.into_iter().enumerate() {
        names.push(name);
        let name = names.last().cloned().unwrap_or_default();
        let is_new = match current.make(&name) {
            Ok(()) => true,
            Err(Errno::EEXIST) if at < last => false,
            Err(Errno::EEXIST) => {
                let is_one = current.open(std::slice::from_ref(&name)).is_ok();
                let path = shown(&names);
                return Err(if is_one {
                    Failure::Exists(path)
                } else {
                    Error::new(format!("{path}: a control file has this name")).into()
                });
            }
            Err(errno) => return Err(causes::not_made(&shown(&names), errno, member.is_unified()).into()),
        };
        let next = current.open(std::slice::from_ref(&name));
        let above = std::mem::replace(
            &mut current,
            match next {
                Ok(next) => next,
                Err(errno) => {
                    if is_new {
                        let _ = current.remove(&name);
                    }
                    return Err(causes::not_opened(&shown(&names), errno).into());
                }
            },
        );
        if is_new {
            if member.controllers.iter().any(|name| name == "cpuset") && !member.is_unified() {
                fill_cpuset(&above, &current);
            }
            steps.push((above, name));
        }
    }
    Ok((current, names))
}

/// In the first version a new cpuset has neither processors nor memory, and nobody may enter it: it gets what the one above
/// has. Where that fails, so does the entry, and says so.
fn fill_cpuset(above: &Directory, new: &Directory) {
    for list in ["cpuset.cpus", "cpuset.mems"] {
        let inherited = new.read(list).is_ok_and(|list| !list.trim().is_empty());
        if !inherited && let Ok(value) = above.read(list) {
            let _ = new.write(list, value.trim());
        }
    }
}

impl Group {
    /// Writes the limits of one, which has its controllers then.
    fn limit(&mut self, at: usize, stays: bool) -> Result<()> {
        let Some(made) = self.made.get(at) else { return Ok(()) };
        if made.member.is_unified() {
            self.vacated = divide_above(made, stays)?;
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
fn divide_above(made: &Made, stays: bool) -> Result<Option<Vacated>> {
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
        Ok(_) => return Ok(None),
        Err(Obstacle::Other(error)) => return Err(error),
        Err(Obstacle::Busy) if *above != *member.hierarchy.own => return Err(busy()),
        Err(Obstacle::Busy) => {}
    }
    let aside = stays.then(|| OsString::from(format!("hc-{}-wait", getpid())));
    let mut vacated = Vacated { directory: open()?, aside, handed_on: Vec::new() };
    let moved = match &vacated.aside {
        None => directory.write("cgroup.procs", "0"),
        Some(name) => vacated
            .directory
            .make(name)
            .and_then(|()| vacated.directory.open(std::slice::from_ref(name)))
            .and_then(|aside| aside.write("cgroup.procs", "0")),
    };
    let divided = moved.map_err(|errno| causes::not_entered(&shown, errno, true)).and_then(|()| {
        divide::hand_on(member, parent, above).map_err(|obstacle| match obstacle {
            Obstacle::Busy => busy(),
            Obstacle::Other(error) => error,
        })
    });
    match divided {
        Ok(handed_on) => {
            vacated.handed_on = handed_on;
            Ok(Some(vacated))
        }
        Err(error) => {
            let _ = vacated.restore();
            Err(error)
        }
    }
}
