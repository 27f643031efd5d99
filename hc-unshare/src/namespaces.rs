//! Leaving the caller's namespaces.

use crate::causes;
use hc::{Error, Result};
use nix::sched::CloneFlags;

/// A kind of namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Cgroup,
    Ipc,
    Uts,
    Net,
    Pid,
    Mount,
    Time,
}

/// The flag that nix lacks.
pub(crate) const CLONE_NEWTIME: CloneFlags = CloneFlags::from_bits_retain(libc::CLONE_NEWTIME);

impl Kind {
    /// All of them, in the order in which they are given names.
    pub(crate) const ALL: [Kind; 8] =
        [Kind::User, Kind::Cgroup, Kind::Ipc, Kind::Uts, Kind::Net, Kind::Pid, Kind::Mount, Kind::Time];

    /// What unshare(2) calls it.
    pub(crate) fn flag(self) -> CloneFlags {
        match self {
            Kind::User => CloneFlags::CLONE_NEWUSER,
            Kind::Cgroup => CloneFlags::CLONE_NEWCGROUP,
            Kind::Ipc => CloneFlags::CLONE_NEWIPC,
            Kind::Uts => CloneFlags::CLONE_NEWUTS,
            Kind::Net => CloneFlags::CLONE_NEWNET,
            Kind::Pid => CloneFlags::CLONE_NEWPID,
            Kind::Mount => CloneFlags::CLONE_NEWNS,
            Kind::Time => CLONE_NEWTIME,
        }
    }

    /// What the option for it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Mount => "mount",
            other => other.limit(),
        }
    }

    /// What /proc/PID/ns calls the one that unshare(2) has made. Of two kinds it is the children that enter it.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Kind::User => "user",
            Kind::Cgroup => "cgroup",
            Kind::Ipc => "ipc",
            Kind::Uts => "uts",
            Kind::Net => "net",
            Kind::Pid => "pid_for_children",
            Kind::Mount => "mnt",
            Kind::Time => "time_for_children",
        }
    }

    /// What the sysctl user.max_*_namespaces calls it.
    pub(crate) fn limit(self) -> &'static str {
        match self {
            Kind::Pid => "pid",
            Kind::Time => "time",
            other => other.file(),
        }
    }
}

/// Makes the namespaces in one call; a user namespace comes first then, and owns the others.
pub(crate) fn unshare(namespaces: CloneFlags) -> Result<()> {
    if namespaces.is_empty() {
        return Ok(());
    }
    nix::sched::unshare(namespaces).map_err(|errno| {
        let because = causes::of_refused_namespaces(errno, namespaces);
        Error::new(format!("unshare: {}{because}", hc::reason(errno)))
    })
}
