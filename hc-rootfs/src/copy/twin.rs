//! Hard links: the names of one file are names of one copy, as far as they are on one file system.

use super::directory::Directory;
use super::place::Place;
use super::stage::Staged;
use crate::host::{Id, Source, id_of};
use hc::Result;
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstat;
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};
use std::ffi::{OsStr, OsString};
use std::rc::Rc;

/// Where the copy of a file with several names was put, and which file it is there.
#[derive(Clone)]
pub(super) struct Twin {
    directory: Rc<Directory>,
    name: OsString,
    id: Id,
}

impl Twin {
    fn device(&self) -> u64 {
        self.id.0
    }

    /// Makes `name` another name of it. False where that cannot be done, or it is not what it was.
    pub(super) fn link(&self, at: &Directory, name: &OsStr) -> Result<bool> {
        let link = || {
            let (old, new) = (self.directory.descriptor()?, at.descriptor()?);
            linkat(old, self.name.as_os_str(), new, name, AtFlags::empty())
        };
        if link().is_err() {
            return Ok(false);
        }
        if at.status(name).is_ok_and(|status| id_of(&status) == self.id) {
            return Ok(true);
        }
        // It was exchanged meanwhile.
        let remove = || unlinkat(at.descriptor()?, name, UnlinkatFlags::NoRemoveDir);
        match remove() {
            Err(Errno::ENOENT) => {}
            removed => at.check(name, removed)?,
        }
        Ok(false)
    }
}

impl Place<'_> {
    /// The copy of `source` that was put on the file system of `at` before, under another name.
    pub(super) fn twin(&self, source: &Source, at: &Directory) -> Option<Twin> {
        let twins = self.twins.get(&source.id)?;
        let device = at.descriptor().and_then(fstat).ok()?.st_dev;
        twins.iter().find(|twin| twin.device() == device).cloned()
    }

    /// Puts another name of `twin` on the stage.
    pub(super) fn another_name(&mut self, twin: &Twin) -> Result<Option<Staged>> {
        let (stage, name) = self.stage.new_name()?;
        Ok(twin.link(&stage, &name)?.then_some(Staged::Named(stage, name)))
    }

    /// Remembers where the copy of a file with several names is.
    pub(super) fn remember(&mut self, source: &Source, at: &Rc<Directory>, name: &OsStr) {
        if source.has_names
            && let Ok(status) = at.status(name)
        {
            let twin = Twin { directory: Rc::clone(at), name: name.to_owned(), id: id_of(&status) };
            let twins = self.twins.entry(source.id).or_default();
            twins.retain(|other| other.device() != twin.device());
            twins.push(twin);
        }
    }
}
