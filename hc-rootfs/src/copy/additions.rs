//! What is put in place besides programs and their libraries: symlinks of a tree, and files of which only the content
//! is known.

use super::arrival::{Onto, arrive, rename};
use super::attributes;
use super::content;
use super::directory::Directory;
use super::place::Place;
use super::stage::Staged;
use super::undo::Made;
use crate::errno::errno_of;
use crate::host::Owner;
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::{Mode, fchmod};
use nix::unistd::{close, getegid, geteuid};
use std::ffi::OsStr;
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

    /// Puts `text` into /etc, unless there is something of its name.
    pub(super) fn text(&mut self, text: &Text) -> Result<()> {
        let owner = Owner { mode: 0o755, uid: geteuid().as_raw(), gid: getegid().as_raw() };
        let root = Rc::clone(&self.root.directory);
        let (at, name) = (self.enter(&root, OsStr::new("etc"), &owner)?, OsStr::new(text.name));
        if at.status(name).is_ok() {
            return Ok(());
        }
        let shown = root.name_within(&Path::new("/etc").join(name));
        let (file, staged) = self.stage.create(&shown)?;
        at.check(name, write(&file, &text.content, self.keeper.acl_from_root))?;
        let staged = at.check(name, staged.of(file))?;
        let arrived = match (arrive(&staged, &at, name), &staged) {
            // A file system without this flag.
            (Err(Errno::EINVAL), Staged::Named(stage, staged)) => {
                rename(stage, staged, &at, name, Onto::Anything)
            }
            (arrived, _) => arrived,
        };
        match arrived {
            Err(Errno::EEXIST) => return Ok(()),
            Err(Errno::EXDEV) => {
                return self.put_in_place(&at, name, |temporary| {
                    let file = at.check(temporary, content::create(&at, temporary))?;
                    at.check(temporary, write(&file, &text.content, true).and_then(|()| close(file)))
                });
            }
            arrived => at.check(name, arrived)?,
        }
        self.log.push(Made::Entry(Rc::clone(&at), name.to_owned()));
        at.check(name, staged.finish())
    }
}

/// `has_acl`: it may have got one from its directory, which is nothing of its own.
fn write(mut file: &File, content: &[u8], has_acl: bool) -> nix::Result<()> {
    file.write_all(content).map_err(errno_of)?;
    if has_acl {
        attributes::drop_acl(file)?;
    }
    fchmod(file, Mode::from_bits_truncate(0o644))
}
