//! What is put in place besides programs and their libraries: symlinks of a tree, names of one file, and files of
//! which only the content is known.

use super::attributes;
use super::directory::Directory;
use super::place::{Place, rename};
use super::undo::Made;
use crate::errno::errno_of;
use crate::host::{Id, Owner, Source, id_of};
use hc::Result;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, RenameFlags, openat};
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{UnlinkatFlags, getegid, geteuid, linkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

/// A small file that is made up.
pub(crate) struct Text {
    /// In /etc.
    pub(crate) name: &'static str,
    pub(crate) content: Vec<u8>,
}

/// Where the copy of a file with several names was put, and which file it is there.
pub(super) type Placed = (Rc<Directory>, OsString, Id);

impl Place<'_> {
    /// Makes the symlink `name` of a tree. Where DIR has a directory, and the link leads to one, that is as good.
    pub(super) fn symlink(
        &mut self,
        at: &Rc<Directory>,
        name: &OsStr,
        target: &Path,
        to_directory: bool,
    ) -> Result<()> {
        if to_directory && at.open(name).is_ok() {
            return Ok(());
        }
        self.link_to_file(at, name, target)
    }

    /// Remembers where the copy of a file with several names is.
    pub(super) fn remember(&mut self, source: &Source, at: &Rc<Directory>, name: &OsStr) {
        if source.has_names
            && let Ok(status) = at.status(name)
        {
            self.placed.insert(source.id, (Rc::clone(at), name.to_owned(), id_of(&status)));
        }
    }

    /// Puts another name of a file that was put in place before on the stage.
    pub(super) fn another_name(&mut self, source: &Source) -> Result<Option<(Rc<Directory>, OsString)>> {
        let Some((directory, old, id)) = self.placed.get(&source.id) else { return Ok(None) };
        let (stage, new) = self.stage.new_name()?;
        let link = || {
            linkat(
                directory.descriptor()?,
                old.as_os_str(),
                stage.descriptor()?,
                new.as_os_str(),
                AtFlags::empty(),
            )
        };
        if link().is_err() {
            return Ok(None);
        }
        if stage.status(&new).is_ok_and(|status| id_of(&status) == *id) {
            return Ok(Some((stage, new)));
        }
        // It was exchanged meanwhile.
        let remove =
            stage.descriptor().and_then(|at| unlinkat(at, new.as_os_str(), UnlinkatFlags::NoRemoveDir));
        stage.check(&new, remove)?;
        Ok(None)
    }

    /// Puts `text` into /etc, unless there is something of its name.
    pub(super) fn text(&mut self, text: &Text) -> Result<()> {
        let owner = Owner { mode: 0o755, uid: geteuid().as_raw(), gid: getegid().as_raw() };
        let root = Rc::clone(&self.root.directory);
        let (at, name) = (self.enter(&root, OsStr::new("etc"), &owner)?, OsStr::new(text.name));
        if at.status(name).is_ok() {
            return Ok(());
        }
        let (stage, staged) = self.stage.new_name()?;
        stage.check(&staged, write(&stage, &staged, &text.content, self.keeper.acl_from_root))?;
        match rename(&stage, &staged, &at, name, RenameFlags::RENAME_NOREPLACE) {
            Err(Errno::EEXIST) => return Ok(()),
            // A file system without this flag.
            Err(Errno::EINVAL) => at.check(name, rename(&stage, &staged, &at, name, RenameFlags::empty()))?,
            Err(Errno::EXDEV) => {
                return self.put_in_place(&at, name, |temporary| {
                    at.check(temporary, write(&at, temporary, &text.content, true))
                });
            }
            renamed => at.check(name, renamed)?,
        }
        self.log.push(Made::Entry(at, name.to_owned()));
        Ok(())
    }
}

/// `has_acl`: it may have got one from its directory, which is nothing of its own.
fn write(at: &Directory, name: &OsStr, content: &[u8], has_acl: bool) -> nix::Result<()> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let mut file = File::from(openat(at.descriptor()?, name, flags, mode)?);
    if has_acl {
        attributes::drop_acl(&file)?;
        fchmod(&file, mode)?;
    }
    file.write_all(content).map_err(errno_of)
}
