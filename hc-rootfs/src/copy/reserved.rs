//! The names that files have while they are written, which no copy can have: it would be lost.

use super::Goods;
use super::name_of;
use super::stage::NAME;
use crate::host::Step;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Where a file is written whose directory is another file system than DIR.
pub(super) const TEMPORARY: &str = ".hc-rootfs.tmp";
pub(super) const WHY: &str = "is a name that only files being written have: choose another";

/// True for `name` in DIR itself (`at_top`), or in a directory below it. There are file systems to which lower and
/// upper case are the same.
pub(super) fn is_reserved(name: &OsStr, at_top: bool) -> bool {
    at_top && name.eq_ignore_ascii_case(NAME) || name.eq_ignore_ascii_case(TEMPORARY)
}

/// The first place of `goods`, a path in the new root, that has such a name; DIR's own symlinks may lead to more.
pub(super) fn find(goods: &Goods) -> Option<PathBuf> {
    let ways = goods.wares.iter().map(|ware| &ware.way).chain(&goods.ways);
    ways.into_iter().find_map(|way| find_on(way, &mut PathBuf::from("/")))
}

/// Takes the steps of `way` from `at` on.
fn find_on(way: &[Step], at: &mut PathBuf) -> Option<PathBuf> {
    way.iter().find_map(|step| {
        if let Some(name) = name_of(step)
            && is_reserved(name, at.as_path() == Path::new("/"))
        {
            return Some(at.join(name));
        }
        match step {
            Step::Root => *at = PathBuf::from("/"),
            Step::Up => drop(at.pop()),
            Step::Link { then, .. } => return find_on(then, at),
            Step::Common(steps) => return find_on(steps, at),
            Step::Directory(name, _) | Step::File(name, _) | Step::Symlink { name, .. } => at.push(name),
        }
        None
    })
}
