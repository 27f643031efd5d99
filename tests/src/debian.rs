//! A whole root directory that others have made.

use std::path::Path;

/// A Debian with systemd, by debootstrap(8). Making it takes a minute, and packages from elsewhere: so tests/require does, once
/// on a machine. Not to be changed.
#[track_caller]
pub fn debian() -> &'static Path {
    let tree = Path::new("/var/cache/hc-tests/debian");
    // A link of Debian's to what may not be there from here.
    assert!(tree.join("sbin/init").is_symlink(), "{}: not there (tests/require makes it)", tree.display());
    tree
}
