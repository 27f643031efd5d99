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

/// Names and values.
pub(super) type Attributes = Vec<(CString, Vec<u8>)>;

/// The attributes of a file that its copy keeps, sorted by name.
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
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EACCES | Errno::EPERM) => return Ok(Vec::new()),
        Err(errno) => return Err(errno),
    };
    let mut found = Vec::new();
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
        if name != ACL || has_known_users(&value) {
            found.push((name.to_owned(), value));
        }
    }
    found.sort();
    Ok(found)
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
    let (_, entries) = acl.split_at_checked(4).unwrap_or_default();
    entries.chunks_exact(8).all(|entry| {
        let names_one = entry.starts_with(&USER) || entry.starts_with(&GROUP);
        !(names_one && entry.ends_with(&[0xff; 4]))
    })
}

/// Gives `to` what `attributes` are, as far as cp -a does: what this user may not set, or this file system does not
/// have, is left out. Fails with the name of the one that failed.
pub(super) fn apply(to: &impl AsFd, attributes: &Attributes) -> Result<(), (CString, Errno)> {
    for (name, value) in attributes {
        match sys::set(to.as_fd(), name, value) {
            Ok(()) | Err(Errno::EPERM | Errno::EACCES | Errno::EOPNOTSUPP | Errno::EINVAL) => {}
            Err(errno) => return Err((name.clone(), errno)),
        }
    }
    Ok(())
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

/// True when `copy`, which may be open as a name only, has the attributes of `source`, but for those that it cannot
/// have: `privileged` says whether this user can set capabilities.
pub(super) fn are_kept(copy: &OwnedFd, source: &Source, privileged: bool) -> bool {
    let Ok(pin) = source.sysroot.pin(&source.path, source.id) else { return false };
    let Ok(source) = CString::new(pin.path().as_os_str().as_bytes()) else { return false };
    // flistxattr(2) does not take such a descriptor. Without /proc, the file is copied once more.
    let Ok(copy) = CString::new(format!("/proc/self/fd/{}", copy.as_raw_fd())) else { return false };
    let copy = Of::Named(&copy);
    let (Ok(wanted), Ok(found)) = (of(Of::Named(&source)), of(copy)) else { return false };
    found.iter().all(|attribute| wanted.contains(attribute))
        && wanted.iter().all(|attribute| {
            let (name, _) = attribute;
            found.contains(attribute)
                || name.as_c_str() == CAPABILITIES && !privileged
                || sys::get(copy, name, &mut []) == Err(Errno::EOPNOTSUPP)
        })
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
}
