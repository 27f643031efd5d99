//! Values of single options.

use super::Show;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A name becomes one directory in a directory of them, no more.
pub(super) fn name(option: &str, name: OsString) -> Result<OsString> {
    const MAX_NAME: usize = 255;
    let shown = hc::show(&name).to_string();
    match name.as_bytes() {
        b"" => Err(Error::usage(format!("{option}: an empty name is no name"))),
        b"." | b".." => Err(Error::usage(format!("{option}: '{shown}' is no name"))),
        bytes if bytes.contains(&b'/') => {
            Err(Error::usage(format!("{option}: '{shown}' has a slash (--rootfs takes a directory)")))
        }
        bytes if bytes.len() > MAX_NAME => Err(Error::usage(format!("{option}: longer than 255 bytes"))),
        _ => Ok(name),
    }
}

pub(super) fn directory(directory: OsString) -> Result<OsString> {
    if directory.is_empty() {
        return Err(Error::usage("--rootfs: an empty name is no directory"));
    }
    Ok(directory)
}

pub(super) fn show(value: Option<&OsStr>) -> Result<Show> {
    match value.map(OsStr::as_bytes) {
        None => Ok(Show::Line),
        Some(b"tree") => Ok(Show::Tree),
        Some(_) => Err(Error::usage("--print: there is no way but tree, and the line without it")),
    }
}

/// Whether the program is one that wants to be process 1.
pub(super) fn is_init(argv: &[OsString]) -> bool {
    let name = argv.first().and_then(|program| Path::new(program).file_name());
    name.is_some_and(|name| name == "init" || name == "systemd")
}
