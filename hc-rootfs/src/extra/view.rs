//! The new root as it will be: what -f puts there, and everywhere else what the host has, of which what is needed
//! is copied to its own place. A loader in there meets this, and not the host.

use super::layers::{Layers, Node, Way};
use crate::elf::{self, Machine};
use crate::host::{self, Host, Id, MAX_LINKS, NoWay, Owner, Source, Step, Walked, Ware, file_at_end, id_of};
use crate::resolver::{Files, Found, Unusable};
use crate::room::Room;
use hc::{Error, Result, show};
use nix::errno::Errno;
use nix::unistd::{getegid, geteuid};
use std::cell::Cell;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

pub(super) struct View<'a> {
    pub(super) host: &'a Host,
    pub(super) layers: &'a Layers,
    /// Links of others' count where they are needed by a name that the user has given.
    over_any: bool,
    /// How many steps were taken, found or not.
    steps: Cell<usize>,
}

impl<'a> View<'a> {
    pub(super) fn new(host: &'a Host, layers: &'a Layers) -> Self {
        View { host, layers, over_any: false, steps: Cell::new(0) }
    }

    /// The same where each link leads where it says, as if all of that is copied.
    pub(super) fn over_any(host: &'a Host, layers: &'a Layers) -> Self {
        View { over_any: true, ..View::new(host, layers) }
    }

    /// The way to the file `name`. Where it is not one of -f, it must be the one that was looked into, if one was.
    pub(super) fn ware(&self, name: PathBuf, id: impl Into<Option<Id>>) -> Result<Ware> {
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        let failed = |why: &str| Error::new(format!("{}: {why}", show(&name)));
        let before = self.steps.get();
        let way = self.walk(&name, &mut at, &mut links).map_err(|why| failed(&why.to_string()))?;
        self.host.room_for_way(self.steps.get() - before).map_err(failed)?;
        let source = file_at_end(&way).map(Rc::clone).ok_or_else(|| failed("is not a regular file"))?;
        let is_put = matches!(self.layers.node(&at), Some(Node::File(_)));
        if id.into().is_some_and(|id| id != source.id) && !is_put {
            return Err(failed("was changed while it was looked at"));
        }
        Ok(Ware { name, way, source })
    }

    /// The way to the directory `place`. What is not there, or is no directory, will be made.
    pub(super) fn way_to(&self, place: &Path) -> Way {
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        let (mut steps, mut made) = (vec![Step::Root], Vec::new());
        for component in place.components() {
            match component {
                Component::Normal(name) => {
                    let before = at.clone();
                    let step = self.step(name, &mut at, &mut links);
                    steps.push(step.ok().filter(|step| !ends_in_file(step)).unwrap_or_else(|| {
                        at = before.join(name);
                        made.push(at.clone());
                        own(name)
                    }));
                }
                Component::ParentDir => {
                    at.pop();
                    steps.push(Step::Up);
                }
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Way { steps, place: at, made }
    }

    /// Walks `path` from the directory `at` on, and leaves `at` where it ends.
    fn walk(&self, path: &Path, at: &mut PathBuf, links: &mut usize) -> Walked<Vec<Step>> {
        let mut steps: Vec<Step> = Vec::new();
        for component in path.components() {
            self.steps.set(self.steps.get() + 1);
            if steps.last().is_some_and(ends_in_file) {
                return Err(NoWay::Errno(Errno::ENOTDIR));
            }
            match component {
                Component::RootDir => {
                    *at = PathBuf::from("/");
                    steps.push(Step::Root);
                }
                Component::ParentDir => {
                    at.pop();
                    steps.push(Step::Up);
                }
                Component::Normal(name) => steps.push(self.step(name, at, links)?),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(steps)
    }

    fn step(&self, name: &OsStr, at: &mut PathBuf, links: &mut usize) -> Walked<Step> {
        at.push(name);
        match self.layers.node(at) {
            Some(Node::File(source)) => return Ok(Step::File(name.to_owned(), Rc::clone(source))),
            Some(Node::Directory(owner)) => return Ok(Step::Directory(name.to_owned(), *owner)),
            Some(Node::Link { is_whole: false, .. }) if !self.over_any => {
                return Err(NoWay::Errno(Errno::ENOENT));
            }
            Some(Node::Link { target, .. }) => return self.over(name, target, at, links),
            None if self.layers.is_made(at) => return Ok(own(name)),
            None => {}
        }
        match self.host_node(at) {
            Ok(host::Node::Link { of_proc: true, .. }) => Err(NoWay::OfProc(at.clone())),
            Ok(host::Node::Link { target, .. }) => self.over(name, &target, at, links),
            Ok(host::Node::Directory(owner)) => Ok(Step::Directory(name.to_owned(), owner)),
            Ok(host::Node::File(source)) if source.path == *at => Ok(Step::File(name.to_owned(), source)),
            Ok(host::Node::File(source)) => {
                let place = Some(at.clone());
                Ok(Step::File(name.to_owned(), Rc::new(Source { place, ..Source::clone(&source) })))
            }
            Err(errno) => Err(NoWay::Errno(errno)),
        }
    }

    fn over(&self, name: &OsStr, target: &Path, at: &mut PathBuf, links: &mut usize) -> Walked<Step> {
        *links += 1;
        if *links > MAX_LINKS {
            return Err(NoWay::Errno(Errno::ELOOP));
        }
        at.pop();
        let then = self.walk(target, at, links)?;
        Ok(Step::Link { name: name.to_owned(), target: target.to_owned(), then })
    }

    /// What the host has at `path`. There can be a symlink on the way to it where a tree has a directory.
    fn host_node(&self, path: &Path) -> nix::Result<host::Node> {
        let is_put = |above: &Path| matches!(self.layers.node(above), Some(Node::Directory(_)));
        match path.parent().zip(path.file_name()) {
            Some((parent, name)) if parent.ancestors().any(is_put) => {
                let (_, real) = self.host.way(parent).map_err(|_| Errno::ENOENT)?;
                self.host.node(&real.join(name))
            }
            _ => self.host.node(path),
        }
    }

    /// The loader that the object at `path` names, if it is one for `machine`.
    pub(super) fn interpreter(&self, path: &Path, machine: Machine) -> Option<Vec<u8>> {
        let (file, status) = self.host.sysroot.open_regular(&self.file(path)?.path).ok()?;
        let object = elf::parse(&file, None).ok().filter(|object| object.machine == machine)?;
        object.interpreter.filter(|_| self.file(path).is_some_and(|source| source.id == id_of(&status)))
    }

    fn file(&self, path: &Path) -> Option<Rc<Source>> {
        self.walk_to(path).ok()?
    }

    /// The file at the end of the way to `path`, if one is there.
    fn walk_to(&self, path: &Path) -> Walked<Option<Rc<Source>>> {
        // To a loader a relative one counts from a directory that nobody knows yet; as good as any is the caller's.
        let path = self.host.sysroot.absolute(path).map_err(|_| NoWay::Errno(Errno::ENOENT))?;
        let way = self.walk(&path, &mut PathBuf::from("/"), &mut 0)?;
        Ok(file_at_end(&way).map(Rc::clone))
    }

    /// The same for an object, by what `look` says of the file.
    fn object_by(&self, path: &Path, look: impl FnOnce(&Path) -> Looked<Found>) -> Looked<Found> {
        let source = match self.walk_to(path) {
            Ok(source) => source.ok_or(Unusable::Absent)?,
            Err(NoWay::Errno(Errno::EINVAL)) => {
                return Err(Unusable::Bad("is not a regular file".to_owned()));
            }
            Err(NoWay::Errno(errno)) => return Err(Unusable::from_errno(errno)),
            Err(NoWay::OfProc(_)) => return Err(Unusable::Absent),
        };
        let found = look(&source.path)?;
        if found.id == source.id {
            Ok(found)
        } else {
            Err(Unusable::Bad("was changed while it was looked at".to_owned()))
        }
    }

    /// Where the directory `path` is without symlinks.
    fn directory(&self, path: &Path) -> Option<PathBuf> {
        let mut at = PathBuf::from("/");
        let way = self.walk(path, &mut at, &mut 0).ok()?;
        (!way.last().is_some_and(ends_in_file)).then_some(at)
    }
}

type Looked<T> = std::result::Result<T, Unusable>;

impl Files for View<'_> {
    fn object(&self, path: &Path, wanted: Machine) -> Looked<Found> {
        self.object_by(path, |file| self.host.object(file, wanted))
    }

    fn loader(&self, path: &Path, wanted: Machine) -> Looked<Found> {
        self.object_by(path, |file| self.host.loader(file, wanted))
    }

    fn library_path(&self) -> &[PathBuf] {
        self.host.library_path()
    }

    fn content(&self, path: &Path) -> Rc<Vec<u8>> {
        self.file(path).map(|source| self.host.content(&source.path)).unwrap_or_default()
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let Some(real) = self.directory(directory) else { return Vec::new() };
        let mut names = self.host.names(&real);
        names.extend(self.layers.names(&real));
        names.sort();
        names.dedup();
        names
    }

    fn unwinds(&self, path: &Path) -> (bool, usize) {
        self.file(path).map_or((false, 0), |source| self.host.unwinds(&source.path))
    }

    fn steps(&self, path: &Path) -> usize {
        let before = self.steps.get();
        // What is not there has been looked for, too.
        let _ = self.walk_to(path);
        self.steps.get() - before
    }

    fn room(&self) -> &Room {
        self.host.room()
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.directory(path).is_some()
    }
}

fn ends_in_file(step: &Step) -> bool {
    file_at_end(std::slice::from_ref(step)).is_some()
}

/// A directory that the host does not have.
fn own(name: &OsStr) -> Step {
    let owner = Owner { mode: 0o755, uid: geteuid().as_raw(), gid: getegid().as_raw() };
    Step::Directory(name.to_owned(), owner)
}
