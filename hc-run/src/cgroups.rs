//! Which cgroups this machine has, as far as a container can be shown its own.

use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use std::fs;

/// Version 2 of cgroups, which can be mounted in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cgroups {
    /// There is none that can be written to.
    None,
    /// It is beside version 1, which has the limits.
    Beside,
    /// It is the only one.
    Alone,
}

/// Looks at what is mounted.
pub(crate) fn find() -> Cgroups {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    if !mounts.lines().any(is_version_2) {
        return Cgroups::None;
    }
    match statfs("/sys/fs/cgroup") {
        Ok(about) if about.filesystem_type() == CGROUP2_SUPER_MAGIC => Cgroups::Alone,
        _ => Cgroups::Beside,
    }
}

/// Of a line as fstab(5) has it: whether cgroups can be made there.
fn is_version_2(line: &str) -> bool {
    let mut fields = line.split(' ').skip(2);
    fields.next() == Some("cgroup2")
        && fields.next().is_some_and(|options| options.split(',').any(|option| option == "rw"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_for_reading_only_has_no_place_for_a_cgroup() {
        assert!(is_version_2("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,relatime 0 0"));
        assert!(!is_version_2("cgroup2 /sys/fs/cgroup cgroup2 ro,nosuid 0 0"));
        assert!(!is_version_2("cgroup2 /cgroup2 tmpfs rw 0 0"));
        assert!(!is_version_2(""));
    }
}
