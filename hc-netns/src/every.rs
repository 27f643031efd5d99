//! `--all`: the same for each name, one after the other.

use crate::directory::names;
use crate::named::Name;
use crate::{enter, unnamed};
use hc::{Context, Environ, Result};
use nix::errno::Errno;
use nix::sys::wait::waitpid;
use nix::unistd::ForkResult;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Removes all names. One that cannot be does not keep the others.
pub(crate) fn delete() -> Result<()> {
    unnamed::delete(&all()?)
}

/// Runs `argv` in the namespace of each name, and waits for it. What statuses they have is not looked at.
pub(crate) fn exec(argv: &[OsString]) -> Result<()> {
    for name in all()? {
        announce(&name)?;
        // The parent waits and goes on with the next name; the child becomes NEXT in this one, or tells why not and
        // ends, with what it returns.
        match hc::child::fork().context("fork")? {
            ForkResult::Child => {
                enter::named(&name)?;
                return Err(hc::exec(argv, &Environ::inherited()));
            }
            ForkResult::Parent { child } => while waitpid(child, None) == Err(Errno::EINTR) {},
        }
    }
    Ok(())
}

fn all() -> Result<Vec<Name>> {
    names()?.into_iter().map(Name::new).collect()
}

/// As ip(8) has it.
fn announce(name: &Name) -> Result<()> {
    hc::print(&[b"\nnetns: ", name.as_os_str().as_bytes(), b"\n"].concat())
}
