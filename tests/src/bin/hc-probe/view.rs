//! The lines of the view. Values are escaped as Rust escapes bytes, so each stays on its line.

use crate::sys;
use std::ffi::CStr;
use std::fmt::{Display, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const NAMESPACES: [&str; 10] =
    ["cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"];

struct Lines(String);

impl Lines {
    fn text(&mut self, key: &str, value: impl Display) {
        let _cannot_fail = writeln!(self.0, "{key}={value}");
    }

    fn bytes(&mut self, key: &str, value: &[u8]) {
        self.text(key, value.escape_ascii());
    }
}

/// All that is known about this process.
pub(crate) fn collect(arguments: &[&CStr], environment: &[&CStr]) -> Vec<u8> {
    let mut lines = Lines(String::new());
    for (key, strings) in [("arg", arguments), ("env", environment)] {
        for string in strings {
            lines.bytes(key, string.to_bytes());
        }
    }
    // First, before anything is opened.
    descriptors(&mut lines);
    signals(&mut lines);
    ids(&mut lines);
    place(&mut lines);
    lines.text("clock.monotonic", sys::seconds(libc::CLOCK_MONOTONIC));
    lines.text("clock.boottime", sys::seconds(libc::CLOCK_BOOTTIME));
    for (name, resource) in [
        ("nofile", libc::RLIMIT_NOFILE),
        ("nproc", libc::RLIMIT_NPROC),
        ("core", libc::RLIMIT_CORE),
        ("stack", libc::RLIMIT_STACK),
    ] {
        let (soft, hard) = sys::limit(resource);
        lines.text(&format!("limit.{name}"), format_args!("{soft} {hard}"));
    }
    files(&mut lines);
    lines.0.into_bytes()
}

fn descriptors(lines: &mut Lines) {
    for (number, flags, about) in sys::descriptors() {
        let kind = match about.st_mode & libc::S_IFMT {
            libc::S_IFIFO => "fifo",
            libc::S_IFCHR => "char",
            libc::S_IFDIR => "directory",
            libc::S_IFREG => "file",
            libc::S_IFSOCK => "socket",
            _ => "other",
        };
        let file = format_args!("{flags:o} {}:{}", about.st_dev, about.st_ino).to_string();
        lines.text("fd", format_args!("{number} {kind} {file}"));
    }
}

fn signals(lines: &mut Lines) {
    let list = |numbers: Vec<i32>| numbers.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
    lines.text("ignored", list(sys::ignored()));
    lines.text("blocked", list(sys::blocked()));
    lines.text("pdeathsig", sys::parent_death_signal());
}

fn ids(lines: &mut Lines) {
    if let (Ok(user), Ok(group)) = (nix::unistd::getresuid(), nix::unistd::getresgid()) {
        lines.text("uids", format_args!("{} {} {}", user.real, user.effective, user.saved));
        lines.text("gids", format_args!("{} {} {}", group.real, group.effective, group.saved));
    }
    let groups = nix::unistd::getgroups().unwrap_or_default();
    let groups: Vec<String> = groups.iter().map(|group| group.as_raw().to_string()).collect();
    lines.text("groups", groups.join(" "));
    let [effective, permitted, inheritable] = sys::capabilities();
    lines.text("capabilities", format_args!("{effective:x} {permitted:x} {inheritable:x}"));
    let [bounding, ambient] = sys::further_capabilities();
    lines.text("bounding", format_args!("{bounding:x}"));
    lines.text("ambient", format_args!("{ambient:x}"));
    lines.text("securebits", sys::prctl(libc::PR_GET_SECUREBITS));
    lines.text("fsuid", sys::fsuid());
    lines.text("personality", sys::personality());
    lines.text("no_new_privs", sys::prctl(libc::PR_GET_NO_NEW_PRIVS));
    lines.text("dumpable", sys::prctl(libc::PR_GET_DUMPABLE));
    lines.text("pid", nix::unistd::getpid());
    lines.text("ppid", nix::unistd::getppid());
    lines.text("pgrp", nix::unistd::getpgrp());
    let session = nix::unistd::getsid(None).map_or(-1, nix::unistd::Pid::as_raw);
    lines.text("session", session);
}

fn place(lines: &mut Lines) {
    let here = nix::unistd::getcwd().unwrap_or_default();
    lines.bytes("cwd", here.as_os_str().as_bytes());
    lines.text("umask", format_args!("{:o}", sys::umask()));
    if let Ok(root) = nix::sys::stat::stat("/") {
        lines.text("root", format_args!("{}:{}", root.st_dev, root.st_ino));
    }
    if let Ok(name) = nix::sys::utsname::uname() {
        lines.bytes("hostname", name.nodename().as_bytes());
        lines.bytes("domainname", name.domainname().as_bytes());
    }
}

/// What only proc tells.
fn files(lines: &mut Lines) {
    if !Path::new("/proc/self/status").exists() {
        lines.text("proc", "absent");
        return;
    }
    for name in NAMESPACES {
        if let Ok(id) = std::fs::read_link(Path::new("/proc/self/ns").join(name)) {
            lines.bytes(&format!("ns.{name}"), id.as_os_str().as_bytes());
        }
    }
    for name in ["uid_map", "gid_map", "setgroups", "timens_offsets", "cgroup"] {
        let content = std::fs::read_to_string(Path::new("/proc/self").join(name)).unwrap_or_default();
        let words: Vec<&str> = content.split_whitespace().collect();
        lines.text(name, words.join(" "));
    }
    for line in std::fs::read("/proc/self/mountinfo").unwrap_or_default().split(|&byte| byte == b'\n') {
        if !line.is_empty() {
            lines.bytes("mount", line);
        }
    }
    let mut processes: Vec<i32> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    processes.sort_unstable();
    let processes: Vec<String> = processes.iter().map(i32::to_string).collect();
    lines.text("processes", processes.join(" "));
}
