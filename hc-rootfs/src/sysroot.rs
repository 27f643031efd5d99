//! Where the files come from: the host's root directory, or the one that --sysroot names.
//!
//! In a sysroot the kernel walks every path as for a process with that root (openat2(2), `RESOLVE_IN_ROOT`), so no
//! link leads out, whoever exchanges it meanwhile. A file is held by a descriptor that does not open it
//! (`O_PATH`) before it is known what it is, and what is opened then is that very file: no device is, not even by
//! chance.

mod inside;
mod refusal;
mod search;

pub(crate) use refusal::Refusal;

use crate::host::{Id, id_of};
use hc::{Context, Result, show};
use inside::{Inside, name_of};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, ResolveFlag, open, openat, readlink, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, lstat, stat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, fstatfs, statfs};
use refusal::check_kind;
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// To read a file that may turn out to be anything else.
const READ: OFlag = OFlag::O_RDONLY.union(OFlag::O_NONBLOCK).union(OFlag::O_NOCTTY).union(OFlag::O_CLOEXEC);

/// The host's root directory, unless it is a sysroot's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sysroot(Option<Rc<Inside>>);

/// What stands at a path, symlinks not followed.
pub(crate) struct Entry {
    pub(crate) status: FileStat,
    /// Of a symlink.
    pub(crate) target: Option<PathBuf>,
    /// In a proc(5), whose links have no size unless they are plain ones.
    pub(crate) of_proc: bool,
}

/// A name for a file that is held, or its own.
pub(crate) struct Pin {
    path: PathBuf,
    held: Option<OwnedFd>,
}

impl Pin {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// True when it is a symlink to the file.
    pub(crate) fn is_link(&self) -> bool {
        self.held.is_some()
    }
}

impl Sysroot {
    pub(crate) fn open(sysroot: Option<&OsStr>) -> Result<Self> {
        let Some(name) = sysroot.map(PathBuf::from) else { return Ok(Sysroot::default()) };
        let what = format!("--sysroot={}", show(&name));
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let root = open(&name, flags, Mode::empty()).context(&what)?;
        let id = id_of(&fstat(&root).context(&what)?);
        Ok(Sysroot(Some(Rc::new(Inside { root, id, name }))))
    }

    /// The sysroot, if it is one.
    pub(crate) fn name(&self) -> Option<&Path> {
        self.0.as_ref().map(|sysroot| sysroot.name.as_path())
    }

    /// True when this is the directory that the files come from.
    pub(crate) fn is_root(&self, directory: &FileStat) -> nix::Result<bool> {
        let id = match &self.0 {
            Some(sysroot) => sysroot.id,
            None => id_of(&stat("/")?),
        };
        Ok(id == id_of(directory))
    }

    /// A message about something in here, where the host may have the same names.
    pub(crate) fn about(&self, message: impl std::fmt::Display) -> String {
        match self.name() {
            Some(name) => format!("in {}: {message}", show(name)),
            None => message.to_string(),
        }
    }

    /// `path` in the middle of a message about something that is not in here.
    pub(crate) fn place_of(&self, path: &Path) -> String {
        let sysroot = self.name().map(|name| format!(" in {}", show(name)));
        format!("{}{}", show(path), sysroot.unwrap_or_default())
    }

    /// As `std::path::absolute`, which keeps `..`: what it means depends on symlinks. In a sysroot a relative path
    /// counts from its root.
    pub(crate) fn absolute(&self, path: &Path) -> Result<PathBuf> {
        match self.0 {
            Some(_) => Ok(Path::new("/").join(path).components().collect()),
            None => std::path::absolute(path).context("the current directory"),
        }
    }

    /// The absolute name of `program`, searched for in `path` (the value of PATH, if set) when it has no slash.
    pub(crate) fn find_program(&self, program: &OsStr, path: Option<&[u8]>) -> Result<PathBuf> {
        let found = match &self.0 {
            None => hc::find_program(program, path)?,
            Some(sysroot) => search::program(sysroot, program, path)?,
        };
        self.absolute(&found)
    }

    /// Opens a regular file. Anything else is not even opened: a FIFO would block, and opening a device can do
    /// things (a tape rewinds, a watchdog starts).
    pub(crate) fn open_regular(&self, path: &Path) -> std::result::Result<(File, FileStat), Refusal> {
        if let Some(sysroot) = &self.0 {
            return sysroot.open_regular(path, ResolveFlag::empty(), OFlag::empty());
        }
        // It is looked at again once it is open, for it may have been exchanged in between.
        check_kind(&stat(path).map_err(Refusal::Errno)?)?;
        let file = File::from(open(path, READ, Mode::empty()).map_err(Refusal::Errno)?);
        let status = fstat(&file).map_err(Refusal::Errno)?;
        check_kind(&status)?;
        Ok((file, status))
    }

    /// The same for a path that must have no symlink in it, the last name included. On the host the caller has to
    /// look at what was opened.
    pub(crate) fn open_plain(&self, path: &Path) -> std::result::Result<File, Refusal> {
        match &self.0 {
            None => {
                open(path, READ | OFlag::O_NOFOLLOW, Mode::empty()).map(File::from).map_err(Refusal::Errno)
            }
            Some(sysroot) => sysroot
                .open_regular(path, ResolveFlag::RESOLVE_NO_SYMLINKS, OFlag::O_NOFOLLOW)
                .map(|(file, _)| file),
        }
    }

    /// The same for what stands at `path` and was found as `name` in `directory`.
    pub(crate) fn open_entry(
        &self,
        directory: &OwnedFd,
        name: &OsStr,
        path: &Path,
    ) -> std::result::Result<File, Refusal> {
        match &self.0 {
            None => openat(directory, name, READ | OFlag::O_NOFOLLOW, Mode::empty())
                .map(File::from)
                .map_err(Refusal::Errno),
            Some(_) => self.open_plain(path),
        }
    }

    /// A path by which calls that take no descriptor get at the file `id`, at `path` without symlinks. On the host it
    /// is that one, and the caller has to look at what came of it.
    pub(crate) fn pin(&self, path: &Path, id: Id) -> nix::Result<Pin> {
        let Some(sysroot) = &self.0 else { return Ok(Pin { path: path.to_owned(), held: None }) };
        let held = sysroot.hold(path, ResolveFlag::RESOLVE_NO_SYMLINKS, OFlag::O_NOFOLLOW)?;
        if id_of(&fstat(&held)?) != id {
            return Err(Errno::ESTALE);
        }
        Ok(Pin { path: name_of(&held), held: Some(held) })
    }

    /// Opens a directory to read its names.
    pub(crate) fn open_directory(&self, path: &Path) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        match &self.0 {
            None => open(path, flags, Mode::empty()),
            Some(sysroot) => sysroot.open_within(path, ResolveFlag::empty(), flags),
        }
    }

    /// The same, with no symlink on the way to it.
    pub(crate) fn open_plain_directory(&self, path: &Path) -> nix::Result<OwnedFd> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match &self.0 {
            None => open(path, flags, Mode::empty()),
            Some(sysroot) => sysroot.open_within(path, ResolveFlag::RESOLVE_NO_SYMLINKS, flags),
        }
    }

    /// What `path` means, symlinks followed.
    pub(crate) fn status(&self, path: &Path) -> nix::Result<FileStat> {
        match &self.0 {
            None => stat(path),
            Some(sysroot) => fstat(sysroot.hold(path, ResolveFlag::empty(), OFlag::empty())?),
        }
    }

    /// The same for what stands at `path` and was found as `name` in `directory`.
    pub(crate) fn status_over(
        &self,
        directory: &OwnedFd,
        name: &OsStr,
        path: &Path,
    ) -> nix::Result<FileStat> {
        match &self.0 {
            None => fstatat(directory, name, AtFlags::empty()),
            Some(_) => self.status(path),
        }
    }

    pub(crate) fn is_directory(&self, path: &Path) -> bool {
        match &self.0 {
            None => path.is_dir(),
            Some(sysroot) => {
                let held = sysroot.hold(path, ResolveFlag::empty(), OFlag::O_DIRECTORY);
                held.is_ok()
            }
        }
    }

    /// What stands at `path`, which has no symlinks on the way.
    pub(crate) fn entry(&self, path: &Path) -> nix::Result<Entry> {
        let Some(sysroot) = &self.0 else {
            let status = lstat(path)?;
            let target = is_link(&status).then(|| readlink(path)).transpose()?.map(PathBuf::from);
            let of_proc = target.is_some() && status.st_size == 0 && is_proc(path.parent());
            return Ok(Entry { status, target, of_proc });
        };
        let held = sysroot.hold(path, ResolveFlag::RESOLVE_NO_SYMLINKS, OFlag::O_NOFOLLOW)?;
        let status = fstat(&held)?;
        let target = is_link(&status).then(|| readlinkat(&held, "")).transpose()?.map(PathBuf::from);
        let in_proc = || fstatfs(&held).is_ok_and(|about| about.filesystem_type() == PROC_SUPER_MAGIC);
        let of_proc = target.is_some() && status.st_size == 0 && in_proc();
        Ok(Entry { status, target, of_proc })
    }
}

/// What kind of file it is, of which there is one bit pattern each.
pub(crate) fn kind(status: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits())
}

fn is_link(status: &FileStat) -> bool {
    kind(status) == SFlag::S_IFLNK
}

fn is_proc(directory: Option<&Path>) -> bool {
    let about = directory.map(statfs);
    about.is_some_and(|about| about.is_ok_and(|about| about.filesystem_type() == PROC_SUPER_MAGIC))
}
