//! How what is written gets its final name: where there is nothing, in the place of what is there, or on another
//! file system.

use super::directory::Directory;
use super::place::Place;
use super::reserved::TEMPORARY;
use super::stage::{IN_THE_WAY, Staged};
use super::sys;
use super::undo::Made;
use crate::sysroot::kind;
use hc::Result;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, renameat};
use nix::sys::stat::SFlag;
use nix::unistd::{UnlinkatFlags, close, linkat, unlinkat};
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::rc::Rc;

const DIRECTORY: &str = "is a directory, and a file or a link belongs there";

impl Place<'_> {
    /// Moves what is on the stage to its place, also in the place of what is there, if that is no directory. False
    /// where `at` is on another file system.
    pub(super) fn move_there(&mut self, staged: Staged, at: &Rc<Directory>, name: &OsStr) -> Result<bool> {
        match arrive(&staged, at, name) {
            Ok(()) => {
                self.log.push(Made::Entry(Rc::clone(at), name.to_owned()));
                at.check(name, staged.finish())?;
            }
            Err(Errno::EEXIST | Errno::EINVAL) => {
                let (stage, staged) = match staged {
                    Staged::Named(stage, staged) => (stage, staged),
                    Staged::Unnamed(file) => {
                        let (stage, staged) = self.stage.new_name()?;
                        match link_unnamed(&file, &stage, &staged) {
                            Err(Errno::EXDEV) => return Ok(false),
                            linked => stage.check(&staged, linked)?,
                        }
                        at.check(name, close(file))?;
                        (stage, staged)
                    }
                };
                return self.replace(&stage, &staged, at, name);
            }
            Err(Errno::EXDEV) => return Ok(false),
            Err(errno) => return Err(at.error(name, errno)),
        }
        Ok(true)
    }

    /// Exchanges what is at `name` for what is on the stage, where the old one stays until the end. False where
    /// `at` is on another file system.
    pub(super) fn replace(
        &mut self,
        stage: &Rc<Directory>,
        staged: &OsStr,
        at: &Rc<Directory>,
        name: &OsStr,
    ) -> Result<bool> {
        refuse_directory(at, name)?;
        match rename(stage, staged, at, name, Onto::Exchanged) {
            Ok(()) => {
                // Somebody may have put one there meanwhile, which must not stay on the stage.
                if is_directory(stage, staged) {
                    let _ = rename(stage, staged, at, name, Onto::Exchanged);
                    return Err(at.failure(name, DIRECTORY));
                }
                self.log.push(Made::replaced(at, name, stage, staged));
            }
            // Nothing to exchange with, or a file system that cannot.
            Err(Errno::ENOENT | Errno::EINVAL) => {
                let existed = self.keep(at, name)?;
                at.check(name, rename(stage, staged, at, name, Onto::Anything))?;
                if !existed {
                    self.log.push(Made::Entry(Rc::clone(at), name.to_owned()));
                }
            }
            Err(Errno::EXDEV) => return Ok(false),
            Err(errno) => return Err(at.error(name, errno)),
        }
        Ok(true)
    }

    /// Puts what is at `name` on the stage, too, from where it comes back if this run fails. False when there is
    /// nothing.
    fn keep(&mut self, at: &Rc<Directory>, name: &OsStr) -> Result<bool> {
        let (stage, old) = self.stage.new_name()?;
        // With a link there is a file at `name` all the time. Not every file system has links.
        let link = || linkat(at.descriptor()?, name, stage.descriptor()?, old.as_os_str(), AtFlags::empty());
        let kept = link().or_else(|_| rename(at, name, &stage, &old, Onto::Anything));
        match kept {
            Ok(()) => self.log.push(Made::replaced(at, name, &stage, &old)),
            Err(Errno::ENOENT) => return Ok(false),
            Err(errno) => return Err(at.error(name, errno)),
        }
        Ok(true)
    }

    /// Puts what `make` makes at `name`, by way of a temporary one beside it: on another file system below DIR.
    pub(super) fn put_in_place(
        &mut self,
        at: &Rc<Directory>,
        name: &OsStr,
        make: impl FnOnce(&OsStr) -> Result<()>,
    ) -> Result<()> {
        let temporary = OsStr::new(TEMPORARY);
        let remove = || unlinkat(at.descriptor()?, temporary, UnlinkatFlags::NoRemoveDir);
        refuse_directory(at, name)?;
        // Left by a run that was killed.
        match remove() {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(Errno::EISDIR) => return Err(at.failure(temporary, IN_THE_WAY)),
            Err(errno) => return Err(at.error(temporary, errno)),
        }
        let existed = at.status(name).is_ok();
        let renamed =
            make(temporary).and_then(|()| at.check(name, rename(at, temporary, at, name, Onto::Anything)));
        if renamed.is_err() {
            let _ = remove();
        } else if !existed {
            self.log.push(Made::Entry(Rc::clone(at), name.to_owned()));
        }
        renamed
    }
}

/// Gives a written file its final name. EEXIST when there is something, EINVAL on a file system that cannot tell, EXDEV
/// where `at` is on another file system.
pub(super) fn arrive(staged: &Staged, at: &Directory, name: &OsStr) -> nix::Result<()> {
    match staged {
        Staged::Named(stage, staged) => rename(stage, staged, at, name, Onto::Nothing),
        Staged::Unnamed(file) => link_unnamed(file, at, name),
    }
}

/// Gives a file its first name. EXDEV also where that cannot be done at all: without a privilege it takes a kernel of
/// version 6.10, or /proc.
fn link_unnamed(file: &OwnedFd, at: &Directory, name: &OsStr) -> nix::Result<()> {
    let at = at.descriptor()?;
    let linked = linkat(file, "", &at, name, AtFlags::AT_EMPTY_PATH).or_else(|errno| match errno {
        Errno::ENOENT => {
            let file = format!("/proc/self/fd/{}", file.as_raw_fd());
            linkat(AT_FDCWD, file.as_str(), &at, name, AtFlags::AT_SYMLINK_FOLLOW)
        }
        errno => Err(errno),
    });
    linked.map_err(|errno| match errno {
        Errno::ENOENT | Errno::EINVAL | Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS => Errno::EXDEV,
        errno => errno,
    })
}

/// What may be at the new name.
#[derive(Clone, Copy)]
pub(super) enum Onto {
    /// It is gone afterwards. Every file system has this.
    Anything,
    Nothing,
    /// It gets the old name.
    Exchanged,
}

/// Gives what is at `old` the name `new`.
pub(super) fn rename(
    from: &Directory,
    old: &OsStr,
    to: &Directory,
    new: &OsStr,
    onto: Onto,
) -> nix::Result<()> {
    let (from, to) = (from.descriptor()?, to.descriptor()?);
    let with = |flags| sys::rename((from.as_fd(), old), (to.as_fd(), new), flags);
    match onto {
        Onto::Anything => renameat(&from, old, &to, new),
        Onto::Nothing => with(libc::RENAME_NOREPLACE),
        Onto::Exchanged => with(libc::RENAME_EXCHANGE),
    }
}

fn refuse_directory(at: &Directory, name: &OsStr) -> Result<()> {
    if is_directory(at, name) { Err(at.failure(name, DIRECTORY)) } else { Ok(()) }
}

fn is_directory(at: &Directory, name: &OsStr) -> bool {
    at.status(name).is_ok_and(|status| kind(&status) == SFlag::S_IFDIR)
}
