//! A symlink in a tree: where it leads, and what is copied for it.

use super::layers::Node;
use super::tree::Tree;
use super::{Binary, Extras, Note};
use crate::host::{Examined, Id, id_of};
use crate::sysroot;
use hc::show;
use nix::fcntl::{AtFlags, readlinkat};
use nix::sys::stat::{FileStat, SFlag, fstatat};
use nix::unistd::geteuid;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

/// A symlink of a tree that leads out of it.
struct Outward<'a> {
    /// Where it is, and where it will be.
    path: &'a Path,
    place: &'a Path,
    target: &'a Path,
    kind: SFlag,
    id: Id,
    /// See [`is_meant`].
    is_whole: bool,
}

impl Extras {
    /// The link `name` of `directory`, which is at `path`, and will be at `place`. A file that it leads to outside of the
    /// tree is copied as well.
    pub(super) fn link(
        &mut self,
        tree: &Tree<'_>,
        directory: &OwnedFd,
        name: &OsStr,
        (path, place): (&Path, &Path),
    ) -> nix::Result<Node> {
        let target = PathBuf::from(readlinkat(directory, name)?);
        let status = tree.host.sysroot.status_over(directory, name, path).ok();
        let to_directory = status.as_ref().map(sysroot::kind) == Some(SFlag::S_IFDIR);
        let mut is_whole = true;
        if let Some(status) = status.filter(|_| !stays_inside(&tree.real, (path, place), &target)) {
            is_whole = is_meant(directory, name, &status)?;
            let (kind, id) = (sysroot::kind(&status), id_of(&status));
            self.outside(tree, &Outward { path, place, target: &target, kind, id, is_whole });
        }
        Ok(Node::Link { target, to_directory, is_whole })
    }

    fn outside(&mut self, tree: &Tree<'_>, link: &Outward<'_>) {
        let note = |what: &str| {
            let (path, target) = (show(link.path), show(link.target));
            format!("{path}: note: it leads to {target}, {what} outside of the tree, which is not copied")
        };
        // Where the tree has moved, a relative link means something else: only another -f knows what is to be there.
        let moved = link.place != link.path && link.target.is_relative();
        let within = |link: &Path, target: &Path| link.parent().unwrap_or(link).join(target);
        let there = within(link.place, link.target);
        match link.kind {
            _ if !link.is_whole => {
                self.notes.push(Note { text: note("another owner's,"), unless: Some(there) });
            }
            SFlag::S_IFREG if !moved => {
                let file = Examined { name: within(link.path, link.target), id: link.id };
                match tree.host.ware(&file) {
                    Ok(ware) => {
                        self.binaries.extend(Binary::outside(&ware.source.path, tree));
                        self.outside.push(file);
                    }
                    // Over /proc, say.
                    Err(error) => self.note(format!("note: {error}")),
                }
            }
            SFlag::S_IFREG => self.notes.push(Note { text: note("a file"), unless: Some(there) }),
            SFlag::S_IFDIR => self.notes.push(Note { text: note("a directory"), unless: Some(there) }),
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

/// True when `target`, taken word by word, does not leave the tree below `top`. What links there are inside is seen to on their
/// own.
fn stays_inside(top: &Path, (link, place): (&Path, &Path), target: &Path) -> bool {
    let mut at = match (target.is_absolute(), link != place) {
        (true, true) => return false,
        (true, false) => PathBuf::from("/"),
        (false, _) => link.parent().unwrap_or(link).to_owned(),
    };
    let mut entered = at.starts_with(top);
    for component in target.components() {
        match component {
            Component::Normal(name) => at.push(name),
            Component::ParentDir => drop(at.pop()),
            _ => {}
        }
        let inside = at.starts_with(top);
        if entered && !inside {
            return false;
        }
        entered = entered || inside;
    }
    entered
}
