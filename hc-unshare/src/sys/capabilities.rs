//! Capabilities: capabilities(7).

use nix::errno::Errno;
use std::os::raw::{c_int, c_ulong};

/// The sets of this process that capset(2) sets. Bit n is the capability of number n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sets {
    pub(crate) effective: u64,
    pub(crate) permitted: u64,
    pub(crate) inheritable: u64,
}

/// The sets of this process.
pub(crate) fn get() -> nix::Result<Sets> {
    let mut header = Header { version: VERSION, pid: 0 };
    let mut halves = [Half::default(); 2];
    // SAFETY: a header of the version that fills two structures, which are alive.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, halves.as_mut_ptr()) })?;
    let [low, high] = halves;
    let whole = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
    Ok(Sets {
        effective: whole(low.effective, high.effective),
        permitted: whole(low.permitted, high.permitted),
        inheritable: whole(low.inheritable, high.inheritable),
    })
}

/// Sets the sets of this process. What is not permitted and inheritable any more leaves the ambient set as well.
pub(crate) fn set(sets: Sets) -> nix::Result<()> {
    let mut header = Header { version: VERSION, pid: 0 };
    let half = |shift: u32| {
        let word = |set: u64| u32::try_from(set >> shift & u64::from(u32::MAX)).unwrap_or_default();
        Half {
            effective: word(sets.effective),
            permitted: word(sets.permitted),
            inheritable: word(sets.inheritable),
        }
    };
    let halves = [half(0), half(32)];
    // SAFETY: a header of the version that reads two structures, which are alive.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, halves.as_ptr()) }).map(drop)
}

/// Gives up all capabilities but those of `set`.
pub(crate) fn keep_only(set: u64) -> nix::Result<()> {
    let kept = get()?.permitted & set;
    self::set(Sets { effective: kept, permitted: kept, inheritable: 0 })
}

/// Takes a capability out of the bounding set. EINVAL for a number that is none's.
pub(crate) fn drop_from_bounding_set(number: u32) -> nix::Result<()> {
    // SAFETY: takes plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, c_ulong::from(number), 0_u64, 0_u64, 0_u64) })
        .map(drop)
}

/// True when a capability is in the bounding set.
pub(crate) fn is_in_bounding_set(number: u32) -> nix::Result<bool> {
    // SAFETY: takes plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_READ, c_ulong::from(number), 0_u64, 0_u64, 0_u64) })
        .map(|answer| answer == 1)
}

/// Puts a capability that is permitted and inheritable into the ambient set.
pub(crate) fn raise_ambient(number: u32) -> nix::Result<()> {
    ambient(libc::PR_CAP_AMBIENT_RAISE, number).map(drop)
}

/// True when a capability is in the ambient set.
pub(crate) fn is_ambient(number: u32) -> nix::Result<bool> {
    ambient(libc::PR_CAP_AMBIENT_IS_SET, number).map(|answer| answer == 1)
}

fn ambient(what: c_int, number: u32) -> nix::Result<c_int> {
    let what = c_ulong::from(what.unsigned_abs());
    // SAFETY: takes plain numbers.
    Errno::result(unsafe { libc::prctl(libc::PR_CAP_AMBIENT, what, c_ulong::from(number), 0_u64, 0_u64) })
}

/// `_LINUX_CAPABILITY_VERSION_3`: 64 capabilities, in two structures.
const VERSION: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct` of <linux/capability.h>.
#[repr(C)]
struct Header {
    version: u32,
    pid: c_int,
}

/// `struct __user_cap_data_struct`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
struct Half {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}
