//! `--new-session`, `--new-keyring`: away from the caller's terminal and keys.

use crate::sys;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{getpid, getsid, setsid};

/// setsid(2): a session without a terminal.
pub(crate) fn begin() -> Result<()> {
    match setsid() {
        // One that has no terminal is as good as a new one.
        Err(Errno::EPERM) if getsid(None) == Ok(getpid()) && !has_terminal() => Ok(()),
        Err(errno) => {
            let because = match errno {
                Errno::EPERM => {
                    " (it leads a process group, as a command of an interactive shell does: add -f)"
                }
                _ => "",
            };
            Err(Error::new(format!("setsid: {}{because}", hc::reason(errno))))
        }
        Ok(_) => Ok(()),
    }
}

fn has_terminal() -> bool {
    // What else it may fail of, as a missing /dev, does not say that there is none.
    let terminal = open("/dev/tty", OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC, Mode::empty());
    !matches!(terminal, Err(Errno::ENXIO))
}

/// A session keyring that is not the caller's, and empty. It belongs to the user that this process is by then.
pub(crate) fn new_keyring() -> Result<()> {
    sys::privileges::new_session_keyring().map_err(|errno| {
        let because = match errno {
            Errno::ENOSYS => " (a kernel without keyrings)",
            Errno::EDQUOT => " (the user has too many keys: the sysctl kernel.keys.maxkeys)",
            Errno::EPERM => " (a seccomp filter forbids it, as that of docker does)",
            _ => "",
        };
        Error::new(format!("new session keyring: {}{because}", hc::reason(errno)))
    })
}
