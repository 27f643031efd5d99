//! A symlink in a tree: where it leads, and what is copied for it.

use super::{Extras, Note, Tree};
use crate::host::{Examined, Step, id_of};
use hc::show;
use nix::fcntl::{AtFlags, readlinkat};
use nix::sys::stat::{FileStat, SFlag, fstatat};
use nix::unistd::geteuid;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

impl Extras {
    /// The step that makes the link `name` of `directory`, which is at `path`. A file that it leads to outside of
    /// the tree is copied as well.
    pub(super) fn link(
        &mut self,
        tree: &Tree<'_>,
        directory: &OwnedFd,
        name: OsString,
        path: &Path,
    ) -> nix::Result<Step> {
        let target = PathBuf::from(readlinkat(directory, name.as_os_str())?);
        let status = tree.host.sysroot.status_over(directory, &name, path).ok();
        let kind = status.as_ref().map(super::kind);
        let to_directory = kind == Some(SFlag::S_IFDIR);
        if let Some(status) = status.filter(|_| !stays_inside(tree, path, &target)) {
            if is_meant(directory, &name, &status)? {
                self.outside(tree, path, &target, kind, id_of(&status));
            } else {
                let (path, target) = (show(path), show(&target));
                self.note(format!(
                    "{path}: note: it leads to {target}, another owner's, outside of the tree, which is not copied"
                ));
            }
        }
        Ok(Step::Symlink { name, target, to_directory })
    }

    fn outside(
        &mut self,
        tree: &Tree<'_>,
        path: &Path,
        target: &Path,
        kind: Option<SFlag>,
        id: crate::host::Id,
    ) {
        let note = |what: &str| {
            let (path, target) = (show(path), show(target));
            format!("{path}: note: it leads to {target}, {what} outside of the tree, which is not copied")
        };
        // Where the tree has moved, a relative link means something else: nobody knows what is to be there.
        let moved = tree.place.is_some() && target.is_relative();
        let place = path.parent().unwrap_or(path).join(target);
        match kind {
            Some(SFlag::S_IFREG) if !moved => match tree.host.ware(&Examined { name: place, id }) {
                Ok(ware) => {
                    let real = ware.source.path.clone();
                    if let Ok((file, status)) = tree.host.sysroot.open_regular(&real) {
                        let top = Some(tree.real.clone());
                        self.binaries.extend(super::Binary::of(&file, &status, real, top));
                    }
                    self.wares.push(ware);
                }
                // Over /proc, say.
                Err(error) => self.note(format!("note: {error}")),
            },
            Some(SFlag::S_IFREG) => self.note(note("a file")),
            Some(SFlag::S_IFDIR) => {
                let unless = (!moved).then_some(place);
                self.notes.push(Note { text: note("a directory"), unless });
            }
            // A device has no place in a tree.
            _ => {}
        }
    }
}

/// True when whoever made the link `name` may say what is copied: root, the caller, or the owner of what it leads to. A
/// tree of somebody else's could name any file that the caller can read.
fn is_meant(directory: &OwnedFd, name: &OsStr, target: &FileStat) -> nix::Result<bool> {
    let owner = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW)?.st_uid;
    Ok(owner == 0 || owner == geteuid().as_raw() || owner == target.st_uid)
}

/// True when `target`, taken word by word, does not leave the tree. What links there are inside is seen to on their
/// own.
fn stays_inside(tree: &Tree<'_>, link: &Path, target: &Path) -> bool {
    let mut at = match (target.is_absolute(), tree.place.is_some()) {
        (true, true) => return false,
        (true, false) => PathBuf::from("/"),
        (false, _) => link.parent().unwrap_or(link).to_owned(),
    };
    let mut entered = at.starts_with(&tree.real);
    for component in target.components() {
        match component {
            Component::Normal(name) => at.push(name),
            Component::ParentDir => drop(at.pop()),
            _ => {}
        }
        let inside = at.starts_with(&tree.real);
        if entered && !inside {
            return false;
        }
        entered = entered || inside;
    }
    entered
}
