//! Extended attributes: which of them a copy keeps, and whether a file has them already.
//!
//! Kept is what belongs to the file: its capabilities, its access ACL, and user.*. What others note about it
//! stays where it is: a label or a hash is the policy's of the machine and place (security.selinux, security.ima),
//! trusted.* is bookkeeping, which overlayfs would even follow.

use super::sys::{self, Of};
use crate::host::Source;
use nix::errno::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

const CAPABILITIES: &CStr = c"security.capability";
const ACL: &CStr = c"system.posix_acl_access";
const DEFAULT_ACL: &CStr = c"system.posix_acl_default";
/// The kernel's limit for all names, and for a value: XATTR_LIST_MAX, XATTR_SIZE_MAX.
const MAX: usize = 65536;
/// Of a mode.
pub(super) const GROUP_BITS: u32 = 0o070;

/// The attributes of a file that its copy keeps.
#[derive(Default)]
pub(super) struct Attributes {
    /// Names and values, sorted.
    kept: Vec<(CString, Vec<u8>)>,
    /// What its group may do, as in a mode, if it has an ACL: its own mode has the ACL's mask there.
    group: Option<u32>,
}

impl Attributes {
    /// `mode` for a copy without the ACL: by the mask, which is what the most powerful of those whom the ACL names
    /// may do, the group would gain rights.
    pub(super) fn mode_without_acl(&self, mode: u32) -> u32 {
        self.group.map_or(mode, |group| mode & !GROUP_BITS | group << 3)
    }
}

/// All of them.
pub(super) fn of(file: Of<'_>) -> nix::Result<Attributes> {
    let mut few = [0; 512];
    let mut many = Vec::new();
    let names = match sys::list(file, &mut few) {
        Ok(length) => few.get(..length).unwrap_or_default(),
        Err(Errno::ERANGE) => {
            many.resize(MAX, 0);
            let length = sys::list(file, &mut many)?;
            many.get(..length).unwrap_or_default()
        }
        // A file system without any; or they are not for the likes of us.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EACCES | Errno::EPERM) => {
            return Ok(Attributes::default());
        }
        Err(errno) => return Err(errno),
    };
    let mut found = Attributes::default();
    let kept = names.split_inclusive(|&byte| byte == 0).filter(|name| is_kept(name));
    for name in kept.filter_map(|name| CStr::from_bytes_with_nul(name).ok()) {
        let mut value = vec![0; MAX];
        match sys::get(file, name, &mut value) {
            Ok(length) => value.truncate(length),
            // Gone meanwhile; or of users that this user namespace does not have.
            Err(Errno::ENODATA | Errno::EOPNOTSUPP | Errno::EACCES | Errno::EPERM | Errno::EOVERFLOW) => {
                continue;
            }
            Err(errno) => return Err(errno),
        }
        if name == ACL {
            found.group = group_in(&value);
        }
        if name != ACL || has_known_users(&value) {
            found.kept.push((name.to_owned(), value));
        }
    }
    found.kept.sort();
    Ok(found)
}

/// None of them, for a copy that is to have none.
pub(super) fn none_of(file: Of<'_>) -> Attributes {
    let mut value = vec![0; MAX];
    let length = sys::get(file, ACL, &mut value).unwrap_or(0);
    Attributes { kept: Vec::new(), group: value.get(..length).and_then(group_in) }
}

/// `name` with its NUL.
fn is_kept(name: &[u8]) -> bool {
    name.starts_with(b"user.") || [CAPABILITIES, ACL].iter().any(|kept| kept.to_bytes_with_nul() == name)
}

/// False for an ACL (linux/posix_acl_xattr.h) that names somebody whom this user namespace does not have, and
/// that nobody in it can set.
fn has_known_users(acl: &[u8]) -> bool {
    const USER: [u8; 2] = [2, 0];
    const GROUP: [u8; 2] = [8, 0];
    entries(acl).all(|entry| {
        let names_one = entry.starts_with(&USER) || entry.starts_with(&GROUP);
        !(names_one && entry.ends_with(&[0xff; 4]))
    })
}

/// What the owning group may do by an ACL that has a mask, as every one has that names somebody.
fn group_in(acl: &[u8]) -> Option<u32> {
    const GROUP_OBJ: [u8; 2] = [4, 0];
    const MASK: [u8; 2] = [0x10, 0];
    let rights = |tag: [u8; 2]| entries(acl).find(|entry| entry.starts_with(&tag))?.get(2).copied();
    Some(u32::from(rights(GROUP_OBJ)? & rights(MASK)? & 7))
}

/// Each of eight bytes: tag, rights, id.
fn entries(acl: &[u8]) -> impl Iterator<Item = &[u8]> {
    acl.split_at_checked(4).unwrap_or_default().1.chunks_exact(8)
}

/// Gives `to` what `attributes` are, as far as cp -a does: what this user may not set, or this file system does not
/// have, is left out. Returns whether it has the ACL. Fails with the name of the one that failed.
pub(super) fn apply(to: &impl AsFd, attributes: &Attributes) -> Result<bool, (CString, Errno)> {
    let mut has_acl = false;
    for (name, value) in &attributes.kept {
        match sys::set(to.as_fd(), name, value) {
            Ok(()) => has_acl |= name.as_c_str() == ACL,
            Err(Errno::EPERM | Errno::EACCES | Errno::EOPNOTSUPP | Errno::EINVAL) => {}
            Err(errno) => return Err((name.clone(), errno)),
        }
    }
    Ok(has_acl)
}

/// True when what is made in `directory` gets an ACL by that alone.
pub(super) fn hands_on_acl(directory: &impl AsFd) -> bool {
    sys::get(Of::Open(directory.as_fd()), DEFAULT_ACL, &mut []).is_ok()
}

/// Takes away the ACL that `file` may have got from its directory.
pub(super) fn drop_acl(file: &impl AsFd) -> nix::Result<()> {
    match sys::remove(file.as_fd(), ACL) {
        Err(Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(()),
        removed => removed,
    }
}

/// The mode of `copy`, which may be open as a name only, if it is one of `source` with all its attributes, or with
/// those that it can have; else `None`. With an ACL, or where `source` has none, it would be `mode`.
pub(super) fn mode_if_kept(copy: &OwnedFd, source: &Source, mode: u32, keep: bool) -> Option<u32> {
    let pin = source.sysroot.pin(&source.path, source.id).ok()?;
    let source = CString::new(pin.path().as_os_str().as_bytes()).ok()?;
    // flistxattr(2) does not take such a descriptor. Without /proc, the file is copied once more.
    let copy = CString::new(format!("/proc/self/fd/{}", copy.as_raw_fd())).ok()?;
    let (source, copy) = (Of::Named(&source), Of::Named(&copy));
    if !keep {
        let less = none_of(source).mode_without_acl(mode);
        return Some(if less == mode || sys::get(copy, ACL, &mut []).is_ok() { mode } else { less });
    }
    let (wanted, found) = (of(source).ok()?, of(copy).ok()?);
    let kept = found.kept.iter().all(|attribute| wanted.kept.contains(attribute))
        && wanted.kept.iter().all(|attribute| {
            let (name, _) = attribute;
            found.kept.contains(attribute)
                || name.as_c_str() == CAPABILITIES && !sys::can_set_capabilities()
                || sys::get(copy, name, &mut []) == Err(Errno::EOPNOTSUPP)
        });
    let mode = if found.group.is_some() { mode } else { wanted.mode_without_acl(mode) };
    kept.then_some(mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_the_file_is_kept() {
        for name in ["user.a", "user.", "security.capability", "system.posix_acl_access"] {
            assert!(is_kept(format!("{name}\0").as_bytes()), "{name}");
        }
        for name in
            ["security.selinux", "security.ima", "security.capability2", "trusted.overlay.opaque", "users.a"]
        {
            assert!(!is_kept(format!("{name}\0").as_bytes()), "{name}");
        }
    }

    #[test]
    fn an_acl_of_nobody_that_is_known_is_none() {
        let entry = |tag: u8, id: u8| [tag, 0, 7, 0, id, id, id, id];
        let acl = |entries: &[[u8; 8]]| [vec![2, 0, 0, 0], entries.concat()].concat();
        assert!(has_known_users(&acl(&[entry(1, 0xff), entry(2, 1), entry(0x10, 0xff)])));
        assert!(!has_known_users(&acl(&[entry(1, 0xff), entry(2, 0xff)])));
        assert!(!has_known_users(&acl(&[entry(8, 0xff)])));
        assert!(has_known_users(b"ab"));
    }

    #[test]
    fn the_mask_is_no_right_of_the_group() {
        let entry = |tag: u8, rights: u8| [tag, 0, rights, 0, 0xff, 0xff, 0xff, 0xff];
        let acl = |entries: &[[u8; 8]]| [vec![2, 0, 0, 0], entries.concat()].concat();
        let named = acl(&[entry(1, 7), entry(2, 7), entry(4, 5), entry(0x10, 6), entry(0x20, 1)]);
        assert_eq!(group_in(&named), Some(4));
        let attributes = Attributes { group: group_in(&named), ..Attributes::default() };
        assert_eq!(attributes.mode_without_acl(0o4761), 0o4741);
        // Without a mask the mode has what the group may do.
        for acl in [&acl(&[entry(1, 7), entry(4, 5), entry(0x20, 1)])[..], b"", b"abc", b"abcdefghijkl"] {
            assert_eq!(group_in(acl), None);
        }
        assert_eq!(Attributes::default().mode_without_acl(0o771), 0o771);
    }
}
