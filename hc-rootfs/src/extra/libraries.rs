//! The ELF files among what is asked for: what they need in their new places is copied as well.

use super::layers::Node;
use super::loaders::{Choice, Loaders};
use super::tree::Tree;
use super::view::View;
use super::{Extras, Note};
use crate::elf;
use crate::host::{Host, Id, Source, id_of};
use crate::programs::Closure;
use crate::resolver::{self, Files, Found, Needs};
use crate::room::FULL;
use hc::{Error, Result, show};
use nix::sys::stat::{FileStat, fstat};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// No ELF file is smaller: the header for 32 bits.
const MIN_SIZE: i64 = 52;

/// An ELF file that is copied.
pub(super) struct Binary {
    path: PathBuf,
    /// Where it will be, if not there.
    place: Option<PathBuf>,
    pub(super) found: Found,
    /// The top of the tree that it was found in; `None` for one that was asked for by name.
    tree: Option<PathBuf>,
    /// Only a link is in the tree.
    is_outside: bool,
}

impl Binary {
    /// `None` for a file that no loader would load, which is data then.
    pub(super) fn of(
        file: &File,
        status: &FileStat,
        path: PathBuf,
        place: &Path,
        tree: Option<PathBuf>,
    ) -> Option<Self> {
        let object = elf::parse(file, None).ok()?;
        let place = (place != path).then(|| place.to_owned());
        Some(Binary {
            path,
            place,
            found: Found { object: Rc::new(object), id: id_of(status) },
            tree,
            is_outside: false,
        })
    }

    /// The same for a file outside of `tree` that a link in there leads to.
    pub(super) fn outside(path: &Path, tree: &Tree<'_>) -> Option<Self> {
        let (file, status) = tree.host.sysroot.open_regular(path).ok()?;
        let binary = Self::of(&file, &status, path.to_owned(), path, Some(tree.real.clone()))?;
        binary.kept(tree.host).map(|binary| Binary { is_outside: true, ..binary })
    }

    /// The same for the file `name` of `directory`.
    pub(super) fn at(
        directory: &OwnedFd,
        name: &OsStr,
        status: &FileStat,
        source: &Source,
        tree: &Tree<'_>,
    ) -> Option<Self> {
        if status.st_size < MIN_SIZE {
            return None;
        }
        let file = tree.host.sysroot.open_entry(directory, name, &source.path).ok()?;
        let same = fstat(&file).is_ok_and(|opened| id_of(&opened) == id_of(status));
        let top = Some(tree.real.clone());
        if !same {
            return None;
        }
        Self::of(&file, status, source.path.clone(), source.place(), top)?.kept(tree.host)
    }

    /// One of a tree, which can have more than there is room for.
    fn kept(self, host: &Host) -> Option<Self> {
        let names = 2 * self.path.as_os_str().len();
        host.room().take(self.found.object.size() + size_of::<Self>() + names).then_some(self)
    }

    /// Where a loader will meet it.
    pub(super) fn place(&self) -> &Path {
        self.place.as_deref().unwrap_or(&self.path)
    }

    /// Its name in a message, and that of its place.
    fn shown(&self) -> String {
        match &self.place {
            Some(place) => format!("{} as {}", show(&self.path), show(place)),
            None => show(&self.path).to_string(),
        }
    }
}

/// Adds what the binaries need. One that was asked for by name must find everything; of a tree, parts may be for
/// occasions that never come, and a note says what they lack.
pub(super) fn resolve(extras: &mut Extras, host: &Host, closure: &mut Closure) -> Result<()> {
    let mut binaries = std::mem::take(&mut extras.binaries);
    if let Some(last) = binaries.last().filter(|_| host.room().is_full()) {
        return Err(Error::new(format!("{}: {FULL}", show(&last.path))));
    }
    // Not those that another -f has replaced.
    binaries.retain(|binary| match extras.layers.node(binary.place()) {
        Some(Node::File(source)) => source.id == binary.found.id,
        Some(_) => false,
        None => binary.is_outside,
    });
    let view = View::new(host, &extras.layers);
    let mut loaders = Loaders::new(closure, &binaries, host);
    let (mut names, mut notes) = (HashSet::new(), Vec::new());
    // How many there are in each tree, and the first.
    let mut unknown: BTreeMap<&Path, (usize, &Binary)> = BTreeMap::new();
    for binary in &binaries {
        let object = &binary.found.object;
        closure.note_origin(object, &binary.path);
        let found = match loaders.with_loader(&binary.found, &view) {
            Choice::Found(found) => found,
            Choice::NotNeeded => continue,
            Choice::Unknown => {
                let Some(tree) = &binary.tree else {
                    return Err(Error::new(format!("{}: {NO_LOADER}", show(&binary.path))));
                };
                unknown.entry(tree).or_insert((0, binary)).0 += 1;
                continue;
            }
        };
        let (place, extras_of) = (binary.place(), closure.extras);
        let needs = resolver::needs(place, place, &found, &view, extras_of).map_err(|error| {
            // It begins with the name in the new root.
            let (text, shown) = (error.to_string(), show(place).to_string());
            Error::new(format!("{}{}", binary.shown(), text.strip_prefix(&shown).unwrap_or(&text)))
        });
        match needs {
            Ok(needs) => {
                closure.little_endian = object.machine.little_endian;
                add(needs, &view, &mut names, &mut extras.needed, closure)?;
            }
            Err(error) if binary.tree.is_some() && !host.room().is_full() => {
                notes.push(format!("note: {error}"));
            }
            Err(error) => return Err(error),
        }
    }
    for (tree, (count, first)) in unknown {
        let (tree, first) = (show(tree), show(&first.path));
        notes.push(match count {
            1 => format!("{first}: note: {NO_LOADER}"),
            _ => format!(
                "{tree}: note: the libraries of {count} files in it, as {first}, are not known without a PROGRAM or a \
                 C library for their machine"
            ),
        });
    }
    extras.notes.extend(notes.into_iter().map(|text| Note { text, unless: None }));
    Ok(())
}

const NO_LOADER: &str = "its libraries are not known without a PROGRAM or a C library for its machine";

/// Adds what one binary needs, under names that are not there yet.
fn add(
    needs: Needs,
    view: &View<'_>,
    names: &mut HashSet<PathBuf>,
    wares: &mut Vec<crate::host::Ware>,
    closure: &mut Closure,
) -> Result<()> {
    let sysroot = &view.host.sysroot;
    let mut files: Vec<(PathBuf, Option<Id>)> =
        needs.files.into_iter().map(|(name, id)| (name, Some(id))).collect();
    files.extend(needs.others.into_iter().map(|name| (name, None)));
    for (name, id) in files {
        let name = sysroot.absolute(&name)?;
        let is_put = matches!(view.layers.node(&name), Some(Node::File(_)));
        if !is_put && names.insert(name.clone()) {
            wares.push(view.ware(name, id)?);
        }
    }
    closure.add_opened(needs.cached, needs.absent);
    Ok(())
}
