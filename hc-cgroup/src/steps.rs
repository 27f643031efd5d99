//! The directories of one cgroup, from what is there already to the cgroup itself.

use crate::causes;
use crate::directory::Directory;
use crate::ledger::Ledger;
use crate::make::{Failure, Made};
use crate::members::Member;
use crate::name::Path;
use crate::options::Place;
use hc::{Error, Result};
use nix::errno::Errno;
use std::ffi::OsString;

/// Where `place` and `name` are in the hierarchy of `member`: what has to be there, and what is made below.
pub(crate) fn path(member: &Member, place: &Place, name: &Path) -> Result<(Vec<OsString>, Vec<OsString>)> {
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

/// Makes all that is missing, and nothing if that fails. What there is of it at any moment is in the `ledger`.
pub(crate) fn make(
    member: Member,
    place: &Place,
    name: &Path,
    ledger: Option<&Ledger>,
) -> std::result::Result<Made, Box<(Member, Failure)>> {
    let mut steps = Vec::new();
    match make_steps(&member, place, name, ledger, &mut steps) {
        Ok((directory, names)) => Ok(Made { member, directory, names, steps }),
        Err(failure) => {
            while let Some((parent, name)) = steps.pop() {
                let _ = parent.remove(&name);
            }
            ledger.inspect(|ledger| ledger.removed(member.number));
            Err(Box::new((member, failure)))
        }
    }
}

fn make_steps(
    member: &Member,
    place: &Place,
    name: &Path,
    ledger: Option<&Ledger>,
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
        let is_new = match make_step(&current, &name, member.number, names.len() - 1, ledger) {
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
                        ledger.inspect(|ledger| ledger.not_made(member.number, names.len() - 1));
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

/// Makes a directory that has so many names above it. One that is there already never gets into the ledger: it is others'.
fn make_step(
    parent: &Directory,
    name: &OsString,
    member: usize,
    depth: usize,
    ledger: Option<&Ledger>,
) -> nix::Result<()> {
    let Some(ledger) = ledger else { return parent.make(name) };
    if parent.open(std::slice::from_ref(name)).is_ok() {
        return Err(Errno::EEXIST);
    }
    ledger.will_make(member, depth);
    let made = parent.make(name);
    if made.is_err() {
        ledger.not_made(member, depth);
    }
    made
}

/// What the `ledger` of a process that was killed has of a member.
pub(crate) fn find(member: Member, place: &Place, name: &Path, ledger: &Ledger) -> Option<Made> {
    let (mut names, below) = path(&member, place, name).ok()?;
    names.extend(below);
    let mut steps = Vec::new();
    for depth in ledger.made(member.number) {
        let Ok(parent) = member.hierarchy.root.open(names.get(..depth)?) else { break };
        steps.push((parent, names.get(depth)?.clone()));
    }
    // The last one is not there yet, or not any more, if the process was killed beside the call for it.
    while let Some((parent, name)) = steps.last() {
        if let Ok(directory) = parent.open(std::slice::from_ref(name)) {
            return Some(Made { member, directory, names, steps });
        }
        steps.pop();
    }
    None
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
