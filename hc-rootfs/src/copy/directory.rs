//! A directory below the new root, held by a descriptor.
//!
//! Every step into a tree that others may change meanwhile is one name from one descriptor, and to write there
//! symlinks are not followed by the kernel but read and walked here: whatever they say, the walk stays below
//! the root. To look only, the kernel follows them as it would for a process with that root (openat2(2)).

use crate::host::{Id, id_of};
use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};

/// openat2(2) gives up on a `..`, of a symlink say, when anything on the machine is renamed or mounted meanwhile.
/// Not for ever: where this fails, a file is copied once more than it had to be.
const MAX_TRIES: u32 = 10_000;
/// More directories than this are not held open: a process may often have no more than a thousand files.
pub(super) const MAX_OPEN: usize = 200;

pub(crate) struct Directory {
    /// `None` while it is closed.
    descriptor: RefCell<Option<Rc<OwnedFd>>>,
    /// Known once it was closed: it is opened again only if it is still the same.
    id: Cell<Option<Id>>,
    me: Weak<Directory>,
    /// Those below the root that are open, the first opened first.
    open: Rc<RefCell<VecDeque<Weak<Directory>>>>,
    /// For messages: DIR and the way from there.
    path: PathBuf,
    /// `None` for the root, which is its own parent.
    parent: Option<Rc<Directory>>,
    /// What was entered from here before, by symlink or not.
    known: RefCell<HashMap<OsString, Rc<Directory>>>,
}

impl Directory {
    pub(crate) fn root(descriptor: OwnedFd, path: PathBuf) -> Rc<Self> {
        Self::new(descriptor, path, None, Rc::default())
    }

    fn new(
        descriptor: OwnedFd,
        path: PathBuf,
        parent: Option<Rc<Self>>,
        open: Rc<RefCell<VecDeque<Weak<Self>>>>,
    ) -> Rc<Self> {
        Rc::new_cyclic(|me| Directory {
            descriptor: RefCell::new(Some(Rc::new(descriptor))),
            id: Cell::default(),
            me: me.clone(),
            open,
            path,
            parent,
            known: RefCell::default(),
        })
    }

    /// Its descriptor, opened again when it was closed.
    pub(crate) fn descriptor(&self) -> nix::Result<Rc<OwnedFd>> {
        if let Some(open) = self.descriptor.borrow().as_ref() {
            return Ok(Rc::clone(open));
        }
        let (parent, name) = self.parent.as_ref().zip(self.path.file_name()).ok_or(Errno::EBADF)?;
        let descriptor = Rc::new(open_directory(parent, name)?);
        let status = fstat(&descriptor)?;
        if self.id.get() != Some(id_of(&status)) {
            return Err(Errno::ESTALE);
        }
        self.descriptor.replace(Some(Rc::clone(&descriptor)));
        self.close_another();
        Ok(descriptor)
    }

    /// Takes note that this one is open now, and closes the one that has been for the longest if there are too
    /// many.
    fn close_another(&self) {
        let mut open = self.open.borrow_mut();
        open.push_back(self.me.clone());
        let too_many = open.len() > MAX_OPEN;
        let oldest = if too_many { open.pop_front().and_then(|oldest| oldest.upgrade()) } else { None };
        if let Some(oldest) = oldest
            && let Some(descriptor) = oldest.descriptor.take()
        {
            oldest.id.set(fstat(&descriptor).ok().map(|status| id_of(&status)));
        }
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
        let descriptor = open_directory(self, name)?;
        let path = self.path.join(name);
        let entered = Self::new(descriptor, path, Some(Rc::clone(self)), Rc::clone(&self.open));
        entered.close_another();
        Ok(entered)
    }

    /// What stands under `name`, symlinks not followed.
    pub(crate) fn status(&self, name: &OsStr) -> nix::Result<FileStat> {
        fstatat(self.descriptor()?, name, AtFlags::AT_SYMLINK_NOFOLLOW)
    }

    /// What stands under `name`, symlinks not followed, open as a name only.
    pub(crate) fn peek(&self, name: &OsStr) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        openat(self.descriptor()?, name, flags, Mode::empty())
    }

    /// What `path` means to a process that has this directory as its root.
    pub(crate) fn status_within(&self, path: &Path) -> nix::Result<FileStat> {
        fstat(self.peek_within(path)?)
    }

    /// The same, open as a name only.
    pub(crate) fn peek_within(&self, path: &Path) -> nix::Result<OwnedFd> {
        self.open_within(path, OFlag::O_PATH | OFlag::O_CLOEXEC)
    }

    /// The same, opened.
    pub(crate) fn open_within(&self, path: &Path, flags: OFlag) -> nix::Result<OwnedFd> {
        let how = OpenHow::new()
            .flags(flags)
            .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
        let (root, mut tries) = (self.descriptor()?, MAX_TRIES);
        loop {
            match openat2(&root, path, how) {
                Err(Errno::EAGAIN) if tries > 0 => tries -= 1,
                found => break found,
            }
        }
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

/// Opens the directory `name`; a symlink of that name is ENOTDIR.
fn open_directory(at: &Directory, name: &OsStr) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(at.descriptor()?, name, flags, Mode::empty())
}
