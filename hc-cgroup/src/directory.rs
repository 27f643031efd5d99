//! Cgroups as directories: all below a descriptor of what is mounted, and never out of it.

use crate::table::{Mount, Version};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, fstat, major, minor, mkdirat};
use nix::sys::statfs::{CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, fstatfs};
use nix::unistd::{UnlinkatFlags, read, unlinkat, write};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// What is read at a time.
const PIECE: usize = 4096;
/// More than any control file has: as many processes as there can be.
const MOST: usize = 64 << 20;

/// An open cgroup.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

impl Directory {
    /// The top of what is mounted; `None` if something else lies over it.
    pub(crate) fn of_mount(mount: &Mount) -> nix::Result<Option<Self>> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let opened = open(mount.point.as_os_str(), flags, Mode::empty())?;
        let device = fstat(&opened)?.st_dev;
        let magic = match mount.version {
            Version::One => CGROUP_SUPER_MAGIC,
            Version::Two => CGROUP2_SUPER_MAGIC,
        };
        let same =
            fstatfs(&opened)?.filesystem_type() == magic && (major(device), minor(device)) == mount.device;
        Ok(same.then_some(Directory(opened)))
    }

    /// What is at the path of these names below. Neither links nor other mounts are followed.
    fn at(&self, path: &OsStr, flags: OFlag) -> nix::Result<OwnedFd> {
        let resolve =
            ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_XDEV;
        openat2(&self.0, path, OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve))
    }

    /// A cgroup below.
    pub(crate) fn open(&self, names: &[OsString]) -> nix::Result<Self> {
        let path = if names.is_empty() { ".".into() } else { crate::name::joined(names) };
        self.at(&path, OFlag::O_PATH | OFlag::O_DIRECTORY).map(Directory)
    }

    /// Makes one.
    pub(crate) fn make(&self, name: &OsStr) -> nix::Result<()> {
        mkdirat(&self.0, name, Mode::from_bits_truncate(0o755))
    }

    /// Removes one, which has to be empty.
    pub(crate) fn remove(&self, name: &OsStr) -> nix::Result<()> {
        unlinkat(&self.0, name, UnlinkatFlags::RemoveDir)
    }

    /// Writes `value` to a control file, in one piece.
    pub(crate) fn write(&self, file: &str, value: &str) -> nix::Result<()> {
        let file = self.at(OsStr::new(file), OFlag::O_WRONLY)?;
        loop {
            match write(&file, value.as_bytes()) {
                Err(Errno::EINTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// All that a control file says.
    pub(crate) fn read(&self, file: &str) -> nix::Result<String> {
        let text = read_all(&self.open_file(file)?)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// A control file, to be read or waited for.
    pub(crate) fn open_file(&self, file: &str) -> nix::Result<OwnedFd> {
        self.at(OsStr::new(file), OFlag::O_RDONLY)
    }

    /// This directory itself, not only as a place for paths to begin.
    pub(crate) fn reopened(&self) -> nix::Result<OwnedFd> {
        self.at(OsStr::new("."), OFlag::O_RDONLY | OFlag::O_DIRECTORY)
    }

    /// The names of the cgroups in it.
    pub(crate) fn children(&self) -> nix::Result<Vec<OsString>> {
        let mut listed = Dir::from_fd(self.reopened()?)?;
        let mut names = Vec::new();
        for entry in listed.iter() {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if entry.file_type() == Some(nix::dir::Type::Directory) && name != "." && name != ".." {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }
}

impl AsFd for Directory {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// All that a file of the kernel's says: these have no size, and come in pieces.
pub(crate) fn read_all(file: &OwnedFd) -> nix::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut piece = [0; PIECE];
    while text.len() < MOST {
        match read(file, &mut piece) {
            Ok(0) => break,
            Ok(length) => text.extend_from_slice(piece.get(..length).unwrap_or_default()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(text)
}
