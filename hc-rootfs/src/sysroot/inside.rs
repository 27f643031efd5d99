//! A sysroot, in which the kernel walks.

use super::refusal::{Refusal, check_kind};
use super::{READ, kind};
use crate::host::{Id, id_of};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// openat2(2) gives up on a `..` when anything on the machine is renamed or mounted meanwhile. Not for ever.
const MAX_TRIES: u32 = 10_000;

#[derive(Debug)]
pub(super) struct Inside {
    pub(super) root: OwnedFd,
    pub(super) id: Id,
    /// As the user has it.
    pub(super) name: PathBuf,
}

impl Inside {
    /// What `path` means to a process with this root, not opened.
    pub(super) fn hold(&self, path: &Path, resolve: ResolveFlag, flags: OFlag) -> nix::Result<OwnedFd> {
        self.open_within(path, resolve, OFlag::O_PATH | OFlag::O_CLOEXEC | flags)
    }

    pub(super) fn open_within(
        &self,
        path: &Path,
        resolve: ResolveFlag,
        flags: OFlag,
    ) -> nix::Result<OwnedFd> {
        let inside = ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS;
        let how = OpenHow::new().flags(flags).resolve(inside | resolve);
        for _ in 0..MAX_TRIES {
            match openat2(&self.root, path, how) {
                Err(Errno::EAGAIN) => {}
                opened => return opened,
            }
        }
        Err(Errno::EAGAIN)
    }

    pub(super) fn open_regular(
        &self,
        path: &Path,
        resolve: ResolveFlag,
        flags: OFlag,
    ) -> std::result::Result<(File, FileStat), Refusal> {
        let held = self.hold(path, resolve, flags).map_err(Refusal::Errno)?;
        let status = fstat(&held).map_err(Refusal::Errno)?;
        check_kind(&status)?;
        let opened = match open(&name_of(&held), READ, Mode::empty()) {
            // No /proc here: by its name once more.
            Err(Errno::ENOENT) => self.open_within(path, resolve, READ | flags),
            opened => opened,
        };
        let file = File::from(opened.map_err(Refusal::Errno)?);
        let again = fstat(&file).map_err(Refusal::Errno)?;
        check_kind(&again)?;
        if id_of(&again) == id_of(&status) { Ok((file, again)) } else { Err(Refusal::Changed) }
    }

    /// Whether what `path` means could be executed in there: first the way there, then the kind of the file, then its
    /// mode. It is for no one here to execute, so neither the caller nor a mount with noexec counts.
    pub(super) fn check_program(&self, path: &Path) -> nix::Result<()> {
        let status = fstat(&self.hold(path, ResolveFlag::empty(), OFlag::empty())?)?;
        if kind(&status) == SFlag::S_IFREG && status.st_mode & 0o111 != 0 {
            Ok(())
        } else {
            Err(Errno::EACCES)
        }
    }
}

/// A name for an open file, whichever way it is open.
pub(super) fn name_of(file: &OwnedFd) -> PathBuf {
    PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()))
}
