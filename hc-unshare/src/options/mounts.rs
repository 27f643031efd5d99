//! The values of options about mounts. Pure; each failure is a usage error.

use super::values::directory;
use crate::mounts::{Bind, Mount, Overlay};
use crate::sys::mount::{self as call, Depth};
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

fn parts(value: &OsStr) -> Vec<OsString> {
    value.as_bytes().split(|&byte| byte == b':').map(|part| OsStr::from_bytes(part).to_owned()).collect()
}

fn words(list: &OsStr) -> impl Iterator<Item = &[u8]> {
    list.as_bytes().split(|&byte| byte == b',').filter(|word| !word.is_empty())
}

/// `SRC:DST[:OPTION,…]`.
pub(super) fn bind(value: &OsStr) -> Result<Mount> {
    let wrong = |what: &str| Error::usage(format!("--bind '{}': {what}", hc::show(value)));
    let parts = parts(value);
    let (source, target, options) = match parts.as_slice() {
        [source, target] => (source, target, OsStr::new("")),
        [source, target, options] => (source, target, options.as_os_str()),
        _ => return Err(wrong("not SRC:DST[:OPTIONS]")),
    };
    if source.is_empty() || target.is_empty() {
        return Err(wrong("an empty name"));
    }
    let (mut attributes, mut depth, mut idmap) = (0, Depth::One, false);
    for word in words(options) {
        match word {
            b"ro" => attributes |= call::RDONLY,
            b"rw" => attributes &= !call::RDONLY,
            b"nosuid" => attributes |= call::NOSUID,
            b"nodev" => attributes |= call::NODEV,
            b"noexec" => attributes |= call::NOEXEC,
            b"rec" => depth = Depth::All,
            b"idmap" => idmap = true,
            _ => return Err(wrong("an option that is not ro, rw, nosuid, nodev, noexec, rec or idmap")),
        }
    }
    Ok(Mount::Bind(Bind { source: source.clone(), target: target.clone(), attributes, depth, idmap }))
}

/// `DST[:OPTION,…]`.
pub(super) fn tmpfs(value: &OsStr) -> Result<Mount> {
    let parts = parts(value);
    let (target, options) = match parts.as_slice() {
        [target] => (target, OsStr::new("")),
        [target, options] => (target, options.as_os_str()),
        _ => return Err(Error::usage(format!("--tmpfs '{}': not DST[:OPTIONS]", hc::show(value)))),
    };
    let mut data = String::from("mode=0755");
    for word in words(options) {
        let text = String::from_utf8_lossy(word);
        let known = text.split_once('=').is_some_and(|(name, value)| {
            ["size", "mode", "nr_inodes"].contains(&name)
                && !value.is_empty()
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%')
        });
        if !known {
            let shown = hc::show(value);
            return Err(Error::usage(format!(
                "--tmpfs '{shown}': an option that is not size=, mode= or nr_inodes="
            )));
        }
        data = data + "," + &text;
    }
    Ok(Mount::Tmpfs(directory(target.clone())?, data.into()))
}

/// `LOWER[:LOWER…]:UPPER:WORK:DST`.
pub(super) fn overlay(value: &OsStr) -> Result<Mount> {
    let parts = parts(value);
    match parts.as_slice() {
        [lower @ .., upper, work, target]
            if !lower.is_empty() && parts.iter().all(|part| !part.is_empty()) =>
        {
            let (upper, work, target) = (upper.clone(), work.clone(), target.clone());
            Ok(Mount::Overlay(Overlay { lower: lower.to_vec(), upper, work, target }))
        }
        _ => {
            Err(Error::usage(format!("--overlay '{}': not LOWER[:LOWER...]:UPPER:WORK:DST", hc::show(value))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(result: Result<Mount>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn binds() {
        let of = |value: &str| bind(OsStr::new(value));
        let expected = |attributes, depth| {
            Mount::Bind(Bind { source: "/a".into(), target: "/b".into(), attributes, depth, idmap: false })
        };
        assert_eq!(of("/a:/b"), Ok(expected(0, Depth::One)));
        let all = call::RDONLY | call::NOSUID | call::NODEV | call::NOEXEC;
        assert_eq!(of("/a:/b:ro,nosuid,nodev,noexec,rec"), Ok(expected(all, Depth::All)));
        assert_eq!(error(of("/a")), "--bind '/a': not SRC:DST[:OPTIONS]");
        assert_eq!(error(of("/a:")), "--bind '/a:': an empty name");
        assert_eq!(
            error(of("/a:/b:x")),
            "--bind '/a:/b:x': an option that is not ro, rw, nosuid, nodev, noexec, rec or idmap"
        );
        assert!(matches!(of("/a:/b:idmap"), Ok(Mount::Bind(Bind { idmap: true, .. }))));
    }

    #[test]
    fn tmpfs_options() {
        let of = |value: &str| tmpfs(OsStr::new(value));
        assert_eq!(of("/t"), Ok(Mount::Tmpfs("/t".into(), "mode=0755".into())));
        assert_eq!(
            of("/t:size=1m,mode=1777"),
            Ok(Mount::Tmpfs("/t".into(), "mode=0755,size=1m,mode=1777".into()))
        );
        for value in ["/t:uid=0", "/t:size=", "/t:size=1,2", "/t:size=1\\,x"] {
            assert!(
                error(of(value)).ends_with("an option that is not size=, mode= or nr_inodes="),
                "{value}"
            );
        }
        assert_eq!(error(of("")), "an empty name is no directory");
    }

    #[test]
    fn overlays() {
        let of = |value: &str| overlay(OsStr::new(value));
        let expected = Overlay {
            lower: vec!["/l".into(), "/m".into()],
            upper: "/u".into(),
            work: "/w".into(),
            target: "/t".into(),
        };
        assert_eq!(of("/l:/m:/u:/w:/t"), Ok(Mount::Overlay(expected)));
        for value in ["", "/u:/w:/t", "/l::/w:/t"] {
            assert!(error(of(value)).ends_with("not LOWER[:LOWER...]:UPPER:WORK:DST"), "{value}");
        }
    }
}
