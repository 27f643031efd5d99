//! What `exec` does between the host and NEXT, in this order: the network namespace, a mount namespace, its
//! /sys, its /etc.

use crate::named::Name;
use crate::namespace::{self, refused};
use crate::{TOOL, resolv, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::statvfs::{FsFlags, statvfs};
use std::ffi::OsStr;
use std::fs::read_dir;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::path::Path;

const SYS: &str = "/sys";

/// Enters the namespace of that name, with mounts that belong to it.
pub(crate) fn named(name: &Name) -> Result<()> {
    namespace::enter(&namespace::of(name)?, name)?;
    mounts_of(name)
}

/// Enters a mount namespace with mounts that belong to the network namespace of that name, which this process is in.
pub(crate) fn mounts_of(name: &Name) -> Result<()> {
    own_mounts()?;
    sysfs(name.as_os_str())?;
    etc(name)
}

/// The same mounts for the network namespace that this process is in already, which has no name. With name servers of
/// its own, if there are any, or are to come.
pub(crate) fn anonymous(servers: &[IpAddr], dhcp: bool) -> Result<()> {
    own_mounts()?;
    if dhcp || !servers.is_empty() {
        resolv_conf(&resolv::text(servers))?;
    }
    sysfs(OsStr::new(TOOL))
}

/// Puts a file in the place of /etc/resolv.conf that is nowhere else.
///
/// It is made in a tmpfs, which is mounted on /sys for the moment: whatever is there goes with it in the next step.
fn resolv_conf(text: &str) -> Result<()> {
    mount(Some(TOOL), SYS, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
        .map_err(|errno| refused(format_args!("mount a tmpfs on {SYS}"), errno))?;
    let (from, to) = (Path::new(SYS).join("resolv.conf"), "/etc/resolv.conf");
    std::fs::write(&from, text).context(hc::show(&from))?;
    mount(Some(&from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .map_err(|errno| refused(format_args!("mount the name servers on {to}"), errno))?;
    umount2(SYS, MntFlags::MNT_DETACH).context(format_args!("unmount the tmpfs on {SYS}"))
}

/// Enters a new mount namespace, from which nothing gets back to the old one.
fn own_mounts() -> Result<()> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|errno| refused("make a mount namespace", errno))?;
    let slave = MsFlags::MS_SLAVE | MsFlags::MS_REC;
    mount(None::<&str>, "/", None::<&str>, slave, None::<&str>).map_err(|errno| match errno {
        Errno::EINVAL => Error::new("make / a slave mount: it is no mount here (a chroot?)"),
        errno => refused("make / a slave mount", errno),
    })
}

/// Puts a sysfs of the network namespace in the place of /sys, called `source` as ip(8) has it. Control groups
/// know nothing of networks: their mounts come along.
fn sysfs(source: &OsStr) -> Result<()> {
    let cgroups = c"/sys/fs/cgroup";
    let cgroups = sys::is_mount(cgroups).then(|| sys::clone_tree(cgroups));
    let cgroups = cgroups.transpose().context("copy the mounts of /sys/fs/cgroup")?;
    let mut flags = MsFlags::empty();
    // There may be no mount at /sys, or one that a user namespace holds on to. What is mounted over a
    // read-only one has to be read-only itself.
    if umount2(SYS, MntFlags::MNT_DETACH).is_err()
        && statvfs(SYS).is_ok_and(|filesystem| filesystem.flags().contains(FsFlags::ST_RDONLY))
    {
        flags |= MsFlags::MS_RDONLY;
    }
    mount(Some(source), SYS, Some("sysfs"), flags, None::<&str>)
        .map_err(|errno| refused(format_args!("mount a sysfs on {SYS}"), errno))?;
    match cgroups {
        Some(tree) => sys::attach_tree(tree.as_fd(), c"/sys/fs/cgroup").context("mount /sys/fs/cgroup again"),
        None => Ok(()),
    }
}

/// Binds what is in /etc/netns/NAME over its namesakes in /etc. As with ip(8), what cannot be bound is told
/// and left out: the directory is the administrator's, and serves many programs.
fn etc(name: &Name) -> Result<()> {
    let directory = Path::new("/etc/netns").join(name.as_os_str());
    let entries = match read_dir(&directory) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.context(hc::show(&directory))?,
    };
    for entry in entries {
        let file = entry.context(hc::show(&directory))?.file_name();
        let (from, to) = (directory.join(&file), Path::new("/etc").join(&file));
        if let Err(errno) = mount(Some(&from), &to, None::<&str>, MsFlags::MS_BIND, None::<&str>) {
            let (from, to) = (hc::show(&from), hc::show(&to));
            hc::note(TOOL, &format!("{from} is not mounted on {to}: {}", hc::reason(errno)));
        }
    }
    Ok(())
}
