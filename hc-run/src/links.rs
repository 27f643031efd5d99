//! Where the other tools are: beside this one, else in PATH.

use crate::chain::{Link, Tool};
use hc::{Context, Environ, Error, Result};
use nix::unistd::{AccessFlags, access};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Finds each link's tool, of this installation before others. By absolute path: behind `hc-env -i` there is no PATH to
/// find one in.
pub(crate) fn find(chain: &[Link], env: &Environ) -> Result<Vec<OsString>> {
    let own = fs::read_link("/proc/self/exe").unwrap_or_default();
    let mut found = Vec::new();
    for (at, link) in chain.iter().enumerate() {
        let path = find_one(link.tool, own.parent(), env.get(b"PATH"))?;
        let after_env =
            at.checked_sub(1).and_then(|before| chain.get(before)).is_some_and(|link| link.tool == Tool::Env);
        if after_env && path.as_bytes().contains(&b'=') {
            let path = hc::show(&path);
            return Err(Error::new(format!(
                "{path}: hc-env would take this path for an assignment, for its '='"
            )));
        }
        found.push(path);
    }
    Ok(found)
}

/// One of the tools.
pub(crate) fn find_one(tool: Tool, own_directory: Option<&Path>, path: Option<&[u8]>) -> Result<OsString> {
    let name = tool.name();
    if let Some(sibling) = own_directory.map(|directory| directory.join(name))
        && sibling.is_absolute()
        && access(&sibling, AccessFlags::X_OK).is_ok()
    {
        return Ok(sibling.into_os_string());
    }
    let why = if tool == Tool::Pasta {
        "not in PATH (its package is passt)"
    } else {
        "neither beside hc-run nor in PATH"
    };
    let found = hc::find_program(OsStr::new(name), path).map_err(|_| Error::new(format!("{name}: {why}")))?;
    absolute(found)
}

/// The whole chain as one command line.
pub(crate) fn line(chain: Vec<Link>, tools: Vec<OsString>) -> Vec<OsString> {
    tools.into_iter().zip(chain).flat_map(|(tool, link)| std::iter::once(tool).chain(link.words)).collect()
}

/// A path that still means the same after a change of directory.
pub(crate) fn absolute(path: PathBuf) -> Result<OsString> {
    if path.is_absolute() {
        return Ok(path.into_os_string());
    }
    let here = nix::unistd::getcwd().context("the working directory")?;
    Ok(here.join(path).into_os_string())
}
