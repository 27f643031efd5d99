//! Which files a loader would load for a program, found as it finds them and without running it.
//!
//! glibc: _dl_map_object_deps() in elf/dl-deps.c and _dl_map_object() in elf/dl-load.c; musl: load_deps() in
//! ldso/dynlink.c. `LD_LIBRARY_PATH` and `LD_PRELOAD` have no part in it: they belong to the caller, and a
//! container starts with an environment of its own.

mod paths;
mod tried;

use crate::elf::{Machine, Object};
use crate::host::Id;
use crate::ldcache::Cache;
use crate::loader::{self, Defaults, Kind};
use hc::{Error, Result, show};
use std::cell::{Cell, OnceCell};
use std::collections::{HashSet, VecDeque};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tried::Tried;

const CACHE: &str = "/etc/ld.so.cache";
/// A program with two hundred libraries, each in a directory of its own, takes twenty thousand. A hostile one
/// could name more places than anybody waits for.
const MAX_TRIES: u32 = 1 << 18;

/// The files of the host, or of a test.
pub(crate) trait Files {
    /// The object at `path`, if it is one for `wanted`.
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable>;
    /// The whole of a small file; empty when there is none.
    fn content(&self, path: &Path) -> Vec<u8>;
}

/// An object that can be loaded.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) object: Rc<Object>,
    pub(crate) id: Id,
}

/// Why there is none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Not there, or not for the likes of us: the search goes on.
    Absent,
    /// For another machine: the search goes on.
    OtherMachine,
    /// There, and bad: the loader would stop here.
    Bad(String),
}

/// What a program needs beside itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The loader and the libraries, by the names under which the loader opens them, in its order. A file
    /// that has two names is there twice.
    pub(crate) files: Vec<(PathBuf, Id)>,
    /// A library that is found by a file in /etc alone, if there is one.
    pub(crate) configured: Option<Configured>,
}

/// A library, and the file (ld.so.cache, or musl's list of directories) without which the loader would not
/// look where it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Configured {
    pub(crate) library: PathBuf,
    pub(crate) by: PathBuf,
}

/// One loaded object, as far as it matters to those that it needs.
struct Loaded {
    path: PathBuf,
    /// What `$ORIGIN` is.
    origin: PathBuf,
    object: Rc<Object>,
    /// Who needed it first; `None` for the program.
    needer: Option<Rc<Loaded>>,
}

/// The search for one program.
struct Search<'a, F> {
    files: &'a F,
    program: &'a Path,
    machine: Machine,
    kind: Kind,
    loader: PathBuf,
    cache: OnceCell<Option<Cache>>,
    defaults: OnceCell<Defaults>,
    /// Names that need no search: those asked for before, and DT_SONAMEs.
    known: HashSet<Vec<u8>>,
    /// The files behind them.
    ids: HashSet<Id>,
    queue: VecDeque<Rc<Loaded>>,
    needs: Needs,
    /// How many files were looked for.
    tries: Cell<u32>,
}

/// Finds what `program` needs. `real` is where it is with all symlinks resolved, which is what `$ORIGIN`
/// goes by.
pub(crate) fn needs(program: &Path, real: &Path, found: &Found, files: &impl Files) -> Result<Needs> {
    // Without a loader nothing is loaded: a static program, or a static-pie, which only has PT_DYNAMIC.
    let Some(interpreter) = &found.object.interpreter else { return Ok(Needs::default()) };
    let loader = Path::new(OsStr::from_bytes(interpreter)).to_owned();
    let machine = found.object.machine;
    let of_loader = files.object(&loader, machine).map_err(|unusable| {
        let why = match unusable {
            Unusable::Absent => "is not there, or not readable".to_owned(),
            Unusable::OtherMachine => "is for another machine".to_owned(),
            Unusable::Bad(why) => why,
        };
        Error::new(format!("{}: its loader {} {why}", show(program), show(&loader)))
    })?;
    let mut search = Search {
        files,
        program,
        machine,
        kind: Kind::of(&loader),
        loader: loader.clone(),
        cache: OnceCell::new(),
        defaults: OnceCell::new(),
        known: HashSet::from([interpreter.clone()]),
        ids: HashSet::from([found.id, of_loader.id]),
        queue: VecDeque::new(),
        needs: Needs { files: vec![(loader, of_loader.id)], configured: None },
        tries: Cell::new(0),
    };
    search.know_soname(&of_loader.object);
    search.load(program.to_owned(), real, Rc::clone(&found.object), None);
    while let Some(loaded) = search.queue.pop_front() {
        for name in &loaded.object.needed {
            search.need(name, &loaded)?;
        }
    }
    Ok(search.needs)
}

impl<F: Files> Search<'_, F> {
    fn load(&mut self, path: PathBuf, real: &Path, object: Rc<Object>, needer: Option<Rc<Loaded>>) {
        self.know_soname(&object);
        let origin = real.parent().unwrap_or(Path::new("/")).to_owned();
        self.queue.push_back(Rc::new(Loaded { path, origin, object, needer }));
    }

    /// A DT_SONAME is one more name of a loaded object; to musl an object has only the names it was asked for by.
    fn know_soname(&mut self, object: &Object) {
        if self.kind == Kind::Glibc {
            self.known.extend(object.soname.clone());
        }
    }

    fn need(&mut self, name: &[u8], needer: &Rc<Loaded>) -> Result<()> {
        if self.kind.has_built_in(name) || !self.known.insert(name.to_vec()) {
            return Ok(());
        }
        let mut tried = Tried::default();
        let (path, found) = match self.find(name, needer, &mut tried) {
            Ok(Some(hit)) => hit,
            Ok(None) => return Err(tried.error(self.program, name, &by(needer))),
            Err((path, why)) => {
                let (name, needer) = (OsStr::from_bytes(name), by(needer));
                let (program, path) = (show(self.program), show(&path));
                return Err(Error::new(format!("{program}: {}{needer}: {path} {why}", show(name))));
            }
        };
        // Also when the file is loaded already: the loader will open it by this name to find that out.
        self.needs.files.push((path.clone(), found.id));
        if self.ids.insert(found.id) {
            let real = path.clone();
            self.load(path, &real, found.object, Some(Rc::clone(needer)));
        }
        Ok(())
    }

    /// The file that `name` means to `needer`; `Err` where the loader would stop, with the file that made it.
    fn find(&mut self, name: &[u8], needer: &Rc<Loaded>, tried: &mut Tried) -> Hit {
        if name.contains(&b'/') {
            // musl opens it as it is (load_library()).
            let names = if self.kind == Kind::Musl { vec![name.to_vec()] } else { self.expand(name, needer) };
            return self.first(names.into_iter().map(as_path), tried);
        }
        let name = Path::new(OsStr::from_bytes(name));
        if let Some(hit) = self.in_directories(&self.own_directories(needer), name, tried)? {
            return Ok(Some(hit));
        }
        let no_default = self.kind == Kind::Glibc && needer.object.no_default;
        if self.kind == Kind::Glibc
            && let Some(hit) = self.in_cache(name, no_default, tried)?
        {
            return Ok(Some(hit));
        }
        if no_default {
            return Ok(None);
        }
        let hit = self.in_directories(&self.defaults().directories, name, tried)?;
        if let Some((library, _)) = &hit
            && self.kind == Kind::Musl
            && !loader::is_own_of_musl(library.parent())
        {
            self.configured(library.clone(), loader::musl_path_file(&self.loader));
        }
        Ok(hit)
    }

    /// What ld.so.cache says; not into a system directory where the needer does without those.
    fn in_cache(&mut self, name: &Path, no_default: bool, tried: &mut Tried) -> Hit {
        tried.cache = true;
        let path = self.cached(name.as_os_str().as_bytes());
        let Some(path) = path.filter(|path| !(no_default && self.in_system_directory(path))) else {
            return Ok(None);
        };
        let hit = self.first([path].into_iter(), tried)?;
        if let Some((path, _)) = &hit
            && self.needs.configured.is_none()
            && !loader::is_usual(path.parent())
            && !self.in_system_directory(path)
        {
            self.configured(path.clone(), PathBuf::from(CACHE));
        }
        Ok(hit)
    }

    fn configured(&mut self, library: PathBuf, by: PathBuf) {
        self.needs.configured.get_or_insert(Configured { library, by });
    }

    fn in_directories(&self, directories: &[PathBuf], name: &Path, tried: &mut Tried) -> Hit {
        for directory in directories {
            if let Some(hit) = self.first([directory.join(name)].into_iter(), tried)? {
                return Ok(Some(hit));
            }
            tried.directories.push(directory.clone());
        }
        Ok(None)
    }

    /// The first of `candidates` that is an object for this machine.
    fn first(&self, candidates: impl Iterator<Item = PathBuf>, tried: &mut Tried) -> Hit {
        for path in candidates {
            self.tries.set(self.tries.get() + 1);
            if self.tries.get() > MAX_TRIES {
                return Err((path, format!("is one of more than {MAX_TRIES} places to look at")));
            }
            match self.files.object(&path, self.machine) {
                Ok(found) => return Ok(Some((path, found))),
                Err(Unusable::Absent) => {}
                // musl does not look whom a file is for, and would fail to load it.
                Err(Unusable::OtherMachine) if self.kind == Kind::Musl => {
                    return Err((path, "is for another machine".to_owned()));
                }
                Err(Unusable::OtherMachine) => tried.other = Some(path),
                Err(Unusable::Bad(why)) => return Err((path, why)),
            }
        }
        Ok(None)
    }

    fn cached(&self, name: &[u8]) -> Option<PathBuf> {
        let cache = self.cache.get_or_init(|| Cache::parse(self.files.content(Path::new(CACHE))));
        let path = cache.as_ref()?.find(name, self.machine)?;
        path.starts_with(b"/").then(|| as_path(path.to_vec()))
    }
}

/// Whose the name is, for messages that begin with the program.
fn by(needer: &Loaded) -> String {
    match &needer.needer {
        None => ", which it needs".to_owned(),
        Some(_) => format!(", needed by {}", show(&needer.path)),
    }
}

type Hit = std::result::Result<Option<(PathBuf, Found)>, (PathBuf, String)>;

fn as_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests;
