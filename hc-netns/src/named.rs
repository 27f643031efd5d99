//! The names: files in /run/netns that namespaces are mounted on, as ip-netns(8) keeps them.

use crate::netlink::Netlink;
use crate::{TOOL, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, SFlag, fstat, lstat};
use nix::sys::statfs::{NSFS_MAGIC, fstatfs};
use nix::unistd::{geteuid, mkdir, unlink};
use std::ffi::{OsStr, OsString};
use std::fs::read_dir;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "/run/netns";
const NEW: &str = "/proc/self/ns/net";
/// What a file name may have in Linux: `NAME_MAX`.
const MAX_NAME: usize = 255;

/// The name of a network namespace: fit to be a file in /run/netns.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name(OsString);

impl Name {
    /// Refuses what would not be a file directly in /run/netns.
    pub(crate) fn new(name: OsString) -> Result<Self> {
        let because = match name.as_bytes() {
            b"" => "is empty",
            b"." | b".." => "is a directory in every directory",
            bytes if bytes.contains(&b'/') => "has a slash",
            bytes if bytes.len() > MAX_NAME => "is longer than 255 bytes",
            _ => return Ok(Name(name)),
        };
        Err(Error::new(format!("name '{}': {because}", hc::show(&name))))
    }

    /// Where the namespace is mounted.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(DIRECTORY).join(&self.0)
    }

    /// The name itself.
    pub(crate) fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

/// Prints the names in the order of the directory, each with the id that this network namespace has for it.
pub(crate) fn list() -> Result<()> {
    let entries = match read_dir(DIRECTORY) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.context(DIRECTORY)?,
    };
    let mut netlink = None;
    let mut text = Vec::new();
    for entry in entries {
        let name = entry.context(DIRECTORY)?.file_name();
        let netlink = match &mut netlink {
            Some(open) => open,
            empty => empty.insert(Netlink::open()?),
        };
        text.extend_from_slice(name.as_bytes());
        if let Some(id) = id(netlink, &name)? {
            text.extend_from_slice(format!(" (id: {id})").as_bytes());
        }
        text.push(b'\n');
    }
    hc::print(&text)
}

/// The id of a namespace, if it has one, and may be opened.
fn id(netlink: &mut Netlink, name: &OsStr) -> Result<Option<i32>> {
    let Ok(namespace) = open_namespace(&Path::new(DIRECTORY).join(name)) else { return Ok(None) };
    let because = match netlink.id_of(&namespace)? {
        Ok(id) => return Ok(id),
        Err(Errno::EINVAL) => not_a_namespace(&namespace, name),
        Err(errno) => hc::reason(errno),
    };
    hc::note(TOOL, &format!("{}: {because}", hc::show(name)));
    Ok(None)
}

/// Opens what should be a namespace. It may have been about to get there, or to go, when it was none: with the
/// lock held neither is so, and what is opened then is what there is.
pub(crate) fn open_namespace(path: &Path) -> nix::Result<OwnedFd> {
    // As well it may be a FIFO, which must not hold us up.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let found = open(path, flags, Mode::empty())?;
    if is_namespace(&found) {
        return Ok(found);
    }
    let _lock = lock_directory();
    open(path, flags, Mode::empty())
}

/// Why `file`, found under `name`, cannot be used as a network namespace.
pub(crate) fn not_a_namespace(file: &OwnedFd, name: &OsStr) -> String {
    if is_namespace(file) {
        "is a namespace, but not of the network".to_owned()
    } else if is_plain(file) {
        left_over(name)
    } else {
        "is not a namespace".to_owned()
    }
}

/// True for a namespace of any kind.
fn is_namespace(file: &OwnedFd) -> bool {
    fstatfs(file).is_ok_and(|filesystem| filesystem.filesystem_type() == NSFS_MAGIC)
}

/// True for a regular file, which namespaces are as well.
fn is_plain(file: &OwnedFd) -> bool {
    fstat(file).is_ok_and(|about| SFlag::S_IFMT.bits() & about.st_mode == SFlag::S_IFREG.bits())
}

/// What a plain file is there for, and what to do about it.
fn left_over(name: &OsStr) -> String {
    format!("is a left-over that no namespace is mounted on; 'hc-netns delete {}' removes it", hc::show(name))
}

/// The error of a call that takes privileges, or comes up against a limit.
pub(crate) fn refused(what: impl std::fmt::Display, errno: Errno) -> Error {
    let hint = match errno {
        Errno::EPERM if geteuid().is_root() => {
            " (root lacks the CAP_SYS_ADMIN for this: in a user namespace, or a container?)"
        }
        Errno::EPERM => " (needs root, or CAP_SYS_ADMIN)",
        Errno::ENOSPC => " (a limit in /proc/sys/user, or fs.mount-max, is reached)",
        _ => "",
    };
    Error::new(format!("{what}: {}{hint}", hc::reason(errno)))
}

/// Makes a network namespace and mounts it on `name`. This process stays in it, for it ends here.
///
/// The namespace comes first and its name last: unshare(2) takes all of the time, and the name is there
/// without its namespace only for as long as the lock on the directory is held. So adds that run at the same
/// time do not wait for each other, one that finds a plain file knows that it is a left-over, and being killed
/// hardly ever makes one.
pub(crate) fn add(name: &Name) -> Result<()> {
    let path = name.path();
    if lstat(&path).is_ok() {
        let _lock = make_and_lock_directory()?;
        refuse_taken(name, &path)?;
    }
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused("make a network namespace", errno))?;
    let _lock = make_and_lock_directory()?;
    // Before it becomes a mount of its own: it is the one around it that tells, then.
    let slave = sys::is_slave(c"/run/netns");
    share_directory()?;
    let flags = OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let made = open(&path, flags, Mode::empty());
    if matches!(made, Err(Errno::EEXIST)) {
        refuse_taken(name, &path)?;
    }
    drop(made.context(hc::show(&path))?);
    mount(Some(NEW), &path, None::<&str>, MsFlags::MS_BIND, None::<&str>).map_err(|errno| {
        // Nothing else can have come to be of it: the lock is still held.
        let _ = unlink(&path);
        match errno {
            Errno::ENOENT => Error::new(format!("{NEW}: {} (is /proc mounted?)", hc::reason(errno))),
            errno => refused(format_args!("mount {NEW} on {}", hc::show(&path)), errno),
        }
    })?;
    if slave {
        let name = hc::show(name.as_os_str());
        hc::note(
            TOOL,
            &format!("{name}: is only in this mount namespace, and a left-over outside (inside 'exec'?)"),
        );
    }
    Ok(())
}

/// The error for a name that exists. Asked with the lock held, or an add under way would look like a left-over.
fn refuse_taken(name: &Name, path: &Path) -> Result<()> {
    let because = match open(path, OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty()) {
        Err(Errno::ENOENT) => return Ok(()),
        Ok(file) if is_plain(&file) && !is_namespace(&file) => left_over(name.as_os_str()),
        _ => hc::reason(Errno::EEXIST),
    };
    Err(Error::new(format!("{}: {because}", hc::show(path))))
}

/// Takes the lock under which ip(8) and we change the mount at the directory; and under which, with us, a name
/// is without its namespace. It goes with the descriptor.
fn lock_directory() -> nix::Result<Flock<OwnedFd>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let directory = open(DIRECTORY, flags, Mode::empty())?;
    Flock::lock(directory, FlockArg::LockExclusive).map_err(|(_, errno)| errno)
}

/// [`lock_directory`], which is made if it is not there.
fn make_and_lock_directory() -> Result<Flock<OwnedFd>> {
    let locked = lock_directory().or_else(|errno| match errno {
        Errno::ENOENT => match mkdir(DIRECTORY, Mode::from_bits_truncate(0o755)) {
            Ok(()) | Err(Errno::EEXIST) => lock_directory(),
            Err(errno) => Err(errno),
        },
        errno => Err(errno),
    });
    locked.context(DIRECTORY)
}

/// Makes the directory a shared mount, so that what is mounted and unmounted in it is so in every mount
/// namespace.
///
/// A mount of its own that is a peer of nothing else: bound in place with mount(2) it would become a peer of
/// a shared /run, and each namespace would be mounted twice, on both. Here the copy leaves /run's peer group
/// while it is still detached, and is attached when it has its own; so the copies that mount namespaces with
/// the same /run receive are peers of this one.
fn share_directory() -> Result<()> {
    let share = MsFlags::MS_SHARED | MsFlags::MS_REC;
    let what = format_args!("make {DIRECTORY} a shared mount");
    match mount(None::<&str>, DIRECTORY, None::<&str>, share, None::<&str>) {
        // Not a mount yet.
        Err(Errno::EINVAL) => {}
        shared => return shared.map_err(|errno| refused(what, errno)),
    }
    let attach = || {
        let copy = sys::clone_tree(c"/run/netns")?;
        sys::set_propagation(copy.as_fd(), MsFlags::MS_PRIVATE)?;
        sys::set_propagation(copy.as_fd(), MsFlags::MS_SHARED)?;
        sys::attach_tree(copy.as_fd(), c"/run/netns")
    };
    attach().map_err(|errno| refused(what, errno))
}

/// Removes each name; one that cannot be is an error, but does not keep the others.
pub(crate) fn delete_all(names: &[Name]) -> Result<()> {
    let mut failed = None;
    for error in names.iter().filter_map(|name| delete(&name.path()).err()) {
        if let Some(earlier) = failed.replace(error) {
            hc::note(TOOL, &earlier.to_string());
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Unmounts the namespace, wherever that is shared, and removes its file; a file without a namespace too.
fn delete(path: &Path) -> Result<()> {
    let _lock = lock_directory().context(hc::show(path))?;
    loop {
        let unmounted = umount2(path, MntFlags::MNT_DETACH | MntFlags::UMOUNT_NOFOLLOW);
        match (unlink(path), unmounted) {
            (Ok(()), _) => return Ok(()),
            // Several can be mounted on each other.
            (Err(Errno::EBUSY), Ok(())) => {}
            (Err(Errno::ENOENT), _) => return Err(Error::from_errno(hc::show(path), Errno::ENOENT)),
            // Mounts that a user namespace was given with its mount namespace are locked there.
            (Err(Errno::EBUSY), Err(Errno::EINVAL)) => {
                let because = "was mounted outside of this user namespace, and can be deleted only there";
                return Err(Error::new(format!("{}: {because}", hc::show(path))));
            }
            (Err(_), Err(errno @ Errno::EPERM)) => return Err(refused(hc::show(path), errno)),
            (Err(errno), _) => return Err(Error::from_errno(hc::show(path), errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_file_directly_in_the_directory() {
        let refused = |name: &str| Name::new(name.into()).unwrap_err().to_string();
        assert_eq!(refused(""), "name '': is empty");
        assert_eq!(refused(".."), "name '..': is a directory in every directory");
        assert_eq!(refused("/"), "name '/': has a slash");
        assert_eq!(refused("a\n/b"), "name 'a\\n/b': has a slash");
        assert!(refused(&"n".repeat(256)).ends_with("': is longer than 255 bytes"));
        assert!(Name::new("n".repeat(255).into()).is_ok());
        assert_eq!(Name::new("-h".into()).unwrap().path(), Path::new("/run/netns/-h"));
        assert_eq!(Name::new("...".into()).unwrap().path(), Path::new("/run/netns/..."));
    }
}
