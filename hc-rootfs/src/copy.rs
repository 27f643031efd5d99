//! Everything that is written: a root directory filled with files, or left as it was.
//!
//! All content is written first, into a directory of DIR's own (`.hc-rootfs`), and only then is it renamed
//! into place, one file after the other. So a full disk is met before anything has changed, and a run that is
//! killed leaves no half file under a file's name; what it leaves in `.hc-rootfs` the next run removes. One
//! run at a time works on a DIR, which a lock on it sees to.

mod additions;
mod attributes;
mod bytes;
mod content;
mod directory;
mod place;
mod root;
mod stage;
mod sys;
mod undo;

use crate::host::{Step, Ware};
use crate::skeleton::MOUNT_POINTS;
use crate::sysroot::Sysroot;
use directory::Directory;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::sys::stat::{Mode, mkdirat, umask};
use place::Place;
pub(crate) use root::Root;
use stage::Stage;
use std::collections::HashMap;
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

/// How files become copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct How {
    pub(crate) link: Link,
    /// Whether extended attributes are kept.
    pub(crate) xattrs: bool,
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

/// One more file, when that depends on what the root directory has already.
pub(crate) type Late<'a> = &'a dyn Fn(&Root) -> Result<Option<Ware>>;

/// Puts `goods` into `directory`, which is made when it is not there. Undone when it fails.
pub(crate) fn fill(directory: &OsStr, goods: Goods, how: How, late: Late<'_>) -> Result<Rootfs> {
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

type Failed = (Error, Option<Stage>);

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
    let filled = late(&root).and_then(|more| {
        goods.wares.extend(more);
        work(&root, &goods, how, &mut stage, log)
    });
    match filled.and_then(|copied| stage.remove().map(|()| copied)) {
        Ok(copied) => Ok((root, copied)),
        Err(error) => Err((error, Some(stage))),
    }
}

fn work(root: &Root, goods: &Goods, how: How, stage: &mut Stage, log: &mut Log) -> Result<Vec<PathBuf>> {
    let keeper = content::Keeper::new(&root.directory, how);
    let mut missing = Vec::with_capacity(goods.wares.len());
    for ware in &goods.wares {
        if root.has(&ware.name, &ware.source, &keeper) {
            continue;
        }
        // The file may be there, and only a link to it missing; or it can be written in its place only.
        let path = ware.source.place();
        let there = ware.name != path && root.has(path, &ware.source, &keeper);
        if !there && !root.is_elsewhere(path) {
            stage.prepare(&ware.source, &keeper)?;
        }
        missing.push(ware);
    }
    let mut place = Place { root, stage, log, keeper: &keeper, copied: Vec::new(), placed: HashMap::new() };
    for ware in missing {
        place.put(&ware.way)?;
    }
    goods.ways.iter().try_for_each(|way| place.put(way))?;
    goods.texts.iter().try_for_each(|text| place.text(text))?;
    let copied = place.copied;
    make_mount_points(&root.directory, log)?;
    Ok(copied)
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
