//! What a search asks of the host, or of a test.

use crate::elf::{Machine, Object};
use crate::host::Id;
use crate::room::Room;
use hc::reason;
use nix::errno::Errno;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The files of the host, or of a test.
pub(crate) trait Files {
    /// The object at `path`, if it is one for `wanted`.
    fn object(&self, path: &Path, wanted: Machine) -> Result<Found, Unusable>;
    /// The same for a loader, whose content may be asked for next.
    fn loader(&self, path: &Path, wanted: Machine) -> Result<Found, Unusable> {
        self.object(path, wanted)
    }
    /// The whole of a small file; empty when there is none.
    fn content(&self, path: &Path) -> Rc<Vec<u8>>;
    /// The names in a directory, sorted; none when there is no such directory.
    fn names(&self, directory: &Path) -> Vec<OsString>;
    /// What [`crate::elf::unwinds`] says of a file.
    fn unwinds(&self, path: &Path) -> (bool, usize);
    fn is_directory(&self, path: &Path) -> bool;
    /// How many steps it takes to get to `path`: over symlinks, a short path can be a long way.
    fn steps(&self, path: &Path) -> usize;
    /// For what is remembered of all searches.
    fn room(&self) -> &Room;
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
    /// What stands there is in the way, and the search goes on where this path ends.
    Obstacle(Errno),
    /// For another machine: the search goes on.
    OtherMachine,
    /// There, and bad: the loader would stop here.
    Bad(String),
}

impl Unusable {
    /// What this failure to open a file means.
    pub(crate) fn from_errno(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::EACCES => Unusable::Absent,
            Errno::ENOTDIR | Errno::ELOOP | Errno::ENAMETOOLONG | Errno::ENXIO => Unusable::Obstacle(errno),
            errno => Unusable::Bad(format!("cannot be read: {}", reason(errno))),
        }
    }
}
