//! A network and names for this process and what it starts: nothing of it gets to the real machine.

use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::stat::Mode;
use std::os::fd::OwnedFd;
use std::process::Command;

/// This process is back where it was when the value is dropped.
pub(crate) struct Machine {
    outside: [OwnedFd; 2],
}

impl Machine {
    /// Enters it: a new network, an empty /run, an empty /etc/netns if there is one.
    pub(crate) fn enter() -> Self {
        let own = |kind: &str| {
            let path = format!("/proc/self/ns/{kind}");
            open(path.as_str(), OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()).expect("a namespace")
        };
        let outside = ["net", "mnt"].map(own);
        unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS).expect("namespaces (as root)");
        let none = None::<&str>;
        mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).expect("private mounts");
        for place in ["/run", "/etc/netns"].iter().filter(|place| std::fs::metadata(place).is_ok()) {
            mount(Some("hc-bench"), *place, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
                .expect("a tmpfs");
        }
        // What the floor and both tools take for granted: /run/netns, as the first of them makes it.
        let made = Command::new("ip").args(["netns", "add", "first"]).status();
        assert!(made.is_ok_and(|status| status.success()), "ip netns add");
        let gone = Command::new("ip").args(["netns", "delete", "first"]).status();
        assert!(gone.is_ok_and(|status| status.success()), "ip netns delete");
        Machine { outside }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        for namespace in &self.outside {
            setns(namespace, CloneFlags::empty()).expect("back to the machine");
        }
    }
}
