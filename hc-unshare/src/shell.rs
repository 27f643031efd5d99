//! What runs when no program is named: the user's shell, as a login shell.

use hc::{Environ, Error};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Becomes `$SHELL`, or /bin/sh, with `-name` as its argument 0, as unshare(1) does.
pub(crate) fn exec(env: &Environ) -> Error {
    let shell = env.get(b"SHELL").filter(|shell| !shell.is_empty()).unwrap_or(b"/bin/sh");
    hc::exec_as(OsStr::from_bytes(shell), &[login_name(shell)], env).into()
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
