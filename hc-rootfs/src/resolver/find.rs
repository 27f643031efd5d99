//! The search for one name, on every processor that the program may run on.

use super::tried::Tried;
use super::{CACHE, Files, Found, How, Loaded, MAX_TRIES, Named, Search, Unusable, as_path, loaded};
use crate::ldcache::Cache;
use crate::loader::{self, Kind};
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

impl Candidate {
    pub(super) fn loaded(&self, needer: &Rc<Loaded>, place: usize) -> Rc<Loaded> {
        loaded(self.path.clone(), &self.path, self.found.clone(), Some(Rc::clone(needer)), Some(place))
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
            hits.files.extend(self.candidate(path.to_owned(), tried)?);
            return Ok(());
        }
        // As LD_LIBRARY_PATH: behind DT_RPATH, before DT_RUNPATH, and to musl before both.
        let given = self.files.library_path();
        let is_first = self.kind == Kind::Musl || needer.object.runpath.is_some();
        if is_first && self.in_any(given, path, tried, hits)? {
            return Ok(());
        }
        let by_runpath = self.kind == Kind::Glibc && needer.object.runpath.is_some();
        tried.how = if by_runpath { How::Runpath } else { How::Rpath };
        for (owner, list) in self.own_paths(needer) {
            for directory in self.directories(owner, list, platform) {
                if self.in_directory(&directory, path, tried, hits)? {
                    return Ok(());
                }
            }
        }
        if !is_first && self.in_any(given, path, tried, hits)? {
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
        let listed = self.kind == Kind::Musl;
        for directory in self.defaults().directories.clone() {
            if self.in_directory(&directory, path, tried, hits)? {
                if listed && !loader::is_own_of_musl(Some(&directory)) {
                    let list = loader::musl_path_file(&self.loader);
                    if !self.needs.others.contains(&list) {
                        self.needs.others.push(list);
                    }
                }
                break;
            }
        }
        Ok(())
    }

    fn in_any(
        &self,
        directories: &[PathBuf],
        name: &Path,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<bool, Stop> {
        tried.how = How::LibraryPath;
        for directory in directories {
            if self.in_directory(directory, name, tried, hits)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks for `name` in `directory`, and first in its subdirectories for certain processors. True when it is
    /// in there for all.
    fn in_directory(
        &self,
        directory: &Path,
        name: &Path,
        tried: &mut Tried,
        hits: &mut Hits,
    ) -> Result<bool, Stop> {
        if self.kind == Kind::Glibc {
            for variant in self.subdirectories(directory).iter() {
                hits.variants.extend(self.candidate(variant.join(name), tried)?);
            }
        }
        let found = self.candidate(directory.join(name), tried)?;
        let is_found = found.is_some();
        hits.files.extend(found);
        if !is_found {
            tried.add(directory);
        }
        Ok(is_found)
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
            let hit = if dropped || !path.is_absolute() { None } else { self.candidate(path, tried)? };
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

    /// The object at `path`, if it is one for this machine.
    fn candidate(&self, path: PathBuf, tried: &mut Tried) -> Result<Option<Candidate>, Stop> {
        self.tries.set(self.tries.get() + 1);
        if self.tries.get() > MAX_TRIES {
            return Err((path, format!("is one of more than {MAX_TRIES} places to look at")));
        }
        match self.files.object(&path, self.machine) {
            Ok(found) => Ok(Some(Candidate { path, found, how: tried.how })),
            Err(Unusable::Absent) => Ok(None),
            // musl does not look whom a file is for, and would fail to load it.
            Err(Unusable::OtherMachine) if self.kind == Kind::Musl => {
                Err((path, "is for another machine".to_owned()))
            }
            Err(Unusable::OtherMachine) => {
                tried.other = Some(path);
                Ok(None)
            }
            Err(Unusable::Bad(why)) => Err((path, why)),
        }
    }
}
