//! The names: files in /run/netns that namespaces are mounted on, as ip-netns(8) keeps them.

use crate::TOOL;
use crate::directory::{DIRECTORY, lock, make_and_lock, share};
use crate::namespace::{is_namespace, is_plain, left_over, refused};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::{Mode, lstat};
use nix::unistd::unlink;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The namespace of this process.
const OWN: &str = "/proc/self/ns/net";
/// What a file name may have in Linux: `NAME_MAX`.
const MAX_NAME: usize = 255;

/// The name of a network namespace: fit to be a file in /run/netns.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// Makes a network namespace and mounts it on `name`. This process stays in it, for it ends here.
pub(crate) fn add(name: &Name) -> Result<()> {
    refuse_taken_early(name)?;
    make()?;
    publish_own(name)
}

/// Mounts the network namespace of a process on `name`.
pub(crate) fn attach(name: &Name, process: i32) -> Result<()> {
    refuse_taken_early(name)?;
    let from = format!("/proc/{process}/ns/net");
    let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
    // Held open: what is mounted is the namespace that was there, whatever becomes of the process.
    let namespace = open(from.as_str(), flags, Mode::empty()).map_err(|errno| match errno {
        Errno::ENOENT => Error::new(format!("process {process}: {}", hc::reason(Errno::ESRCH))),
        errno => refused(format_args!("process {process}"), errno),
    })?;
    publish(name, &format!("/proc/self/fd/{}", namespace.as_raw_fd()), &from)
}

/// Enters a new network namespace.
pub(crate) fn make() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| refused("make a network namespace", errno))
}

/// [`publish`] of the namespace that this process is in.
pub(crate) fn publish_own(name: &Name) -> Result<()> {
    publish(name, OWN, OWN)
}

/// Mounts the namespace that `from` leads to on `name`; `shown` is what that is to the user.
///
/// The namespace comes first and its name last: unshare(2) takes all of the time, and the name is there
/// without its namespace only for as long as the lock on the directory is held. So adds that run at the same
/// time do not wait for each other, one that finds a plain file knows that it is a left-over, and being killed
/// hardly ever makes one.
fn publish(name: &Name, from: &str, shown: &str) -> Result<()> {
    let path = name.path();
    let _lock = make_and_lock()?;
    let slave = share()?;
    let flags = OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let made = open(&path, flags, Mode::empty());
    if matches!(made, Err(Errno::EEXIST)) {
        refuse_taken(name, &path)?;
    }
    drop(made.context(hc::show(&path))?);
    mount(Some(from), &path, None::<&str>, MsFlags::MS_BIND, None::<&str>).map_err(|errno| {
        // Nothing else can have come to be of it: the lock is still held.
        let _ = unlink(&path);
        match errno {
            Errno::ENOENT => Error::new(format!("{shown}: {} (is /proc mounted?)", hc::reason(errno))),
            errno => refused(format_args!("mount {shown} on {}", hc::show(&path)), errno),
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

/// Fails for a name that exists, before anything costs time.
fn refuse_taken_early(name: &Name) -> Result<()> {
    let path = name.path();
    if lstat(&path).is_err() {
        return Ok(());
    }
    let _lock = make_and_lock()?;
    refuse_taken(name, &path)
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

/// Unmounts the namespace, wherever that is shared, and removes its file; a file without a namespace too.
pub(crate) fn delete(path: &Path) -> Result<()> {
    let _lock = lock().context(hc::show(path))?;
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
