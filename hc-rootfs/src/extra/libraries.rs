//! The ELF files among what is asked for: what they need is copied as well.

use super::Extras;
use crate::elf::{self, Machine, Object};
use crate::host::{Host, id_of};
use crate::programs::{self, Closure};
use crate::resolver::{self, Files, Found, Unusable};
use hc::Result;
use nix::sys::stat::{FileStat, fstat};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// No ELF file is smaller: the header for 32 bits.
const MIN_SIZE: i64 = 52;

/// An ELF file that is copied.
pub(super) struct Binary {
    path: PathBuf,
    found: Found,
    /// The top of the tree that it was found in; `None` for one that was asked for by name.
    tree: Option<PathBuf>,
}

impl Binary {
    /// `None` for a file that no loader would load, which is data then.
    pub(super) fn of(file: &File, status: &FileStat, path: PathBuf, tree: Option<PathBuf>) -> Option<Self> {
        let object = elf::parse(file, None).ok()?;
        Some(Binary { path, found: Found { object: Rc::new(object), id: id_of(status) }, tree })
    }

    /// The same for the file `name` of `directory`.
    pub(super) fn at(
        directory: &OwnedFd,
        name: &OsStr,
        status: &FileStat,
        path: &Path,
        (host, tree): (&Host, &Path),
    ) -> Option<Self> {
        if status.st_size < MIN_SIZE {
            return None;
        }
        let file = host.sysroot.open_entry(directory, name, path).ok()?;
        let same = fstat(&file).is_ok_and(|opened| id_of(&opened) == id_of(status));
        if same { Self::of(&file, status, path.to_owned(), Some(tree.to_owned())) } else { None }
    }
}

/// Adds what the binaries need. One that was asked for by name must find everything; of a tree, parts may be for
/// occasions that never come, and a note says what they lack.
pub(super) fn resolve(extras: &mut Extras, host: &Host, closure: &mut Closure) -> Result<()> {
    let binaries = std::mem::take(&mut extras.binaries);
    let loaders = if binaries.is_empty() { HashMap::new() } else { loaders(closure, &binaries, host) };
    let files = Remembering { host, contents: RefCell::default() };
    for Binary { path, found, tree } in binaries {
        closure.needing_proc.extend(resolver::names_origin(&found.object).then(|| path.clone()));
        let Some(found) = with_loader(found, &loaders) else { continue };
        let needs = match resolver::needs(&path, &path, &found, &files, closure.extras) {
            Ok(needs) => needs,
            Err(error) if tree.is_some() => {
                extras.note(format!("note: {error}"));
                continue;
            }
            Err(error) => return Err(error),
        };
        closure.little_endian = found.object.machine.little_endian;
        closure.add_unlinked(needs, tree.as_deref(), host)?;
    }
    Ok(())
}

/// A library is loaded by the loader of the program that it is for.
fn with_loader(found: Found, loaders: &HashMap<Machine, Vec<u8>>) -> Option<Found> {
    if found.object.interpreter.is_some() {
        return Some(found);
    }
    let loader = loaders.get(&found.object.machine).filter(|_| !found.object.needed.is_empty())?;
    let object = Object { interpreter: Some(loader.clone()), ..Object::clone(&found.object) };
    Some(Found { object: Rc::new(object), id: found.id })
}

/// The loader of each machine: that of the first PROGRAM for it, or of a program among `binaries`.
fn loaders(closure: &Closure, binaries: &[Binary], host: &Host) -> HashMap<Machine, Vec<u8>> {
    let parsed = |program: &programs::Binary| {
        let (file, _) = host.sysroot.open_regular(&program.path).ok()?;
        elf::parse(&file, None).ok().map(Rc::new)
    };
    let programs = closure.binaries.iter().filter_map(parsed);
    let mut loaders = HashMap::new();
    for object in programs.chain(binaries.iter().map(|binary| Rc::clone(&binary.found.object))) {
        if let Some(loader) = &object.interpreter {
            loaders.entry(object.machine).or_insert_with(|| loader.clone());
        }
    }
    loaders
}

/// The host, of which the caches and loaders are read once for all binaries.
struct Remembering<'a> {
    host: &'a Host,
    contents: RefCell<HashMap<PathBuf, Vec<u8>>>,
}

impl Files for Remembering<'_> {
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable> {
        self.host.object(path, wanted)
    }

    fn library_path(&self) -> &[PathBuf] {
        self.host.library_path()
    }

    fn content(&self, path: &Path) -> Vec<u8> {
        let mut contents = self.contents.borrow_mut();
        contents.entry(path.to_owned()).or_insert_with(|| self.host.content(path)).clone()
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        self.host.names(directory)
    }

    fn unwinds(&self, path: &Path) -> bool {
        self.host.unwinds(path)
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.host.is_directory(path)
    }
}
