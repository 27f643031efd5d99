//! A machine of one's own: the real one's files, over which every change goes into memory.

use crate::running::Running;
use crate::{Cmd, Dir, base, binaries, dir};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// Makes the root directory of the host and stays in it: `sh -c MAKE sh SCRATCH BINARIES PROPAGATION TESTS`.
/// Every tree of the real machine is there with a layer over it, except for /run, which is empty, and /proc,
/// /sys, /dev, /tmp and the directory of the tests, which are the real ones. It ends with its standard input,
/// which is ours.
const MAKE: &str = r#"
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/root"
# A layer over the tree $2; where the kernel has none for its file system, the tree itself, to be read.
layer() {
    layers=$((layers + 1))
    mkdir "$1/over$layers" "$1/work$layers"
    chown --reference="$2" "$1/over$layers"
    chmod --reference="$2" "$1/over$layers"
    options="lowerdir=$2,upperdir=$1/over$layers,workdir=$1/work$layers"
    mount -t overlay -o "$options" overlay "$1/root$2" 2>/dev/null || {
        mount --bind "$2" "$1/root$2"
        mount -o remount,bind,ro "$1/root$2"
    }
}
layer "$1" /
cut -d ' ' -f 5 /proc/self/mountinfo >"$1/points"
while read -r point; do
    # \040 is a space.
    point=$(printf %b "$point")
    case $point/ in
        // | /proc/* | /sys/* | /dev/* | /run/* | /tmp/* | "$4"/*) ;;
        # A mount over a single file, as containers have them for /etc/hosts.
        *) if [ -d "$point" ]; then layer "$1" "$point"; elif [ -f "$point" ]; then cp "$point" "$1/root$point"; fi ;;
    esac
done <"$1/points"
for tree in /proc /sys /dev /tmp; do mount --rbind $tree "$1/root$tree"; done
mount -t tmpfs -o mode=755 tmpfs "$1/root/run"
for tree in "$2" "$4"; do
    mkdir -p "$1/root$tree"
    mount --bind "$tree" "$1/root$tree"
done
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
/// root and what is mounted in it. Whatever happens in it, the machine is not changed, and it is gone with the test.
pub struct Host {
    holder: Running,
    namespaces: Vec<File>,
    /// Where its files are mounted, in its own mount namespace.
    _scratch: Dir,
}

impl Host {
    /// One whose mounts are private. Takes [`can_make_hosts`](crate::can_make_hosts).
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
        let mut holder = unshare
            .arg(scratch.path())
            .arg(binaries::bin_dir())
            .arg(propagation)
            .arg(base::directory())
            .hold_input()
            .start();
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
