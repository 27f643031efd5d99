//! The C library's locales: a directory for each, or all of them in one archive.

mod archive;

use crate::host::Host;
use crate::resolver::Files;
use crate::room::FULL;
use hc::{Error, Result, show};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const PLACE: &str = "/usr/lib/locale";
const ARCHIVE: &str = "/usr/lib/locale/locale-archive";

/// The files of the locale `name`; none for one that is built in.
pub(crate) fn files(name: &OsStr, host: &Host) -> Result<Vec<PathBuf>> {
    if ["C", "POSIX"].iter().any(|built_in| name == *built_in) {
        return Ok(Vec::new());
    }
    let failed = |why: &str| Error::new(format!("--locale '{}': {why}", show(name)));
    if name.is_empty() || name.as_bytes().contains(&b'/') || name.as_bytes().starts_with(b".") {
        return Err(failed("is no name of a locale"));
    }
    let names = [name.to_owned(), normalized(name)];
    for directory in names.iter().map(|name| Path::new(PLACE).join(name)) {
        let files = tree(&directory, host).ok_or_else(|| failed(FULL))?;
        if !files.is_empty() {
            return Ok(files);
        }
    }
    // In there a character set is only written in that way.
    let [_, name] = names;
    let opened = host.sysroot.open_regular(Path::new(ARCHIVE));
    if opened.is_ok_and(|(file, _)| archive::has(&file, name.as_bytes())) {
        return Ok(vec![PathBuf::from(ARCHIVE)]);
    }
    Err(failed(&format!("is not in {PLACE} (see localedef(1))")))
}

/// The files in `directory`, and in the directories in there; `None` when there is no room for so many.
fn tree(directory: &Path, host: &Host) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf| {
        let size = 4 * path.as_os_str().len() + size_of::<PathBuf>();
        found.push(path);
        host.room().take(size).then_some(())
    };
    for path in host.names(directory).iter().map(|name| directory.join(name)) {
        if host.is_directory(&path) {
            host.names(&path).iter().try_for_each(|name| add(path.join(name)))?;
        } else {
            add(path)?;
        }
    }
    Some(found)
}

/// The name with its character set as the C library writes it (_nl_normalize_codeset() in glibc): `C.UTF-8` is
/// `C.utf8`.
fn normalized(name: &OsStr) -> OsString {
    let bytes = name.as_bytes();
    let Some(dot) = bytes.iter().position(|&byte| byte == b'.') else { return name.to_owned() };
    let (language, set) = bytes.split_at_checked(dot + 1).unwrap_or_default();
    let end = set.iter().position(|&byte| byte == b'@').unwrap_or(set.len());
    let (set, modifier) = set.split_at_checked(end).unwrap_or_default();
    let mut set: Vec<u8> =
        set.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    if set.iter().all(u8::is_ascii_digit) {
        set.splice(0..0, *b"iso");
    }
    OsStr::from_bytes(&[language, &set, modifier].concat()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_set_has_one_name() {
        let name = |name: &str| normalized(OsStr::new(name)).into_string().unwrap();
        assert_eq!(name("C.UTF-8"), "C.utf8");
        assert_eq!(name("de_DE.ISO-8859-15@euro"), "de_DE.iso885915@euro");
        assert_eq!(name("ja_JP.8859-1"), "ja_JP.iso88591");
        assert_eq!(name("de_DE"), "de_DE");
    }
}
