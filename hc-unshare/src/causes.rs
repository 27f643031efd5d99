//! Why the kernel refused: what an errno does not say and a user needs to know. Read after a failure only.

mod proc;

pub(crate) use proc::of_refused_proc;

use crate::namespaces::Kind;
use hc::Error;
use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::unistd::{getegid, geteuid};
use std::fs;

/// The words to add when unshare(2) fails.
pub(crate) fn of_refused_namespaces(errno: Errno, namespaces: CloneFlags) -> String {
    let user = namespaces.contains(CloneFlags::CLONE_NEWUSER);
    match errno {
        Errno::EPERM if !user => of_missing_privilege(errno).to_owned(),
        Errno::EPERM if !caller_is_mapped() => {
            " (the caller has no ids in the user namespace it is in, which was made without -r)".to_owned()
        }
        Errno::EPERM => of_refused_user_namespace(setting("/proc/sys/kernel/unprivileged_userns_clone")),
        Errno::EACCES => OF_SECURITY_MODULE.to_owned(),
        Errno::ENOSPC | Errno::EUSERS => {
            of_limits(namespaces, |kind| setting(&format!("/proc/sys/user/max_{kind}_namespaces")))
        }
        Errno::EINVAL if namespaces.contains(CloneFlags::CLONE_NEWPID) && has_unentered_pid_namespace() => {
            " (the PID namespace made before has not been entered: that -p needs -f)".to_owned()
        }
        Errno::EINVAL => " (this kernel lacks one of these namespaces)".to_owned(),
        _ => String::new(),
    }
}

/// The words to add where only a security module says EACCES.
const OF_SECURITY_MODULE: &str = " (a security module forbids it, as AppArmor does in docker and on Ubuntu)";

/// The words to add when the propagation of mounts cannot be set.
pub(crate) fn of_refused_propagation(errno: Errno) -> &'static str {
    match errno {
        Errno::EINVAL => " (/ is no mount point, as in a chroot)",
        Errno::EACCES => OF_SECURITY_MODULE,
        _ => "",
    }
}

/// The error for a file in /proc that cannot be opened.
pub(crate) fn refused_proc_file(file: &str, errno: Errno) -> Error {
    Error::new(format!("{file}: {}{}", hc::reason(errno), of_missing_proc(errno)))
}

/// The words to add when a file in /proc is missing.
pub(crate) fn of_missing_proc(errno: Errno) -> &'static str {
    if errno == Errno::ENOENT && fs::metadata("/proc/self/ns").is_err() { " (is /proc mounted?)" } else { "" }
}

/// The words to add when a namespace cannot be bound to a file.
pub(crate) fn of_refused_name(errno: Errno, kind: Kind, shared: bool) -> &'static str {
    match errno {
        Errno::ENOTDIR => " (a namespace is bound to a file, not to a directory)",
        Errno::EINVAL if kind == Kind::Mount && shared => {
            " (the mount that the file is on is shared, so that the namespace would hold itself: take a directory D with \
             mount --bind D D; mount --make-private D)"
        }
        Errno::EINVAL if kind == Kind::Mount => {
            " (the kernel takes it for older than the one with the file: try again)"
        }
        // Here that is the caller's mount namespace, whatever the new ones are.
        Errno::EPERM => {
            " (the mount is made where the caller is, in a mount namespace that is not his; behind hc-unshare -rm it is)"
        }
        _ => "",
    }
}

/// The words to add when ids cannot be changed.
pub(crate) fn of_refused_credentials(errno: Errno) -> &'static str {
    match errno {
        Errno::EINVAL => " (the id is not mapped in the user namespace: see --map-users, --map-groups)",
        Errno::EPERM if fs::read("/proc/self/setgroups").is_ok_and(|word| word.trim_ascii() == b"deny") => {
            " (setgroups is denied in the user namespace, as -r does; --map-groups allows it)"
        }
        Errno::EPERM if geteuid().is_root() => " (root lacks the capability here)",
        Errno::EPERM => " (only root may; with -r the caller is root in a user namespace)",
        _ => "",
    }
}

/// The words to add when what takes a capability is refused outside of a user namespace.
pub(crate) fn of_missing_privilege(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM if geteuid().is_root() => {
            " (root lacks the capability here, as in docker; with -r it may work in a user namespace)"
        }
        Errno::EPERM => " (only root may; with -r it works in a user namespace)",
        _ => "",
    }
}

/// The words to add when a directory cannot be mounted over itself.
pub(crate) fn of_refused_copy(errno: Errno) -> &'static str {
    match errno {
        // open_tree(2) takes nothing that is not in this mount namespace.
        Errno::EINVAL => {
            " (it is in another mount namespace, as an open file of the caller is: give its path)"
        }
        errno => of_missing_privilege(errno),
    }
}

/// The words to add when `file`, an id map or setgroups, cannot be written.
pub(crate) fn of_refused_maps(file: &str) -> &'static str {
    match setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") {
        Some(value) if value != 0 && !geteuid().is_root() => {
            " (AppArmor forbids it: sysctl kernel.apparmor_restrict_unprivileged_userns=0, or a profile)"
        }
        _ if file.ends_with("setgroups") => " (groups are mapped already, or it was denied before)",
        _ => {
            " (the ids outside are not all mapped in the user namespace that is left, or are not the caller's)"
        }
    }
}

/// The words to add when pivot_root(2) fails.
pub(crate) fn of_refused_pivot(errno: Errno) -> &'static str {
    match errno {
        Errno::EINVAL => " (the old root cannot be left, as in an initramfs: without -m, chroot is used)",
        _ => "",
    }
}

/// The words to add when binfmt_misc cannot be mounted.
pub(crate) fn of_refused_binfmt(errno: Errno) -> String {
    let words = match errno {
        Errno::EPERM => " (one in a user namespace takes Linux 6.7)",
        Errno::ENODEV => " (the kernel has no binfmt_misc: modprobe binfmt_misc)",
        Errno::ENOENT => " (without a proc there, --mount-proc comes first)",
        _ => "",
    };
    words.to_owned()
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
    let asked = Kind::ALL.iter().filter(|kind| namespaces.contains(kind.flag())).map(|kind| kind.limit());
    let known: Vec<(&str, u64)> = asked.filter_map(|kind| limit(kind).map(|value| (kind, value))).collect();
    let sysctls = |only_zero: bool| {
        let shown = known.iter().filter(|(_, value)| !only_zero || *value == 0);
        let shown: Vec<String> =
            shown.map(|(kind, value)| format!("user.max_{kind}_namespaces={value}")).collect();
        shown.join(" ")
    };
    if known.is_empty() {
        String::new()
    } else if known.iter().any(|(_, value)| *value == 0) {
        format!(" (a limit is reached: sysctl {})", sysctls(true))
    } else {
        let sysctls = sysctls(false);
        format!(
            " (a limit is reached: sysctl {sysctls}, or that of a user namespace around it, or 32 levels)"
        )
    }
}

/// False in a user namespace where the caller is nobody: one without a map, or with a map for others.
fn caller_is_mapped() -> bool {
    let covers = |file, id| fs::read_to_string(file).map_or(true, |map| is_mapped(&map, id));
    covers("/proc/self/uid_map", geteuid().as_raw()) && covers("/proc/self/gid_map", getegid().as_raw())
}

/// True when one of the lines `inside outside count` of `map` covers `id`.
fn is_mapped(map: &str, id: u32) -> bool {
    map.lines().any(|line| {
        let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        matches!(numbers.as_slice(), [inside, _, count] if (*inside..inside + count).contains(&id.into()))
    })
}

/// True when the children of this process would be in another PID namespace than itself, which is one that
/// the kernel allows no further one in.
fn has_unentered_pid_namespace() -> bool {
    let own = fs::read_link("/proc/self/ns/pid");
    // Not readable while there is no process in it.
    own.is_ok_and(|own| fs::read_link("/proc/self/ns/pid_for_children").map_or(true, |other| own != other))
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
            " (a limit is reached: sysctl user.max_user_namespaces=9, or that of a user namespace around it, \
             or 32 levels)"
        );
        assert_eq!(of_limits(both, |_| None), "");
    }

    #[test]
    fn a_switched_off_user_namespace_is_told_from_the_rest() {
        assert!(of_refused_user_namespace(Some(0)).contains("unprivileged_userns_clone=1"));
        assert!(of_refused_user_namespace(Some(1)).contains("chroot"));
    }

    #[test]
    fn a_map_covers_its_ranges() {
        let map = "         0       1000          1\n       100     100000        100\n";
        assert!(is_mapped(map, 0) && is_mapped(map, 100) && is_mapped(map, 199));
        assert!(!is_mapped(map, 1) && !is_mapped(map, 200) && !is_mapped("", 0));
        assert!(is_mapped("0 0 4294967295", 65534));
    }

    #[test]
    fn without_a_user_namespace_the_way_out_is_one() {
        assert!(of_refused_namespaces(Errno::EPERM, CloneFlags::CLONE_NEWNS).contains("with -r"));
        assert_eq!(of_refused_namespaces(Errno::EFAULT, CloneFlags::CLONE_NEWNS), "");
    }
}
