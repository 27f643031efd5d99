//! Names of cgroups, as they are given: hostile, and never a way out of where they begin.

use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// What a file system takes as the name of one directory.
const NAME_MAX: usize = 255;
/// What a system call takes as a path, with its NUL.
const PATH_MAX: usize = 4096;

/// A path of names, from the caller's own cgroup or from the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) absolute: bool,
    /// Each of them a name: neither empty, nor `.` or `..`, and without slashes and control characters.
    pub(crate) names: Vec<OsString>,
}

impl Path {
    /// The value of `option`, which names one cgroup that is not the root.
    pub(crate) fn named(option: &str, value: &OsStr) -> Result<Self> {
        let path = Self::parent(option, value)?;
        if path.names.is_empty() {
            return Err(bad(option, value, "the root is no cgroup that could be made or removed"));
        }
        Ok(path)
    }

    /// The same, and `/` may be meant.
    pub(crate) fn parent(option: &str, value: &OsStr) -> Result<Self> {
        let bytes = value.as_bytes();
        let because = if bytes.is_empty() {
            Some("an empty name is no cgroup")
        } else if bytes.len() >= PATH_MAX {
            Some("longer than a path can be")
        } else if bytes.iter().any(u8::is_ascii_control) {
            Some("a name of a cgroup has no control characters")
        } else {
            None
        };
        if let Some(because) = because {
            return Err(bad(option, value, because));
        }
        let names = bytes.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        let names: Vec<OsString> = names.map(|name| OsStr::from_bytes(name).to_owned()).collect();
        if names.iter().any(|name| name == "." || name == "..") {
            return Err(bad(option, value, "'.' and '..' are no names of cgroups"));
        }
        if names.iter().any(|name| name.len() > NAME_MAX) {
            return Err(bad(option, value, "a name has at most 255 bytes"));
        }
        Ok(Path { absolute: bytes.starts_with(b"/"), names })
    }
}

fn bad(option: &str, value: &OsStr, because: &str) -> Error {
    Error::usage(format!("--{option}: '{}': {because}", hc::show(value)))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.absolute {
            f.write_str("/")?;
        }
        hc::show(&joined(&self.names)).fmt(f)
    }
}

/// With slashes between.
pub(crate) fn joined(names: &[OsString]) -> OsString {
    names.join(OsStr::new("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_here_or_at_the_root() {
        let path = |text: &str| Path::named("name", OsStr::new(text)).unwrap();
        assert_eq!(path("a/b"), Path { absolute: false, names: vec!["a".into(), "b".into()] });
        assert_eq!(path("//a//b/"), Path { absolute: true, names: vec!["a".into(), "b".into()] });
        assert_eq!((path("a/b").to_string(), path("/a//b/").to_string()), ("a/b".into(), "/a/b".into()));
        assert_eq!(Path::parent("parent", OsStr::new("/")), Ok(Path { absolute: true, names: Vec::new() }));
    }

    #[test]
    fn nothing_leads_elsewhere() {
        let long = "x".repeat(256);
        let longer = "x/".repeat(2048);
        for (text, because) in [
            ("", "an empty name is no cgroup"),
            ("/", "the root is no cgroup that could be made or removed"),
            ("..", "'.' and '..' are no names of cgroups"),
            ("a/../b", "'.' and '..' are no names of cgroups"),
            ("/a/.", "'.' and '..' are no names of cgroups"),
            ("a\nb", "a name of a cgroup has no control characters"),
            ("a\x1bb", "a name of a cgroup has no control characters"),
            (&long, "a name has at most 255 bytes"),
            (&longer, "longer than a path can be"),
        ] {
            let said = Path::named("name", OsStr::new(text)).unwrap_err().to_string();
            assert_eq!(said, format!("--name: '{}': {because}", hc::show(text)));
        }
    }
}
