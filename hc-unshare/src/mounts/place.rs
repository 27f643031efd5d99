//! Where something is mounted: looked up in the new root, and made there if it is missing.

use crate::root::DIRECTORY;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{Mode, SFlag, fstat, mkdirat, mknodat};
use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

/// Where the targets are looked up.
pub(crate) enum View<'a> {
    /// From the caller's root and working directory.
    Caller,
    /// In `root`, which is `directory`: links in it, absolute ones too, lead to places in that root.
    Inside { root: &'a OwnedFd, directory: &'a OsStr },
}

/// What something is mounted on: a directory on a directory, anything else on anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
}

impl Kind {
    fn flags(self) -> OFlag {
        match self {
            Kind::Directory => DIRECTORY,
            Kind::File => OFlag::O_PATH | OFlag::O_CLOEXEC,
        }
    }
}

impl View<'_> {
    /// Opens `path`, which has to be there.
    pub(super) fn open(&self, path: &OsStr, kind: Kind) -> Result<OwnedFd> {
        self.look_up(path, kind.flags(), ResolveFlag::empty()).map_err(|errno| {
            let hint = match (errno, self) {
                (Errno::ENOENT, View::Inside { .. }) => " (mkdir it; hc-rootfs makes /proc)",
                _ => "",
            };
            self.failed(path, errno, hint)
        })
    }

    /// Opens `path`; what is missing of it is made, and stays.
    pub(super) fn open_or_make(&self, path: &OsStr, kind: Kind) -> Result<OwnedFd> {
        match self.look_up(path, kind.flags(), ResolveFlag::empty()) {
            Err(Errno::ENOENT) => self.make(Path::new(path), kind).map_err(|errno| {
                let hint = match errno {
                    Errno::EROFS => " (it has to be there, for the file system is read-only)",
                    Errno::EEXIST => " (a symbolic link there leads to nothing)",
                    _ => "",
                };
                self.failed(path, errno, hint)
            }),
            result => result.map_err(|errno| self.failed(path, errno, "")),
        }
    }

    /// Opens `path`, but what a link of the kernel's in /proc leads to; `None` if it is not there.
    pub(super) fn open_if_there(&self, path: &str) -> Result<Option<OwnedFd>> {
        let path = OsStr::new(path);
        match self.look_up(path, Kind::File.flags(), ResolveFlag::RESOLVE_NO_MAGICLINKS) {
            Ok(place) => Ok(Some(place)),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
            Err(errno) => Err(self.failed(path, errno, "")),
        }
    }

    /// Makes the last part of `path`, and those before it.
    fn make(&self, path: &Path, kind: Kind) -> nix::Result<OwnedFd> {
        let Some(Component::Normal(name)) = path.components().next_back() else { return Err(Errno::ENOENT) };
        let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let above = match self.look_up(above.as_os_str(), DIRECTORY, ResolveFlag::empty()) {
            Err(Errno::ENOENT) => self.make(above, Kind::Directory)?,
            result => result?,
        };
        match kind {
            Kind::Directory => mkdirat(&above, name, Mode::from_bits_truncate(0o755))?,
            Kind::File => mknodat(&above, name, SFlag::S_IFREG, Mode::from_bits_truncate(0o644), 0)?,
        }
        // What was made, and not what somebody has put in its place.
        let how =
            OpenHow::new().flags(kind.flags() | OFlag::O_NOFOLLOW).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
        openat2(&above, name, how)
    }

    fn look_up(&self, path: &OsStr, flags: OFlag, resolve: ResolveFlag) -> nix::Result<OwnedFd> {
        let (start, inside): (BorrowedFd<'_>, _) = match self {
            View::Caller => (AT_FDCWD, ResolveFlag::empty()),
            View::Inside { root, .. } => (root.as_fd(), ResolveFlag::RESOLVE_IN_ROOT),
        };
        let how = OpenHow::new().flags(flags).resolve(inside | resolve);
        // Not for ever, a second or less: whoever renames files without end is not to hold us up without end.
        let mut tries = 100_000;
        loop {
            match openat2(start, path, how) {
                // A ".." was looked up while something, anywhere, was renamed or mounted: openat2(2).
                Err(Errno::EAGAIN) if tries > 0 => tries -= 1,
                result => return result,
            }
        }
    }

    /// Why nothing can be mounted on `path`.
    pub(super) fn failed(&self, path: &OsStr, errno: Errno, hint: &str) -> Error {
        let path = hc::show(path);
        let reason = hc::reason(errno);
        match self {
            View::Caller => Error::new(format!("{path}: {reason}{hint}")),
            View::Inside { directory, .. } => {
                Error::new(format!("{path} in the root {}: {reason}{hint}", hc::show(directory)))
            }
        }
    }
}

/// What there is to tell a directory from anything else.
pub(crate) fn is_directory(file: &OwnedFd) -> nix::Result<bool> {
    let mode = SFlag::from_bits_truncate(fstat(file)?.st_mode);
    Ok(mode & SFlag::S_IFMT == SFlag::S_IFDIR)
}

/// Opens a file or directory of the caller's for no more than to be named by it.
pub(super) fn open_source(path: &OsStr) -> Result<OwnedFd> {
    nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).context(hc::show(path))
}
