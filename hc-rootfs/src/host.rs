//! The host's files: what stands at a path, remembered.

mod files;
mod way;

use crate::elf::Object;
use crate::resolver::Found;
use crate::room::Room;
use crate::sysroot::{Entry, Sysroot, kind};
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::{FileStat, SFlag};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
pub(crate) use way::{MAX_LINKS, NoWay, Step, Walked, Ware, file_at_end, leave_trail};

/// What is looked at once is remembered: libraries share their directories.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) sysroot: Sysroot,
    room: Room,
    library_path: Vec<PathBuf>,
    objects: RefCell<HashMap<PathBuf, Found>>,
    /// The same by what they are: a file can have many names.
    files: RefCell<HashMap<Id, Rc<Object>>>,
    /// By their path without symlinks, of which the bytes are enough.
    nodes: RefCell<HashMap<OsString, Node>>,
    contents: RefCell<HashMap<PathBuf, Rc<Vec<u8>>>>,
    /// The loader that was looked at last, and is likely to be read.
    loader: RefCell<Option<(PathBuf, File, FileStat)>>,
}

/// Device and inode.
pub(crate) type Id = (u64, u64);

pub(crate) fn id_of(status: &FileStat) -> Id {
    (status.st_dev, status.st_ino)
}

/// A file that was looked into, by the kernel's own walk to it.
pub(crate) struct Examined {
    /// Absolute.
    pub(crate) name: PathBuf,
    pub(crate) id: Id,
}

/// What stands at a path, symlinks not followed.
#[derive(Clone)]
pub(crate) enum Node {
    Directory(Owner),
    Link {
        target: PathBuf,
        /// It may lead elsewhere than its text says, and there is none like it to make.
        of_proc: bool,
    },
    File(Rc<Source>),
}

/// Mode bits and owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// A file to copy.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What `path` is in.
    pub(crate) sysroot: Sysroot,
    /// Without symlinks in it.
    pub(crate) path: PathBuf,
    /// Where it belongs in the new root, if not there.
    pub(crate) place: Option<PathBuf>,
    pub(crate) id: Id,
    pub(crate) size: i64,
    /// Fewer blocks than its size takes: there may be holes in it.
    pub(crate) has_holes: bool,
    /// It is a hard link.
    pub(crate) has_names: bool,
    pub(crate) owner: Owner,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    /// What is to be written in its place, for a file that is the host's only by name.
    pub(crate) content: Option<Rc<OwnedFd>>,
}

impl Source {
    pub(crate) fn new(sysroot: &Sysroot, path: PathBuf, status: &FileStat) -> Self {
        Source {
            sysroot: sysroot.clone(),
            path,
            id: id_of(status),
            size: status.st_size,
            place: None,
            has_names: status.st_nlink > 1,
            has_holes: status.st_blocks < status.st_size / 512,
            owner: Owner::new(status),
            modified: (status.st_mtime, status.st_mtime_nsec),
            content: None,
        }
    }

    /// Its path in the new root.
    pub(crate) fn place(&self) -> &Path {
        self.place.as_deref().unwrap_or(&self.path)
    }
}

impl Owner {
    pub(crate) fn new(status: &FileStat) -> Self {
        Owner { mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid }
    }
}

impl Host {
    /// `library_path`: where libraries are looked for as in `LD_LIBRARY_PATH`.
    pub(crate) fn new(sysroot: Sysroot, library_path: &[OsString]) -> Result<Self> {
        let library_path =
            library_path.iter().map(|path| sysroot.absolute(Path::new(path))).collect::<Result<_>>()?;
        Ok(Host { sysroot, library_path, ..Host::default() })
    }

    /// What stands at `path`, which has no symlinks on the way.
    pub(crate) fn node(&self, path: &Path) -> nix::Result<Node> {
        if let Some(node) = self.nodes.borrow().get(path.as_os_str()) {
            return Ok(node.clone());
        }
        let Entry { status, target, of_proc } = self.sysroot.entry(path)?;
        let node = match (kind(&status), target) {
            (_, Some(target)) => Node::Link { target, of_proc },
            (SFlag::S_IFDIR, None) => Node::Directory(Owner::new(&status)),
            (SFlag::S_IFREG, None) => {
                Node::File(Rc::new(Source::new(&self.sysroot, path.to_owned(), &status)))
            }
            _ => return Err(Errno::EINVAL),
        };
        if self.room.take(2 * path.as_os_str().len() + size_of::<Node>()) {
            self.nodes.borrow_mut().insert(path.as_os_str().to_owned(), node.clone());
        }
        Ok(node)
    }
}
