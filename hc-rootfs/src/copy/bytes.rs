//! The bytes of a file.

use super::{Link, sys};
use crate::errno::errno_of;
use crate::host::Source;
use nix::errno::Errno;
use nix::fcntl::copy_file_range;
use nix::sys::sendfile::sendfile;
use nix::unistd::{Whence, ftruncate, lseek};
use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Not so much in one call that a signal would have to wait long.
const CHUNK: usize = 64 << 20;

/// Gives `to` the content of `from`, as far as it goes. Returns its length.
pub(super) fn copy(from: &File, to: &File, source: &Source, link: Link) -> nix::Result<i64> {
    if link == Link::Reflink || link == Link::Auto && source.has_holes {
        match sys::clone(from, to) {
            Err(_) if link == Link::Auto => {}
            cloned => return cloned.map(|()| source.size),
        }
    }
    let way = if link == Link::Copy { Way::Send } else { Way::Range };
    if source.has_holes {
        copy_data(from, to, source.size, way)
    } else {
        copy_range(from, to, 0..source.size, way)
    }
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
fn copy_data(from: &File, to: &File, size: i64, way: Way) -> nix::Result<i64> {
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
        at = copy_range(from, to, start..end, way)?;
        if at < end {
            return Ok(at);
        }
    }
    ftruncate(to, size)?;
    Ok(size)
}

/// Copies this `range`, or up to where `from` ends, in this `way` or one after it; where it ended. `to` is at the
/// start of the range.
fn copy_range(from: &File, to: &File, range: Range<i64>, mut way: Way) -> nix::Result<i64> {
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
    let mut buffer = vec![0; count.min(1 << 16)];
    let length = from.read_at(&mut buffer, at.unsigned_abs()).map_err(errno_of)?;
    to.write_all(buffer.get(..length).unwrap_or_default()).map_err(errno_of)?;
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
            assert_eq!(copy_range(&from, &to, 0..size + 1, way), Ok(size));
            assert!(std::fs::read(directory.join("to")).unwrap() == content);
        }
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
