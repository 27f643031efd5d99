//! The search for a program in a sysroot, as execvp(3) would make it in there.

use super::inside::Inside;
use super::kind;
use hc::{Error, Result, reason, show};
use nix::errno::Errno;
use nix::fcntl::{OFlag, ResolveFlag, readlinkat};
use nix::sys::stat::{SFlag, fstat};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The file that `program` means, by `path` (the value of PATH, if set) when it has no slash.
pub(super) fn program(sysroot: &Inside, program: &OsStr, path: Option<&[u8]>) -> Result<PathBuf> {
    let (mut denied, mut there) = (None, None);
    for file in hc::candidates(program, path) {
        let errno = match sysroot.check_program(&file) {
            Ok(()) => return Ok(file),
            Err(errno) => errno,
        };
        let goes_on = !program.as_bytes().contains(&b'/')
            && matches!(errno, Errno::EACCES | Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE);
        if !goes_on {
            return Err(refused(sysroot, &file, errno));
        }
        if errno == Errno::EACCES {
            denied.get_or_insert(file);
        } else if dangling(sysroot, &file).is_some() {
            there.get_or_insert(file);
        }
    }
    Err(match (denied, there) {
        (Some(file), _) => refused(sysroot, &file, Errno::EACCES),
        (None, Some(file)) => refused(sysroot, &file, Errno::ENOENT),
        (None, None) if program.is_empty() => Error::new("'': an empty name is no program"),
        (None, None) => {
            let place = if path.is_some() { "PATH" } else { "/bin:/usr/bin (PATH is not set)" };
            Error::new(format!("{}: not found in {place}", show(program)))
        }
    })
}

/// The error for `file`, which is not to be had.
fn refused(sysroot: &Inside, file: &Path, errno: Errno) -> Error {
    let why = match errno {
        Errno::ENOENT => dangling(sysroot, file)
            .map(|target| format!("is a link to {}, which does not exist", show(&target))),
        Errno::EACCES => obstacle(sysroot, file),
        _ => None,
    };
    Error::new(format!("{}: {}", show(file), why.unwrap_or_else(|| reason(errno))))
}

/// What `file` leads to, if it is a link.
fn dangling(sysroot: &Inside, file: &Path) -> Option<PathBuf> {
    let link = sysroot.hold(file, ResolveFlag::empty(), OFlag::O_NOFOLLOW).ok()?;
    readlinkat(&link, "").ok().filter(|target| !target.is_empty()).map(PathBuf::from)
}

fn obstacle(sysroot: &Inside, file: &Path) -> Option<String> {
    let held = sysroot.hold(file, ResolveFlag::empty(), OFlag::empty()).ok()?;
    let status = fstat(&held).ok()?;
    Some(match kind(&status) {
        SFlag::S_IFDIR => "is a directory".to_owned(),
        SFlag::S_IFREG => format!("not executable (its mode is {:04o})", status.st_mode & 0o7777),
        _ => "is not a regular file".to_owned(),
    })
}
