//! Where the container's root directory is.

use crate::chain::Caller;
use crate::links::absolute;
use crate::options::Storage;
use hc::{Context, Environ, Error, Result};
use nix::errno::Errno;
use nix::sys::stat::Mode;
use nix::unistd::mkdir;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Root's named containers, as in the post.
const OF_ROOT: &str = "/ns";
/// Directories that many machines have and do not use. A tmpfs on an empty one hides nothing.
const OFTEN_EMPTY: [&str; 12] = [
    "/mnt",
    "/media",
    "/srv",
    "/opt",
    "/var/empty",
    "/var/opt",
    "/var/local",
    "/usr/local/games",
    "/usr/local/src",
    "/usr/games",
    "/home",
    "/dev/shm",
];
/// Directories of sysfs and proc that the kernel makes for other file systems to be mounted on: no file can be
/// in them, and what is mounted there no program needs in order to start.
const OF_THE_KERNEL: [&str; 6] = [
    "/sys/kernel/debug",
    "/sys/kernel/tracing",
    "/sys/kernel/security",
    "/sys/fs/pstore",
    "/sys/fs/fuse/connections",
    "/proc/sys/fs/binfmt_misc",
];

/// A root directory, by absolute path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It stays.
    Kept(OsString),
    /// A tmpfs is to be mounted there, in the container's own mount namespace.
    Tmpfs(OsString),
}

/// Decides where, without making anything. A tmpfs hides what is below it, so it is put where nothing is.
pub(crate) fn choose(storage: &Storage, user: bool, env: &Environ) -> Result<Place> {
    match storage {
        Storage::Given(directory) => absolute(PathBuf::from(directory)).map(Place::Kept),
        Storage::Named(name) => named(name, user, env).map(|path| Place::Kept(path.into_os_string())),
        Storage::Ephemeral => mount_point().map(|found| Place::Tmpfs(found.into())).ok_or_else(|| {
            Error::new(
                "no empty directory (such as /mnt) to mount the root directory on: --name keeps it in a directory of its own",
            )
        }),
    }
}

/// Makes the directory of root's named containers, if it has to be there. A program that gets the set-user-ID bit in a
/// container is one of the host's root, for the root directory is mounted with other ids inside: so only root may enter.
pub(crate) fn prepare(storage: &Storage, caller: Caller) -> Result<()> {
    if caller != Caller::Root || !matches!(storage, Storage::Named(_)) {
        return Ok(());
    }
    match mkdir(OF_ROOT, Mode::S_IRWXU) {
        Ok(()) | Err(Errno::EEXIST) => Ok(()),
        Err(errno) => Err(errno).context(OF_ROOT),
    }
}

impl Place {
    pub(crate) fn directory(&self) -> &OsStr {
        match self {
            Place::Kept(directory) | Place::Tmpfs(directory) => directory,
        }
    }

    /// True if there is a directory of that name. In a tmpfs anybody can make one.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Place::Kept(directory) => {
                Path::new(directory).join(name).symlink_metadata().is_ok_and(|about| about.is_dir())
            }
            Place::Tmpfs(_) => true,
        }
    }
}

/// The directory of a named container, there or not. Somebody else's link in that place is not followed.
pub(crate) fn named(name: &OsStr, user: bool, env: &Environ) -> Result<PathBuf> {
    let path = container_directory(user, env)?.join(name);
    if path.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
        return Err(Error::new(format!("{}: not a directory, so no container", hc::show(path.as_os_str()))));
    }
    Ok(path)
}

/// Where the named containers are: as in the post for root, as the XDG base directory specification has it
/// for others, who may have neither variable.
pub(crate) fn container_directory(user: bool, env: &Environ) -> Result<PathBuf> {
    let directory = |name: &[u8]| {
        let value = env.get(name).map(|value| PathBuf::from(OsStr::from_bytes(value)));
        value.filter(|path| path.is_absolute())
    };
    if !user {
        return Ok(PathBuf::from(OF_ROOT));
    }
    directory(b"XDG_DATA_HOME")
        .or_else(|| directory(b"HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("hc"))
        .ok_or_else(|| Error::new("--name: neither XDG_DATA_HOME nor HOME is set: they say where"))
}

fn mount_point() -> Option<&'static str> {
    let empty = OFTEN_EMPTY.into_iter().find(|directory| is_empty(Path::new(directory)));
    empty.or_else(|| OF_THE_KERNEL.into_iter().find(|directory| Path::new(directory).is_dir()))
}

/// True for a directory with nothing in it. A link is left alone: it may lead to one that is in use.
fn is_empty(directory: &Path) -> bool {
    directory.symlink_metadata().is_ok_and(|metadata| metadata.is_dir())
        && fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    fn env(entries: &[&str]) -> Environ {
        entries.iter().map(|entry| CString::new(*entry).unwrap()).collect()
    }

    fn named(user: bool, entries: &[&str]) -> Result<Place> {
        choose(&Storage::Named("a".into()), user, &env(entries))
    }

    #[test]
    fn named_containers_are_where_each_user_may_write() {
        assert_eq!(named(false, &["HOME=/h"]), Ok(Place::Kept("/ns/a".into())));
        assert_eq!(named(true, &["HOME=/h"]), Ok(Place::Kept("/h/.local/share/hc/a".into())));
        assert_eq!(named(true, &["HOME=/h", "XDG_DATA_HOME=/d"]), Ok(Place::Kept("/d/hc/a".into())));
        // The specification has relative paths ignored.
        assert_eq!(
            named(true, &["HOME=/h", "XDG_DATA_HOME=d"]),
            Ok(Place::Kept("/h/.local/share/hc/a".into()))
        );
        assert!(named(true, &[]).unwrap_err().to_string().contains("HOME"));
    }

    #[test]
    fn what_is_no_directory_of_the_root_directory_is_not_there() {
        for name in ["run", "tmp"] {
            assert!(Place::Tmpfs("/mnt".into()).has(name));
            assert!(Place::Kept("/".into()).has(name));
            assert!(!Place::Kept("/proc/self".into()).has(name));
        }
    }

    #[test]
    fn a_given_directory_is_made_absolute() {
        let place = choose(&Storage::Given("r".into()), true, &env(&[])).unwrap();
        assert_eq!(place, Place::Kept(std::env::current_dir().unwrap().join("r").into()));
    }
}
