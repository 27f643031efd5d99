//! Directories one over the other: the kernel's overlayfs.rst.

use super::place::{Kind, View, open_source};
use super::{Sources, call};
use crate::idmap::is_initial_namespace;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{FchmodatFlags, Mode, fchmodat, fstat, mkdirat};
use nix::unistd::{Gid, Uid, fchownat};
use std::ffi::{CStr, CString, OsString};
use std::os::fd::{AsRawFd, OwnedFd};

/// What `--overlay` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overlay {
    /// For reading, the topmost first.
    pub(crate) lower: Vec<OsString>,
    /// Where changes go.
    pub(crate) upper: OsString,
    /// An empty directory for the kernel, on the same file system as `upper`.
    pub(crate) work: OsString,
    pub(crate) target: OsString,
}

impl Overlay {
    /// In the order lower…, upper, work.
    pub(super) fn open(&self) -> Result<Sources> {
        self.lower.iter().chain([&self.upper, &self.work]).map(|path| open_source(path)).collect()
    }

    pub(super) fn make(&self, view: &View<'_>, sources: &Sources) -> Result<()> {
        let [lower @ .., upper, work] = sources.as_slice() else {
            return Err(Error::new("an overlay without directories"));
        };
        // By descriptor: a name with a comma, a colon or a backslash would be several to the kernel.
        let lower: Vec<String> = lower.iter().map(path_of).collect();
        let data =
            format!("lowerdir={},upperdir={},workdir={}", lower.join(":"), path_of(upper), path_of(work));
        // There the attributes that overlayfs keeps its notes in are others, which a user may write.
        let data = if is_initial_namespace() { data } else { data + ",userxattr" };
        let place = view.open_or_make(&self.target, Kind::Directory)?;
        let target = hc::show(&self.target);
        let (kind, flags) = (Some("overlay"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV);
        let made = mount(kind, path_of(&place).as_str(), kind, flags, Some(data.as_str()));
        made.map_err(|errno| {
            Error::new(format!("overlay on {target}: {}{}", hc::reason(errno), cause(errno)))
        })
    }
}

/// `root` for reading, and changes in a tmpfs that goes with the mount namespace. Both are mounts of this namespace, the
/// tmpfs on top of `root`.
pub(crate) fn with_tmpfs(root: &OwnedFd, attributes: u64) -> Result<OwnedFd> {
    let tmpfs = call::new_mount(c"tmpfs", &[(c"mode", Some(c"0755"))], 0).context("tmpfs for changes")?;
    call::attach_tree(&tmpfs, root).context("tmpfs for changes")?;
    let stat = fstat(root).context("the root")?;
    for name in ["upper", "work"] {
        mkdirat(&tmpfs, name, Mode::S_IRWXU).context("tmpfs for changes")?;
    }
    // The root of the overlay is that of its upper directory. An owner without an id here cannot be one.
    let (user, group) = (Uid::from_raw(stat.st_uid), Gid::from_raw(stat.st_gid));
    let _ = fchownat(&tmpfs, "upper", Some(user), Some(group), nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW);
    let mode = Mode::from_bits_truncate(stat.st_mode & 0o7777);
    fchmodat(&tmpfs, "upper", mode, FchmodatFlags::FollowSymlink).context("tmpfs for changes")?;
    let text = |path: String| CString::new(path).unwrap_or_default();
    let lower = text(path_of(root));
    let (upper, work) = (text(path_of(&tmpfs) + "/upper"), text(path_of(&tmpfs) + "/work"));
    let mut options: Vec<(&CStr, Option<&CStr>)> =
        vec![(c"lowerdir", Some(&lower)), (c"upperdir", Some(&upper)), (c"workdir", Some(&work))];
    if !is_initial_namespace() {
        options.push((c"userxattr", None));
    }
    let overlay = call::new_mount(c"overlay", &options, attributes)
        .map_err(|errno| Error::new(format!("overlay: {}{}", hc::reason(errno), cause(errno))))?;
    call::attach_tree(&overlay, &tmpfs).context("overlay")?;
    Ok(overlay)
}

fn path_of(directory: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", directory.as_raw_fd())
}

fn cause(errno: Errno) -> &'static str {
    match errno {
        Errno::ENODEV => " (the kernel has no overlayfs: modprobe overlay)",
        Errno::EPERM => " (in a user namespace it takes Linux 5.11)",
        Errno::EINVAL => {
            " (the upper and the work directory have to be on one file system, which takes extended attributes, and not \
             in one another; dmesg says more)"
        }
        Errno::EBUSY => " (the upper or the work directory is in use)",
        Errno::ENOENT => " (is /proc mounted?)",
        _ => "",
    }
}
