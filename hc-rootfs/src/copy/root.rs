//! DIR itself: made when missing, locked, and refused when it is the host's root directory.

use super::content::Keeper;
use super::directory::Directory;
use super::undo::{Log, Made};
use crate::host::{Source, id_of};
use crate::sysroot::{Sysroot, kind};
use hc::{Context, Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, Flock, FlockArg, OFlag, open, readlink};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, fstatat, stat};
use nix::sys::statfs::{TMPFS_MAGIC, fstatfs};
use nix::unistd::mkdir;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// How long another run may hold DIR. Those inside a container can hold the lock as well, and shall not hold
/// up anybody for ever.
const PATIENCE: Duration = Duration::from_mins(1);
const INTERVAL: Duration = Duration::from_millis(10);
/// Of a file in DIR that is read. A cache of ten thousand libraries is a quarter of this.
const MAX_CONTENT: u64 = 4 << 20;
/// How often DIR may vanish while this run waits for it.
const ATTEMPTS: usize = 100;

pub(crate) struct Root {
    pub(crate) directory: Rc<Directory>,
    /// Made by this run. Nothing is in it yet, unless another run was quicker to lock it: then files are copied
    /// that need not have been.
    pub(crate) made_here: bool,
    device: u64,
    /// Released by exec, or by the end of this process.
    _lock: Option<Flock<OwnedFd>>,
}

impl Root {
    /// Opens `path`, making it (0755) and its parents (as `umask` has it) when they are not there.
    pub(crate) fn open(path: &Path, sysroot: &Sysroot, umask: Mode, log: &mut Log) -> Result<Self> {
        let shown = if path.as_os_str().is_empty() { "''".to_owned() } else { show(path).to_string() };
        // mkdir(2) makes no directory of the name ".".
        let plain: PathBuf = path.components().collect();
        for _ in 0..ATTEMPTS {
            let made_here = make(&plain, Mode::from_bits_truncate(0o755), umask, log).context(&shown)?;
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            let descriptor =
                open(path, flags, Mode::empty()).map_err(|errno| not_opened(path, &shown, errno))?;
            let lock = lock(descriptor.try_clone().context(&shown)?, &shown)?;
            let status = fstat(&descriptor).context(&shown)?;
            // The run that made it may have failed, and taken it away again, while this one waited.
            if !stat(path).is_ok_and(|named| same_file(&named, &status)) {
                continue;
            }
            refuse_source(sysroot, &status, &shown)?;
            return Ok(Root {
                directory: Directory::root(descriptor, path.to_owned()),
                made_here,
                device: status.st_dev,
                _lock: lock,
            });
        }
        Err(Error::new(format!("{shown}: is taken away again and again")))
    }

    /// `path` as it is, without a lock, only to look at; `None` when it is not there.
    pub(crate) fn look(path: &Path, sysroot: &Sysroot) -> Result<Option<Self>> {
        let shown = if path.as_os_str().is_empty() { "''".to_owned() } else { show(path).to_string() };
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let descriptor = match open(path, flags, Mode::empty()) {
            Err(Errno::ENOENT) if !path.as_os_str().is_empty() && readlink(path).is_err() => return Ok(None),
            opened => opened.map_err(|errno| not_opened(path, &shown, errno))?,
        };
        let status = fstat(&descriptor).context(&shown)?;
        refuse_source(sysroot, &status, &shown)?;
        let directory = Directory::root(descriptor, path.to_owned());
        Ok(Some(Root { directory, made_here: false, device: status.st_dev, _lock: None }))
    }

    /// True when this is the root of a tmpfs, not a directory in one.
    pub(crate) fn is_tmpfs(&self) -> bool {
        let Ok(here) = self.directory.descriptor() else { return false };
        let tmpfs = fstatfs(&here).is_ok_and(|about| about.filesystem_type() == TMPFS_MAGIC);
        let device = |path| fstatat(&here, path, AtFlags::empty()).map(|status| status.st_dev);
        tmpfs && device(".") != device("..")
    }

    /// True when `path` belongs to a file system of its own below DIR, where nothing can be renamed to.
    pub(crate) fn is_elsewhere(&self, path: &Path) -> bool {
        let there = || path.ancestors().skip(1).find_map(|path| self.directory.status_within(path).ok());
        !self.made_here && there().is_some_and(|status| status.st_dev != self.device)
    }

    /// True when `name` already means a file like `source` in the new root.
    pub(crate) fn has(&self, name: &Path, source: &Source, keeper: &Keeper) -> bool {
        !self.made_here && self.directory.peek_within(name).is_ok_and(|file| keeper.is_copy(&file, source))
    }
}

impl Root {
    /// What is in the file `name`, as the new root has it; `None` when there is nothing of that name, and nothing
    /// where it is no file or too large.
    pub(crate) fn content(&self, name: &Path) -> Option<Vec<u8>> {
        let how = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let status = self.directory.status_within(name).ok()?;
        let regular = kind(&status) == SFlag::S_IFREG;
        let mut content = Vec::new();
        if regular && let Ok(file) = self.directory.open_within(name, how) {
            let _ = File::from(file).take(MAX_CONTENT).read_to_end(&mut content);
        }
        Some(content)
    }
}

/// What stands there, if it is no directory that can be read, may be a link to nothing.
fn not_opened(path: &Path, shown: &str, errno: Errno) -> Error {
    match readlink(path) {
        Ok(target) if errno == Errno::ENOENT => {
            Error::new(format!("{shown}: is a link to {}, which does not exist", show(&target)))
        }
        _ => Error::from_errno(shown, errno),
    }
}

/// mkdir -p; true when `path` itself was made.
fn make(path: &Path, mode: Mode, umask: Mode, log: &mut Log) -> nix::Result<bool> {
    let made = match mkdir(path, mode) {
        Err(Errno::ENOENT) => {
            let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
            make(parent.ok_or(Errno::ENOENT)?, Mode::from_bits_truncate(0o777) & !umask, umask, log)?;
            mkdir(path, mode)
        }
        made => made,
    };
    match made {
        Ok(()) => {
            log.push(Made::Outside(path.to_owned()));
            Ok(true)
        }
        Err(Errno::EEXIST) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// Waits for its turn. `None` where the file system has no locks.
fn lock(mut descriptor: OwnedFd, shown: &str) -> Result<Option<Flock<OwnedFd>>> {
    let start = Instant::now();
    loop {
        match Flock::lock(descriptor, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(Some(lock)),
            Err((back, Errno::EWOULDBLOCK)) if start.elapsed() < PATIENCE => {
                descriptor = back;
                std::thread::sleep(INTERVAL);
            }
            Err((back, Errno::EINTR)) => descriptor = back,
            Err((_, Errno::EWOULDBLOCK)) => {
                let minutes = "another process has had it locked for a minute (see lslocks(8))";
                return Err(Error::new(format!("{shown}: {minutes}")));
            }
            Err((_, Errno::ENOLCK | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL | Errno::EBADF)) => {
                return Ok(None);
            }
            Err((_, errno)) => return Err(Error::new(format!("{shown}: cannot lock: {}", reason(errno)))),
        }
    }
}

fn same_file(one: &FileStat, other: &FileStat) -> bool {
    id_of(one) == id_of(other)
}

/// Copying a root directory into itself would replace files by themselves at best, and nobody means this machine's
/// to become another's.
fn refuse_source(sysroot: &Sysroot, status: &FileStat, shown: &str) -> Result<()> {
    let what = if sysroot.is_root(status).context("/")? {
        let which = if sysroot.name().is_some() { "sysroot" } else { "root directory" };
        format!("the {which}, where the programs come from")
    } else if sysroot.name().is_some() && same_file(&stat("/").context("/")?, status) {
        "the root directory of this machine".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::new(format!("{shown}: is {what}: name a directory to copy them to")))
}
