//! Subdirectories for processors with certain features: which of them the loader would look into on this machine
//! does not matter, for the new root may be used on another.

use super::{Files, Search};
use crate::loader;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Directories whose subdirectories are remembered. Programs have a dozen; a hostile one has a million.
const MAX_KNOWN: usize = 4096;
/// glibc knows three or four for a processor.
const MAX_HWCAPS: usize = 32;

/// What was found out about directories.
#[derive(Default)]
pub(super) struct Known(HashMap<PathBuf, Rc<[PathBuf]>>);

impl<F: Files> Search<'_, F> {
    /// The subdirectories of `directory` in which glibc can look for a library before it looks in there.
    pub(super) fn subdirectories(&self, directory: &Path) -> Rc<[PathBuf]> {
        if let Some(known) = self.subdirectories.borrow().0.get(directory) {
            return Rc::clone(known);
        }
        let mut found = Vec::new();
        if self.files.is_directory(directory) {
            let hwcaps = directory.join("glibc-hwcaps");
            let names = self.files.names(&hwcaps);
            found.extend(names.iter().take(MAX_HWCAPS).map(|name| hwcaps.join(name)));
            let mut legacy = Vec::new();
            self.add_legacy(directory, loader::legacy(self.machine), &mut legacy);
            // It takes a look into the loader to know that it does this.
            if !legacy.is_empty() && self.defaults().has_legacy {
                found.append(&mut legacy);
            }
        }
        let found: Rc<[PathBuf]> = found.into();
        let mut known = self.subdirectories.borrow_mut();
        if known.0.len() < MAX_KNOWN {
            known.0.insert(directory.to_owned(), Rc::clone(&found));
        }
        found
    }

    /// Those in `directory` that have one of `names`, and those below with the names that follow.
    fn add_legacy(&self, directory: &Path, names: &[&[&str]], found: &mut Vec<PathBuf>) {
        let mut rest = names;
        while let Some((here, below)) = rest.split_first() {
            for path in here.iter().map(|name| directory.join(name)) {
                if !found.contains(&path) && self.files.is_directory(&path) {
                    self.add_legacy(&path, below, found);
                    found.push(path);
                }
            }
            rest = below;
        }
    }
}
