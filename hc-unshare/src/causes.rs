//! Why the kernel refused: what an errno does not say and a user needs to know. Read after a failure only.

use nix::errno::Errno;
use nix::sched::CloneFlags;
use std::fs;

/// The words to add when unshare(2) fails.
pub(crate) fn of_refused_namespaces(errno: Errno, namespaces: CloneFlags) -> String {
    let user = namespaces.contains(CloneFlags::CLONE_NEWUSER);
    match errno {
        Errno::EPERM if !user => of_missing_privilege(errno).to_owned(),
        Errno::EPERM => of_refused_user_namespace(setting("/proc/sys/kernel/unprivileged_userns_clone")),
        Errno::ENOSPC | Errno::EUSERS => {
            of_limits(namespaces, |kind| setting(&format!("/proc/sys/user/max_{kind}_namespaces")))
        }
        Errno::EINVAL => " (this kernel lacks one of these namespaces)".to_owned(),
        _ => String::new(),
    }
}

/// The words to add when what takes a capability is refused outside of a user namespace.
pub(crate) fn of_missing_privilege(errno: Errno) -> &'static str {
    if errno == Errno::EPERM { " (only root may; with -r it works in a user namespace)" } else { "" }
}

/// The words to add when an id map cannot be written.
pub(crate) fn of_refused_maps() -> &'static str {
    match setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") {
        Some(value) if value != 0 => {
            " (AppArmor forbids it: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile)"
        }
        _ => "",
    }
}

/// The words to add when pivot_root(2) fails.
pub(crate) fn of_refused_pivot(errno: Errno) -> &'static str {
    match errno {
        Errno::EINVAL => {
            " (the old root cannot be left, as in an initramfs or a chroot: without -m, chroot is used)"
        }
        _ => "",
    }
}

/// The words to add when proc cannot be mounted.
pub(crate) fn of_refused_proc(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => {
            " (a user namespace needs a PID namespace of its own for it: -pf; and a /proc of the host without \
             mounts over it)"
        }
        _ => "",
    }
}

fn of_refused_user_namespace(allowed: Option<u64>) -> String {
    match allowed {
        Some(0) => " (forbidden: sysctl kernel.unprivileged_userns_clone=1 allows it)".to_owned(),
        _ => " (user namespaces cannot be made in a chroot, nor where seccomp forbids them, as in docker)"
            .to_owned(),
    }
}

/// Names the limit that is reached: the one that is 0, or all that may be.
fn of_limits(namespaces: CloneFlags, limit: impl Fn(&str) -> Option<u64>) -> String {
    const KINDS: [(CloneFlags, &str); 7] = [
        (CloneFlags::CLONE_NEWUSER, "user"),
        (CloneFlags::CLONE_NEWNS, "mnt"),
        (CloneFlags::CLONE_NEWUTS, "uts"),
        (CloneFlags::CLONE_NEWIPC, "ipc"),
        (CloneFlags::CLONE_NEWNET, "net"),
        (CloneFlags::CLONE_NEWPID, "pid"),
        (CloneFlags::CLONE_NEWCGROUP, "cgroup"),
    ];
    let asked = KINDS.iter().filter(|(flag, _)| namespaces.contains(*flag));
    let known: Vec<(&str, u64)> =
        asked.filter_map(|(_, kind)| limit(kind).map(|value| (*kind, value))).collect();
    let zero: Vec<_> = known.iter().filter(|(_, value)| *value == 0).collect();
    let shown = if zero.is_empty() { known.iter().collect() } else { zero };
    let shown: Vec<String> =
        shown.iter().map(|(kind, value)| format!("user.max_{kind}_namespaces={value}")).collect();
    if shown.is_empty() {
        String::new()
    } else {
        format!(" (a limit is reached: sysctl {})", shown.join(" "))
    }
}

/// A number in /proc/sys.
fn setting(file: &str) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_of_zero_is_named_alone() {
        let both = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWPID;
        let limit = |kind: &str| Some(if kind == "pid" { 0 } else { 9 });
        assert_eq!(of_limits(both, limit), " (a limit is reached: sysctl user.max_pid_namespaces=0)");
        assert_eq!(
            of_limits(CloneFlags::CLONE_NEWUSER, limit),
            " (a limit is reached: sysctl user.max_user_namespaces=9)"
        );
        assert_eq!(of_limits(both, |_| None), "");
    }

    #[test]
    fn a_switched_off_user_namespace_is_told_from_the_rest() {
        assert!(of_refused_user_namespace(Some(0)).contains("unprivileged_userns_clone=1"));
        assert!(of_refused_user_namespace(Some(1)).contains("chroot"));
    }

    #[test]
    fn without_a_user_namespace_the_way_out_is_one() {
        assert!(of_refused_namespaces(Errno::EPERM, CloneFlags::CLONE_NEWNS).contains("-r"));
        assert_eq!(of_refused_namespaces(Errno::EFAULT, CloneFlags::CLONE_NEWNS), "");
    }
}
