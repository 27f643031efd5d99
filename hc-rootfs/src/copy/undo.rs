//! What this run has made, so that it can be taken away again.

use super::directory::Directory;
use super::stage::Stage;
use nix::errno::Errno;
use nix::fcntl::renameat;
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::rc::Rc;

/// One thing that was not there before.
pub(crate) enum Made {
    /// DIR or a parent of it.
    Outside(PathBuf),
    /// A directory below DIR.
    Directory(Rc<Directory>, OsString),
    /// A file or symlink below DIR.
    Entry(Rc<Directory>, OsString),
    /// A file or symlink that took the place of another, which is kept on the stage under the last name.
    Replaced(Rc<Directory>, OsString, Rc<Directory>, OsString),
}

impl Made {
    pub(crate) fn replaced(at: &Rc<Directory>, name: &OsStr, stage: &Rc<Directory>, old: &OsStr) -> Self {
        Made::Replaced(Rc::clone(at), name.to_owned(), Rc::clone(stage), old.to_owned())
    }
}

/// All of them, in the order in which they were made.
#[derive(Default)]
pub(crate) struct Log(Vec<Made>);

impl Log {
    pub(crate) fn push(&mut self, made: Made) {
        self.0.push(made);
    }

    /// Undoes everything, last first, and clears `stage` in between if it is still there. Errors have nowhere
    /// to go: the one that led here is the one to tell.
    pub(crate) fn undo(self, stage: Option<Box<Stage>>) {
        let (outside, inside): (Vec<_>, Vec<_>) =
            self.0.into_iter().partition(|made| matches!(made, Made::Outside(_)));
        for made in inside.into_iter().rev() {
            undo(made);
        }
        if let Some(mut stage) = stage {
            let _ = stage.remove();
        }
        for made in outside.into_iter().rev() {
            undo(made);
        }
    }
}

fn undo(made: Made) {
    let _ = match made {
        Made::Outside(path) => std::fs::remove_dir(path).map_err(|_| Errno::EIO),
        Made::Directory(parent, name) => remove(&parent, &name, UnlinkatFlags::RemoveDir),
        Made::Entry(parent, name) => remove(&parent, &name, UnlinkatFlags::NoRemoveDir),
        Made::Replaced(parent, name, stage, old) => bring_back(&parent, &name, &stage, &old),
    };
}

fn remove(parent: &Directory, name: &OsStr, flags: UnlinkatFlags) -> nix::Result<()> {
    unlinkat(parent.descriptor()?, name, flags)
}

/// Fails when the stage is gone already: the new file, which is whole, then stays.
fn bring_back(parent: &Directory, name: &OsStr, stage: &Directory, old: &OsStr) -> nix::Result<()> {
    renameat(stage.descriptor()?, old, parent.descriptor()?, name)
}
