//! `.hc-rootfs` in DIR: where files are written before they are renamed into place.

use super::content::{self, Keeper};
use super::directory::Directory;
use super::root::Root;
use crate::host::{Id, Source};
use hc::{Error, Result};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, symlinkat, unlinkat};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

pub(super) const NAME: &str = ".hc-rootfs";
pub(super) const IN_THE_WAY: &str = "is in the way of the files being written: remove it";

pub(crate) struct Stage {
    root: Rc<Directory>,
    /// Made when first needed.
    directory: Option<Rc<Directory>>,
    /// The number that is the next file's name.
    next: usize,
    /// Which source lies there under which name.
    prepared: HashMap<Id, OsString>,
}

impl Stage {
    /// Clears away what a run that was killed may have left in `root`.
    pub(crate) fn new(root: &Root) -> Result<Self> {
        let stage =
            Stage { root: Rc::clone(&root.directory), directory: None, next: 0, prepared: HashMap::new() };
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
        if !self.prepared.contains_key(&source.id) {
            let (directory, name) = self.new_name()?;
            content::write(&directory, &name, source, &self.root.name_within(source.place()), keeper, true)?;
            self.prepared.insert(source.id, name);
        }
        Ok(())
    }

    /// Hands over the copy of `source`: the directory it lies in, and its name there.
    pub(crate) fn take(&mut self, source: &Source) -> Option<(Rc<Directory>, OsString)> {
        let name = self.prepared.remove(&source.id)?;
        Some((Rc::clone(self.directory.as_ref()?), name))
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
