//! Which cgroups this machine has, as far as a container can be shown its own.

use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use nix::unistd::{AccessFlags, eaccess};
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
    let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    // Root of a user namespace sees cgroups, and those above may be others'.
    let can_be_made = |place: &str| eaccess(place, AccessFlags::W_OK).is_ok();
    if !places(&mounts, &own).iter().any(|place| can_be_made(place)) {
        return Cgroups::None;
    }
    match statfs("/sys/fs/cgroup") {
        Ok(about) if about.filesystem_type() == CGROUP2_SUPER_MAGIC => Cgroups::Alone,
        _ => Cgroups::Beside,
    }
}

/// Where the caller's own cgroup of version 2 is, by /proc/self/mounts and /proc/self/cgroup: nowhere, if a cgroup namespace
/// hides it. A place with a space, which is written otherwise there, is not found.
fn places(mounts: &str, own: &str) -> Vec<String> {
    let own = own.lines().find_map(|line| line.strip_prefix("0::"));
    let Some(own) = own.filter(|path| !path.split('/').any(|name| name == "..")) else { return Vec::new() };
    mounts.lines().filter_map(mount_point).map(|place| format!("{place}{own}")).collect()
}

/// Of a line as fstab(5) has it, if it is of a hierarchy in which cgroups can be made.
fn mount_point(line: &str) -> Option<&str> {
    let [_, place, "cgroup2", options, ..] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
    options.split(',').any(|option| option == "rw").then_some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_for_reading_only_has_no_place_for_a_cgroup() {
        let found = mount_point("cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,relatime 0 0");
        assert_eq!(found, Some("/sys/fs/cgroup"));
        for line in ["cgroup2 /sys/fs/cgroup cgroup2 ro,nosuid 0 0", "cgroup2 /cgroup2 tmpfs rw 0 0", ""] {
            assert_eq!(mount_point(line), None, "{line}");
        }
    }

    #[test]
    fn the_caller_s_own_is_below_where_the_hierarchy_is_mounted() {
        let mounts = "proc /proc proc rw 0 0\ncgroup2 /c cgroup2 rw 0 0\n";
        assert_eq!(places(mounts, "1:cpu:/x\n0::/a/b\n"), ["/c/a/b"]);
        assert_eq!(places(mounts, "0::/\n"), ["/c/"]);
        for hidden in ["0::/../a\n", "1:cpu:/x\n", ""] {
            assert_eq!(places(mounts, hidden), [""; 0], "{hidden}");
        }
    }
}
