//! One file's copy: its bytes, owner, mode and time.

use super::directory::Directory;
use crate::host::{Owner, Source, id_of};
use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{OFlag, copy_file_range, open, openat};
use nix::sys::sendfile::sendfile;
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, futimens};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, Whence, fchown, ftruncate, geteuid, lseek};
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Set-user-ID and set-group-ID.
const PRIVILEGE: u32 = 0o6000;
/// Not so much in one call that a signal would have to wait long.
const CHUNK: usize = 64 << 20;

/// What becomes of owners here: root keeps them where it can, others cannot.
pub(crate) struct Keeper {
    root: bool,
}

impl Keeper {
    pub(crate) fn new() -> Self {
        Keeper { root: geteuid().is_root() }
    }

    /// True for a file that looks like the copy of `source`: the same size, time and mode.
    pub(crate) fn is_copy(&self, status: &FileStat, source: &Source) -> bool {
        let (mode, own) = (status.st_mode & 0o7777, is_owner(status, &source.owner));
        // Root's copy is root's where its owner could not be set, as in a user namespace without him.
        let copied_so = if own || self.root && status.st_uid != 0 {
            mode == source.owner.mode
        } else {
            mode == kept_mode(&source.owner, false)
        };
        SFlag::from_bits_truncate(status.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFREG
            && status.st_size == source.size
            && (status.st_mtime, status.st_mtime_nsec) == source.modified
            && copied_so
    }

    /// Gives the new directory `made` what [`Keeper::apply`] gives, if it has not got it by itself.
    pub(crate) fn apply_to_directory(&self, made: &Directory, owner: &Owner) -> nix::Result<()> {
        let status = fstat(made.descriptor()?)?;
        let own = is_owner(&status, owner);
        if (own || !self.root) && status.st_mode & 0o7777 == kept_mode(owner, own) {
            return Ok(());
        }
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        self.apply(openat(made.descriptor()?, ".", flags, Mode::empty())?, owner)
    }

    /// Gives a new file or directory the owner and mode that `owner` has, as far as that goes. What it has now
    /// can be its parent's: the group, and a directory's set-group-ID bit.
    fn apply(&self, file: impl std::os::fd::AsFd, owner: &Owner) -> nix::Result<()> {
        let mut own = is_owner(&fstat(&file)?, owner);
        if self.root && !own {
            match fchown(&file, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid))) {
                Ok(()) => own = true,
                // Root of a user namespace that does not have this owner; a file system that has none.
                Err(Errno::EPERM | Errno::EINVAL | Errno::EOVERFLOW) => {}
                Err(errno) => return Err(errno),
            }
        }
        fchmod(&file, Mode::from_bits_truncate(kept_mode(owner, own)))
    }
}

fn is_owner(status: &FileStat, owner: &Owner) -> bool {
    (status.st_uid, status.st_gid) == (owner.uid, owner.gid)
}

/// The mode of a copy. A program that is not its owner's any more must not run as the one whose it is.
fn kept_mode(owner: &Owner, own: bool) -> u32 {
    if own { owner.mode } else { owner.mode & !PRIVILEGE }
}

/// Writes the copy of `source` as `name`, which must not exist. `shown` is the name it will have.
pub(crate) fn write(
    directory: &Directory,
    name: &OsStr,
    source: &Source,
    shown: &Path,
    keeper: &Keeper,
) -> Result<()> {
    let failed = |errno| Error::from_errno(show(shown), errno);
    let from = open_source(source)
        .map_err(|errno| Error::new(format!("{}: cannot be read: {}", show(&source.path), reason(errno))))?;
    // Nobody else's until it is whole.
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let to = directory
        .descriptor()
        .and_then(|directory| openat(directory, name, flags, Mode::from_bits_truncate(0o600)))
        .map_err(failed)?;
    let to = File::from(to);
    let copied = if source.has_holes {
        copy_data(&from, &to, source.size)
    } else {
        copy(&from, &to, 0..source.size, Way::Range)
    };
    let copied = copied.map_err(failed)?;
    // Whether this is the file that was looked into, and whether it stayed so while it was read.
    let status = fstat(&from).map_err(failed)?;
    let same = id_of(&status) == source.id
        && status.st_size == copied
        && (status.st_mtime, status.st_mtime_nsec) == source.modified;
    if !same {
        return Err(Error::new(format!("{}: was changed while it was copied", show(&source.path))));
    }
    keeper.apply(&to, &source.owner).map_err(failed)?;
    let (seconds, nanoseconds) = source.modified;
    futimens(&to, &TimeSpec::UTIME_OMIT, &TimeSpec::new(seconds, nanoseconds)).map_err(failed)
}

fn open_source(source: &Source) -> nix::Result<File> {
    if let Some(content) = &source.content {
        return content.try_clone().map(File::from).map_err(|_| Errno::EMFILE);
    }
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    open(&source.path, flags, Mode::empty()).map(File::from)
}

/// Ways to copy, from the cheapest on: copy_file_range(2) shares blocks where the file system can, and does
/// not go from one file system to another; sendfile(2) does; read(2) and write(2) always work.
#[derive(Clone, Copy)]
enum Way {
    Range,
    Send,
    Buffer,
}

/// Copies `size` bytes but not the holes among them, which can be larger than any disk. Returns where it ended.
fn copy_data(from: &File, to: &File, size: i64) -> nix::Result<i64> {
    let mut at = 0;
    while at < size {
        let start = match lseek(from, at, Whence::SeekData) {
            Ok(start) => start.min(size),
            // Only a hole is left.
            Err(Errno::ENXIO) => break,
            Err(errno) => return Err(errno),
        };
        let end = lseek(from, start, Whence::SeekHole)?.min(size);
        lseek(to, start, Whence::SeekSet)?;
        at = copy(from, to, start..end, Way::Range)?;
        if at < end {
            return Ok(at);
        }
    }
    ftruncate(to, size)?;
    Ok(size)
}

/// Copies this `range`, or up to where `from` ends, in this `way` or one after it; where it ended. `to` is at the
/// start of the range.
fn copy(from: &File, to: &File, range: Range<i64>, mut way: Way) -> nix::Result<i64> {
    let mut done = range.start;
    while done < range.end {
        let count = usize::try_from(range.end - done).unwrap_or(CHUNK).min(CHUNK);
        let copied = match way {
            Way::Range => {
                let (mut here, mut there) = (done, done);
                copy_file_range(from, Some(&mut here), to, Some(&mut there), count)
            }
            Way::Send => {
                // sendfile(2) writes at the position of `to`, which copy_file_range leaves where it is.
                let mut here = done;
                sendfile(to, from, Some(&mut here), count)
            }
            Way::Buffer => read_and_write(from, to, done, count),
        };
        match (copied, way) {
            (Err(Errno::EINTR), _) => {}
            // Some file systems answer 0 for a file that is not at its end.
            (Ok(0) | Err(_), Way::Range) if done == range.start && !is_final(copied) => way = Way::Send,
            (Err(Errno::EINVAL | Errno::ENOSYS), Way::Send) if done == range.start => way = Way::Buffer,
            (Ok(0), _) => break,
            (Ok(more), _) => done += i64::try_from(more).unwrap_or(0),
            (Err(errno), _) => return Err(errno),
        }
    }
    Ok(done)
}

/// Errors of the disk, which another way would only meet again.
fn is_final(copied: nix::Result<usize>) -> bool {
    matches!(copied, Err(Errno::ENOSPC | Errno::EDQUOT | Errno::EIO | Errno::EFBIG | Errno::ENOMEM))
}

fn read_and_write(from: &File, mut to: &File, at: i64, count: usize) -> nix::Result<usize> {
    let errno = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
    let mut buffer = vec![0; count.min(1 << 16)];
    let length = from.read_at(&mut buffer, at.unsigned_abs()).map_err(errno)?;
    to.write_all(buffer.get(..length).unwrap_or_default()).map_err(errno)?;
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_copies_all_of_it() {
        let directory = std::env::temp_dir().join(format!("hc-rootfs-content-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let content: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        std::fs::write(directory.join("from"), &content).unwrap();
        let from = File::open(directory.join("from")).unwrap();
        for way in [Way::Range, Way::Send, Way::Buffer] {
            let to = File::create(directory.join("to")).unwrap();
            let size = i64::try_from(content.len()).unwrap();
            // A file that turned out shorter than it was is no endless loop.
            assert_eq!(copy(&from, &to, 0..size + 1, way), Ok(size));
            assert!(std::fs::read(directory.join("to")).unwrap() == content);
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
