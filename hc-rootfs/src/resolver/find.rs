//! The search for one name, on every processor that the program may run on.

use super::effort::MAX_TRIES;
use super::tried::Tried;
use super::{CACHE, Files, Found, How, Loaded, Named, Search, Unusable, as_path};
use crate::ldcache::Cache;
use crate::loader::{self, Kind};
use hc::reason;
use nix::errno::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A file, and by what it was found.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) found: Found,
    pub(super) how: How,
}

/// Where the loader would stop: the file that made it, and why.
type Stop = (PathBuf, String);

/// What came of a look at one place.
enum Look {
    Found(Candidate),
    Absent,
    /// The rest of the path is not looked at (open_path() in elf/dl-load.c).
    End,
}

/// What a name means.
#[derive(Default)]
pub(super) struct Hits {
    /// The names that were looked for, which can differ from processor to processor.
    pub(super) names: Vec<Vec<u8>>,
    /// An object that is loaded and has the name already.
    pub(super) known: Option<Named>,
    /// The file that the plain search finds first, for each `$PLATFORM` if that counts.
    pub(super) files: Vec<Candidate>,
    /// Those that some processors would find before it.
    pub(super) variants: Vec<Candidate>,
}

impl Look {
    fn found(self) -> Option<Candidate> {
        match self {
            Look::Found(found) => Some(found),
            Look::Absent | Look::End => None,
        }
    }
}

impl Hits {
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_none() && self.files.is_empty()
    }
}

impl<F: Files> Search<'_, F> {
    /// The files that `name` means to `needer`.
    pub(super) fn find(&mut self, name: &[u8], needer: &Rc<Loaded>, tried: &mut Tried) -> Result<Hits, Stop> {
        let mut hits = Hits::default();
        for platform in self.platforms(name, needer) {
            // musl takes names as they are (load_library()).
            let name = match self.kind {
                Kind::Musl => name.to_vec(),
                Kind::Glibc => self.expand(name, needer, platform),
            };
            if self.kind.has_built_in(&name) {
                hits.known = self.needs.files.first().map(|(_, id)| Named { id: *id, spot: None });
            } else if let Some(named) = self.known.get(&name) {
                hits.known = Some(*named);
            } else {
                self.find_on(platform, &name, needer, tried, &mut hits)?;
                hits.names.push(name);
            }
        }
        // One that is found on certain processors only is all there is.
        if hits.is_empty() && !hits.variants.is_empty() {
            hits.files.push(hits.variants.remove(0));
        }
        Ok(hits)
    }

    fn find_on(
        &mut self,
        platform: &[u8],
        name: &[u8],
        needer: &Rc<Loaded>,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<(), Stop> {
        let path = Path::new(OsStr::from_bytes(name));
        if name.contains(&b'/') {
            tried.how = How::Name;
            self.go_on(path)?;
            let steps = self.files.steps(path);
            self.effort.walk(steps);
            hits.files.extend(self.candidate(path.to_owned(), steps, tried)?.found());
            return Ok(());
        }
        // As LD_LIBRARY_PATH: behind DT_RPATH, before DT_RUNPATH, and to musl before both.
        let is_first = self.kind == Kind::Musl || needer.object.runpath.is_some();
        if is_first && self.in_library_path(path, tried, hits)? {
            return Ok(());
        }
        let by_runpath = self.kind == Kind::Glibc && needer.object.runpath.is_some();
        tried.how = if by_runpath { How::Runpath } else { How::Rpath };
        for (owner, list) in needer.search_paths(self.kind) {
            if self.in_any(self.directories(owner, list, platform), path, tried, hits)?.is_some() {
                return Ok(());
            }
        }
        if !is_first && self.in_library_path(path, tried, hits)? {
            return Ok(());
        }
        let no_default = self.kind == Kind::Glibc && needer.object.no_default;
        if self.kind == Kind::Glibc && self.in_cache(name, no_default, tried, hits)? {
            return Ok(());
        }
        if no_default {
            return Ok(());
        }
        tried.how = How::Default;
        let directory = self.in_any(self.defaults().directories.iter().cloned(), path, tried, hits)?;
        if directory.is_some_and(|found| self.kind == Kind::Musl && !loader::is_own_of_musl(Some(&found))) {
            let list = loader::musl_path_file(&self.loader);
            if !self.needs.others.contains(&list) {
                self.needs.others.push(list);
            }
        }
        Ok(())
    }

    fn in_library_path(&self, name: &Path, tried: &mut Tried, hits: &mut Hits) -> Result<bool, Stop> {
        tried.how = How::LibraryPath;
        let given = self.files.library_path().iter().cloned();
        self.in_any(given, name, tried, hits).map(|found| found.is_some())
    }

    /// Looks for `name` in these directories, in turn. Returns the one that it is in.
    fn in_any(
        &self,
        directories: impl Iterator<Item = PathBuf>,
        name: &Path,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<Option<PathBuf>, Stop> {
        for directory in directories {
            match self.in_directory(&directory, name, tried, hits)? {
                Look::Found(found) => {
                    hits.files.push(found);
                    return Ok(Some(directory));
                }
                Look::Absent => {}
                Look::End => break,
            }
        }
        Ok(None)
    }

    /// Looks for `name` in `directory`, and first in its subdirectories for certain processors.
    fn in_directory(
        &self,
        directory: &Path,
        name: &Path,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<Look, Stop> {
        self.go_on(directory)?;
        let place = self.place(directory);
        let mut look = Look::Absent;
        if place.is_there {
            for variant in &place.subdirectories {
                let path = directory.join(variant).join(name);
                hits.variants.extend(self.candidate(path, place.steps, tried)?.found());
            }
            look = self.candidate(directory.join(name), place.steps, tried)?;
        }
        if !matches!(look, Look::Found(_)) {
            tried.add(directory);
        }
        Ok(look)
    }

    /// What ld.so.cache says; not into a system directory where the needer does without those.
    fn in_cache(
        &mut self,
        name: &[u8],
        no_default: bool,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<bool, Stop> {
        tried.cache = true;
        tried.how = How::Cache;
        let cache = self.cache.get_or_init(|| Cache::parse(self.files.content(Path::new(CACHE))));
        let Some(cache) = cache else { return Ok(false) };
        let (mut plain, mut lines) = (None, Vec::new());
        for entry in cache.find(name, self.machine) {
            let path = as_path(entry.path.to_vec());
            let dropped = no_default && self.in_system_directory(&path);
            let hit =
                if dropped || !path.is_absolute() { None } else { self.candidate(path, 0, tried)?.found() };
            lines.extend(hit.is_some().then(|| entry.line()));
            if entry.is_variant() {
                hits.variants.extend(hit);
            } else {
                plain = hit;
            }
        }
        let Some(hit) = plain else { return Ok(false) };
        if !loader::is_multiarch(hit.path.parent()) && !self.in_system_directory(&hit.path) {
            self.needs.cached.extend(lines);
        }
        hits.files.push(hit);
        Ok(true)
    }

    /// The object at `path`, so many steps away, if it is one for this machine.
    fn candidate(&self, path: PathBuf, steps: usize, tried: &mut Tried) -> Result<Look, Stop> {
        self.effort.look(steps);
        self.go_on(&path)?;
        match self.files.object(&path, self.machine) {
            Ok(found) => Ok(Look::Found(Candidate { path, found, how: tried.how })),
            Err(Unusable::Absent) => Ok(Look::Absent),
            // musl does not look whom a file is for, and would fail to load it.
            Err(Unusable::OtherMachine) if self.kind == Kind::Musl => {
                Err((path, "is for another machine".to_owned()))
            }
            Err(Unusable::OtherMachine) => {
                tried.other = Some((path, "is for another machine".to_owned()));
                Ok(Look::Absent)
            }
            // As path_open() in ldso/dynlink.c has it.
            Err(Unusable::Obstacle(Errno::ENOTDIR | Errno::ENAMETOOLONG)) if self.kind == Kind::Musl => {
                Ok(Look::Absent)
            }
            Err(Unusable::Obstacle(errno)) if self.kind == Kind::Musl => Err((path, obstacle(errno))),
            Err(Unusable::Obstacle(errno)) => {
                tried.other = Some((path, obstacle(errno)));
                Ok(Look::End)
            }
            Err(Unusable::Bad(why)) => Err((path, why)),
        }
    }
    /// An error for `path` when enough was looked at.
    fn go_on(&self, path: &Path) -> Result<(), Stop> {
        if self.effort.is_spent() {
            return Err((path.to_owned(), format!("is one of more than {MAX_TRIES} places to look at")));
        }
        Ok(())
    }
}

fn obstacle(errno: Errno) -> String {
    format!("cannot be opened: {}", reason(errno))
}
