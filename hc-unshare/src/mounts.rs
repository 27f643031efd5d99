//! What is mounted for NEXT.

use crate::propagation::Propagation;
use crate::root::DIRECTORY;
use crate::{binfmt, causes};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OpenHow, ResolveFlag, open, openat2};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use nix::unistd::fchdir;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::Path;

/// A file system to mount. The target is a path in the new root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// proc, for the PID namespace of this process.
    Proc(OsString),
    /// An empty tmpfs.
    Tmpfs(OsString),
    /// binfmt_misc, the interpreters of the new user namespace, with one of them registered.
    Binfmt(OsString, Option<OsString>),
}

/// Where the targets are looked up.
pub(crate) enum View<'a> {
    /// From the caller's root and working directory.
    Caller,
    /// In `root`, which is `directory`: links in it, absolute ones too, lead to places in that root.
    Inside { root: &'a OwnedFd, directory: &'a OsStr },
}

impl Mount {
    /// Makes a relative target one in `directory`.
    pub(crate) fn start_from(&mut self, directory: &OsStr) {
        let (Mount::Proc(target) | Mount::Tmpfs(target) | Mount::Binfmt(target, _)) = self;
        *target = Path::new(directory).join(&*target).into();
    }

    fn target(&self) -> &OsStr {
        match self {
            Mount::Proc(target) | Mount::Tmpfs(target) | Mount::Binfmt(target, _) => target,
        }
    }

    /// Mounts it. `propagation` is what the mounts of this namespace were marked with.
    pub(crate) fn make(&self, view: &View<'_>, propagation: Option<Propagation>) -> Result<()> {
        match view {
            View::Caller => {
                if matches!(self, Mount::Proc(_)) && propagation != Some(Propagation::Private) {
                    cut_off(self.target())?;
                }
                self.on(self.target())?;
            }
            View::Inside { .. } => {
                fchdir(view.open(self.target())?).context(hc::show(self.target()))?;
                self.on(OsStr::new("."))?;
            }
        }
        if let Mount::Binfmt(target, Some(definition)) = self {
            // Looked up once more, for what is open is the directory below the mount.
            binfmt::register(&view.open(target)?, target, definition)?;
        }
        Ok(())
    }

    /// Mounts it on `place`, which is its target or, in a new root, the working directory.
    fn on(&self, place: &OsStr) -> Result<()> {
        let strict = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let (kind, flags, data) = match self {
            Mount::Proc(_) => ("proc", strict, None),
            // Not noexec: a root directory can live here.
            Mount::Tmpfs(_) => ("tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=0755")),
            Mount::Binfmt(..) => ("binfmt_misc", strict, None),
        };
        mount(Some(kind), place, Some(kind), flags, data).map_err(|errno| {
            let because = match self {
                Mount::Proc(_) => causes::of_refused_proc(errno),
                Mount::Binfmt(..) => causes::of_refused_binfmt(errno),
                Mount::Tmpfs(_) => String::new(),
            };
            let target = hc::show(self.target());
            Error::new(format!("mount {kind} on {target}: {}{because}", hc::reason(errno)))
        })
    }
}

/// Cuts the proc that is mounted on `target` off from its copies in other mount namespaces: otherwise the one that is
/// mounted over it would be mounted there as well, and hide the processes of the machine.
fn cut_off(target: &OsStr) -> Result<()> {
    let none = None::<&OsStr>;
    match mount(none, target, none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none) {
        // Nothing is mounted there.
        Err(Errno::EINVAL) => Ok(()),
        result => result.context(format_args!("make {} private", hc::show(target))),
    }
}

impl View<'_> {
    /// Opens the directory `path`.
    fn open(&self, path: &OsStr) -> Result<OwnedFd> {
        match self {
            View::Caller => open(path, DIRECTORY, Mode::empty()).context(hc::show(path)),
            View::Inside { root, directory } => look_up_inside(root, path).map_err(|errno| {
                let hint = if errno == Errno::ENOENT { " (mkdir it; hc-rootfs makes /proc)" } else { "" };
                let (path, root) = (hc::show(path), hc::show(directory));
                Error::new(format!("{path} in the root {root}: {}{hint}", hc::reason(errno)))
            }),
        }
    }
}

fn look_up_inside(root: &OwnedFd, path: &OsStr) -> nix::Result<OwnedFd> {
    let how = OpenHow::new().flags(DIRECTORY).resolve(ResolveFlag::RESOLVE_IN_ROOT);
    // Not for ever, a second or less: whoever renames files without end is not to hold us up without end.
    let mut tries = 100_000;
    loop {
        match openat2(root, path, how) {
            // A ".." was looked up while something, anywhere, was renamed or mounted: openat2(2).
            Err(Errno::EAGAIN) if tries > 0 => tries -= 1,
            result => return result,
        }
    }
}
