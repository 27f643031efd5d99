//! Where a library was looked for, to be told when it is missing.

use super::{CACHE, How};
use hc::{Error, show};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A search path can have hundreds of directories.
const MAX_SHOWN: usize = 20;

pub(super) struct Tried {
    /// By what is looked now: when the file is found, by what it was.
    pub(super) how: How,
    /// The first of them, each once.
    directories: Vec<PathBuf>,
    /// All of them, by a number each: a hostile program can name more than there is memory for.
    numbers: HashSet<u64>,
    /// ld.so.cache was asked.
    pub(super) cache: bool,
    /// A file of that name that was passed over, and why.
    pub(super) other: Option<(PathBuf, String)>,
}

impl Tried {
    pub(super) fn new() -> Self {
        Tried { how: How::Name, directories: Vec::new(), numbers: HashSet::new(), cache: false, other: None }
    }

    pub(super) fn add(&mut self, directory: &Path) {
        let mut hasher = DefaultHasher::new();
        directory.hash(&mut hasher);
        if self.numbers.insert(hasher.finish()) && self.directories.len() < MAX_SHOWN {
            self.directories.push(directory.to_owned());
        }
    }

    /// The error for `name` that `program` goes without; `by` tells who needs it.
    pub(super) fn error(&self, program: &Path, name: &[u8], by: &str) -> Error {
        let mut places: Vec<String> = self.directories.iter().map(|path| show(path).to_string()).collect();
        if let Some(more) = self.numbers.len().checked_sub(MAX_SHOWN).filter(|&more| more > 0) {
            places.push(format!("({more} more)"));
        }
        if self.cache {
            places.push(CACHE.to_owned());
        }
        let place = match places.as_slice() {
            [] => "is not there".to_owned(),
            places => format!("is in none of: {}", places.join(" ")),
        };
        let other = self.other.as_ref().map(|(path, why)| format!(" ({} {why})", show(path)));
        let (program, name) = (show(program), show(OsStr::from_bytes(name)));
        Error::new(format!("{program}: {name}{by}, {place}{}", other.unwrap_or_default()))
    }
}
