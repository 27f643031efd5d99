//! The way to a file, taken again below the new root: what is missing is made, what is there is used.
//!
//! The host's way and DIR's may differ. A directory may stand in DIR where the host has a symlink, or the
//! symlink may lead elsewhere: then the walk goes on in what DIR has, so that the name works there.

use super::content::{self, Keeper};
use super::directory::Directory;
use super::name_of;
use super::reserved::{self, is_reserved};
use super::root::Root;
use super::stage::Stage;
use super::twin::Twin;
use super::undo::{Log, Made};
use crate::host::{Id, Owner, Source, Step, file_at_end};
use hc::{Result, show};
use nix::errno::Errno;
use nix::fcntl::readlinkat;
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::symlinkat;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// As the kernel has it for one path: MAXSYMLINKS.
const MAX_LINKS: usize = 40;

pub(crate) struct Place<'a> {
    pub(crate) root: &'a Root,
    pub(crate) stage: &'a mut Stage,
    pub(crate) log: &'a mut Log,
    pub(crate) keeper: &'a Keeper,
    pub(crate) copied: Vec<PathBuf>,
    /// By source, one for each file system.
    pub(super) twins: HashMap<Id, Vec<Twin>>,
}

impl Place<'_> {
    /// Takes the whole of `way`.
    pub(crate) fn put(&mut self, way: &[Step]) -> Result<()> {
        self.take(&self.root.directory, way).map(drop)
    }

    fn take(&mut self, from: &Rc<Directory>, way: &[Step]) -> Result<Rc<Directory>> {
        let mut at = Rc::clone(from);
        for step in way {
            self.refuse_reserved(&at, step)?;
            at = match step {
                Step::Root => Rc::clone(&self.root.directory),
                Step::Up => at.parent(),
                Step::Common(steps) => self.take(&at, steps)?,
                Step::Directory(name, owner) => self.enter(&at, name, owner)?,
                Step::Link { name, target, then } if file_at_end(then).is_some() => {
                    self.link_to_file(&at, name, target)?;
                    self.take(&at, then)?
                }
                Step::Link { name, target, then } => self.enter_link(&at, name, target, then)?,
                Step::File(name, source) => {
                    self.file(&at, name, source)?;
                    at
                }
                Step::Symlink { name, target, to_directory } => {
                    self.symlink(&at, name, target, *to_directory)?;
                    at
                }
            };
        }
        Ok(at)
    }

    /// What is planned has none of these names; by a symlink that DIR has, it can get there all the same.
    fn refuse_reserved(&self, at: &Rc<Directory>, step: &Step) -> Result<()> {
        match name_of(step) {
            Some(name) if is_reserved(name, Rc::ptr_eq(at, &self.root.directory)) => {
                Err(at.failure(name, reserved::WHY))
            }
            _ => Ok(()),
        }
    }

    /// Enters the directory `name`, which is made like the host's when it is not there.
    pub(super) fn enter(&mut self, at: &Rc<Directory>, name: &OsStr, owner: &Owner) -> Result<Rc<Directory>> {
        if let Some(known) = at.known(name) {
            return Ok(known);
        }
        // Its owner must be able to work in it, also the next time.
        let owner = Owner { mode: owner.mode | 0o700, ..*owner };
        let mode = Mode::from_bits_truncate(owner.mode & 0o1777);
        let entered = match at.descriptor().and_then(|at| mkdirat(at, name, mode)) {
            Ok(()) => {
                self.log.push(Made::Directory(Rc::clone(at), name.to_owned()));
                let made = at.check(name, at.open(name))?;
                at.check(name, self.keeper.apply_to_directory(&made, &owner))?;
                made
            }
            Err(Errno::EEXIST) => self.follow_name(at, name, &mut 0)?,
            Err(errno) => return Err(at.error(name, errno)),
        };
        at.remember(name, &entered);
        Ok(entered)
    }

    /// Goes over the symlink `name` to a directory, which is made like the host's when it is not there.
    fn enter_link(
        &mut self,
        at: &Rc<Directory>,
        name: &OsStr,
        target: &Path,
        then: &[Step],
    ) -> Result<Rc<Directory>> {
        if let Some(known) = at.known(name) {
            return Ok(known);
        }
        let same = match make_link(target, at, name) {
            Ok(()) => {
                self.log.push(Made::Entry(Rc::clone(at), name.to_owned()));
                true
            }
            Err(Errno::EEXIST) => is_link_to(at, name, target),
            Err(errno) => return Err(at.error(name, errno)),
        };
        let entered = if same { self.take(at, then)? } else { self.follow_name(at, name, &mut 0)? };
        at.remember(name, &entered);
        Ok(entered)
    }

    /// Makes the symlink `name` at the end of a way, in the place of what is there if that is no directory.
    pub(super) fn link_to_file(&mut self, at: &Rc<Directory>, name: &OsStr, target: &Path) -> Result<()> {
        match make_link(target, at, name) {
            Ok(()) => {
                self.log.push(Made::Entry(Rc::clone(at), name.to_owned()));
                Ok(())
            }
            Err(Errno::EEXIST) if is_link_to(at, name, target) => Ok(()),
            Err(Errno::EEXIST) => {
                let (stage, staged) = self.stage.symlink(target)?;
                if self.replace(&stage, &staged, at, name)? {
                    return Ok(());
                }
                self.put_in_place(at, name, |temporary| at.check(temporary, make_link(target, at, temporary)))
            }
            Err(errno) => Err(at.error(name, errno)),
        }
    }

    /// Puts the copy of `source` in its place.
    fn file(&mut self, at: &Rc<Directory>, name: &OsStr, source: &Source) -> Result<()> {
        let twin = self.twin(source, at);
        let staged = match self.stage.take(source) {
            Some(prepared) => Some(prepared),
            // It was put somewhere before: here, or, where DIR's directories are not the host's, elsewhere.
            None if at.peek(name).is_ok_and(|file| self.keeper.is_copy(&file, source)) => return Ok(()),
            None if self.root.is_elsewhere(source.place()) => None,
            None => {
                let linked = twin.as_ref().map(|twin| self.another_name(twin)).transpose()?.flatten();
                if linked.is_none() {
                    self.stage.prepare(source, self.keeper)?;
                }
                linked.or_else(|| self.stage.take(source))
            }
        };
        let moved = staged.map(|staged| self.move_there(staged, at, name)).transpose()?;
        if moved != Some(true) {
            let (shown, keeper) = (self.root.directory.name_within(source.place()), self.keeper);
            self.put_in_place(at, name, |temporary| match &twin {
                Some(twin) if twin.link(at, temporary)? => Ok(()),
                _ => content::write_in_place(at, temporary, source, &shown, keeper),
            })?;
        }
        self.remember(source, at, name);
        self.copied.push(source.place().to_owned());
        Ok(())
    }

    /// Enters `name` as DIR has it: a directory, or a symlink to one below DIR.
    fn follow_name(&self, at: &Rc<Directory>, name: &OsStr, links: &mut usize) -> Result<Rc<Directory>> {
        match at.open(name) {
            Ok(entered) => Ok(entered),
            Err(Errno::ENOTDIR | Errno::ELOOP) => {
                let target = read_link(at, name).map_err(|_| at.error(name, Errno::ENOTDIR))?;
                *links += 1;
                if *links > MAX_LINKS {
                    return Err(at.error(name, Errno::ELOOP));
                }
                self.follow(at, Path::new(&target), links).map_err(|errno| {
                    let why = format!("leads to {}, which is no directory in the new root", show(&target));
                    errno.unwrap_or_else(|| at.failure(name, &why))
                })
            }
            Err(errno) => Err(at.error(name, errno)),
        }
    }

    /// Walks a symlink's `target`. `Err(None)` when it leads nowhere.
    fn follow(
        &self,
        from: &Rc<Directory>,
        target: &Path,
        links: &mut usize,
    ) -> std::result::Result<Rc<Directory>, Option<hc::Error>> {
        let mut at = Rc::clone(from);
        for component in target.components() {
            at = match component {
                Component::RootDir => Rc::clone(&self.root.directory),
                Component::ParentDir => at.parent(),
                Component::Normal(name) if at.status(name).is_err() => return Err(None),
                Component::Normal(name) => self.follow_name(&at, name, links)?,
                Component::CurDir | Component::Prefix(_) => at,
            };
        }
        Ok(at)
    }
}

fn is_link_to(at: &Directory, name: &OsStr, target: &Path) -> bool {
    read_link(at, name).is_ok_and(|found| Path::new(&found) == target)
}

fn read_link(at: &Directory, name: &OsStr) -> nix::Result<OsString> {
    readlinkat(at.descriptor()?, name)
}

pub(super) fn make_link(target: &Path, at: &Directory, name: &OsStr) -> nix::Result<()> {
    symlinkat(target, at.descriptor()?, name)
}
