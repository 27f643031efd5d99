//! Values of single options.

use super::{Network, Show};
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

/// `none`, `host`, `pasta`, or a bridge and what hc-netns(8) shall make of the link to it.
pub(super) fn network(value: &OsStr) -> Result<Network> {
    let bytes = value.as_bytes();
    let mut halves = bytes.splitn(2, |&byte| byte == b':');
    let name = halves.next().unwrap_or_default();
    let options = halves.next();
    match (name, options) {
        (b"", _) => Err(Error::usage("--network: an empty name is no network")),
        (b"none", None) => Ok(Network::None),
        (b"host", None) => Ok(Network::Host),
        (b"pasta", None) => Ok(Network::Pasta),
        (b"none" | b"host" | b"pasta", Some(_)) => {
            Err(Error::usage(format!("--network: {} takes no options", hc::show(OsStr::from_bytes(name)))))
        }
        (bridge, options) => {
            let options = options.into_iter().flat_map(|list| list.split(|&byte| byte == b','));
            let options =
                options.map(|word| option_of_link(OsStr::from_bytes(word))).collect::<Result<_>>()?;
            Ok(Network::Bridge(OsStr::from_bytes(bridge).to_owned(), options))
        }
    }
}

/// One option of `hc-netns run`, without its hyphens.
fn option_of_link(word: &OsStr) -> Result<OsString> {
    let name = word.as_bytes().split(|&byte| byte == b'=').next().unwrap_or_default();
    if name.is_empty()
        || !name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
        || name.starts_with(b"-")
    {
        let word = hc::show(word);
        return Err(Error::usage(format!(
            "--network: '{word}' is no option of hc-netns run, as nat or mtu=1400 is"
        )));
    }
    let mut option = OsString::from("--");
    option.push(word);
    Ok(option)
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
