//! `--cap-drop`, `--cap-add`: what NEXT may do. capabilities(7).
//!
//! After exec a program of the user 0 has what the bounding set and the inheritable set hold, one of another user what
//! the ambient set holds; so all of them follow the same two lists. What root is is left as it is (no securebits): it
//! has what is left in the bounding set, and nothing else.

use crate::{causes, sys};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::prctl::set_keepcaps;
use nix::unistd::{geteuid, getuid};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use sys::capabilities::Sets;

pub(crate) const DAC_READ_SEARCH: u64 = 1 << 2;
pub(crate) const KILL: u64 = 1 << 5;
pub(crate) const SYS_MODULE: u64 = 1 << 16;
pub(crate) const SYS_RAWIO: u64 = 1 << 17;
pub(crate) const SYS_CHROOT: u64 = 1 << 18;
pub(crate) const SYS_PTRACE: u64 = 1 << 19;
pub(crate) const SYS_PACCT: u64 = 1 << 20;
pub(crate) const SYS_ADMIN: u64 = 1 << 21;
pub(crate) const SYS_BOOT: u64 = 1 << 22;
pub(crate) const SYS_NICE: u64 = 1 << 23;
pub(crate) const SYS_TIME: u64 = 1 << 25;
pub(crate) const SYS_TTY_CONFIG: u64 = 1 << 26;
pub(crate) const SYSLOG: u64 = 1 << 34;
pub(crate) const PERFMON: u64 = 1 << 38;
pub(crate) const BPF: u64 = 1 << 39;

/// By number.
#[rustfmt::skip]
const NAMES: [&str; 41] = [
    "chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap",
    "linux_immutable", "net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner",
    "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace", "sys_pacct", "sys_admin", "sys_boot", "sys_nice",
    "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write", "audit_control", "setfcap",
    "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
    "checkpoint_restore",
];

/// Also those that are newer than [`NAMES`].
pub(crate) const ALL: u64 = u64::MAX;

/// What is to be taken away and what is to be kept on purpose; what is neither stays as exec leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    dropped: u64,
    added: u64,
    /// Those of `added` that were named, and so have to be there.
    named: u64,
}

impl Changes {
    /// Takes away the capabilities of `list`.
    pub(crate) fn drop(&mut self, list: u64) {
        *self =
            Changes { dropped: self.dropped | list, added: self.added & !list, named: self.named & !list };
    }

    /// Keeps those of `list`, whoever NEXT is.
    pub(crate) fn add(&mut self, list: u64) {
        let named = if list == ALL { 0 } else { list };
        *self =
            Changes { dropped: self.dropped & !list, added: self.added | list, named: self.named | named };
    }

    /// Before the change of ids: the bounding set, which takes CAP_SETPCAP, and the wish to keep something for another
    /// user than root.
    pub(crate) fn prepare(&self) -> Result<()> {
        for number in numbers(self.dropped) {
            let refused = match sys::capabilities::drop_from_bounding_set(number) {
                Ok(()) => continue,
                // The kernel knows no further ones.
                Err(Errno::EINVAL) => break,
                Err(errno) => errno,
            };
            // Without privileges it says no before it looks at the number.
            match sys::capabilities::is_in_bounding_set(number) {
                Ok(false) => {}
                Err(Errno::EINVAL) => break,
                _ => {
                    let because = causes::of_missing_privilege(refused);
                    let (what, reason) = (name(number), hc::reason(refused));
                    return Err(Error::new(format!("drop capability {what}: {reason}{because}")));
                }
            }
        }
        if self.added == 0 { Ok(()) } else { set_keepcaps(true).context("prctl PR_SET_KEEPCAPS") }
    }

    /// After it, all other sets. `all`: keep all that were not dropped. `other_user`: the user has changed, to one that
    /// is not root.
    pub(crate) fn apply(&self, all: bool, other_user: bool) -> Result<()> {
        if self == &Changes::default() && !all {
            return Ok(());
        }
        let had = sys::capabilities::get().context("capget")?;
        if let Some(missing) = numbers(self.named & !had.permitted).next() {
            return Err(Error::new(format!("add capability {}: the caller does not have it", name(missing))));
        }
        let ambient = had.permitted & if all { !self.dropped } else { self.added };
        let permitted = if other_user { ambient } else { had.permitted & !self.dropped };
        let inheritable = had.inheritable & !self.dropped | ambient;
        let kept =
            |errno| Error::new(format!("keep capabilities: {}{}", hc::reason(errno), of_refusal(errno)));
        sys::capabilities::set(Sets { effective: permitted, permitted, inheritable }).map_err(kept)?;
        numbers(ambient).try_for_each(sys::capabilities::raise_ambient).map_err(kept)
    }
}

/// The words to add when capabilities that are there cannot be kept.
fn of_refusal(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => " (not in the bounding set, or the securebits of the caller forbid it)",
        _ => "",
    }
}

/// The effective set.
pub(crate) fn effective() -> Result<u64> {
    Ok(sys::capabilities::get().context("capget")?.effective)
}

/// Which of the capabilities `of` NEXT will have, or can get by a program with the set-user-ID bit.
pub(crate) fn left(of: u64, no_new_privs: bool) -> Result<u64> {
    let those = |is_in: fn(u32) -> nix::Result<bool>| {
        // A number that the kernel does not know is not in there.
        numbers(of).filter(|&number| is_in(number) == Ok(true)).fold(0, |set, number| set | 1 << number)
    };
    if !no_new_privs {
        return Ok(those(sys::capabilities::is_in_bounding_set));
    }
    if getuid().is_root() || geteuid().is_root() {
        return Ok(sys::capabilities::get().context("capget")?.permitted & of);
    }
    Ok(those(sys::capabilities::is_ambient))
}

/// The capabilities in a list with commas: in any case, with or without `CAP_`, or `all`. Pure.
pub(crate) fn list(value: &OsStr) -> Result<u64> {
    value.as_bytes().split(|&byte| byte == b',').try_fold(0, |set, word| {
        let name = word.to_ascii_lowercase();
        if name == b"all" {
            return Ok(ALL);
        }
        let name = name.strip_prefix(b"cap_").unwrap_or(&name);
        let number = NAMES.iter().position(|known| known.as_bytes() == name).ok_or_else(|| {
            Error::usage(format!("unknown capability: '{}'", hc::show(OsStr::from_bytes(word))))
        })?;
        Ok(set | 1 << number)
    })
}

fn numbers(set: u64) -> impl Iterator<Item = u32> {
    (0..u64::BITS).filter(move |number| set >> number & 1 == 1)
}

fn name(number: u32) -> String {
    let name = usize::try_from(number).ok().and_then(|number| NAMES.get(number));
    name.map_or_else(|| number.to_string(), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(options: &[(char, &str)]) -> Changes {
        let mut changes = Changes::default();
        for (option, value) in options {
            let set = list(OsStr::new(value)).unwrap();
            if *option == '+' { changes.add(set) } else { changes.drop(set) }
        }
        changes
    }

    #[test]
    fn names_in_every_form_that_docker_takes() {
        for value in
            ["net_admin,sys_chroot", "CAP_NET_ADMIN,Cap_Sys_Chroot", "NET_ADMIN,SYS_CHROOT,net_admin"]
        {
            assert_eq!(list(OsStr::new(value)), Ok(1 << 12 | SYS_CHROOT), "{value}");
        }
        assert_eq!(list(OsStr::new("ALL")), Ok(u64::MAX));
        assert_eq!(list(OsStr::new("kill,all")), Ok(u64::MAX));
        for (value, bad) in
            [("", ""), ("kill,", ""), ("cap_", "cap_"), ("chown kill", "chown kill"), ("41", "41")]
        {
            let message = list(OsStr::new(value)).unwrap_err().to_string();
            assert_eq!(message, format!("unknown capability: '{bad}'"));
        }
    }

    #[test]
    fn names_and_numbers_belong_together() {
        for (value, bit) in [
            ("chown", 1),
            ("dac_read_search", DAC_READ_SEARCH),
            ("sys_module", SYS_MODULE),
            ("sys_rawio", SYS_RAWIO),
            ("sys_ptrace", SYS_PTRACE),
            ("sys_pacct", SYS_PACCT),
            ("sys_admin", SYS_ADMIN),
            ("sys_boot", SYS_BOOT),
            ("sys_nice", SYS_NICE),
            ("sys_time", SYS_TIME),
            ("sys_tty_config", SYS_TTY_CONFIG),
            ("syslog", SYSLOG),
            ("perfmon", PERFMON),
            ("bpf", BPF),
            ("checkpoint_restore", 1 << 40),
        ] {
            assert_eq!(list(OsStr::new(value)), Ok(bit), "{value}");
        }
    }

    #[test]
    fn the_later_option_counts() {
        let kept = changes(&[('-', "all"), ('+', "kill")]);
        assert_eq!(kept, Changes { dropped: !(1 << 5), added: 1 << 5, named: 1 << 5 });
        assert_eq!(
            changes(&[('+', "kill"), ('-', "all")]),
            Changes { dropped: u64::MAX, added: 0, named: 0 }
        );
        let most = changes(&[('+', "all"), ('-', "kill")]);
        assert_eq!(most, Changes { dropped: 1 << 5, added: !(1 << 5), named: 0 });
        assert_eq!(changes(&[('-', "kill"), ('+', "kill"), ('-', "KILL")]).dropped, 1 << 5);
    }
}
