//! The directories that a loader searches: those that the files name, and its own.

use super::{Files, Loaded, Search, as_path};
use crate::loader::{Defaults, Kind, musl_path_file};
use crate::tokens::{Tokens, has_platform};
use std::path::{Path, PathBuf};

impl<F: Files> Search<'_, F> {
    /// The directories in such a path. Not all at once: `$ORIGIN` makes a long list out of a short text.
    pub(super) fn directories<'a>(
        &'a self,
        owner: &'a Loaded,
        path: &'a [u8],
        platform: &'a [u8],
    ) -> impl Iterator<Item = PathBuf> + 'a {
        // An empty element is the current directory to glibc, and nothing to musl (path_open()).
        path.split(|&byte| byte == b':')
            .filter(|part| self.kind == Kind::Glibc || !part.is_empty())
            .map(move |part| as_path(self.expand(part, owner, platform)))
    }

    /// What `$PLATFORM` can be to the program, if it matters for `needer`'s `name`.
    pub(super) fn platforms(&self, name: &[u8], needer: &Loaded) -> &'static [&'static [u8]] {
        let matters =
            self.kind == Kind::Glibc && (has_platform(name) || needer.searches_by_platform(self.kind));
        if matters { self.defaults().platforms } else { &[b""] }
    }

    pub(super) fn expand(&self, text: &[u8], owner: &Loaded, platform: &[u8]) -> Vec<u8> {
        if !text.contains(&b'$') {
            return text.to_vec();
        }
        Tokens { origin: &owner.origin, lib: &self.defaults().lib, platform }.expand(text)
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
