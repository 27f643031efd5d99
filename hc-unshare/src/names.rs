//! Files that namespaces are bound to: these live as long as the mounts, without a process in them.

use crate::causes;
use crate::mounts::is_directory;
use crate::namespaces::Kind;
use crate::sys::mount::{Depth, attach_tree, clone_tree};
use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MntFlags, umount2};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use std::ffi::OsString;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};

/// A namespace and the file that shall hold it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) kind: Kind,
    pub(crate) file: OsString,
}

/// What was bound: the mounts, each of which lies on its file.
pub(crate) type Bound = Vec<OwnedFd>;

/// Binds the namespaces of `process` to their files, all or none of them.
pub(crate) fn bind(names: &[Name], process: Pid) -> Result<Bound> {
    let mut bound = Bound::new();
    for name in names {
        match name.bind(process) {
            Ok(mount) => bound.push(mount),
            Err(error) => {
                release(&bound);
                return Err(error);
            }
        }
    }
    Ok(bound)
}

/// Takes them back: without a process, the namespaces are gone then. By the mounts, for what is called like the file now
/// may be another one.
pub(crate) fn release(bound: &Bound) {
    for mount in bound.iter().rev() {
        // What cannot be unmounted here was taken away by somebody else.
        let _ = umount2(format!("/proc/self/fd/{}", mount.as_raw_fd()).as_str(), MntFlags::MNT_DETACH);
    }
}

/// Whether the mount namespace of `process`, if there is a name for it, can be bound. Where that will never be, it is for
/// [`bind`] to tell.
pub(crate) fn can_be_bound(names: &[Name], process: Pid) -> bool {
    let Some(name) = names.iter().find(|name| name.kind == Kind::Mount) else { return true };
    match name.file().and_then(|file| name.attach(process, &file)) {
        Err(Errno::EINVAL) => name.file().is_ok_and(|file| is_on_shared_mount(&file)),
        Ok(mount) => {
            release(&vec![mount]);
            true
        }
        Err(_) => true,
    }
}

impl Name {
    fn bind(&self, process: Pid) -> Result<OwnedFd> {
        let failed = |errno: Errno, because: &str| {
            let (namespace, file) = (self.namespace(process), hc::show(&self.file));
            Error::new(format!("bind {namespace} to {file}: {}{because}", hc::reason(errno)))
        };
        let file = self.file().map_err(|errno| {
            let because = if errno == Errno::ENOENT { " (the file has to exist: touch it)" } else { "" };
            failed(errno, because)
        })?;
        self.attach(process, &file).map_err(|errno| {
            let shared = errno == Errno::EINVAL && is_on_shared_mount(&file);
            match errno {
                Errno::ENOENT => failed(errno, causes::of_missing_proc(errno)),
                errno => failed(errno, causes::of_refused_name(errno, self.kind, shared)),
            }
        })
    }

    fn namespace(&self, process: Pid) -> String {
        format!("/proc/{process}/ns/{}", self.kind.file())
    }

    /// The file. A link is followed, once and for all.
    fn file(&self) -> nix::Result<OwnedFd> {
        open(self.file.as_os_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())
    }

    fn attach(&self, process: Pid, file: &OwnedFd) -> nix::Result<OwnedFd> {
        let namespace =
            open(self.namespace(process).as_str(), OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty())?;
        let mount = clone_tree(&namespace, Depth::One)?;
        attach_tree(&mount, file).map_err(|errno| match errno {
            _ if is_directory(file) == Ok(true) => Errno::ENOTDIR,
            // What mount(2) says: there is no loop of symbolic links.
            Errno::ELOOP => Errno::EINVAL,
            errno => errno,
        })?;
        Ok(mount)
    }
}

/// True if the mount that `file` is on is shared, according to /proc.
fn is_on_shared_mount(file: &OwnedFd) -> bool {
    let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", file.as_raw_fd())).unwrap_or_default();
    let Some(id) = about.lines().find_map(|line| line.strip_prefix("mnt_id:")).map(str::trim) else {
        return false;
    };
    let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    // The fields behind the sixth one, up to a lone hyphen, are about propagation: proc(5).
    let mut mount = mounts
        .lines()
        .map(|line| line.split(' '))
        .filter_map(|mut line| (line.next() == Some(id)).then_some(line));
    mount.next().is_some_and(|line| {
        line.skip(5).take_while(|field| *field != "-").any(|field| field.starts_with("shared:"))
    })
}

/// In the order of their kinds, which is that in which unshare(1) binds them.
pub(crate) fn in_order(mut names: Vec<Name>) -> Vec<Name> {
    names.sort_by_key(|name| Kind::ALL.iter().position(|kind| *kind == name.kind));
    names
}
