//! Where the other tools are: beside this one, else in PATH.

use hc::{Context, Environ, Error, Result};
use nix::unistd::{AccessFlags, access};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The tools that a chain is made of, by absolute path: behind `hc-env -i` there is no PATH to find one in.
pub(crate) struct Links {
    pub(crate) rootfs: OsString,
    pub(crate) env: OsString,
    pub(crate) unshare: OsString,
}

/// Finds the tools; those of this installation before others.
pub(crate) fn find(env: &Environ) -> Result<Links> {
    let own = fs::read_link("/proc/self/exe").unwrap_or_default();
    let find = |name| find_one(name, own.parent(), env.get(b"PATH"));
    let links = Links { rootfs: find("hc-rootfs")?, env: find("hc-env")?, unshare: find("hc-unshare")? };
    if links.unshare.as_bytes().contains(&b'=') {
        let path = hc::show(&links.unshare);
        return Err(Error::new(format!(
            "{path}: hc-env would take this path for an assignment, for its '='"
        )));
    }
    Ok(links)
}

fn find_one(name: &str, own_directory: Option<&Path>, path: Option<&[u8]>) -> Result<OsString> {
    if let Some(sibling) = own_directory.map(|directory| directory.join(name))
        && sibling.is_absolute()
        && access(&sibling, AccessFlags::X_OK).is_ok()
    {
        return Ok(sibling.into_os_string());
    }
    let found = hc::find_program(OsStr::new(name), path)
        .map_err(|_| Error::new(format!("{name}: neither beside hc-run nor in PATH")))?;
    absolute(found)
}

/// A path that still means the same after a change of directory.
pub(crate) fn absolute(path: PathBuf) -> Result<OsString> {
    if path.is_absolute() {
        return Ok(path.into_os_string());
    }
    let here = nix::unistd::getcwd().context("the working directory")?;
    Ok(here.join(path).into_os_string())
}
