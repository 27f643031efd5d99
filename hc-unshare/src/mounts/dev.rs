//! A /dev with what every program may use, and nothing else.

use super::place::{Kind, View};
use super::{Sources, call, copy_of};
use crate::sys::mount::Depth;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{Mode, SFlag, fstat, makedev, mkdirat, mknodat, umask};
use nix::unistd::symlinkat;
use std::ffi::{CStr, OsStr};
use std::os::fd::OwnedFd;

/// Character devices: name, major and minor number, as in the kernel's devices.txt.
const DEVICES: [(&str, u64, u64); 6] =
    [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0)];

const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
];

/// Opens a device for no more than to be named by it.
const NAMED: OFlag = OFlag::O_PATH.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

const NOT_THE_DEVICE: &str = "the host's is not the device of that name";

/// The host's devices, up to the first that is not there: they may be needed when something else is mounted over them.
pub(super) fn open_sources() -> Sources {
    let devices = DEVICES.iter().map(|(name, major, minor)| host_s_device(name, makedev(*major, *minor)));
    devices.map_while(Result::ok).collect()
}

/// Mounts it on /dev. Returns the master of the console, if there is to be one.
pub(super) fn make(view: &View<'_>, sources: &Sources, console: bool) -> Result<Option<OwnedFd>> {
    let place = view.open_or_make(OsStr::new("/dev"), Kind::Directory)?;
    let options: [(&CStr, _); 2] = [(c"mode", Some(c"0755")), (c"size", Some(c"64k"))];
    let dev = call::new_mount(c"tmpfs", &options, call::NOSUID | call::NOEXEC).context("tmpfs for /dev")?;
    // Before it is filled: an older kernel mounts nothing in what has no place yet.
    call::attach_tree(&dev, &place).context("tmpfs on /dev")?;
    // The modes below are meant as they are.
    let mask = umask(Mode::empty());
    let made = fill(&dev, sources, console);
    umask(mask);
    made
}

fn fill(dev: &OwnedFd, sources: &Sources, console: bool) -> Result<Option<OwnedFd>> {
    for (at, (name, major, minor)) in DEVICES.into_iter().enumerate() {
        device(dev, name, makedev(major, minor), sources.get(at))
            .map_err(|error| Error::new(format!("/dev/{name}: {error}")))?;
    }
    for (name, target) in LINKS {
        symlinkat(target, dev, name).context(format_args!("/dev/{name}"))?;
    }
    let instance = pseudo_terminals(dev).context("/dev/pts")?;
    let master = console.then(|| make_console(dev, &instance)).transpose().context("/dev/console")?;
    let options: [(&CStr, _); 2] = [(c"mode", Some(c"1777")), (c"size", Some(c"64m"))];
    let shm = call::new_mount(c"tmpfs", &options, call::NOSUID | call::NODEV | call::NOEXEC);
    directory(dev, "shm").and_then(|place| call::attach_tree(&shm?, &place)).context("/dev/shm")?;
    Ok(master)
}

/// A node, or in a user namespace, where nodes cannot be made, the host's.
fn device(dev: &OwnedFd, name: &str, number: libc::dev_t, source: Option<&OwnedFd>) -> Result<()> {
    let mode = Mode::from_bits_truncate(0o666);
    match mknodat(dev, name, SFlag::S_IFCHR, mode, number) {
        Err(Errno::EPERM) => {
            let source = source.ok_or_else(|| Error::new(NOT_THE_DEVICE))?;
            bind(dev, name, source).context("bind")
        }
        result => result.context("mknod"),
    }
}

/// The device `source` under the name of `name`.
fn bind(dev: &OwnedFd, name: &str, source: &OwnedFd) -> nix::Result<()> {
    mknodat(dev, name, SFlag::S_IFREG, Mode::from_bits_truncate(0o666), 0)?;
    let how = OpenHow::new().flags(NAMED).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    let place = openat2(dev, name, how)?;
    // Of a user namespace's own mounts no one may lift nodev; this is of one that never had it.
    let tree = copy_of(source, Depth::One, call::NOSUID | call::NOEXEC)?;
    call::attach_tree(&tree, &place)
}

/// Opens the device of the host, if it is the one that it should be: what else is there may be anybody's file.
pub(super) fn host_s_device(name: &str, number: libc::dev_t) -> Result<OwnedFd> {
    let path = format!("/dev/{name}");
    let device = open(path.as_str(), NAMED, Mode::empty()).context("the host's")?;
    let stat = fstat(&device).context("the host's")?;
    let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    if kind == SFlag::S_IFCHR && stat.st_rdev == number {
        Ok(device)
    } else {
        Err(Error::new(NOT_THE_DEVICE))
    }
}

/// An instance of devpts of its own, so that no terminal of the host is in it.
fn pseudo_terminals(dev: &OwnedFd) -> nix::Result<OwnedFd> {
    let place = directory(dev, "pts")?;
    let attributes = call::NOSUID | call::NOEXEC;
    let options: [(&CStr, _); 2] = [(c"ptmxmode", Some(c"0666")), (c"mode", Some(c"0620"))];
    // The group tty, if it has an id in this user namespace.
    let with_group: Vec<_> = options.into_iter().chain([(c"gid", Some(c"5"))]).collect();
    let instance = match call::new_mount(c"devpts", &with_group, attributes) {
        Err(Errno::EINVAL) => call::new_mount(c"devpts", &options, attributes),
        result => result,
    }?;
    call::attach_tree(&instance, &place)?;
    Ok(instance)
}

/// The first terminal of `instance`, as the console too. Returns its master.
fn make_console(dev: &OwnedFd, instance: &OwnedFd) -> nix::Result<OwnedFd> {
    let master = crate::pty::of_instance(instance)?;
    let slave = openat(instance, "0", NAMED, Mode::empty())?;
    bind(dev, "console", &slave)?;
    Ok(master)
}

fn directory(dev: &OwnedFd, name: &str) -> nix::Result<OwnedFd> {
    mkdirat(dev, name, Mode::from_bits_truncate(0o755))?;
    let how = OpenHow::new().flags(crate::root::DIRECTORY).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    openat2(dev, name, how)
}
