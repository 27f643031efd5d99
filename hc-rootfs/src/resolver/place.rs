//! A directory that is searched, and the subdirectories for processors with certain features: which of them the loader
//! would look into on this machine does not matter, for the new root may be used on another.

use super::{Files, Search};
use crate::loader::{self, Kind};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Directories that are remembered. Programs have a dozen; a hostile one has a million.
const MAX_KNOWN: usize = 4096;
/// glibc knows three or four for a processor.
const MAX_HWCAPS: usize = 32;

/// What was found out about a directory.
#[derive(Default)]
pub(super) struct Place {
    pub(super) is_there: bool,
    /// How many steps away it is.
    pub(super) steps: usize,
    /// Where in it glibc can look for a library first.
    pub(super) subdirectories: Vec<PathBuf>,
}

/// What was found out about directories.
#[derive(Default)]
pub(super) struct Known(HashMap<PathBuf, Rc<Place>>);

impl<F: Files> Search<'_, F> {
    pub(super) fn place(&self, directory: &Path) -> Rc<Place> {
        if let Some(known) = self.places.borrow().0.get(directory) {
            return Rc::clone(known);
        }
        // An empty element of a search path is the current directory.
        let path = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        let mut place = Place { steps: self.files.steps(path), ..Place::default() };
        self.effort.walk(place.steps);
        self.effort.look(place.steps);
        place.is_there = self.files.is_directory(path);
        if place.is_there && self.kind == Kind::Glibc {
            place.subdirectories = self.subdirectories(directory, place.steps);
        }
        let place = Rc::new(place);
        let names = place.subdirectories.iter().map(|path| path.as_os_str().len() + size_of::<PathBuf>());
        let size = size_of::<Place>() + directory.as_os_str().len() + names.sum::<usize>();
        let mut known = self.places.borrow_mut();
        if known.0.len() < MAX_KNOWN && self.files.room().take(size) {
            known.0.insert(directory.to_owned(), Rc::clone(&place));
        }
        place
    }

    fn subdirectories(&self, directory: &Path, steps: usize) -> Vec<PathBuf> {
        let hwcaps = Path::new("glibc-hwcaps");
        let names = self.files.names(&directory.join(hwcaps));
        self.effort.read(names.len());
        let mut found: Vec<PathBuf> = names.iter().take(MAX_HWCAPS).map(|name| hwcaps.join(name)).collect();
        let mut legacy = Vec::new();
        self.add_legacy((directory, steps), Path::new(""), loader::legacy(self.machine), &mut legacy);
        // It takes a look into the loader to know that it does this.
        if !legacy.is_empty() && self.defaults().has_legacy {
            found.append(&mut legacy);
        }
        found
    }

    /// Those of `top`, which is so many steps away, that are `below` in it and have one of `names`, and those below with the names that follow.
    fn add_legacy(&self, top: (&Path, usize), below: &Path, names: &[&[&str]], found: &mut Vec<PathBuf>) {
        let mut rest = names;
        while let Some((here, next)) = rest.split_first() {
            for path in here.iter().map(|name| below.join(name)) {
                self.effort.look(top.1);
                if !found.contains(&path) && self.files.is_directory(&top.0.join(&path)) {
                    self.add_legacy(top, &path, next, found);
                    found.push(path);
                }
            }
            rest = next;
        }
    }
}
