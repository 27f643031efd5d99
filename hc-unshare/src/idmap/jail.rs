//! The ids of a jail for which none were asked: no id inside is one that somebody has outside, as far as the caller may.

use super::{GROUPS, Range, Side, Single, USERS, Wish, subordinate_ids};
use hc::Environ;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;
use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::fd::OwnedFd;

/// As many ids as a machine of its own has: 16 bits of them.
const COUNT: u32 = 65536;
/// The ranges that are meant for containers without entries in /etc/subuid: systemd's "Users, Groups, UIDs and GIDs".
const FIRST: u32 = 8;
const LAST: u32 = 28670;

/// The ids, the same for users and groups; and whether they are nobody's outside.
pub(super) fn ids() -> (Side, bool) {
    if geteuid().is_root() {
        return if super::is_initial_namespace() {
            let range = Range { inside: 0, outside: pick(), count: COUNT };
            (Side { single: None, blocks: vec![Wish::Range(range)] }, true)
        } else {
            // In a user namespace there are no more ids than it has.
            (Side { single: None, blocks: vec![Wish::All] }, false)
        };
    }
    let path = Environ::inherited();
    let path = path.get(b"PATH");
    let is_there = |program: &str| hc::find_program(OsStr::new(program), path).is_ok();
    let has_more = is_there("newuidmap")
        && is_there("newgidmap")
        && [&USERS, &GROUPS].iter().all(|names| subordinate_ids(names).is_ok());
    let blocks = if has_more { vec![Wish::Auto] } else { Vec::new() };
    (Side { single: Some(Single::Root), blocks }, false)
}

/// The first id of a range that no other jail has. Chance finds one, and a lock keeps it: it goes with the last process
/// that has it open, however that ends.
fn pick() -> u32 {
    let chance = RandomState::new().build_hasher().finish();
    let count = u64::from(LAST - FIRST + 1);
    let mut range = u32::try_from(chance % count).unwrap_or_default();
    if let Ok(locks) = locks() {
        // In a thousand tries in a row none is free only if somebody wants it so; then it is chance alone.
        for _ in 0..1000 {
            if lock(&locks, FIRST + range).is_ok() {
                break;
            }
            range = (range + 1) % (LAST - FIRST + 1);
        }
        // Open until exec, and in who waits.
        std::mem::forget(locks);
    }
    (FIRST + range) * COUNT
}

/// A file that is always there, that nobody but root may open, and that no lock on means anything else: nothing is written
/// to it.
fn locks() -> nix::Result<OwnedFd> {
    open("/proc/sys/vm/drop_caches", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())
}

/// Locks one byte of it, for the range of that number.
fn lock(locks: &OwnedFd, range: u32) -> nix::Result<()> {
    let short = |number: libc::c_int| libc::c_short::try_from(number).unwrap_or_default();
    let lock = libc::flock {
        l_type: short(libc::F_WRLCK),
        l_whence: short(libc::SEEK_SET),
        l_start: range.into(),
        l_len: 1,
        l_pid: 0,
    };
    fcntl(locks, FcntlArg::F_OFD_SETLK(&lock)).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_for_containers() {
        for _ in 0..100 {
            let first = pick();
            assert!((524_288..=1_878_917_120).contains(&first) && first.is_multiple_of(COUNT), "{first}");
        }
    }
}
