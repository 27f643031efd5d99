//! Libraries that are loaded only when something is done: dlopen(3), by an object or by the C library.

use super::{Files, How, Loaded, Search};
use crate::dlopen::{self, Priority, Wish};
use crate::elf::{Need, Role};
use crate::loader::Kind;
use crate::nss;
use hc::{Error, Result, show};
use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::rc::Rc;

const UNWINDER: &[u8] = b"libgcc_s.so.1";
/// Who loads it. Before 2.34 what ends threads was in a library of its own.
const THREADS: [&[u8]; 2] = [b"libpthread.so.0", b"libc.so.6"];
/// Symbols and their names that are looked at. What nobody reads to the end may end threads.
const MAX_SYMBOLS: usize = 256 << 20;
const LIBC: &[u8] = b"libc.so.6";

/// What is copied besides what is loaded at the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extras {
    /// The least important libraries to copy that objects open by themselves; `None` for none.
    pub(crate) dlopen: Option<Priority>,
    /// The modules of nsswitch.conf.
    pub(crate) nss: bool,
    /// Character sets.
    pub(crate) gconv: bool,
}

/// A library that was wished for and is not there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Absent {
    /// Whose wish it is.
    pub(crate) object: PathBuf,
    pub(crate) wish: Wish,
}

impl std::fmt::Display for Absent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.wish.names.iter().map(|name| show(OsStr::from_bytes(name)).to_string());
        let names = names.collect::<Vec<_>>().join(" or ");
        let (feature, priority) = (show(OsStr::new(&self.wish.feature)), self.wish.priority.name());
        write!(
            f,
            "{}: cannot open {names} for its feature {feature}, which is {priority}",
            show(&self.object)
        )
    }
}

impl<F: Files> Search<'_, F> {
    /// Looks for what the objects that are loaded open, and for what that needs and opens.
    pub(super) fn open_on_demand(&mut self, extras: Extras) -> Result<()> {
        self.open_by_notes(extras)?;
        let Some(libc) = self.loaded(LIBC).filter(|_| self.kind == Kind::Glibc) else { return Ok(()) };
        if extras.nss {
            let release = self.defaults().release;
            let config = PathBuf::from(nss::CONFIG);
            let content = self.files.content(&config);
            let modules = nss::modules(&content, release).ok_or_else(|| {
                let program = show(self.program);
                Error::new(format!("{program}: {} names more than {} modules", nss::CONFIG, nss::MAX_MODULES))
            })?;
            for name in &modules {
                self.open(&of_libc(nss::library(name), "name service"), How::Nss, &libc)?;
            }
            // Also when it needs no modules: without it, others count.
            if !content.is_empty() {
                self.needs.others.push(config);
            }
        }
        if extras.gconv {
            self.add_gconv(&libc)?;
        }
        self.open_by_notes(extras)?;
        if self.may_need_unwinder() {
            let opener = THREADS.iter().find_map(|name| self.loaded(name)).unwrap_or(libc);
            self.open(&of_libc(UNWINDER.to_vec(), "ending threads"), How::Unwinder, &opener)?;
        }
        Ok(())
    }

    fn open_by_notes(&mut self, extras: Extras) -> Result<()> {
        while let Some(loaded) = self.loaded.get(self.opened).cloned() {
            self.opened += 1;
            let mut seen = HashSet::new();
            let wishes = loaded.object.notes.iter().flat_map(|note| dlopen::parse(note));
            let wishes = wishes.filter(|wish| seen.insert(wish.clone()));
            for wish in wishes.filter(|wish| extras.dlopen.is_some_and(|least| wish.priority <= least)) {
                self.open(&wish, How::Dlopen, &loaded)?;
            }
        }
        Ok(())
    }

    fn loaded(&self, soname: &[u8]) -> Option<Rc<Loaded>> {
        self.loaded.iter().find(|loaded| loaded.object.soname.as_deref() == Some(soname)).cloned()
    }

    /// Takes the first library of the wish that can be loaded, with all that it needs.
    fn open(&mut self, wish: &Wish, how: How, opener: &Rc<Loaded>) -> Result<()> {
        let mut why = None;
        for name in &wish.names {
            let need = Need { name: name.clone(), role: Role::Needed };
            let opened = match self.look(&need, opener) {
                Ok(hits) if hits.files.is_empty() => {
                    return self.link(opener, name, hits.known.and_then(|named| named.spot), Some(how));
                }
                Ok(hits) => {
                    let before = self.mark();
                    let taken = self.take(hits, name, opener, Some(how));
                    taken.and_then(|()| self.settle()).inspect_err(|_| self.forget(&before))
                }
                Err(why) => Err(why),
            };
            match opened {
                Ok(()) => return Ok(()),
                // What was not found for this reason may well be there.
                Err(error) if self.is_exhausted() => return Err(error),
                Err(error) => why.get_or_insert(error),
            };
        }
        if wish.priority == Priority::Required {
            let why = why.map(|why| why.to_string()).unwrap_or_default();
            let feature = show(OsStr::new(&wish.feature)).to_string();
            return Err(Error::new(format!("{why} (required for the feature {feature})")));
        }
        let size: usize = wish.names.iter().map(|name| name.len() + size_of::<Absent>()).sum();
        if !self.files.room().take(2 * (size + wish.feature.len())) {
            return Err(self.full());
        }
        self.needs.absent.push(Absent { object: opener.path.clone(), wish: wish.clone() });
        Ok(())
    }

    /// C++ always needs it, and says so.
    fn may_need_unwinder(&self) -> bool {
        let looked_at = Cell::new(0);
        let ends_threads = |loaded: &Rc<Loaded>| {
            let is_own = loaded.object.soname.as_deref().is_some_and(|soname| THREADS.contains(&soname));
            if is_own || !loaded.object.may_unwind {
                return false;
            }
            let (unwinds, size) = self.files.unwinds(&loaded.path);
            looked_at.set(looked_at.get() + size);
            unwinds || looked_at.get() > MAX_SYMBOLS
        };
        !self.known.contains_key(UNWINDER) && self.loaded.iter().any(ends_threads)
    }

    /// The character sets of the C library: all of them, and the list.
    fn add_gconv(&mut self, libc: &Rc<Loaded>) -> Result<()> {
        let usr: Vec<PathBuf> =
            self.defaults().directories.iter().filter(|path| path.starts_with("/usr")).cloned().collect();
        let places = usr.iter().map(|directory| directory.join("gconv"));
        let found =
            places.map(|place| (self.files.names(&place), place)).find(|(names, _)| !names.is_empty());
        let Some((names, place)) = found else {
            let program = show(self.program);
            let usr: Vec<String> = usr.iter().map(|path| show(path).to_string()).collect();
            return Err(Error::new(format!("{program}: its C library has no gconv in: {}", usr.join(" "))));
        };
        for path in names.iter().map(|name| place.join(name)) {
            self.room_for(&path)?;
            if path.extension() == Some(OsStr::new("so")) {
                let name = path.as_os_str().as_bytes().to_vec();
                self.open(&of_libc(name, "character sets"), How::Gconv, libc)?;
            } else if self.files.is_directory(&path) {
                for file in self.files.names(&path).iter().map(|name| path.join(name)) {
                    self.room_for(&file)?;
                    self.needs.others.push(file);
                }
            } else {
                self.needs.others.push(path);
            }
        }
        Ok(())
    }
}

/// What the C library says of itself, if it were to.
fn of_libc(name: Vec<u8>, feature: &str) -> Wish {
    Wish { names: vec![name], feature: feature.to_owned(), priority: Priority::Recommended }
}
