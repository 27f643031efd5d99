//! Where files are written before they get their places: to files without a name, or, where there are none or too
//! many, to `.hc-rootfs` in DIR.

use super::content::{self, Keeper};
use super::directory::{Directory, MAX_OPEN};
use super::root::Root;
use crate::host::{Id, Source};
use hc::{Error, Result, show};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, close, symlinkat, unlinkat};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

pub(super) const NAME: &str = ".hc-rootfs";
/// Files without a name that are open.
const MAX_UNNAMED: usize = 2000;
/// Files that are open besides: directories in DIR, and the one that is copied.
const OTHERS: usize = MAX_OPEN + 50;
pub(super) const IN_THE_WAY: &str = "is in the way of the files being written: remove it";

pub(crate) struct Stage {
    root: Rc<Directory>,
    /// Made when first needed.
    directory: Option<Rc<Directory>>,
    /// The number that is the next file's name.
    next: usize,
    /// How many files without a name may still be open.
    unnamed: usize,
    /// The copy of each source.
    prepared: HashMap<Id, Staged>,
}

/// A file that is written, but has no final name yet.
pub(crate) enum Staged {
    /// It has no name at all, and is gone when it is closed, also by a kill.
    Unnamed(OwnedFd),
    /// In the stage's directory.
    Named(Rc<Directory>, OsString),
}

impl Staged {
    /// Closes it. A network's file system says only then that there was no room.
    pub(crate) fn finish(self) -> nix::Result<()> {
        match self {
            Staged::Unnamed(file) => close(file),
            Staged::Named(..) => Ok(()),
        }
    }
}

/// The same while it is being written.
pub(crate) enum Berth {
    Unnamed,
    Named(Rc<Directory>, OsString),
}

impl Berth {
    /// `file`, which is written. With a name it need not stay open.
    pub(crate) fn of(self, file: File) -> nix::Result<Staged> {
        match self {
            Berth::Unnamed => Ok(Staged::Unnamed(file.into())),
            Berth::Named(directory, name) => close(file).map(|()| Staged::Named(directory, name)),
        }
    }
}

impl Stage {
    /// Clears away what a run that was killed may have left in `root`.
    pub(crate) fn new(root: &Root) -> Result<Self> {
        let stage = Stage {
            root: Rc::clone(&root.directory),
            directory: None,
            next: 0,
            unnamed: max_unnamed(&root.directory),
            prepared: HashMap::new(),
        };
        if !root.made_here {
            match remove(&root.directory) {
                // Not there; not a directory, and none of ours; or nothing may be written here: those who need
                // to will say so.
                Err((Errno::ENOENT | Errno::ENOTDIR | Errno::EROFS | Errno::EACCES | Errno::EPERM, _)) => {}
                removed => removed.map_err(|(_, error)| error)?,
            }
        }
        Ok(stage)
    }

    /// Writes the copy of `source`, unless it lies there already.
    pub(crate) fn prepare(&mut self, source: &Source, keeper: &Keeper) -> Result<()> {
        if self.prepared.contains_key(&source.id) {
            return Ok(());
        }
        let shown = self.root.name_within(source.place());
        let staged = if keeper.is_linked(source) {
            let (directory, name) = self.new_name()?;
            content::link(&directory, &name, source, &shown)?;
            Staged::Named(directory, name)
        } else {
            let (file, place) = self.create(&shown)?;
            content::write(&file, source, &shown, keeper, true)?;
            place.of(file).map_err(|errno| Error::from_errno(show(&shown), errno))?
        };
        self.prepared.insert(source.id, staged);
        Ok(())
    }

    /// Hands over the copy of `source`.
    pub(crate) fn take(&mut self, source: &Source) -> Option<Staged> {
        self.prepared.remove(&source.id)
    }

    /// A new file, which will be `shown`.
    pub(crate) fn create(&mut self, shown: &Path) -> Result<(File, Berth)> {
        if self.unnamed > 0 {
            // DIR's own descriptor stays open.
            let flags = OFlag::O_WRONLY | OFlag::O_TMPFILE | OFlag::O_CLOEXEC;
            let open = || openat(self.root.descriptor()?, ".", flags, Mode::from_bits_truncate(0o600));
            if let Ok(file) = open() {
                self.unnamed -= 1;
                return Ok((File::from(file), Berth::Unnamed));
            }
            // A file system without; or what is wrong shows again.
            self.unnamed = 0;
        }
        let (directory, name) = self.new_name()?;
        let file =
            content::create(&directory, &name).map_err(|errno| Error::from_errno(show(shown), errno))?;
        Ok((file, Berth::Named(directory, name)))
    }

    /// Makes a symlink that is to replace something.
    pub(crate) fn symlink(&mut self, target: &Path) -> Result<(Rc<Directory>, OsString)> {
        let (directory, name) = self.new_name()?;
        let made = directory.descriptor().and_then(|at| symlinkat(target, at, name.as_os_str()));
        directory.check(&name, made)?;
        Ok((directory, name))
    }

    /// A name that nothing on the stage has.
    pub(crate) fn new_name(&mut self) -> Result<(Rc<Directory>, OsString)> {
        let directory = match &self.directory {
            Some(directory) => Rc::clone(directory),
            None => Rc::clone(self.directory.insert(make(&self.root)?)),
        };
        let name = OsString::from(self.next.to_string());
        self.next += 1;
        Ok((directory, name))
    }

    /// Removes the stage and what is left on it: at the end, what was replaced.
    pub(crate) fn remove(&mut self) -> Result<()> {
        if self.directory.is_some() {
            remove(&self.root).map_err(|(_, error)| error)?;
            self.directory = None;
        }
        Ok(())
    }
}

/// As many as this process may have open beside those of its caller, which are below that of `root`, and its own.
fn max_unnamed(root: &Directory) -> usize {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or_default();
    let first = root.descriptor().map_or(0, |root| root.as_raw_fd());
    let others = usize::try_from(first).unwrap_or(0) + OTHERS;
    usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(others).min(MAX_UNNAMED)
}

fn make(root: &Rc<Directory>) -> Result<Rc<Directory>> {
    let name = OsStr::new(NAME);
    let mkdir = || mkdirat(root.descriptor()?, name, Mode::from_bits_truncate(0o700));
    let made = match mkdir() {
        // Another run was killed between the check at the start and its turn.
        Err(Errno::EEXIST) => match remove(root) {
            Ok(()) | Err((Errno::ENOENT | Errno::ENOTDIR, _)) => mkdir(),
            Err((_, error)) => return Err(error),
        },
        made => made,
    };
    if made == Err(Errno::EEXIST) {
        return Err(root.failure(name, IN_THE_WAY));
    }
    // What is wrong is wrong with DIR: no permission, read-only, full.
    made.and_then(|()| root.open(name)).map_err(|errno| root.own_error(errno))
}

/// Removes the stage in `root`, with the files in it.
fn remove(root: &Directory) -> std::result::Result<(), (Errno, Error)> {
    let rmdir = || unlinkat(root.descriptor()?, NAME, UnlinkatFlags::RemoveDir);
    let removed = match rmdir() {
        Err(Errno::ENOTEMPTY | Errno::EEXIST) => empty(root).and_then(|()| rmdir()),
        removed => removed,
    };
    removed.map_err(|errno| {
        let still_full = matches!(errno, Errno::ENOTEMPTY | Errno::EEXIST);
        let name = OsStr::new(NAME);
        (errno, if still_full { root.failure(name, IN_THE_WAY) } else { root.error(name, errno) })
    })
}

/// Removes the files in the stage that have a name of ours, which is a number. Anything else stays.
fn empty(root: &Directory) -> nix::Result<()> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mut stage = Dir::openat(root.descriptor()?, NAME, flags, Mode::empty())?;
    let names: Vec<OsString> = stage
        .iter()
        .map(|entry| entry.map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned()))
        .collect::<nix::Result<_>>()?;
    for name in names.iter().filter(|name| name.as_bytes().iter().all(u8::is_ascii_digit)) {
        match unlinkat(&stage, name.as_os_str(), UnlinkatFlags::NoRemoveDir) {
            Ok(()) | Err(Errno::EISDIR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}
