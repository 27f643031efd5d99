//! What a root directory has besides files: the places where hc-unshare mounts.

/// Names and modes. /tmp is everybody's.
pub(crate) const MOUNT_POINTS: [(&str, u32); 5] =
    [("proc", 0o755), ("dev", 0o755), ("sys", 0o755), ("run", 0o755), ("tmp", 0o1777)];
