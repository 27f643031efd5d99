//! Where a mount cannot have the ids of a user namespace: the files get owners that are those ids outside.

use crate::idmap::Range;
use hc::{Context, Error, Result};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FchmodatFlags, FileStat, Mode, SFlag, fchmodat, fstat};
use nix::unistd::{Gid, Pid, Uid, fchownat};
use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// Gives the directory `place`, which messages call `root`, and all that is in it, to those who have in the user namespace
/// of `process` the ids that the owners have here. An id that the user namespace does not have stays as it is, and so is
/// nobody's inside.
///
/// # Errors
/// What the kernel refuses; and another file system that is mounted in there.
pub(super) fn change(place: &OwnedFd, root: &OsStr, process: Pid) -> Result<()> {
    let map = |name: &str| {
        let file = format!("/proc/{process}/{name}");
        fs::read_to_string(&file).context(&file).map(|text| ranges(&text))
    };
    let (users, groups) = (map("uid_map")?, map("gid_map")?);
    let mut change = Change { root, users, groups, seen: BTreeSet::new(), is_trial: true };
    // All is looked at before anything changes.
    change.entry(place, c".")?;
    change.is_trial = false;
    change.entry(place, c".")
}

struct Change<'a> {
    root: &'a OsStr,
    users: Vec<Range>,
    groups: Vec<Range>,
    /// Files with several names, which change once.
    seen: BTreeSet<(libc::dev_t, libc::ino_t)>,
    /// To find out what stands against it.
    is_trial: bool,
}

impl Change<'_> {
    /// `name` in `directory`, and what is in that. No link is followed, whoever puts one there meanwhile.
    fn entry(&mut self, directory: &OwnedFd, name: &CStr) -> Result<()> {
        let root = self.root;
        let failed = |errno: Errno| {
            let (root, name) = (hc::show(root), hc::show(OsStr::from_bytes(name.to_bytes())));
            Error::new(match errno {
                Errno::EXDEV => format!("owners in {root}: {name} has another file system mounted on it"),
                errno => format!("owners in {root}: {name}: {}", hc::reason(errno)),
            })
        };
        let file = opened(directory, name).map_err(failed)?;
        let about = fstat(&file).map_err(failed)?;
        let kind = SFlag::from_bits_truncate(about.st_mode & SFlag::S_IFMT.bits());
        if !self.is_trial && !self.had(kind, &about) {
            self.give(&file, kind, &about).map_err(failed)?;
        }
        if kind == SFlag::S_IFDIR {
            for inner in names(&file).map_err(failed)? {
                self.entry(&file, &inner)?;
            }
        }
        Ok(())
    }

    /// True for one with several names that comes by another one.
    fn had(&mut self, kind: SFlag, about: &FileStat) -> bool {
        kind != SFlag::S_IFDIR && about.st_nlink > 1 && !self.seen.insert((about.st_dev, about.st_ino))
    }

    fn give(&self, file: &OwnedFd, kind: SFlag, about: &FileStat) -> nix::Result<()> {
        let user = outside(&self.users, about.st_uid).map(Uid::from_raw);
        let group = outside(&self.groups, about.st_gid).map(Gid::from_raw);
        fchownat(file, c"", user, group, AtFlags::AT_EMPTY_PATH)?;
        let mode = Mode::from_bits_truncate(about.st_mode);
        if kind != SFlag::S_IFREG || !mode.intersects(Mode::S_ISUID | Mode::S_ISGID) {
            return Ok(());
        }
        // A new owner has taken these bits off. This kind of descriptor has no mode that it could change itself.
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        fchmodat(AT_FDCWD, link.as_str(), mode, FchmodatFlags::FollowSymlink)
    }
}

/// What is there, on the same mount: EXDEV otherwise.
fn opened(directory: &OwnedFd, name: &CStr) -> nix::Result<OwnedFd> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC)
        .resolve(ResolveFlag::RESOLVE_NO_XDEV);
    openat2(directory, name, how)
}

/// What is in the directory. All of it at once: so it is read before anything in it changes.
fn names(directory: &OwnedFd) -> nix::Result<Vec<CString>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut entries = Dir::openat(directory, c".", flags, Mode::empty())?;
    let names: nix::Result<Vec<CString>> =
        entries.iter().map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect();
    Ok(names?.into_iter().filter(|name| !matches!(name.to_bytes(), b"." | b"..")).collect())
}

/// The lines of an id map, as the kernel tells them.
fn ranges(text: &str) -> Vec<Range> {
    let range = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(|word| word.parse().ok());
        Some(Range { inside: numbers.next()??, outside: numbers.next()??, count: numbers.next()?? })
    };
    text.lines().filter_map(range).collect()
}

/// The id outside that is `id` inside.
fn outside(ranges: &[Range], id: u32) -> Option<u32> {
    ranges.iter().find_map(|range| {
        let offset = id.checked_sub(range.inside).filter(|offset| *offset < range.count)?;
        range.outside.checked_add(offset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_outside_or_none() {
        let ranges = ranges("         0     100000      65536\n     70000       5000          1\n");
        let expected =
            [(0, Some(100_000)), (65535, Some(165_535)), (65536, None), (70000, Some(5000)), (70001, None)];
        for (id, there) in expected {
            assert_eq!(outside(&ranges, id), there, "{id}");
        }
        assert_eq!(outside(&super::ranges("         0          0 4294967295\n"), 7), Some(7));
    }
}
