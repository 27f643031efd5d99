//! What runs when no program is named: the user's shell, as a login shell.

use crate::accounts;
use hc::{Environ, Error};
use nix::unistd::getuid;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Becomes `$SHELL`, the shell that passwd(5) of the new root names for the user, or /bin/sh, with `-name` as its
/// argument 0, as unshare(1) does.
pub(crate) fn exec(env: &Environ) -> Error {
    let named =
        env.get(b"SHELL").filter(|shell| !shell.is_empty()).map(|shell| OsStr::from_bytes(shell).to_owned());
    let shell = named.or_else(of_user).unwrap_or_else(|| "/bin/sh".into());
    hc::exec_as(&shell, &[login_name(shell.as_bytes())], env).into()
}

fn of_user() -> Option<OsString> {
    accounts::shell_of(&accounts::read(accounts::PASSWD).ok()?, getuid().as_raw())
}

/// The last component of a path, with a `-` before it.
fn login_name(shell: &[u8]) -> OsString {
    let name = shell.rsplit(|&byte| byte == b'/').next().unwrap_or(shell);
    OsStr::from_bytes(&[b"-", name].concat()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_shell_has_a_dash() {
        assert_eq!(login_name(b"/usr/bin/zsh"), "-zsh");
        assert_eq!(login_name(b"sh"), "-sh");
    }
}
