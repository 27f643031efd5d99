//! The mount calls that nix lacks: mounts as descriptors, which have a place only when they are attached.

use super::owned;
use nix::errno::Errno;
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// What mount_setattr(2) is asked for: `struct mount_attr` of <linux/mount.h>.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(crate) struct Attributes {
    pub(crate) set: u64,
    pub(crate) clear: u64,
    pub(crate) propagation: u64,
    pub(crate) user_namespace: u64,
}

pub(crate) const RDONLY: u64 = 0x1;
pub(crate) const NOSUID: u64 = 0x2;
pub(crate) const NODEV: u64 = 0x4;
pub(crate) const NOEXEC: u64 = 0x8;
pub(crate) const IDMAP: u64 = 0x0010_0000;
pub(crate) const PRIVATE: u64 = libc::MS_PRIVATE;

/// Whether what is mounted below counts as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    One,
    All,
}

impl Depth {
    fn flag(self) -> u32 {
        match self {
            Depth::One => 0,
            Depth::All => libc::AT_RECURSIVE.unsigned_abs(),
        }
    }
}

/// open_tree(2): a detached copy of the mount at `place`, from there on.
pub(crate) fn clone_tree(place: &impl AsFd, depth: Depth) -> nix::Result<OwnedFd> {
    let flags =
        libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_EMPTY_PATH.unsigned_abs() | depth.flag();
    let place = place.as_fd().as_raw_fd();
    // SAFETY: an empty C string and plain numbers.
    owned(unsafe { libc::syscall(libc::SYS_open_tree, place, c"".as_ptr(), flags) })
}

/// move_mount(2): attaches the detached `tree` on `place`.
pub(crate) fn attach_tree(tree: &impl AsFd, place: &impl AsFd) -> nix::Result<()> {
    let (tree, place) = (tree.as_fd().as_raw_fd(), place.as_fd().as_raw_fd());
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let empty = c"".as_ptr();
    // SAFETY: empty C strings and plain numbers.
    let moved = unsafe { libc::syscall(libc::SYS_move_mount, tree, empty, place, empty, flags) };
    Errno::result(moved).map(drop)
}

/// mount_setattr(2) on the mount `tree`.
pub(crate) fn set_attributes(tree: &impl AsFd, depth: Depth, attributes: Attributes) -> nix::Result<()> {
    let (tree, empty) = (tree.as_fd().as_raw_fd(), c"".as_ptr());
    let flags = libc::AT_EMPTY_PATH.unsigned_abs() | depth.flag();
    let (pointer, size) = (&raw const attributes, size_of::<Attributes>());
    // SAFETY: an empty C string, plain numbers, and a structure of that size that is alive.
    let set = unsafe { libc::syscall(libc::SYS_mount_setattr, tree, empty, flags, pointer, size) };
    Errno::result(set).map(drop)
}

/// A new file system of the type `kind` with `options`, as a detached mount with the `attributes`: fsopen(2), fsconfig(2),
/// fsmount(2). An option without a value is a flag.
pub(crate) fn new_mount(
    kind: &CStr,
    options: &[(&CStr, Option<&CStr>)],
    attributes: u64,
) -> nix::Result<OwnedFd> {
    const CLOEXEC: u32 = 1;
    const SET_FLAG: u32 = 0;
    const SET_STRING: u32 = 1;
    const CREATE: u32 = 6;
    // SAFETY: a C string and a plain number.
    let context = owned(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), CLOEXEC) })?;
    let context = context.as_raw_fd();
    let configure = |command: u32, key: *const libc::c_char, value: *const libc::c_char| {
        // SAFETY: C strings or null pointers, as the command takes them, and plain numbers.
        let done = unsafe { libc::syscall(libc::SYS_fsconfig, context, command, key, value, 0) };
        Errno::result(done).map(drop)
    };
    for (key, value) in options {
        match value {
            Some(value) => configure(SET_STRING, key.as_ptr(), value.as_ptr())?,
            None => configure(SET_FLAG, key.as_ptr(), std::ptr::null())?,
        }
    }
    configure(CREATE, std::ptr::null(), std::ptr::null())?;
    // SAFETY: plain numbers.
    owned(unsafe { libc::syscall(libc::SYS_fsmount, context, CLOEXEC, attributes) })
}
