//! Which loader loads a library: it does not say so itself.

use super::libraries::Binary;
use super::view::View;
use crate::elf::{self, Machine, Object};
use crate::host::Host;
use crate::ldcache::Cache;
use crate::loader::{self, Kind};
use crate::programs::{self, Closure};
use crate::resolver::{CACHE, Files, Found};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

const LIBC: &str = "libc.so.6";
/// There are hardly more than two for a machine, unless somebody wants to be waited for.
const MAX_LOADERS: usize = 16;
/// Where the C libraries of several machines are, each in a directory of its own, or one alone.
const LIBRARIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];

/// The loader of each machine, as far as it is known.
pub(super) struct Loaders {
    /// In the order in which they count.
    of_programs: HashMap<Machine, Vec<Vec<u8>>>,
    /// And of which C library there is, GNU's or musl's.
    of_libraries: HashMap<(Machine, bool), Option<Vec<u8>>>,
}

/// An object with its loader, if it takes one.
pub(super) enum Choice {
    Found(Found),
    /// It loads nothing.
    NotNeeded,
    Unknown,
}

impl Loaders {
    /// Those of the first PROGRAM for each machine, or of a program among `binaries`.
    pub(super) fn new(closure: &Closure, binaries: &[Binary], host: &Host) -> Self {
        let parsed = |program: &programs::Binary| {
            let (file, _) = host.sysroot.open_regular(&program.path).ok()?;
            elf::parse(&file, None).ok().map(Rc::new)
        };
        let programs = closure.binaries.iter().filter(|_| !binaries.is_empty()).filter_map(parsed);
        let mut of_programs = HashMap::new();
        for object in programs.chain(binaries.iter().map(|binary| Rc::clone(&binary.found.object))) {
            if let Some(loader) = &object.interpreter {
                let all: &mut Vec<_> = of_programs.entry(object.machine).or_default();
                if !all.contains(loader) && all.len() < MAX_LOADERS {
                    all.push(loader.clone());
                }
            }
        }
        Loaders { of_programs, of_libraries: HashMap::new() }
    }

    /// A library is loaded by the loader of the program that it is for; without one, by that of its C library.
    pub(super) fn with_loader(&mut self, found: &Found, view: &View<'_>) -> Choice {
        let object = &found.object;
        if object.interpreter.is_some() {
            return Choice::Found(found.clone());
        }
        if object.needed.is_empty() && object.notes.is_empty() {
            return Choice::NotNeeded;
        }
        let is_there =
            |loader: &&Vec<u8>| view.object(Path::new(OsStr::from_bytes(loader)), object.machine).is_ok();
        let of_programs = self.of_programs.get(&object.machine);
        let loader = of_programs.and_then(|all| all.iter().find(is_there)).cloned().or_else(|| {
            let key = (object.machine, is_of_musl(object));
            self.of_libraries.entry(key).or_insert_with(|| of_library(object, view)).clone()
        });
        let Some(loader) = loader else { return Choice::Unknown };
        let object = Object { interpreter: Some(loader), ..Object::clone(object) };
        Choice::Found(Found { object: Rc::new(object), id: found.id })
    }
}

/// musl's library has the name `libc.so`, or in distributions `libc.musl-ARCH.so.1`.
fn is_of_musl(object: &Object) -> bool {
    object.needed.iter().any(|need| need.name == b"libc.so" || need.name.starts_with(b"libc.musl-"))
}

/// The loader of the C library for the machine of `object`, if there is one in the new root.
fn of_library(object: &Object, view: &View<'_>) -> Option<Vec<u8>> {
    if is_of_musl(object) {
        return musl(object.machine, view);
    }
    glibc(object.machine, view).or_else(|| musl(object.machine, view))
}

/// What glibc's library names as its loader, for it can be run as a program.
fn glibc(machine: Machine, view: &View<'_>) -> Option<Vec<u8>> {
    let cache = Cache::parse(view.content(Path::new(CACHE)));
    let entries = cache.as_ref().map(|cache| cache.find(LIBC.as_bytes(), machine)).unwrap_or_default();
    let cached = entries.iter().map(|entry| PathBuf::from(OsStr::from_bytes(entry.path)));
    let interpreter = |path: PathBuf| view.interpreter(&path, machine);
    cached.map(interpreter).find(Option::is_some).flatten().or_else(|| {
        LIBRARIES.iter().map(Path::new).find_map(|directory| {
            let below = view.names(directory).into_iter().map(|name| directory.join(name));
            let own = below.filter(|path| loader::is_multiarch(Some(path)));
            own.chain([directory.to_owned()]).find_map(|directory| interpreter(directory.join(LIBC)))
        })
    })
}

/// musl's library is its loader.
fn musl(machine: Machine, view: &View<'_>) -> Option<Vec<u8>> {
    let directory = Path::new("/lib");
    let all = view.names(directory).into_iter().map(|name| directory.join(name));
    let mut own = all.filter(|path| Kind::of(path) == Kind::Musl);
    own.find(|path| view.object(path, machine).is_ok()).map(|path| path.as_os_str().as_bytes().to_vec())
}
