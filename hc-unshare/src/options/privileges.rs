//! The options about what NEXT is not to have.

use super::given::Given;
use crate::{capabilities, descriptors, limits, priority, seccomp};
use hc::{Args, Error, Opt, Result};
use nix::sys::stat::Mode;
use std::ffi::OsStr;

/// Takes `option` if it is one of these; false if not.
pub(super) fn take(given: &mut Given, option: Opt, args: &mut Args) -> Result<bool> {
    let privileges = &mut given.privileges;
    match option {
        Opt::Long("cap-drop") => {
            given.credentials.capabilities.drop(capabilities::list(&args.value()?)?);
        }
        Opt::Long("cap-add") => given.credentials.capabilities.add(capabilities::list(&args.value()?)?),
        Opt::Long("no-new-privs") => privileges.no_new_privs = true,
        Opt::Long("seccomp") => privileges.seccomp = seccomp::wanted(args.value()?)?,
        Opt::Long("new-session") => privileges.new_session = true,
        Opt::Long("new-keyring") => privileges.new_keyring = true,
        Opt::Long("close-fds") => drop(privileges.descriptors.get_or_insert_default()),
        Opt::Long("keep-fd") => {
            let number = descriptors::number(&args.value()?)?;
            privileges.descriptors.get_or_insert_default().keep(number);
        }
        Opt::Long("rlimit") => {
            let limit = limits::limit(&args.value()?)?;
            privileges.limits.retain(|other| !limit.replaces(other));
            privileges.limits.push(limit);
        }
        Opt::Long("umask") => privileges.umask = Some(umask(&args.value()?)?),
        Opt::Long("oom-score-adj") => {
            privileges.priority.oom_score_adj = Some(priority::oom_score_adj(&args.value()?)?);
        }
        Opt::Long("nice") => privileges.priority.nice = Some(priority::nice(&args.value()?)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Up to three octal digits, or four with a 0 before them.
fn umask(value: &OsStr) -> Result<Mode> {
    let text = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let bits = text.and_then(|text| u32::from_str_radix(text, 8).ok());
    bits.and_then(Mode::from_bits)
        .filter(|mode| mode.bits() <= 0o777)
        .ok_or_else(|| Error::usage(format!("'{}' is no umask, as 022 is one", hc::show(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_umask_is_octal() {
        assert_eq!(umask(OsStr::new("027")).unwrap().bits(), 0o27);
        assert_eq!(umask(OsStr::new("0")).unwrap().bits(), 0);
        for value in ["", "8", "1000", "-1", "+7", "u=rwx"] {
            let message = umask(OsStr::new(value)).unwrap_err().to_string();
            assert_eq!(message, format!("'{value}' is no umask, as 022 is one"));
        }
    }
}
