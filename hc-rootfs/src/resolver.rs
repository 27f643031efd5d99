//! Which files a loader would load for a program, found as it finds them and without running it.
//!
//! glibc: _dl_map_object_deps() in elf/dl-deps.c and _dl_map_object() in elf/dl-load.c; musl: load_deps() in
//! ldso/dynlink.c. `LD_LIBRARY_PATH` and `LD_PRELOAD` have no part in it: they belong to the caller, and a
//! container starts with an environment of its own.

mod demand;
mod find;
mod hwcaps;
mod links;
mod paths;
mod tried;

use crate::elf::{Machine, Need, Object, Role};
use crate::host::Id;
use crate::ldcache::{Cache, Line};
use crate::loader::{Defaults, Kind};
use crate::tokens;
pub(crate) use demand::{Absent, Extras};
use find::{Candidate, Hits};
use hc::{Error, Result, show};
use hwcaps::Known;
pub(crate) use links::{How, Link};
use links::{Named, Spot};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tried::Tried;

pub(crate) const CACHE: &str = "/etc/ld.so.cache";
/// A program with two hundred libraries, each in a directory of its own, takes twenty thousand. A hostile one
/// could name more places than anybody waits for.
const MAX_TRIES: u32 = 1 << 18;

/// The files of the host, or of a test.
pub(crate) trait Files {
    /// The object at `path`, if it is one for `wanted`.
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable>;
    /// The whole of a small file; empty when there is none.
    fn content(&self, path: &Path) -> Vec<u8>;
    /// The names in a directory, sorted; none when there is no such directory.
    fn names(&self, directory: &Path) -> Vec<OsString>;
    /// What [`crate::elf::unwinds`] says of a file.
    fn unwinds(&self, path: &Path) -> bool;
    fn is_directory(&self, path: &Path) -> bool;
    /// Where to look as in `LD_LIBRARY_PATH`.
    fn library_path(&self) -> &[PathBuf] {
        &[]
    }
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
    /// Who needs which of them, each need once.
    pub(crate) links: Vec<Link>,
    /// What in ld.so.cache leads to libraries where the loader would not look without it.
    pub(crate) cached: Vec<Line>,
    /// Other files of the host, by which libraries are found or used.
    pub(crate) others: Vec<PathBuf>,
    /// What could be opened, and is not there.
    pub(crate) absent: Vec<Absent>,
}

/// One loaded object, as far as it matters to those that it needs.
struct Loaded {
    path: PathBuf,
    /// What `$ORIGIN` is.
    origin: PathBuf,
    id: Id,
    object: Rc<Object>,
    /// Who needed it first; `None` for the program.
    needer: Option<Rc<Loaded>>,
    /// Where it is in [`Needs::files`]; the program is not there.
    place: Option<usize>,
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
    /// Names that need no search, and the files behind them: those asked for before, and DT_SONAMEs.
    known: HashMap<Vec<u8>, Named>,
    ids: HashSet<Id>,
    queue: VecDeque<Rc<Loaded>>,
    /// Those that were in it.
    loaded: Vec<Rc<Loaded>>,
    /// How many of them were asked what they open.
    opened: usize,
    /// Files that another processor would have in the place of one that is loaded.
    variants: VecDeque<Rc<Loaded>>,
    /// What was known when the first of these was looked into; `None` until then.
    before: Option<HashMap<Vec<u8>, Named>>,
    needs: Needs,
    /// The names in there, and where.
    listed: HashMap<PathBuf, usize>,
    /// How many files were looked for.
    tries: Cell<u32>,
    subdirectories: RefCell<Known>,
}

/// Finds what `program` needs. `real` is where it is with all symlinks resolved, which is what `$ORIGIN`
/// goes by.
pub(crate) fn needs(
    program: &Path,
    real: &Path,
    found: &Found,
    files: &impl Files,
    extras: Extras,
) -> Result<Needs> {
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
    let by_program = (0, How::Loader);
    let named = Named { id: of_loader.id, spot: Some(by_program) };
    let link = Link { needer: None, name: interpreter.clone(), file: 0, how: How::Loader };
    let mut search = Search {
        files,
        program,
        machine,
        kind: Kind::of(&loader),
        loader: loader.clone(),
        cache: OnceCell::new(),
        defaults: OnceCell::new(),
        known: HashMap::from([(interpreter.clone(), named)]),
        ids: HashSet::from([found.id, of_loader.id]),
        queue: VecDeque::new(),
        loaded: Vec::new(),
        opened: 0,
        variants: VecDeque::new(),
        before: None,
        listed: HashMap::from([(loader.clone(), 0)]),
        needs: Needs { files: vec![(loader, of_loader.id)], links: vec![link], ..Needs::default() },
        tries: Cell::new(0),
        subdirectories: RefCell::default(),
    };
    search.know_soname(&of_loader, Some(by_program));
    let this = loaded(program.to_owned(), real, found.clone(), None, None);
    search.load(this, found, None);
    search.settle()?;
    search.open_on_demand(extras)?;
    search.look_into_variants()?;
    Ok(search.needs)
}

impl<F: Files> Search<'_, F> {
    /// Looks for all that those in the queue need, and for what that needs.
    fn settle(&mut self) -> Result<()> {
        while let Some(loaded) = self.queue.pop_front() {
            self.loaded.push(Rc::clone(&loaded));
            let mut filtees = Vec::new();
            for need in &loaded.object.needed {
                self.need(need, &loaded, &mut filtees)?;
            }
            // They come before the object whose place they take, and so does what they need.
            for filtee in filtees.into_iter().rev() {
                self.queue.push_front(filtee);
            }
        }
        Ok(())
    }

    /// Does it again for the files that other processors would have, each in its turn, with no name known: from
    /// there a name can mean another file.
    fn look_into_variants(&mut self) -> Result<()> {
        let loader = self.needs.files.first().map(|(_, id)| *id);
        while let Some(next) = self.variants.pop_front() {
            let known = std::mem::take(&mut self.known);
            self.known = known
                .iter()
                .filter(|(_, named)| Some(named.id) == loader)
                .map(|(name, named)| (name.clone(), *named))
                .collect();
            self.before.get_or_insert(known);
            self.queue.push_back(next);
            self.settle()?;
        }
        Ok(())
    }

    fn load(&mut self, loaded: Rc<Loaded>, found: &Found, spot: Option<Spot>) {
        self.know_soname(found, spot);
        self.queue.push_back(loaded);
    }

    /// A DT_SONAME is one more name of a loaded object; to musl an object has only the names it was asked for by.
    fn know_soname(&mut self, found: &Found, spot: Option<Spot>) {
        if let Some(soname) = found.object.soname.clone().filter(|_| self.kind == Kind::Glibc) {
            self.known.entry(soname).or_insert(Named { id: found.id, spot });
        }
    }

    /// Looks for what `needer` needs, unless it is loaded. Those that are to come next go to `filtees`.
    fn need(&mut self, need: &Need, needer: &Rc<Loaded>, filtees: &mut Vec<Rc<Loaded>>) -> Result<()> {
        if self.kind == Kind::Musl && need.role != Role::Needed {
            return Ok(());
        }
        let hits = match self.look(need, needer) {
            Err(_) if need.role == Role::Auxiliary => return Ok(()),
            hits => hits?,
        };
        let queued = self.queue.len();
        let known = hits.known.map(|named| named.id);
        self.take(hits, &need.name, needer, None)?;
        if need.role != Role::Needed {
            filtees.extend(self.queue.drain(queued..));
            filtees.extend(self.unqueue(known));
        }
        Ok(())
    }

    /// Finds the files of a name, or says why that fails. Changes nothing that is known.
    fn look(&mut self, need: &Need, needer: &Rc<Loaded>) -> Result<Hits> {
        let mut tried = Tried::new();
        let hits = self.find(&need.name, needer, &mut tried).map_err(|(path, why)| {
            let (name, needer) = (show(OsStr::from_bytes(&need.name)), by(needer));
            Error::new(format!("{}: {name}{needer}: {} {why}", show(self.program), show(&path)))
        })?;
        if hits.is_empty() && !self.was_known(&need.name) {
            return Err(tried.error(self.program, &need.name, &by(needer)));
        }
        Ok(hits)
    }

    /// Lists what was found for this name, and puts into the queue what is new. `how` says why it is wanted if
    /// that is not by its name alone.
    fn take(&mut self, hits: Hits, name: &[u8], needer: &Rc<Loaded>, how: Option<How>) -> Result<()> {
        let Hits { names, known, files, variants } = hits;
        let mut files = files.into_iter();
        if let Some(file) = files.next() {
            let (index, is_new) = self.list(&file);
            let spot = Some((index, file.how));
            for name in names {
                self.known.insert(name, Named { id: file.found.id, spot });
            }
            self.link(needer, name, spot, how)?;
            if is_new {
                self.load(file.loaded(needer, index), &file.found, spot);
            }
        } else {
            let before = || self.before.as_ref().and_then(|before| before.get(name)).copied();
            let spot = known.or_else(before).and_then(|named| named.spot);
            self.link(needer, name, spot, how)?;
        }
        for file in files.chain(variants) {
            let (index, is_new) = self.list(&file);
            self.link(needer, name, Some((index, How::Variant)), None)?;
            if is_new {
                self.variants.push_back(file.loaded(needer, index));
            }
        }
        Ok(())
    }

    /// Adds a file to the list. Where it is there, and true when it was not loaded yet.
    fn list(&mut self, file: &Candidate) -> (usize, bool) {
        // Also when it is loaded already: the loader will open it by this name to find that out.
        let is_new = self.ids.insert(file.found.id);
        let next = self.needs.files.len();
        let index = *self.listed.entry(file.path.clone()).or_insert(next);
        if index == next {
            self.needs.files.push((file.path.clone(), file.found.id));
        }
        (index, is_new)
    }

    /// True for a name that another processor does not find from here, but does not look for either.
    fn was_known(&self, name: &[u8]) -> bool {
        self.before.as_ref().is_some_and(|before| before.contains_key(name))
    }

    /// Takes the object of this id out of the queue, if its turn has not come yet.
    fn unqueue(&mut self, id: Option<Id>) -> Option<Rc<Loaded>> {
        let index = self.queue.iter().position(|loaded| Some(loaded.id) == id)?;
        self.queue.remove(index)
    }
}

fn loaded(
    path: PathBuf,
    real: &Path,
    found: Found,
    needer: Option<Rc<Loaded>>,
    place: Option<usize>,
) -> Rc<Loaded> {
    let origin = real.parent().unwrap_or(Path::new("/")).to_owned();
    Rc::new(Loaded { path, origin, id: found.id, object: found.object, needer, place })
}

/// True for a program whose search paths or names are given by where it is itself.
pub(crate) fn names_origin(program: &Object) -> bool {
    let paths = program.rpath.iter().chain(&program.runpath);
    let mut texts = paths.chain(program.needed.iter().map(|need| &need.name)).map(Vec::as_slice);
    program.interpreter.is_some() && texts.any(tokens::names_origin)
}

/// Whose the name is, for messages that begin with the program.
fn by(needer: &Loaded) -> String {
    match &needer.needer {
        None => ", which it needs".to_owned(),
        Some(_) => format!(", needed by {}", show(&needer.path)),
    }
}

fn as_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod mutation;
#[cfg(test)]
mod tests;
