//! Who the caller is in the new user namespace: user_namespaces(7).

use crate::causes;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, write};

/// The caller's ids outside.
#[derive(Clone, Copy)]
pub(crate) struct Ids {
    user: u32,
    group: u32,
}

impl Ids {
    /// The ids of this process. To be asked before a user namespace is made, after which they are unmapped.
    pub(crate) fn of_caller() -> Self {
        Ids { user: geteuid().as_raw(), group: getegid().as_raw() }
    }
}

/// Maps `ids` to 0 in the user namespace that this process has just made.
///
/// A process without privileges outside may map just itself, and its group only after giving up
/// setgroups(2): otherwise it could drop a group by which a file denies it access.
pub(crate) fn map_to_root(ids: Ids) -> Result<()> {
    put("/proc/self/setgroups", "deny")?;
    put("/proc/self/gid_map", &single(0, ids.group))?;
    put("/proc/self/uid_map", &single(0, ids.user))
}

/// The map of one id: `inside outside count`.
fn single(inside: u32, outside: u32) -> String {
    format!("{inside} {outside} 1")
}

/// Writes `text` in one call, which is how the kernel takes a map.
fn put(file: &str, text: &str) -> Result<()> {
    let descriptor = open(file, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).map_err(|errno| {
        let hint = if errno == Errno::ENOENT { " (is /proc mounted?)" } else { "" };
        Error::new(format!("{file}: {}{hint}", hc::reason(errno)))
    })?;
    match write(descriptor, text.as_bytes()) {
        Err(Errno::EPERM) => {
            let because = causes::of_refused_maps();
            Err(Error::new(format!("write '{text}' to {file}: {}{because}", hc::reason(Errno::EPERM))))
        }
        result => result.map(drop).context(format_args!("write '{text}' to {file}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_inside_outside_count() {
        assert_eq!(single(0, 65534), "0 65534 1");
    }
}
