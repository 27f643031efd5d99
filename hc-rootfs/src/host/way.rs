//! The way to a file, as the kernel walks it, to be taken again below the new root.

use super::{Examined, Host, Node, Owner, Source};
use crate::room::FULL;
use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// As many symlinks the kernel follows in one path: MAXSYMLINKS.
pub(crate) const MAX_LINKS: usize = 40;

/// A name that is to work in the new root, and what it takes.
pub(crate) struct Ware {
    /// As the program or its loader will use it: absolute.
    pub(crate) name: PathBuf,
    pub(crate) way: Vec<Step>,
    pub(crate) source: Rc<Source>,
}

/// One step of the way to a file, to be taken again below the new root.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// To the root directory (an absolute symlink).
    Root,
    /// To `..`.
    Up,
    /// Several, which many ways have in common: a way of a tree begins with them.
    Common(Rc<[Step]>),
    /// Into the directory of this name.
    Directory(OsString, Owner),
    /// Over the symlink of this name to where it leads.
    Link { name: OsString, target: PathBuf, then: Vec<Step> },
    /// To the file of this name, where every way ends, but for those of a tree.
    File(OsString, Rc<Source>),
    /// To the symlink of this name, and not over it.
    Symlink { name: OsString, target: PathBuf, to_directory: bool },
}

/// A walk, and how far it has come.
struct Walk<'a> {
    host: &'a Host,
    /// A path without symlinks.
    at: PathBuf,
    links: usize,
    steps: usize,
}

/// Why a walk ends early.
pub(crate) enum NoWay {
    Errno(Errno),
    /// It leads over this link, which the kernel makes anew for each process.
    OfProc(PathBuf),
}

/// What came of a walk, or why it failed.
pub(crate) type Walked<T> = std::result::Result<T, NoWay>;

impl Host {
    /// The way from the root directory to each of `files`.
    pub(crate) fn wares(&self, files: &[Examined]) -> Result<Vec<Ware>> {
        let ware = |file| self.ware(file).map_err(|error| Error::new(self.sysroot.about(error)));
        files.iter().map(ware).collect()
    }

    /// The way to `file`, which must end at the one that was looked into.
    pub(crate) fn ware(&self, file: &Examined) -> Result<Ware> {
        let failed = |why: &str| Error::new(format!("{}: {why}", show(&file.name)));
        let mut walk = Walk::new(self);
        let way = walk.along(&file.name).map_err(|why| failed(&why.to_string()))?;
        self.room_for_way(walk.steps).map_err(failed)?;
        match file_at_end(&way).cloned() {
            Some(source) if source.id == file.id => Ok(Ware { name: file.name.clone(), way, source }),
            Some(_) => Err(failed("was changed while it was looked at")),
            None => Err(failed("is not a regular file")),
        }
    }

    /// Takes room for a way of so many steps: a short name can have a long one, over forty symlinks.
    pub(crate) fn room_for_way(&self, steps: usize) -> std::result::Result<(), &'static str> {
        if self.room.take(steps * 2 * size_of::<Step>()) { Ok(()) } else { Err(FULL) }
    }

    /// The way to `path`, and where that ends: a path without symlinks.
    pub(crate) fn way(&self, path: &Path) -> Result<(Vec<Step>, PathBuf)> {
        let mut walk = Walk::new(self);
        let way = walk.along(path).map_err(|why| Error::new(format!("{}: {why}", show(path))))?;
        Ok((way, walk.at))
    }

    /// How many steps the kernel takes to `path`, or until it finds that there is no such file.
    pub(super) fn steps_to(&self, path: &Path) -> usize {
        let mut walk = Walk::new(self);
        // What is not there has been looked for, too.
        let _ = walk.along(path);
        walk.steps
    }

    /// True for a directory that no symlink leads to.
    pub(crate) fn has_directory(&self, path: &Path) -> bool {
        matches!(self.node(path), Ok(Node::Directory(_)))
    }
}

impl<'a> Walk<'a> {
    fn new(host: &'a Host) -> Self {
        Walk { host, at: PathBuf::from("/"), links: 0, steps: 0 }
    }

    /// Goes along `path` from where it is.
    fn along(&mut self, path: &Path) -> Walked<Vec<Step>> {
        let mut steps = Vec::new();
        for component in path.components() {
            self.steps += 1;
            match component {
                Component::RootDir => {
                    self.at = PathBuf::from("/");
                    steps.push(Step::Root);
                }
                Component::ParentDir => {
                    self.at.pop();
                    steps.push(Step::Up);
                }
                Component::Normal(name) => steps.push(self.step(name)?),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(steps)
    }

    fn step(&mut self, name: &OsStr) -> Walked<Step> {
        self.at.push(name);
        let name = name.to_owned();
        Ok(match self.host.node(&self.at).map_err(NoWay::Errno)? {
            Node::Directory(owner) => Step::Directory(name, owner),
            Node::File(source) => Step::File(name, source),
            Node::Link { of_proc: true, .. } => return Err(NoWay::OfProc(self.at.clone())),
            Node::Link { target, .. } => {
                self.links += 1;
                if self.links > MAX_LINKS {
                    return Err(NoWay::Errno(Errno::ELOOP));
                }
                self.at.pop();
                let then = self.along(&target)?;
                Step::Link { name, target, then }
            }
        })
    }
}

impl std::fmt::Display for NoWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoWay::Errno(errno) => f.write_str(&reason(*errno)),
            NoWay::OfProc(link) => {
                write!(f, "its way leads over {}, which the kernel makes anew for each process", show(link))
            }
        }
    }
}

/// The file at the end of a way.
pub(crate) fn file_at_end(way: &[Step]) -> Option<&Rc<Source>> {
    match way.last()? {
        Step::File(_, source) => Some(source),
        Step::Link { then, .. } => file_at_end(then),
        Step::Root | Step::Up | Step::Common(_) | Step::Directory(..) | Step::Symlink { .. } => None,
    }
}

/// Takes the steps of `way` from `at` on, and notes the links.
pub(crate) fn leave_trail(way: &[Step], at: &mut PathBuf, trail: &mut Vec<PathBuf>) {
    for step in way {
        match step {
            Step::Root => *at = PathBuf::from("/"),
            Step::Up => drop(at.pop()),
            Step::Common(steps) => leave_trail(steps, at, trail),
            Step::Directory(name, _) | Step::File(name, _) | Step::Symlink { name, .. } => at.push(name),
            Step::Link { name, then, .. } => {
                trail.push(at.join(name));
                leave_trail(then, at, trail);
            }
        }
    }
}
