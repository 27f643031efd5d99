//! A network and names for this process and what it starts: nothing of it gets to the real machine.

use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use nix::sys::statfs::{CGROUP2_SUPER_MAGIC, statfs};
use std::os::fd::OwnedFd;
use std::process::Command;

/// This process is back where it was when the value is dropped.
pub(crate) struct Machine {
    outside: Vec<OwnedFd>,
}

impl Machine {
    /// Mounts of its own, and an empty /run.
    pub(crate) fn with_mounts() -> Self {
        let machine = Machine { outside: vec![namespace("mnt")] };
        unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace (as root)");
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("private mounts");
        hide("/run");
        // Where version 1 has the controllers, crun(1) refuses the sight of version 2 beside it.
        let unified = "/sys/fs/cgroup/unified";
        if statfs(unified).is_ok_and(|about| about.filesystem_type() == CGROUP2_SUPER_MAGIC) {
            hide(unified);
        }
        machine
    }

    /// That, a new network, and an empty /etc/netns if there is one.
    pub(crate) fn enter() -> Self {
        let network = namespace("net");
        let mut machine = Self::with_mounts();
        machine.outside.insert(0, network);
        unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace (as root)");
        if std::fs::metadata("/etc/netns").is_ok() {
            hide("/etc/netns");
        }
        // What the floor and both tools take for granted: /run/netns, as the first of them makes it.
        let made = Command::new("ip").args(["netns", "add", "first"]).status();
        assert!(made.is_ok_and(|status| status.success()), "ip netns add");
        let gone = Command::new("ip").args(["netns", "delete", "first"]).status();
        assert!(gone.is_ok_and(|status| status.success()), "ip netns delete");
        machine
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for namespace in &self.outside {
            setns(namespace, CloneFlags::empty()).expect("back to the machine");
        }
    }
}

fn namespace(kind: &str) -> OwnedFd {
    let path = format!("/proc/self/ns/{kind}");
    open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).expect("a namespace")
}

fn hide(place: &str) {
    mount(Some("hc-bench"), place, Some("tmpfs"), MsFlags::empty(), Some("mode=755")).expect("a tmpfs");
}
