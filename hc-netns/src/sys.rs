//! The only unsafe code of this tool: calls that nix does not wrap.
#![allow(unsafe_code)]

use crate::address::Mac;
use crate::claim::Entry;
use nix::errno::Errno;
use nix::mount::MsFlags;
use nix::sys::signal::{SigHandler, Signal};
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// open_tree(2): a detached copy of the mounts at `path` and below.
pub(crate) fn clone_tree(path: &CStr) -> nix::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE.unsigned_abs();
    // SAFETY: a C string and plain numbers.
    let made = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    let descriptor = RawFd::try_from(Errno::result(made)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made it, and nothing else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// move_mount(2): attaches the detached `tree` at `path`.
pub(crate) fn attach_tree(tree: BorrowedFd<'_>, path: &CStr) -> nix::Result<()> {
    let (from, to) = (c"".as_ptr(), path.as_ptr());
    let (tree, flags) = (tree.as_raw_fd(), libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_SYMLINKS);
    // SAFETY: C strings and plain numbers.
    let moved = unsafe { libc::syscall(libc::SYS_move_mount, tree, from, libc::AT_FDCWD, to, flags) };
    Errno::result(moved).map(drop)
}

/// mount_setattr(2): the propagation of the detached `tree`, all of it.
pub(crate) fn set_propagation(tree: BorrowedFd<'_>, propagation: MsFlags) -> nix::Result<()> {
    let attributes =
        libc::mount_attr { attr_set: 0, attr_clr: 0, propagation: propagation.bits(), userns_fd: 0 };
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    let (size, tree, path) = (size_of_val(&attributes), tree.as_raw_fd(), c"".as_ptr());
    // SAFETY: a C string, and a structure of the size given, both alive during the call.
    let set =
        unsafe { libc::syscall(libc::SYS_mount_setattr, tree, path, flags, &raw const attributes, size) };
    Errno::result(set).map(drop)
}

/// statx(2) of what `path` leads to. Not by the C library: musl has it since 1.2.5 only.
fn status(path: &CStr, mask: libc::c_uint) -> nix::Result<libc::statx> {
    let mut about = MaybeUninit::<libc::statx>::zeroed();
    let (here, path, to) = (libc::AT_FDCWD, path.as_ptr(), about.as_mut_ptr());
    // SAFETY: a C string, and memory for the structure that the call fills in.
    let asked = unsafe { libc::syscall(libc::SYS_statx, here, path, 0, mask, to) };
    // SAFETY: all numbers, for which zero is a value.
    let about = unsafe { about.assume_init() };
    Errno::result(asked).map(|_| about)
}

/// Whether something is mounted on `path`.
pub(crate) fn is_mount(path: &CStr) -> bool {
    let root = u64::from(libc::STATX_ATTR_MOUNT_ROOT.unsigned_abs());
    status(path, 0).is_ok_and(|about| about.stx_attributes & root != 0)
}

/// statmount(2): whether the mount that `path` is on receives mounts from another that receives none from it
/// (`MS_SLAVE`), and whether it has peers, or may get some (`MS_SHARED`). Nothing on a kernel before 6.8, which does
/// not tell without all of /proc/self/mountinfo being read.
pub(crate) fn propagation(path: &CStr) -> MsFlags {
    const SYS_STATMOUNT: libc::c_long = 457;
    const STATMOUNT_MNT_BASIC: u64 = 2;
    /// `struct mnt_id_req`, as the first version of the call has it.
    #[repr(C)]
    struct Request {
        size: u32,
        spare: u32,
        mount: u64,
        wanted: u64,
    }
    let mount = match status(path, libc::STATX_MNT_ID_UNIQUE) {
        Ok(about) if about.stx_mask & libc::STATX_MNT_ID_UNIQUE != 0 => about.stx_mnt_id,
        _ => return MsFlags::empty(),
    };
    let request = Request { size: 24, spare: 0, mount, wanted: STATMOUNT_MNT_BASIC };
    // `struct statmount`: the second word says what was filled in, the tenth is the propagation.
    let mut answer = [0_u64; 64];
    let (size, buffer) = (size_of_val(&answer), answer.as_mut_ptr());
    // SAFETY: a request of the size it gives, and a buffer of the size given, both alive during the call.
    let asked = unsafe { libc::syscall(SYS_STATMOUNT, &raw const request, buffer, size, 0) };
    let word = |at: usize| answer.get(at).copied().unwrap_or(0);
    if asked != 0 || word(1) & STATMOUNT_MNT_BASIC == 0 {
        return MsFlags::empty();
    }
    MsFlags::from_bits_truncate(word(9))
}

/// setsockopt(2): switches on an option of the netlink `socket`.
pub(crate) fn set_netlink_option(socket: &OwnedFd, option: libc::c_int) -> nix::Result<()> {
    let on: libc::c_int = 1;
    let value = (&raw const on).cast();
    let size = libc::socklen_t::try_from(size_of_val(&on)).map_err(|_| Errno::EINVAL)?;
    let socket = socket.as_raw_fd();
    // SAFETY: the value is alive during the call, and has the size given.
    let set = unsafe { libc::setsockopt(socket, libc::SOL_NETLINK, option, value, size) };
    Errno::result(set).map(drop)
}

/// getrandom(2): fills a few `bytes` with chance.
pub(crate) fn random(bytes: &mut [u8]) -> nix::Result<()> {
    // SAFETY: the buffer is writable for the length given.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    // Up to 256 bytes come whole or not at all.
    Errno::result(got).map(drop)
}

/// The old bridge ioctls: SIOCDEVPRIVATE on the bridge, with four words that say what is wanted. They are the one
/// way to get all of a bridge's forwarding table in one go: netlink goes through it once for each port.
fn bridge_ioctl(socket: BorrowedFd<'_>, bridge: &[u8], words: [usize; 4]) -> nix::Result<usize> {
    const SIOCDEVPRIVATE: libc::Ioctl = 0x89f0;
    /// `struct ifreq`, with a pointer as its value.
    #[repr(C)]
    struct Request {
        name: [u8; 16],
        words: *const usize,
        rest: [usize; 2],
    }
    let mut request = Request { name: [0; 16], words: words.as_ptr(), rest: [0; 2] };
    for (to, from) in request.name.iter_mut().take(15).zip(bridge) {
        *to = *from;
    }
    let socket = socket.as_raw_fd();
    // SAFETY: a structure of the size and layout that the call expects, whose pointer is to four words; both are alive
    // during the call. What the words point to is the caller's, who has it alive and as large as they say.
    let answer = unsafe { libc::ioctl(socket, SIOCDEVPRIVATE, &raw const request) };
    usize::try_from(Errno::result(answer)?).map_err(|_| Errno::EINVAL)
}

/// All of the forwarding table of `bridge` that is at ports.
pub(crate) fn forwarding_table(socket: BorrowedFd<'_>, bridge: &[u8]) -> nix::Result<Vec<Entry>> {
    const BRCTL_GET_FDB_ENTRIES: usize = 18;
    /// `struct __fdb_entry`.
    const SIZE: usize = 16;
    /// As many as the kernel gives at once.
    const MANY: usize = 4096 / SIZE;
    let mut found = Vec::new();
    loop {
        let mut buffer = [0_u8; MANY * SIZE];
        let place = buffer.as_mut_ptr().expose_provenance();
        let got = bridge_ioctl(socket, bridge, [BRCTL_GET_FDB_ENTRIES, place, MANY, found.len()])?;
        let entries = buffer.chunks_exact(SIZE).take(got);
        found.extend(entries.filter_map(|entry| {
            let mac = Mac(entry.first_chunk().copied()?);
            let port = u16::from_le_bytes([*entry.get(6)?, *entry.get(12)?]);
            Some(Entry { mac, port })
        }));
        if got < MANY {
            return Ok(found);
        }
    }
}

/// The ports of `bridge`: the number of each in the bridge, and that of the interface.
pub(crate) fn ports(socket: BorrowedFd<'_>, bridge: &[u8]) -> nix::Result<Vec<(u16, u32)>> {
    const BRCTL_GET_PORT_LIST: usize = 7;
    /// `BR_MAX_PORTS`.
    const MANY: usize = 1024;
    let mut indices = [0_u32; MANY];
    let place = indices.as_mut_ptr().expose_provenance();
    bridge_ioctl(socket, bridge, [BRCTL_GET_PORT_LIST, place, MANY, 0])?;
    Ok((0..).zip(indices).filter(|(_, index)| *index != 0).collect())
}

/// close_range(2): closes all descriptors from the first to the last, both included.
pub(crate) fn close_range(first: RawFd, last: RawFd) -> nix::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: numbers. No value of this process that owns a descriptor among them is used after it.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    Errno::result(closed).map(drop)
}

/// pidfd_open(2) of this process: can be read when it has ended.
pub(crate) fn own_pidfd() -> nix::Result<OwnedFd> {
    let own = nix::unistd::getpid().as_raw();
    // SAFETY: numbers.
    let made = unsafe { libc::syscall(libc::SYS_pidfd_open, own, 0) };
    let descriptor = RawFd::try_from(Errno::result(made)?).map_err(|_| Errno::EBADF)?;
    // SAFETY: the kernel has just made it, and nothing else holds it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// prctl(2): the name under which ps(1) shows this process.
pub(crate) fn set_name(name: &str) {
    let mut text = [0_u8; 16];
    for (to, from) in text.iter_mut().take(15).zip(name.bytes()) {
        *to = from;
    }
    // SAFETY: a C string of at most 16 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, text.as_ptr()) };
}

/// signal(2): what this process does when the signal comes.
pub(crate) fn set_disposition(signal: Signal, disposition: SigHandler) -> nix::Result<()> {
    // SAFETY: the dispositions are those without a handler.
    unsafe { nix::sys::signal::signal(signal, disposition) }.map(drop)
}
