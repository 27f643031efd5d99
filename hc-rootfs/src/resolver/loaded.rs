//! One loaded object, as far as it matters to those that it needs.

use super::Found;
use crate::elf::Object;
use crate::host::Id;
use crate::loader::Kind;
use crate::tokens::has_platform;
use hc::show;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(super) struct Loaded {
    pub(super) path: PathBuf,
    /// What `$ORIGIN` is.
    pub(super) origin: PathBuf,
    pub(super) id: Id,
    pub(super) object: Rc<Object>,
    /// Where it is in [`super::Needs::files`]; the program is not there.
    pub(super) place: Option<usize>,
    /// The next of those on whose behalf it was loaded that has a search path for what it needs.
    above: Option<Rc<Loaded>>,
    /// It has one itself.
    hands_down: bool,
    /// `$PLATFORM` is in such a path, of it or of one above it.
    above_has_platform: bool,
}

impl Loaded {
    /// `real` is where it is with all symlinks resolved; `needer` is who needed it first, and nobody for the program.
    pub(super) fn new(
        kind: Kind,
        path: PathBuf,
        real: &Path,
        found: Found,
        needer: Option<&Rc<Loaded>>,
        place: Option<usize>,
    ) -> Rc<Self> {
        let origin = real.parent().unwrap_or(Path::new("/")).to_owned();
        let above =
            needer.and_then(
                |needer| {
                    if needer.hands_down { Some(Rc::clone(needer)) } else { needer.above.clone() }
                },
            );
        let object = found.object;
        let list = handed_down(&object, kind).filter(|list| kind == Kind::Glibc || !has_other_token(list));
        let hands_down = list.is_some();
        let above_has_platform =
            above.as_ref().is_some_and(|above| above.above_has_platform) || list.is_some_and(has_platform);
        Rc::new(Loaded { path, origin, id: found.id, object, place, above, hands_down, above_has_platform })
    }

    /// The search paths that count for what it needs, each with the object that it stands in.
    pub(super) fn search_paths(&self, kind: Kind) -> impl Iterator<Item = (&Loaded, &[u8])> {
        let runpath = self.object.runpath.as_deref().filter(|_| kind == Kind::Glibc);
        let all = std::iter::successors(Some(self), |loaded| loaded.above.as_deref());
        let all = all.filter(|loaded| loaded.hands_down);
        let all = all.filter_map(move |loaded| Some((loaded, handed_down(&loaded.object, kind)?)));
        let all = if runpath.is_some() { None } else { Some(all) };
        let alone = runpath.filter(|path| !path.is_empty()).map(|path| (self, path));
        alone.into_iter().chain(all.into_iter().flatten())
    }

    /// True when what it needs is looked for in a path with `$PLATFORM` in it.
    pub(super) fn searches_by_platform(&self, kind: Kind) -> bool {
        match self.object.runpath.as_deref().filter(|_| kind == Kind::Glibc) {
            Some(runpath) => has_platform(runpath),
            None => self.above_has_platform,
        }
    }

    /// Whose the name is, for messages that begin with the program.
    pub(super) fn by(&self) -> String {
        match self.place {
            None => ", which it needs".to_owned(),
            Some(_) => format!(", needed by {}", show(&self.path)),
        }
    }
}

/// A row of a hundred thousand is let go without a row of as many calls.
impl Drop for Loaded {
    fn drop(&mut self) {
        let mut next = self.above.take();
        while let Some(mut last) = next.and_then(Rc::into_inner) {
            next = last.above.take();
        }
    }
}

/// The path of `object` that counts for what is loaded on its behalf as well.
fn handed_down(object: &Object, kind: Kind) -> Option<&[u8]> {
    let (rpath, runpath) = (object.rpath.as_deref(), object.runpath.as_deref());
    let path = if kind == Kind::Glibc { rpath } else { runpath.or(rpath) };
    path.filter(|path| !path.is_empty())
}

/// musl gives up a path that has any token but $ORIGIN (fixup_rpath()).
fn has_other_token(list: &[u8]) -> bool {
    list.split(|&byte| byte == b'$')
        .skip(1)
        .any(|rest| !rest.starts_with(b"ORIGIN") && !rest.starts_with(b"{ORIGIN}"))
}
