//! Where a library was looked for, to be told when it is missing.

use super::CACHE;
use hc::{Error, show};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A search path can have hundreds of directories.
const MAX_SHOWN: usize = 20;

#[derive(Default)]
pub(super) struct Tried {
    /// Some more than once.
    pub(super) directories: Vec<PathBuf>,
    /// ld.so.cache was asked.
    pub(super) cache: bool,
    /// A file of that name for another machine.
    pub(super) other: Option<PathBuf>,
}

impl Tried {
    /// The error for `name` that `program` goes without; `by` tells who needs it.
    pub(super) fn error(&self, program: &Path, name: &[u8], by: &str) -> Error {
        let mut known = HashSet::new();
        let directories: Vec<&PathBuf> = self.directories.iter().filter(|path| known.insert(*path)).collect();
        let mut places: Vec<String> =
            directories.iter().take(MAX_SHOWN).map(|path| show(path).to_string()).collect();
        if let Some(more) = directories.len().checked_sub(MAX_SHOWN).filter(|&more| more > 0) {
            places.push(format!("({more} more)"));
        }
        if self.cache {
            places.push(CACHE.to_owned());
        }
        let place = match places.as_slice() {
            [] => "is not there".to_owned(),
            places => format!("is in none of: {}", places.join(" ")),
        };
        let other = self.other.as_ref().map(|other| format!(" ({} is for another machine)", show(other)));
        let (program, name) = (show(program), show(OsStr::from_bytes(name)));
        Error::new(format!("{program}: {name}{by}, {place}{}", other.unwrap_or_default()))
    }
}
