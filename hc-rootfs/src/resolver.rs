//! Which files a loader would load for a program, found as it finds them and without running it.
//!
//! glibc: _dl_map_object_deps() in elf/dl-deps.c and _dl_map_object() in elf/dl-load.c; musl: load_deps() in
//! ldso/dynlink.c. `LD_LIBRARY_PATH` and `LD_PRELOAD` have no part in it: they belong to the caller, and a
//! container starts with an environment of its own.

mod demand;
mod effort;
mod files;
mod find;

mod journal;
mod links;
mod loaded;
mod paths;
mod place;
mod queue;
mod tried;

use crate::elf::{Machine, Need, Object, Role};
use crate::host::Id;
use crate::ldcache::{Cache, Line};
use crate::loader::{Defaults, Kind};
use crate::room::FULL;
use crate::tokens;
pub(crate) use demand::{Absent, Extras};
use effort::Effort;
pub(crate) use files::{Files, Found, Unusable};
use find::{Candidate, Hits};
use hc::{Error, Result, reason, show};
use journal::Journal;
pub(crate) use links::{How, Link};
use links::{Named, Spot};
use loaded::Loaded;
use place::Known;
use queue::Queue;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use tried::Tried;

pub(crate) const CACHE: &str = "/etc/ld.so.cache";

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
    queue: Queue,
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
    effort: Effort,
    places: RefCell<Known>,
    journal: Option<Journal>,
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
    let of_loader = files.loader(&loader, machine).map_err(|unusable| {
        let why = match unusable {
            Unusable::Absent => "is not there, or not readable".to_owned(),
            Unusable::Obstacle(errno) => format!("is not there: {}", reason(errno)),
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
        queue: Queue::default(),
        loaded: Vec::new(),
        opened: 0,
        variants: VecDeque::new(),
        before: None,
        listed: HashMap::from([(loader.clone(), 0)]),
        needs: Needs { files: vec![(loader, of_loader.id)], links: vec![link], ..Needs::default() },
        effort: Effort::default(),
        places: RefCell::default(),
        journal: None,
    };
    search.know_soname(&of_loader, Some(by_program));
    let this = Loaded::new(search.kind, program.to_owned(), real, found.clone(), None, None);
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

    /// Looks for what `needer` needs, unless it is loaded. Those that are to come next go to `filtees`.
    fn need(&mut self, need: &Need, needer: &Rc<Loaded>, filtees: &mut Vec<Rc<Loaded>>) -> Result<()> {
        if self.kind == Kind::Musl && need.role != Role::Needed {
            return Ok(());
        }
        let hits = match self.look(need, needer) {
            Err(_) if need.role == Role::Auxiliary && !self.is_exhausted() => return Ok(()),
            hits => hits?,
        };
        let end = self.queue.end();
        let known = hits.known.map(|named| named.id);
        self.take(hits, &need.name, needer, None)?;
        if need.role != Role::Needed {
            filtees.extend(self.queue.take_from(end));
            filtees.extend(known.and_then(|id| self.queue.remove(id)));
        }
        Ok(())
    }

    /// Finds the files of a name, or says why that fails. Changes nothing that is known.
    fn look(&mut self, need: &Need, needer: &Rc<Loaded>) -> Result<Hits> {
        let mut tried = Tried::new();
        let hits = self.find(&need.name, needer, &mut tried).map_err(|(path, why)| {
            let (name, needer) = (show(OsStr::from_bytes(&need.name)), needer.by());
            Error::new(format!("{}: {name}{needer}: {} {why}", show(self.program), show(&path)))
        })?;
        if hits.is_empty() && !self.was_known(&need.name) {
            return Err(tried.error(self.program, &need.name, &needer.by()));
        }
        Ok(hits)
    }

    /// Lists what was found for this name, and puts into the queue what is new. `how` says why it is wanted if
    /// that is not by its name alone.
    fn take(&mut self, hits: Hits, name: &[u8], needer: &Rc<Loaded>, how: Option<How>) -> Result<()> {
        let Hits { names, known, files, variants } = hits;
        let mut files = files.into_iter();
        if let Some(file) = files.next() {
            let (index, is_new) = self.list(&file)?;
            let spot = Some((index, file.how));
            for name in names {
                self.know(&name, Named { id: file.found.id, spot });
            }
            self.link(needer, name, spot, how)?;
            if is_new {
                self.load(self.loaded_by(needer, &file, index), &file.found, spot);
            }
        } else {
            let before = || self.before.as_ref().and_then(|before| before.get(name)).copied();
            let spot = known.or_else(before).and_then(|named| named.spot);
            self.link(needer, name, spot, how)?;
        }
        for file in files.chain(variants) {
            let (index, is_new) = self.list(&file)?;
            self.link(needer, name, Some((index, How::Variant)), None)?;
            if is_new {
                self.variants.push_back(self.loaded_by(needer, &file, index));
            }
        }
        Ok(())
    }

    /// Adds a file to the list. Where it is there, and true when it was not loaded yet.
    fn list(&mut self, file: &Candidate) -> Result<(usize, bool)> {
        self.room_for(&file.path)?;
        let soname = file.found.object.soname.as_ref().map_or(0, Vec::len);
        if !self.files.room().take(2 * soname) {
            return Err(self.full());
        }
        // Also when it is loaded already: the loader will open it by this name to find that out.
        let next = self.needs.files.len();
        let index = *self.listed.entry(file.path.clone()).or_insert(next);
        if index == next {
            self.needs.files.push((file.path.clone(), file.found.id));
        }
        Ok((index, self.is_new(file.found.id)))
    }

    fn loaded_by(&self, needer: &Rc<Loaded>, file: &Candidate, place: usize) -> Rc<Loaded> {
        Loaded::new(self.kind, file.path.clone(), &file.path, file.found.clone(), Some(needer), Some(place))
    }

    /// Takes room for `path`, which is copied once or twice before all is done.
    fn room_for(&self, path: &Path) -> Result<()> {
        let size = 4 * path.as_os_str().len() + size_of::<Loaded>();
        if self.files.room().take(size) { Ok(()) } else { Err(self.full()) }
    }

    fn full(&self) -> Error {
        Error::new(format!("{}: {FULL}", show(self.program)))
    }

    /// True when no more can be looked at, or remembered.
    fn is_exhausted(&self) -> bool {
        self.effort.is_spent() || self.files.room().is_full()
    }

    /// True for a name that another processor does not find from here, but does not look for either.
    fn was_known(&self, name: &[u8]) -> bool {
        self.before.as_ref().is_some_and(|before| before.contains_key(name))
    }
}

/// True for a program whose search paths or names are given by where it is itself.
pub(crate) fn names_origin(program: &Object) -> bool {
    let paths = program.rpath.iter().chain(&program.runpath);
    let mut texts = paths.chain(program.needed.iter().map(|need| &need.name)).map(Vec::as_slice);
    program.interpreter.is_some() && texts.any(tokens::names_origin)
}

fn as_path(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod mutation;
#[cfg(test)]
mod tests;
