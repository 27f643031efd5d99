//! One file's copy: its bytes, owner, mode, attributes and time.

use super::attributes::{self, Attributes};
use super::bytes;
use super::directory::Directory;
use super::sys::Of;
use super::{How, Link};
use crate::host::{Owner, Source, id_of};
use crate::sysroot::{Refusal, kind};
use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, futimens};
use nix::sys::time::TimeSpec;
use nix::unistd::{Gid, Uid, close, fchown, geteuid, linkat};
use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Set-user-ID and set-group-ID.
const PRIVILEGE: u32 = 0o6000;

/// What a copy keeps here: root keeps owners where it can, others cannot.
pub(crate) struct Keeper {
    root: bool,
    how: How,
    /// What is made in DIR has an ACL at once.
    pub(super) acl_from_root: bool,
}

impl Keeper {
    pub(crate) fn new(root: &Directory, how: How) -> Self {
        let acl_from_root = root.descriptor().is_ok_and(|root| attributes::hands_on_acl(&root));
        Keeper { root: geteuid().is_root(), how, acl_from_root }
    }

    /// True when the copy of `source` is to be the very file. What is made up here has no name that could be.
    pub(super) fn is_linked(&self, source: &Source) -> bool {
        self.how.link == Link::Hard && source.content.is_none()
    }

    /// True for a file that looks like the copy of `source`: the same size, time, mode and attributes. `file` may be
    /// open as a name only.
    ///
    /// The attributes are two calls more, for a file that is a copy in all else. No time tells as much: a copy that
    /// was made without them is newer than its source.
    pub(crate) fn is_copy(&self, file: &OwnedFd, source: &Source) -> bool {
        let Ok(status) = fstat(file) else { return false };
        // What is made here has no other name, and attributes that nobody has meant.
        let made = source.content.is_some();
        if id_of(&status) == source.id || self.is_linked(source) {
            return id_of(&status) == source.id;
        }
        let (mode, wanted) = (status.st_mode & 0o7777, self.mode_of_copy(&status, &source.owner));
        // Whether it has an ACL shows in the group's rights.
        let similar = kind(&status) == SFlag::S_IFREG
            && status.st_size == source.size
            && (status.st_mtime, status.st_mtime_nsec) == source.modified
            && (mode ^ wanted) & !attributes::GROUP_BITS == 0;
        similar
            && if made {
                mode == wanted
            } else {
                attributes::mode_if_kept(file, source, wanted, self.how.xattrs) == Some(mode)
            }
    }

    /// The mode of a copy, with this status, of a file with this `owner`.
    fn mode_of_copy(&self, status: &FileStat, owner: &Owner) -> u32 {
        // Root's copy is root's where its owner could not be set, as in a user namespace without him.
        kept_mode(owner, is_owner(status, owner) || self.root && status.st_uid != 0)
    }

    /// Gives the new directory `made` what [`Keeper::apply`] gives, if it has not got it by itself.
    pub(crate) fn apply_to_directory(&self, made: &Directory, owner: &Owner) -> nix::Result<()> {
        let status = fstat(made.descriptor()?)?;
        let own = is_owner(&status, owner);
        if (own || !self.root) && status.st_mode & 0o7777 == kept_mode(owner, own) {
            return Ok(());
        }
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let made = openat(made.descriptor()?, ".", flags, Mode::empty())?;
        let own = self.give(&made, owner)?;
        fchmod(&made, Mode::from_bits_truncate(kept_mode(owner, own)))
    }

    /// Gives a new file owner, attributes and mode. In this order: a new owner costs it its capabilities and the
    /// set-user-ID bit, and an ACL is also a mode.
    fn apply(&self, file: &File, owner: &Owner, attributes: &Attributes, shown: &Path) -> Result<()> {
        let failed = |errno| Error::from_errno(show(shown), errno);
        let own = self.give(file, owner).map_err(failed)?;
        let has_acl = attributes::apply(file, attributes).map_err(|(name, errno)| {
            let name = show(OsStr::from_bytes(name.to_bytes())).to_string();
            Error::new(format!("{}: its attribute {name}: {}", show(shown), reason(errno)))
        })?;
        let mode = kept_mode(owner, own);
        let mode = if has_acl { mode } else { attributes.mode_without_acl(mode) };
        fchmod(file, Mode::from_bits_truncate(mode)).map_err(failed)
    }

    /// Gives a new file or directory to its owner, as far as that goes; true when it is now his. What it has before
    /// can be its parent's: the group, and a directory's set-group-ID bit.
    fn give(&self, file: &impl AsFd, owner: &Owner) -> nix::Result<bool> {
        let mut own = is_owner(&fstat(file)?, owner);
        if self.root && !own {
            match fchown(file, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid))) {
                Ok(()) => own = true,
                // Root of a user namespace that does not have this owner; a file system that has none.
                Err(Errno::EPERM | Errno::EINVAL | Errno::EOVERFLOW) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(own)
    }
}

fn is_owner(status: &FileStat, owner: &Owner) -> bool {
    (status.st_uid, status.st_gid) == (owner.uid, owner.gid)
}

/// The mode of a copy. A program that is not its owner's any more must not run as the one whose it is.
fn kept_mode(owner: &Owner, own: bool) -> u32 {
    if own { owner.mode } else { owner.mode & !PRIVILEGE }
}

/// A new file, nobody else's until it is whole.
pub(super) fn create(directory: &Directory, name: &OsStr) -> nix::Result<File> {
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    openat(directory.descriptor()?, name, flags, Mode::from_bits_truncate(0o600)).map(File::from)
}

/// Writes the copy of `source` as `name`, which must not exist and is not on the stage. `shown` is the name it will
/// have.
pub(super) fn write_in_place(
    directory: &Directory,
    name: &OsStr,
    source: &Source,
    shown: &Path,
    keeper: &Keeper,
) -> Result<()> {
    if keeper.is_linked(source) {
        return link(directory, name, source, shown);
    }
    let failed = |errno| Error::from_errno(show(shown), errno);
    let to = create(directory, name).map_err(failed)?;
    write(&to, source, shown, keeper, false)?;
    close(to).map_err(failed)
}

/// Makes the new file `to` the copy of `source`. `shown` is the name it will have; `staged` says that it was made in
/// DIR, or in a directory that was made there.
pub(super) fn write(to: &File, source: &Source, shown: &Path, keeper: &Keeper, staged: bool) -> Result<()> {
    let how = source.content.as_ref().map_or(keeper.how.link, |_| Link::Auto);
    let failed = |errno| Error::from_errno(show(shown), errno);
    let of_source = |why: String| Error::new(source.sysroot.about(format!("{}: {why}", show(&source.path))));
    let from = open_source(source).map_err(|refusal| of_source(refusal.to_string()))?;
    let copied = bytes::copy(&from, to, source, how).map_err(|errno| match how {
        Link::Reflink => not_shared(shown, source, errno),
        _ => failed(errno),
    })?;
    // Whether this is the file that was looked into, and whether it stayed so while it was read.
    let status = fstat(&from).map_err(failed)?;
    let same = id_of(&status) == source.id
        && status.st_size == copied
        && (status.st_mtime, status.st_mtime_nsec) == source.modified;
    if !same {
        return Err(of_source("was changed while it was copied".to_owned()));
    }
    let attributes = if keeper.how.xattrs {
        attributes::of(Of::Open(from.as_fd())).map_err(failed)?
    } else {
        attributes::none_of(Of::Open(from.as_fd()))
    };
    if keeper.acl_from_root || !staged {
        attributes::drop_acl(to).map_err(failed)?;
    }
    keeper.apply(to, &source.owner, &attributes, shown)?;
    let (seconds, nanoseconds) = source.modified;
    futimens(to, &TimeSpec::UTIME_OMIT, &TimeSpec::new(seconds, nanoseconds)).map_err(failed)
}

fn open_source(source: &Source) -> std::result::Result<File, Refusal> {
    match &source.content {
        Some(content) => content.try_clone().map(File::from).map_err(|_| Refusal::Errno(Errno::EMFILE)),
        None => source.sysroot.open_plain(&source.path),
    }
}

/// Makes `name` one more name of the file itself.
pub(super) fn link(directory: &Directory, name: &OsStr, source: &Source, shown: &Path) -> Result<()> {
    let changed = || {
        let why = format!("{}: was changed while it was looked at", show(&source.path));
        Err(Error::new(source.sysroot.about(why)))
    };
    let linked = source.sysroot.pin(&source.path, source.id).and_then(|from| {
        let flags = if from.is_link() { AtFlags::AT_SYMLINK_FOLLOW } else { AtFlags::empty() };
        linkat(AT_FDCWD, from.path(), directory.descriptor()?, name, flags)
    });
    linked.or_else(|errno| {
        let why = match errno {
            Errno::ESTALE => return changed(),
            Errno::EXDEV => "it is on another file system or mount".to_owned(),
            Errno::EPERM => format!("{} (see fs.protected_hardlinks in proc(5))", reason(errno)),
            errno => reason(errno),
        };
        let of = source.sysroot.place_of(&source.path);
        Err(Error::new(format!("{}: cannot be a hard link to {of}: {why}", show(shown))))
    })?;
    if directory.status(name).is_ok_and(|status| id_of(&status) == source.id) {
        return Ok(());
    }
    changed()
}

fn not_shared(shown: &Path, source: &Source, errno: Errno) -> Error {
    let why = match errno {
        Errno::EXDEV => "it is on another file system".to_owned(),
        Errno::EOPNOTSUPP | Errno::ENOTTY | Errno::EINVAL | Errno::ENOSYS => {
            "the file system cannot do that".to_owned()
        }
        errno => reason(errno),
    };
    let of = source.sysroot.place_of(&source.path);
    Error::new(format!("{}: cannot share blocks with {of}: {why}", show(shown)))
}
