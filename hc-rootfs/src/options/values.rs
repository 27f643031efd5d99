//! The values of options.

use crate::copy::Link;
use crate::dlopen::Priority;
use crate::extra::Request;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// A priority, or none.
pub(super) fn dlopen(value: &OsStr) -> Result<Option<Priority>> {
    if value == "none" {
        return Ok(None);
    }
    Priority::of(value.as_bytes()).map(Some).ok_or_else(|| {
        let value = hc::show(value);
        Error::usage(format!("--dlopen '{value}': not one of required, recommended, suggested, none"))
    })
}

/// `SRC[:DST]`, in which `\:` is a colon of a name.
pub(super) fn request(value: &OsStr) -> Result<Request> {
    let wrong = |why: &str| Err(Error::usage(format!("-f '{}': {why}", hc::show(value))));
    let mut names = vec![Vec::new()];
    let mut bytes = value.as_bytes().iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, names.last_mut()) {
            (b':', _) => names.push(Vec::new()),
            (b'\\', Some(name)) if bytes.peek() == Some(&b':') => name.extend(bytes.next()),
            (byte, Some(name)) => name.push(byte),
            (_, None) => {}
        }
    }
    let mut names = names.into_iter().map(|name| PathBuf::from(OsString::from_vec(name)));
    let (source, place) = (names.next().unwrap_or_default(), names.next());
    if names.next().is_some() {
        return wrong("has two colons: \\: is one that belongs to a name");
    }
    if source.as_os_str().is_empty() {
        return wrong("no file to copy");
    }
    let Some(place) = place else { return Ok(Request { source, place }) };
    if !place.is_absolute() {
        return wrong("its place in the new root has to begin with a slash");
    }
    if place.components().any(|component| component == Component::ParentDir) {
        return wrong("its place in the new root has a .. in it");
    }
    let plain: PathBuf = place.components().collect();
    let into = plain != Path::new("/") && place.as_os_str().as_bytes().ends_with(b"/");
    match source.file_name() {
        Some(name) if into => Ok(Request { place: Some(plain.join(name)), source }),
        None if into => wrong("has no name of its own: give it one"),
        _ => Ok(Request { source, place: Some(plain) }),
    }
}

/// What a copy has in common with its file.
pub(super) fn link(value: &OsStr) -> Result<Link> {
    match value.as_bytes() {
        b"auto" => Ok(Link::Auto),
        b"reflink" => Ok(Link::Reflink),
        b"copy" => Ok(Link::Copy),
        b"hard" => Ok(Link::Hard),
        _ => Err(Error::usage(format!("--link '{}': not one of auto, reflink, copy, hard", hc::show(value)))),
    }
}
