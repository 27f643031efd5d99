//! A machine of one's own: the real one's files, over which every change goes into memory.

use crate::running::Running;
use crate::{Cmd, Dir, base, binaries, dir};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Makes the root directory of the host and stays in it: `sh -c MAKE sh SCRATCH BINARIES PROPAGATION`.
/// Everything is the real tree with a layer over it, except for /run, which is empty, and /proc, /sys, /dev and
/// /tmp, which are the real ones. It ends with its standard input, which is ours.
const MAKE: &str = r#"
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/over" "$1/work" "$1/root"
mount -t overlay -o lowerdir=/,upperdir="$1/over",workdir="$1/work" overlay "$1/root"
for tree in /proc /sys /dev /tmp; do mount --rbind $tree "$1/root$tree"; done
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
mkdir -p "$1/root$2"
mount --bind "$2" "$1/root$2"
cd "$1/root"
pivot_root . .
umount -l .
cd /
mount --make-r"$3" /
ip link set lo up
echo ready
exec cat
"#;

/// A private copy of this machine: a mount, network, UTS and IPC namespace whose root is a layer over the real
/// root. Whatever happens in it, the machine is not changed, and it is gone with the test.
pub struct Host {
    holder: Running,
    namespaces: Vec<File>,
    /// Where its files are mounted, in its own mount namespace.
    _scratch: Dir,
}

impl Host {
    /// One whose mounts are private. Takes root.
    #[track_caller]
    pub fn new() -> Self {
        Self::with_mounts("private")
    }

    /// One whose mounts are shared, as systemd has them.
    #[track_caller]
    pub fn shared() -> Self {
        Self::with_mounts("shared")
    }

    #[track_caller]
    fn with_mounts(propagation: &str) -> Self {
        let scratch = Dir::new();
        let unshare = Cmd::line([
            "unshare",
            "-m",
            "-n",
            "-u",
            "-i",
            "--propagation",
            "private",
            "sh",
            "-c",
            MAKE,
            "sh",
        ]);
        let mut holder =
            unshare.arg(scratch.path()).arg(binaries::bin_dir()).arg(propagation).hold_input().start();
        holder.expect("ready\n");
        let open = |name| {
            let path = format!("/proc/{}/ns/{name}", holder.pid());
            File::open(path).expect("a namespace of the host")
        };
        // The mount namespace last: with it /proc may be another.
        let namespaces = ["net", "uts", "ipc", "mnt"].map(open).into();
        Host { holder, namespaces, _scratch: scratch }
    }

    /// Descriptors of its namespaces, for a process to enter.
    pub(crate) fn namespaces(&self) -> Vec<OwnedFd> {
        self.namespaces.iter().map(|file| file.try_clone().expect("dup").into()).collect()
    }

    /// `path`, which is absolute, as it is reached from outside.
    pub fn path(&self, path: &str) -> PathBuf {
        Path::new(&format!("/proc/{}/root", self.holder.pid())).join(path.trim_start_matches('/'))
    }

    /// The lines of the mount table, as a process on the host sees it.
    pub fn mounts(&self) -> Vec<String> {
        base::mount_table(&format!("/proc/{}/mountinfo", self.holder.pid()))
    }

    /// What is below a directory of the host: see [`Dir::listing`].
    pub fn listing(&self, directory: &str) -> Vec<String> {
        dir::listing(&self.path(directory))
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}
