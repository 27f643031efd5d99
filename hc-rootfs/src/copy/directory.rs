//! A directory below the new root, held by a descriptor.
//!
//! Every step into a tree that others may change meanwhile is one name from one descriptor, and symlinks are
//! not followed by the kernel but read and walked here: whatever they say, the walk stays below the root.

use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// openat2(2) gives up on a `..`, of a symlink say, when anything on the machine is renamed or mounted meanwhile.
/// Not for ever: where this fails, a file is copied once more than it had to be.
const MAX_TRIES: u32 = 10_000;

pub(crate) struct Directory {
    pub(crate) descriptor: OwnedFd,
    /// For messages: DIR and the way from there.
    path: PathBuf,
    /// `None` for the root, which is its own parent.
    parent: Option<Rc<Directory>>,
    /// What was entered from here before, by symlink or not.
    known: RefCell<HashMap<OsString, Rc<Directory>>>,
}

impl Directory {
    pub(crate) fn root(descriptor: OwnedFd, path: PathBuf) -> Rc<Self> {
        Rc::new(Directory { descriptor, path, parent: None, known: RefCell::default() })
    }

    pub(crate) fn parent(self: &Rc<Self>) -> Rc<Self> {
        Rc::clone(self.parent.as_ref().unwrap_or(self))
    }

    pub(crate) fn known(&self, name: &OsStr) -> Option<Rc<Self>> {
        self.known.borrow().get(name).cloned()
    }

    pub(crate) fn remember(&self, name: &OsStr, directory: &Rc<Self>) {
        self.known.borrow_mut().insert(name.to_owned(), Rc::clone(directory));
    }

    /// Enters the directory `name`; a symlink of that name is ENOTDIR.
    pub(crate) fn open(self: &Rc<Self>, name: &OsStr) -> nix::Result<Rc<Self>> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let descriptor = openat(&self.descriptor, name, flags, Mode::empty())?;
        Ok(Rc::new(Directory {
            descriptor,
            path: self.path.join(name),
            parent: Some(Rc::clone(self)),
            known: RefCell::default(),
        }))
    }

    /// What stands under `name`, symlinks not followed.
    pub(crate) fn status(&self, name: &OsStr) -> nix::Result<FileStat> {
        fstatat(&self.descriptor, name, AtFlags::AT_SYMLINK_NOFOLLOW)
    }

    /// What `path` means to a process that has this directory as its root.
    pub(crate) fn status_within(&self, path: &Path) -> nix::Result<FileStat> {
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        let mut tries = MAX_TRIES;
        let found = loop {
            match openat2(&self.descriptor, path, how) {
                Err(Errno::EAGAIN) if tries > 0 => tries -= 1,
                found => break found?,
            }
        };
        fstat(found)
    }

    /// The error of a call that concerns the directory itself.
    pub(crate) fn own_error(&self, errno: Errno) -> Error {
        Error::from_errno(show(&self.path), errno)
    }

    /// The error of a call on `name` in this directory.
    pub(crate) fn error<N: AsRef<Path> + ?Sized>(&self, name: &N, errno: Errno) -> Error {
        self.failure(name, &reason(errno))
    }

    pub(crate) fn failure<N: AsRef<Path> + ?Sized>(&self, name: &N, why: &str) -> Error {
        Error::new(format!("{}: {why}", show(&self.path.join(name))))
    }

    /// The name of an absolute `path` below this directory, for messages.
    pub(crate) fn name_within(&self, path: &Path) -> PathBuf {
        self.path.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Turns errno into the error of a call on `name`.
    pub(crate) fn check<T>(&self, name: &OsStr, result: nix::Result<T>) -> Result<T> {
        result.map_err(|errno| self.error(name, errno))
    }
}
