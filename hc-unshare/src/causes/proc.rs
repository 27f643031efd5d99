//! Why proc cannot be mounted: in a user namespace, for a PID namespace that belongs to it only, and only while another
//! proc is in full view (`mount_too_revealing` of the kernel).

use super::of_missing_privilege;
use crate::{idmap, sys};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{Mode, fstat};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

/// What is made to be mounted on, with nothing in it that could be hidden.
const FOR_MOUNTS: [&[u8]; 3] = [b"/sys/fs/binfmt_misc", b"/fs/nfsd", b"/openprom"];

/// The words to add when proc cannot be mounted.
pub(crate) fn of_refused_proc(errno: Errno) -> String {
    match errno {
        Errno::EPERM if idmap::is_initial_namespace() => of_missing_privilege(errno).to_owned(),
        Errno::EPERM if pid_namespace_is_ours() == Ok(false) => {
            " (a user namespace needs a PID namespace of its own for it: -pf)".to_owned()
        }
        Errno::EPERM => of_view(&fs::read("/proc/self/mountinfo").unwrap_or_default()),
        _ => String::new(),
    }
}

/// Whether the PID namespace of this process belongs to the user namespace that it is in.
fn pid_namespace_is_ours() -> nix::Result<bool> {
    let open = |name| open(name, OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty());
    let (user, pid) = (open("/proc/self/ns/user")?, open("/proc/self/ns/pid")?);
    match sys::owner_of(&pid) {
        // It is out of reach.
        Err(Errno::EPERM) => Ok(false),
        owner => {
            let [owner, user] = [fstat(owner?)?, fstat(user)?];
            Ok((owner.st_dev, owner.st_ino) == (user.st_dev, user.st_ino))
        }
    }
}

/// A line of mountinfo, of proc(5).
struct Line<'a> {
    id: &'a [u8],
    parent: &'a [u8],
    root: &'a [u8],
    point: &'a [u8],
    options: &'a [u8],
    kind: &'a [u8],
}

impl<'a> Line<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let mut fields = line.split(|&byte| byte == b' ');
        let (id, parent, _, root) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let (point, options) = (fields.next()?, fields.next()?);
        let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
        Some(Line { id, parent, root, point, options, kind })
    }

    /// True if this hides a part of `proc`.
    fn is_over(&self, proc: &Line<'_>) -> bool {
        self.parent == proc.id
            && !self.point.strip_prefix(proc.point).is_some_and(|place| FOR_MOUNTS.contains(&place))
    }
}

/// What is missing of a proc in full view, according to `mountinfo`.
fn of_view(mountinfo: &[u8]) -> String {
    let lines: Vec<Line<'_>> = mountinfo.split(|&byte| byte == b'\n').filter_map(Line::of).collect();
    let procs: Vec<&Line<'_>> =
        lines.iter().filter(|line| line.kind == b"proc" && line.root == b"/").collect();
    if procs.is_empty() {
        return " (in a user namespace it takes a proc in full view, and here is none)".to_owned();
    }
    let mut over = lines.iter().filter(|line| procs.iter().any(|proc| line.is_over(proc)));
    if let Some(first) = over.next() {
        let first = hc::show(OsStr::from_bytes(first.point));
        let more = match over.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!(
            " (the proc in view has mounts over it, which a user namespace may not lift: {first}{more})"
        );
    }
    let is_read_only = |line: &&&Line<'_>| line.options.split(|&byte| byte == b',').any(|word| word == b"ro");
    if procs.iter().filter(is_read_only).count() == procs.len() {
        return " (the proc in view is read-only, which a user namespace may not lift)".to_owned();
    }
    " (in a user namespace it takes a proc in full view)".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "1 0 8:1 / / rw - ext4 /dev/x rw\n";
    const PROC: &str = "2 1 0:4 / /proc rw,nosuid shared:3 - proc proc rw\n";

    fn view(lines: &[&str]) -> String {
        of_view(lines.concat().as_bytes())
    }

    #[test]
    fn none_is_not_one_with_something_over_it() {
        assert!(view(&[]).contains("here is none") && view(&[ROOT]).contains("here is none"));
        // A part of one is none.
        assert!(view(&[ROOT, "2 1 0:4 /sys /proc/sys rw - proc proc rw\n"]).contains("here is none"));
        assert!(view(&[ROOT, PROC]).ends_with("in full view)"));
    }

    #[test]
    fn what_is_over_it_is_named_by_its_parent() {
        let over = ["3 2 0:5 / /proc/fs rw - tmpfs t rw\n", "4 2 0:5 / /proc/irq rw - tmpfs t rw\n"];
        assert!(view(&[ROOT, PROC, over[0]]).ends_with(": /proc/fs)"));
        assert!(view(&[ROOT, PROC, over[0], over[1]]).ends_with(": /proc/fs and 1 more)"));
        // What is mounted on a mount over it hides nothing more; what was under it is no part of it.
        let elsewhere = ["5 3 0:5 / /proc/fs/x rw - tmpfs t rw\n", "6 1 0:5 / /proc/y rw - tmpfs t rw\n"];
        assert!(view(&[ROOT, PROC, over[0], elsewhere[0], elsewhere[1]]).ends_with(": /proc/fs)"));
        let allowed = "3 2 0:5 / /proc/sys/fs/binfmt_misc rw - binfmt_misc b rw\n";
        assert!(view(&[ROOT, PROC, allowed]).ends_with("in full view)"));
    }

    #[test]
    fn one_that_is_read_only_is_said_to_be() {
        let read_only = PROC.replace("rw,nosuid", "ro,nosuid");
        assert!(view(&[ROOT, &read_only]).contains("is read-only"));
        assert!(!view(&[ROOT, PROC]).contains("read-only"));
    }
}
