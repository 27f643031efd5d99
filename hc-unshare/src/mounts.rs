//! What is mounted for NEXT.

mod bind;
pub(crate) mod cgroup;
mod dev;
mod hidden;
pub(crate) mod overlay;
mod place;

pub(crate) use bind::Bind;
pub(crate) use overlay::Overlay;
pub(crate) use place::{View, is_directory};

use crate::idmapped::Idmapped;
use crate::propagation::Propagation;
use crate::sys::mount::{self as call, Depth};
use crate::{binfmt, causes};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sys::stat::Mode;
use place::Kind;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Something to mount. Targets are paths in the new root.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// proc, for the PID namespace of this process.
    Proc(OsString),
    /// An empty tmpfs, with these options.
    Tmpfs(OsString, OsString),
    /// binfmt_misc, the interpreters of the new user namespace, with one of them registered.
    Binfmt(OsString, Option<OsString>),
    /// A file or directory of the caller's.
    Bind(Bind),
    /// Directories of the caller's, one over the other.
    Overlay(Overlay),
    /// sysfs on /sys, for reading.
    Sys,
    /// The hierarchy of cgroup version 2 on /sys/fs/cgroup, for the new cgroup namespace.
    Cgroup { read_only: bool },
    /// A /dev with what every program may use, and perhaps a console, the first terminal of its own.
    Dev { console: bool },
    /// Nothing new: what tells too much about the host is covered.
    Mask,
}

/// What of the caller's files a mount takes, opened while their names still mean what the caller means.
pub(crate) type Sources = Vec<OwnedFd>;

impl Mount {
    /// Makes a relative target one in `directory`.
    pub(crate) fn start_from(&mut self, directory: &OsStr) {
        let target = match self {
            Mount::Proc(target) | Mount::Tmpfs(target, _) | Mount::Binfmt(target, _) => target,
            Mount::Bind(bind) => &mut bind.target,
            Mount::Overlay(overlay) => &mut overlay.target,
            Mount::Sys | Mount::Cgroup { .. } | Mount::Dev { .. } | Mount::Mask => return,
        };
        *target = Path::new(directory).join(&*target).into();
    }

    /// Its source, if that is to be mounted with other ids.
    pub(crate) fn idmapped(&self) -> Option<Idmapped<'_>> {
        match self {
            Mount::Bind(bind) if bind.idmap => Some(Idmapped::Source(&bind.source, bind.depth)),
            _ => None,
        }
    }

    fn target(&self) -> &OsStr {
        match self {
            Mount::Proc(target) | Mount::Tmpfs(target, _) | Mount::Binfmt(target, _) => target,
            Mount::Bind(bind) => &bind.target,
            Mount::Overlay(overlay) => &overlay.target,
            Mount::Sys => OsStr::new("/sys"),
            Mount::Cgroup { .. } => OsStr::new(cgroup::PLACE),
            Mount::Dev { .. } => OsStr::new("/dev"),
            Mount::Mask => OsStr::new("/"),
        }
    }

    /// Opens what it takes of the caller's. In the new mount namespace, for only what is in there can be mounted there.
    pub(crate) fn open_sources(&self) -> Result<Sources> {
        match self {
            Mount::Bind(bind) => bind.open(),
            Mount::Overlay(overlay) => overlay.open(),
            Mount::Dev { .. } => Ok(dev::open_sources()),
            Mount::Mask => hidden::open_sources(),
            _ => Ok(Vec::new()),
        }
    }

    /// Mounts it. `propagation` is what the mounts of this namespace were marked with. Returns the master of the console, if
    /// there is one in it.
    pub(crate) fn make(
        &self,
        view: &View<'_>,
        sources: &Sources,
        propagation: Option<Propagation>,
    ) -> Result<Option<OwnedFd>> {
        if let Mount::Dev { console } = self {
            return dev::make(view, sources, *console);
        }
        self.make_other(view, sources, propagation).map(|()| None)
    }

    fn make_other(&self, view: &View<'_>, sources: &Sources, propagation: Option<Propagation>) -> Result<()> {
        match self {
            Mount::Bind(bind) => return bind.make(view, sources),
            Mount::Overlay(overlay) => return overlay.make(view, sources),
            Mount::Dev { .. } => {}
            Mount::Mask => return hidden::cover(view, sources),
            Mount::Proc(target) => {
                if matches!(view, View::Caller) && propagation != Some(Propagation::Private) {
                    cut_off(target)?;
                }
                self.mount(view, "proc", STRICT, None)?;
            }
            // Not noexec: a root directory can live here.
            Mount::Tmpfs(_, options) => {
                self.mount(view, "tmpfs", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options))?;
            }
            Mount::Sys => self.mount_sys(view)?,
            Mount::Cgroup { read_only } => {
                let access = if *read_only { MsFlags::MS_RDONLY } else { MsFlags::empty() };
                self.mount(view, "cgroup2", STRICT | access, None)?;
            }
            Mount::Binfmt(..) => self.mount(view, "binfmt_misc", STRICT, None)?,
        }
        if let Mount::Binfmt(target, Some(definition)) = self {
            // Looked up once more, for what is open is the directory below the mount.
            binfmt::register(&view.open(target, Kind::Directory)?, target, definition)?;
        }
        Ok(())
    }

    /// Attaches a source that somebody has mounted already.
    pub(crate) fn attach(&self, view: &View<'_>, tree: &OwnedFd) -> Result<()> {
        match self {
            Mount::Bind(bind) => bind.attach(view, tree),
            _ => Err(Error::new("only a bind mount has a source that is mounted")),
        }
    }

    /// A file system of the type `kind` on the target.
    fn mount(&self, view: &View<'_>, kind: &str, flags: MsFlags, data: Option<&OsStr>) -> Result<()> {
        self.try_mount(view, kind, flags, data)?.map_err(|errno| {
            let because = match self {
                Mount::Proc(_) => causes::of_refused_proc(errno),
                Mount::Binfmt(..) => causes::of_refused_binfmt(errno),
                _ => String::new(),
            };
            Error::new(format!("mount {kind} on {}: {}{because}", hc::show(self.target()), hc::reason(errno)))
        })
    }

    fn try_mount(
        &self,
        view: &View<'_>,
        kind: &str,
        flags: MsFlags,
        data: Option<&OsStr>,
    ) -> Result<nix::Result<()>> {
        let place = match view {
            // Where the host has it mounted, mount(2) refuses the same file system once more.
            View::Caller if matches!(self, Mount::Cgroup { .. }) => {
                let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                match open(self.target(), flags, Mode::empty()) {
                    Ok(place) => place,
                    Err(errno) => return Ok(Err(errno)),
                }
            }
            View::Caller => return Ok(mount(Some(kind), self.target(), Some(kind), flags, data)),
            // These have to be there, as unshare(1) has it.
            View::Inside { .. } if matches!(self, Mount::Proc(_) | Mount::Binfmt(..)) => {
                view.open(self.target(), Kind::Directory)?
            }
            View::Inside { .. } => view.open_or_make(self.target(), Kind::Directory)?,
        };
        // On the descriptor, for the caller may be one who must not enter the directory.
        Ok(new_mount(kind, flags, data).and_then(|mount| call::attach_tree(&mount, &place)))
    }

    /// In a user namespace sysfs takes a network namespace of that one; elsewhere the host's is shown, which has the same
    /// content then.
    fn mount_sys(&self, view: &View<'_>) -> Result<()> {
        let flags = STRICT | MsFlags::MS_RDONLY;
        match self.try_mount(view, "sysfs", flags, None)? {
            // The other one: it is the host's that is there already.
            Err(Errno::EPERM | Errno::EBUSY) => {
                let bind = Bind::read_only("/sys", "/sys");
                let sources = bind.open()?;
                bind.make(view, &sources)
            }
            result => result.context("mount sysfs on /sys"),
        }
    }
}

const STRICT: MsFlags = MsFlags::MS_NOSUID.union(MsFlags::MS_NODEV).union(MsFlags::MS_NOEXEC);

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

/// What mount(2) would mount: `data` are options with commas between them. The flags are attributes of the same values.
fn new_mount(kind: &str, flags: MsFlags, data: Option<&OsStr>) -> nix::Result<OwnedFd> {
    let text = |bytes: &[u8]| CString::new(bytes).map_err(|_| Errno::EINVAL);
    let kind = text(kind.as_bytes())?;
    let words = data.map(OsStr::as_bytes).unwrap_or_default().split(|&byte| byte == b',');
    let words: Vec<(CString, Option<CString>)> = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let mut parts = word.splitn(2, |&byte| byte == b'=').map(text);
            Ok((parts.next().unwrap_or(Err(Errno::EINVAL))?, parts.next().transpose()?))
        })
        .collect::<nix::Result<_>>()?;
    let words = words.iter().map(|(name, value)| (name.as_c_str(), value.as_deref()));
    let options: Vec<(&CStr, Option<&CStr>)> =
        std::iter::once((c"source", Some(kind.as_c_str()))).chain(words).collect();
    call::new_mount(&kind, &options, flags.bits())
}

/// A copy of what is mounted at `source`, with attributes, and cut off from where it comes from.
fn copy_of(source: &OwnedFd, depth: Depth, attributes: u64) -> nix::Result<OwnedFd> {
    let tree = call::clone_tree(source, depth)?;
    let private = call::Attributes { set: attributes, propagation: call::PRIVATE, ..Default::default() };
    call::set_attributes(&tree, depth, private)?;
    Ok(tree)
}
