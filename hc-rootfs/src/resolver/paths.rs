//! The directories that a loader searches: those that the files name, and its own.

use super::{Files, Loaded, Search, as_path};
use crate::loader::{Defaults, Kind, musl_path_file};
use crate::tokens::Tokens;
use std::path::{Path, PathBuf};
use std::rc::Rc;

impl<F: Files> Search<'_, F> {
    /// The directories that the files themselves name, for what `needer` needs.
    pub(super) fn own_directories(&self, needer: &Rc<Loaded>) -> Vec<PathBuf> {
        let ancestors = std::iter::successors(Some(needer), |loaded| loaded.needer.as_ref());
        let runpath = needer.object.runpath.as_deref();
        match self.kind {
            Kind::Glibc if runpath.is_some() => self.path_list(runpath, needer),
            Kind::Glibc => ancestors.flat_map(|up| self.path_list(up.object.rpath.as_deref(), up)).collect(),
            Kind::Musl => ancestors
                .flat_map(|up| {
                    self.path_list(up.object.runpath.as_deref().or(up.object.rpath.as_deref()), up)
                })
                .collect(),
        }
    }

    /// The directories of a DT_RPATH or DT_RUNPATH that stands in `owner`.
    fn path_list(&self, list: Option<&[u8]>, owner: &Loaded) -> Vec<PathBuf> {
        let list = list.unwrap_or_default();
        if list.is_empty() || (self.kind == Kind::Musl && has_other_token(list)) {
            return Vec::new();
        }
        // An empty element is the current directory to glibc, and nothing to musl (path_open()).
        let parts =
            list.split(|&byte| byte == b':').filter(|part| self.kind == Kind::Glibc || !part.is_empty());
        parts.flat_map(|part| self.expand(part, owner)).map(as_path).collect()
    }

    pub(super) fn expand(&self, text: &[u8], owner: &Loaded) -> Vec<Vec<u8>> {
        if !text.contains(&b'$') {
            return vec![text.to_vec()];
        }
        let Defaults { lib, platforms, .. } = self.defaults();
        Tokens { origin: &owner.origin, lib, platforms }.expand(text)
    }

    pub(super) fn in_system_directory(&self, path: &Path) -> bool {
        self.defaults().directories.iter().any(|directory| path.parent() == Some(directory))
    }

    /// Read out of the loader's file, or what it reads: most programs get by without.
    pub(super) fn defaults(&self) -> &Defaults {
        self.defaults.get_or_init(|| {
            let content = match self.kind {
                Kind::Glibc => self.files.content(&self.loader),
                Kind::Musl => self.files.content(&musl_path_file(&self.loader)),
            };
            Defaults::of(self.kind, &content, self.machine)
        })
    }
}

/// musl gives up a path that has any token but $ORIGIN (fixup_rpath()).
fn has_other_token(list: &[u8]) -> bool {
    list.split(|&byte| byte == b'$')
        .skip(1)
        .any(|rest| !rest.starts_with(b"ORIGIN") && !rest.starts_with(b"{ORIGIN}"))
}
