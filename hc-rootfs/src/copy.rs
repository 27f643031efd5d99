//! Everything that is written: a root directory filled with files, or left as it was.
//!
//! All content is written first, to files that have no name, or lie in a directory of DIR's own (`.hc-rootfs`), and
//! only then gets its names, one file after the other. So a full disk is met before anything has changed, and a run
//! that is killed leaves no half file under a file's name; what it leaves in `.hc-rootfs` the next run removes. One
//! run at a time works on a DIR, which a lock on it sees to.

mod additions;
mod arrival;
mod attributes;
mod bytes;
mod content;
mod directory;
mod place;
mod progress;
mod reserved;
mod root;
mod stage;
mod sys;
mod twin;
mod undo;

use crate::host::{Source, Step, Ware};
use crate::skeleton::MOUNT_POINTS;
use crate::sysroot::Sysroot;
use content::Keeper;
use directory::Directory;
use hc::{Error, Result, show};
use nix::errno::Errno;
use nix::sys::stat::{Mode, mkdirat, umask};
use place::Place;
use progress::Progress;
pub(crate) use root::Root;
use stage::Stage;
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use undo::{Log, Made};

pub(crate) use additions::Text;

/// What is put into a root directory.
pub(crate) struct Goods {
    /// Where all of it comes from.
    pub(crate) sysroot: Sysroot,
    pub(crate) wares: Vec<Ware>,
    /// Directories, and symlinks to anything.
    pub(crate) ways: Vec<Vec<Step>>,
    pub(crate) texts: Vec<Text>,
}

impl Goods {
    /// True when something of this is at `path`, or below it.
    pub(crate) fn reach(&self, path: &Path) -> bool {
        let is_below = |ware: &Ware| ware.name.starts_with(path) || ware.source.place().starts_with(path);
        self.wares.iter().any(is_below) || self.ways.iter().any(|way| end_of(way).starts_with(path))
    }
}

/// How files become copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) link: Link,
    /// Whether extended attributes are kept.
    pub(crate) xattrs: bool,
}

impl Default for How {
    fn default() -> Self {
        How { link: Link::Auto, xattrs: true }
    }
}

/// What a copy has in common with its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Its blocks where the file system can (copy_file_range(2) sees to that), else nothing.
    Auto,
    /// Its blocks.
    Reflink,
    /// Nothing.
    Copy,
    /// Everything: it is one more name of the file.
    Hard,
}

/// A filled root directory, until NEXT runs in it.
pub(crate) struct Rootfs {
    pub(crate) root: Root,
    log: Log,
    /// What was copied, in the order in which it was put in place.
    pub(crate) copied: Vec<PathBuf>,
}

impl Rootfs {
    /// True when there is something at `path` below the root.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.root.directory.status_within(path).is_ok()
    }

    /// True when the root directory is all of a tmpfs.
    pub(crate) fn is_tmpfs(&self) -> bool {
        self.root.is_tmpfs()
    }

    /// Takes away what this run has made, for NEXT did not start.
    pub(crate) fn undo(self) {
        self.log.undo(None);
    }
}

/// One more file, when that depends on what the root directory has already, if it is there.
pub(crate) type Late<'a> = &'a dyn Fn(Option<&Root>) -> Result<Option<Ware>>;

/// Puts `goods` into `directory`, which is made when it is not there. Undone when it fails.
pub(crate) fn fill(directory: &OsStr, goods: Goods, how: How, late: Late<'_>) -> Result<Rootfs> {
    refuse_reserved(Path::new(directory), &goods)?;
    // The modes are meant as they are; NEXT gets the caller's umask back.
    let old = umask(Mode::empty());
    let mut log = Log::default();
    let filled = fill_logged(Path::new(directory), goods, how, late, old, &mut log);
    umask(old);
    match filled {
        Ok((root, copied)) => Ok(Rootfs { root, log, copied }),
        Err((error, stage)) => {
            log.undo(stage);
            Err(error)
        }
    }
}

fn refuse_reserved(directory: &Path, goods: &Goods) -> Result<()> {
    reserved::find(goods).map_or(Ok(()), |path| {
        let place = directory.join(path.strip_prefix("/").unwrap_or(&path));
        Err(Error::new(format!("{}: {}", show(&place), reserved::WHY)))
    })
}

type Failed = (Error, Option<Box<Stage>>);

fn fill_logged(
    directory: &Path,
    mut goods: Goods,
    how: How,
    late: Late<'_>,
    umask: Mode,
    log: &mut Log,
) -> std::result::Result<(Root, Vec<PathBuf>), Failed> {
    let root = Root::open(directory, &goods.sysroot, umask, log).map_err(|error| (error, None))?;
    let mut stage = Stage::new(&root).map_err(|error| (error, None))?;
    // Nobody else changes it now.
    let filled = late(Some(&root)).and_then(|more| {
        goods.wares.extend(more);
        work(&root, &goods, how, &mut stage, log)
    });
    match filled.and_then(|copied| stage.remove().map(|()| copied)) {
        Ok(copied) => Ok((root, copied)),
        Err(error) => Err((error, Some(Box::new(stage)))),
    }
}

fn work(root: &Root, goods: &Goods, how: How, stage: &mut Stage, log: &mut Log) -> Result<Vec<PathBuf>> {
    let keeper = Keeper::new(&root.directory, how);
    let missing = missing(root, &goods.wares, &keeper);
    // Some can be written in their place only.
    let mut known = HashSet::new();
    let staged = new_files(&missing).filter(|source| !root.is_elsewhere(source.place()));
    let staged: Vec<&Source> = staged.filter(|source| known.insert(source.id)).collect();
    let mut progress = Progress::new(staged.iter().map(|source| source.size));
    for source in staged {
        stage.prepare(source, &keeper)?;
        progress.add(source.size);
    }
    drop(progress);
    let mut place = Place { root, stage, log, keeper: &keeper, copied: Vec::new(), twins: HashMap::new() };
    for Missing { ware, .. } in missing {
        place.put(&ware.way)?;
    }
    goods.ways.iter().try_for_each(|way| place.put(way))?;
    goods.texts.iter().try_for_each(|text| place.text(text))?;
    let copied = place.copied;
    make_mount_points(&root.directory, log)?;
    Ok(copied)
}

/// A ware whose name does not work yet in the new root.
struct Missing<'a> {
    ware: &'a Ware,
    /// The file is there, and only a link to it is missing.
    there: bool,
}

fn missing<'a>(root: &Root, wares: &'a [Ware], keeper: &Keeper) -> Vec<Missing<'a>> {
    let lacks = |ware: &&Ware| !root.has(&ware.name, &ware.source, keeper);
    let missing = |ware: &'a Ware| {
        let path = ware.source.place();
        Missing { ware, there: ware.name != path && root.has(path, &ware.source, keeper) }
    };
    wares.iter().filter(lacks).map(missing).collect()
}

/// The files to be copied for them, each place once.
fn new_files<'a>(missing: &[Missing<'a>]) -> impl Iterator<Item = &'a Source> {
    let mut known = HashSet::new();
    let new = missing.iter().filter(|missing| !missing.there).map(|missing| &*missing.ware.source);
    new.filter(move |source| known.insert(source.place()))
}

/// The names of the files that [`fill`] would write now. Changes nothing; that others may fill `directory` meanwhile
/// is their business.
pub(crate) fn missing_files(
    directory: &OsStr,
    goods: &Goods,
    how: How,
    late: Late<'_>,
) -> Result<Vec<PathBuf>> {
    refuse_reserved(Path::new(directory), goods)?;
    let root = Root::look(Path::new(directory), &goods.sysroot)?;
    let more = late(root.as_ref())?;
    let wares = [goods.wares.as_slice(), more.as_slice()];
    let wares = wares.into_iter().flatten();
    let missing: Vec<Missing<'_>> = match &root {
        Some(root) => {
            let keeper = Keeper::new(&root.directory, how);
            wares.flat_map(|ware| missing(root, std::slice::from_ref(ware), &keeper)).collect()
        }
        None => wares.map(|ware| Missing { ware, there: false }).collect(),
    };
    let mut names: Vec<PathBuf> = new_files(&missing).map(|source| source.place().to_owned()).collect();
    let there = |path: &Path| root.as_ref().is_some_and(|root| root.directory.status_within(path).is_ok());
    let texts = goods.texts.iter().map(|text| Path::new("/etc").join(text.name));
    names.extend(texts.filter(|path| !goods.reach(path) && !there(path)));
    Ok(names)
}

/// The name that a step takes in the directory where it starts.
fn name_of(step: &Step) -> Option<&OsStr> {
    match step {
        Step::Root | Step::Up | Step::Common(_) => None,
        Step::Directory(name, _)
        | Step::File(name, _)
        | Step::Symlink { name, .. }
        | Step::Link { name, .. } => Some(name),
    }
}

/// Where a way of a tree ends, by its names.
fn end_of(way: &[Step]) -> PathBuf {
    fn follow(path: &mut PathBuf, way: &[Step]) {
        for step in way {
            match step {
                Step::Root | Step::Up => {}
                Step::Common(steps) => follow(path, steps),
                step => path.extend(name_of(step)),
            }
        }
    }
    let mut path = PathBuf::from("/");
    follow(&mut path, way);
    path
}

fn make_mount_points(root: &Rc<Directory>, log: &mut Log) -> Result<()> {
    for (name, mode) in MOUNT_POINTS {
        match root.descriptor().and_then(|root| mkdirat(root, name, Mode::from_bits_truncate(mode))) {
            Ok(()) => log.push(Made::Directory(Rc::clone(root), OsString::from(name))),
            // Whatever is there, the one who put it there may have meant it.
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(root.error(name, errno)),
        }
    }
    Ok(())
}
