//! A root directory with one program, and what makes a container of it: the lines of others.

use crate::filter;
use crate::floor::hello;
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::Target;
use hc_tests::Dir;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// What hc-run lets a root program keep.
const CAPABILITIES: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];
/// What it finds in its environment.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ("HOME", "/root"),
    ("container", "handcraft"),
];
/// The first of the ids that are the container's.
const FIRST_ID: u32 = 1_310_720_000;

/// A bundle, as crun(1) and runc(8) have it: `rootfs`, which holds one program, and `config.json`.
pub(crate) struct Bundle {
    directory: Dir,
    root: PathBuf,
    cgroup: String,
}

impl Bundle {
    pub(crate) fn new() -> Self {
        let directory = Dir::new();
        directory.program("rootfs/bin/hello", fs::read(hello()).expect("the program"));
        // systemd-nspawn(1) runs nothing where there is no usr.
        for name in ["proc", "dev", "sys", "tmp", "run", "usr", "etc"] {
            directory.directory(format!("rootfs/{name}"));
        }
        let cgroup = format!("hc-bench-{}", std::process::id());
        directory.file("config.json", configuration(&cgroup).to_string());
        let root = directory.join("rootfs");
        Bundle { directory, root, cgroup }
    }

    /// The root directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// `OPTION=`, and the root directory.
    pub(crate) fn option(&self, option: &str) -> OsString {
        let mut word = OsString::from(option);
        word.push(&self.root);
        word
    }

    /// A place for a file beside the root directory.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// crun(1) and runc(8), with what is asked of ours in comparison with them.
    pub(crate) fn add_runtimes(&self, peers: &mut Peers, crun: Target, runc: Target) {
        let line = |name: &str, program: &Path, option: Option<&str>| {
            let state = self.join("state");
            let start = words(&[&program, &"--root", &state]).into_iter().chain(option.map(OsString::from));
            let end = words(&[&"run", &"--bundle", &self.directory.path(), &"hc-bench-{}"]);
            Line::new(name, start.chain(end))
        };
        peers.add("crun", "crun", crun, |program| line("crun run", program, None));
        peers.add("crun", "crun", Target::None, |program| {
            let name = "crun --cgroup-manager=disabled run";
            line(name, program, Some("--cgroup-manager=disabled"))
        });
        peers.add("runc", "runc", runc, |program| line("runc run", program, None));
    }

    /// systemd-nspawn(1), where it needs no systemd.
    pub(crate) fn add_nspawn(&self, peers: &mut Peers) {
        peers.add("systemd-nspawn", "systemd-container", Target::None, |program| {
            let options = ["--quiet", "--register=no", "--keep-unit", "-U", "--private-network", "--as-pid2"];
            let start = [program.as_os_str().to_owned()].into_iter().chain(options.map(OsString::from));
            let name = "systemd-nspawn -U --private-network --as-pid2";
            let line = Line::new(name, start.chain(words(&[&"-D", &self.root, &"/bin/hello"])));
            // It leaves them where this program is.
            line.after(|_| remove_cgroups(&["payload", "supervisor"]))
        });
    }

    /// bwrap(1)'s line that comes nearest to `hc-unshare --jail`.
    pub(crate) fn bubblewrap(&self, program: &Path) -> Line {
        let start = words(&[&program, &"--unshare-all", &"--bind", &self.root, &"/"]);
        let rest = ["--proc", "/proc", "--dev", "/dev", "--new-session", "--clearenv", "/bin/hello"];
        Line::new(
            "bwrap --unshare-all --bind --proc --dev --new-session --clearenv",
            start.into_iter().chain(rest.map(OsString::from)),
        )
    }

    /// The one that comes nearest to what hc-run gives a program, with the same filter of system calls.
    pub(crate) fn bubblewrap_as_run(&self, program: &Path, filter: &Path) -> Line {
        let mut file = File::open(filter).expect("the filter");
        fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).expect("a descriptor to inherit");
        let mut line =
            words(&[&program, &"--unshare-all", &"--hostname", &"hc", &"--bind", &self.root, &"/"]);
        let more = "--proc /proc --dev /dev --ro-bind /sys /sys --new-session --die-with-parent --clearenv";
        line.extend(more.split(' ').map(OsString::from));
        line.extend(ENVIRONMENT.iter().flat_map(|(name, value)| words(&[&"--setenv", name, value])));
        line.extend(words(&[&"--cap-drop", &"ALL"]));
        line.extend(CAPABILITIES.iter().flat_map(|name| words(&[&"--cap-add", name])));
        line.extend(words(&[&"--seccomp", &file.as_raw_fd().to_string(), &"/bin/hello"]));
        let name = "bwrap --unshare-all --bind --proc --dev --ro-bind /sys --seccomp --cap-add ...";
        // It is read to its end each time, and that place is shared.
        Line::new(name, line).after(move |_| file.seek(SeekFrom::Start(0)).map(|_| ()).expect("the filter"))
    }

    /// A file with the system call filter of the program that `line` comes to. The program must wait.
    pub(crate) fn filter_of(&self, line: &[OsString]) -> PathBuf {
        let file = self.join("filter.bpf");
        fs::write(&file, filter::of(line)).expect("the filter");
        file
    }
}

impl Drop for Bundle {
    /// A runtime that was killed leaves its cgroups.
    fn drop(&mut self) {
        let hierarchies = fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten();
        for place in hierarchies.map(|entry| entry.path()).chain([PathBuf::from("/sys/fs/cgroup")]) {
            let _ = fs::remove_dir(place.join(&self.cgroup));
        }
    }
}

/// What hc-run makes, in the words of the runtime specification. There is no filter of system calls in it: compiling one
/// would cost them time that ours spends when it is built.
fn configuration(cgroup: &str) -> Value {
    let ids = json!([{"containerID": 0, "hostID": FIRST_ID, "size": 65536}]);
    let namespaces = ["pid", "network", "ipc", "uts", "mount", "cgroup", "user"];
    let environment = ENVIRONMENT.map(|(name, value)| format!("{name}={value}"));
    let mount = |place: &str, kind: &str, options: &[&str]| json!({"destination": place, "type": kind, "source": kind, "options": options});
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false,
            "user": {"uid": 0, "gid": 0},
            "args": ["/bin/hello"],
            "env": environment,
            "cwd": "/",
            "noNewPrivileges": true,
            "capabilities": {"bounding": CAPABILITIES, "effective": CAPABILITIES, "permitted": CAPABILITIES},
        },
        "root": {"path": "rootfs", "readonly": false},
        "hostname": "hc",
        "mounts": [
            mount("/proc", "proc", &[]),
            mount("/dev", "tmpfs", &["nosuid", "noexec", "mode=755", "size=64k"]),
            mount("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
            mount("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=64m"]),
            mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
        ],
        "linux": {
            "cgroupsPath": format!("/{cgroup}"),
            "uidMappings": ids,
            "gidMappings": ids,
            "namespaces": namespaces.map(|kind| json!({"type": kind})),
            "maskedPaths": [
                "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats",
                "/sys/devices/virtual/powercap", "/sys/firmware",
            ],
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    })
}

/// Removes those below this process's own cgroup, where they are empty.
fn remove_cgroups(names: &[&str]) {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let (mounts, own) = (read("/proc/self/mounts"), read("/proc/self/cgroup"));
    let point = mounts.lines().find_map(|line| line.split_once(" cgroup2 ")?.0.split(' ').nth(1));
    let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
    let (Some(point), Some(own)) = (point, own) else { return };
    for name in names {
        // There is none where it has made none.
        let _ = std::fs::remove_dir(Path::new(point).join(own).join(name));
    }
}
