//! The values of options. Pure; each failure is a usage error.

use crate::accounts::given_number;
use crate::credentials::Owner;
use crate::idmap::{Range, Setgroups, Wish};
use crate::namespaces::Kind;
use crate::propagation::Propagation;
use crate::uts::MAX_LENGTH;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::raw::c_int;
use std::os::unix::ffi::OsStrExt;

/// A directory's name.
pub(super) fn directory(value: OsString) -> Result<OsString> {
    if value.is_empty() { Err(Error::usage("an empty name is no directory")) } else { Ok(value) }
}

/// A file's name.
pub(super) fn file(value: OsString) -> Result<OsString> {
    if value.is_empty() { Err(Error::usage("an empty name is no file")) } else { Ok(value) }
}

/// The name of a machine, or of a domain.
pub(super) fn machine_name(value: OsString) -> Result<OsString> {
    if value.len() > MAX_LENGTH {
        return Err(Error::usage(format!("'{}': longer than {MAX_LENGTH} bytes", hc::show(&value))));
    }
    Ok(value)
}

/// Kinds of namespaces, with commas between them.
pub(super) fn kinds(value: &OsStr) -> Result<Vec<Kind>> {
    let called = |name: &[u8]| Kind::ALL.into_iter().find(|kind| kind.name().as_bytes() == name);
    let kinds = value.as_bytes().split(|&byte| byte == b',').map(called);
    kinds.collect::<Option<_>>().ok_or_else(|| {
        let shown = hc::show(value);
        Error::usage(format!("--share '{shown}': not mount, uts, ipc, net, pid, user, cgroup or time"))
    })
}

/// The id of a `what`.
pub(super) fn id(what: &str, value: &OsStr) -> Result<u32> {
    id_in(value.as_bytes()).ok_or_else(|| Error::usage(format!("'{}' is no {what} id", hc::show(value))))
}

/// 4294967295 means "no change" to the kernel.
fn id_in(value: &[u8]) -> Option<u32> {
    given_number(value).filter(|id| *id != u32::MAX)
}

/// `UID:GID`.
pub(super) fn owner(value: &OsStr) -> Result<Owner> {
    let parts: Vec<Option<u32>> = value.as_bytes().split(|&byte| byte == b':').map(id_in).collect();
    match parts.as_slice() {
        [Some(user), Some(group)] => Ok(Owner { user: *user, group: *group }),
        _ => Err(Error::usage(format!("owner '{}': not UID:GID", hc::show(value)))),
    }
}

/// `allow` or `deny`.
pub(super) fn setgroups(value: &OsStr) -> Result<Setgroups> {
    match value.as_bytes() {
        b"allow" => Ok(Setgroups::Allow),
        b"deny" => Ok(Setgroups::Deny),
        _ => Err(Error::usage(format!("unsupported --setgroups argument '{}'", hc::show(value)))),
    }
}

/// `private`, `slave`, `shared`, `unchanged`.
pub(super) fn propagation(value: &OsStr) -> Result<Propagation> {
    Propagation::called(value)
        .ok_or_else(|| Error::usage(format!("unsupported propagation mode: {}", hc::show(value))))
}

/// `INNER:OUTER:COUNT`, or as before util-linux 2.39 `OUTER,INNER,COUNT`, or a word.
pub(super) fn map(option: &str, value: &OsStr) -> Result<Wish> {
    match value.as_bytes() {
        b"auto" => return Ok(Wish::Auto),
        b"subids" => return Ok(Wish::Subids),
        b"all" => return Ok(Wish::All),
        _ => {}
    }
    let numbers = |separator: u8| -> Vec<Option<u32>> {
        value.as_bytes().split(|&byte| byte == separator).map(given_number).collect()
    };
    match (numbers(b':').as_slice(), numbers(b',').as_slice()) {
        ([Some(inside), Some(outside), Some(count)], _) | (_, [Some(outside), Some(inside), Some(count)]) => {
            Ok(Wish::Range(Range { inside: *inside, outside: *outside, count: *count }))
        }
        _ => {
            let value = hc::show(value);
            Err(Error::usage(format!("{option}: '{value}' is not INNER:OUTER:COUNT, auto, subids or all")))
        }
    }
}

/// A signal's name or number.
pub(super) fn signal(value: &OsStr) -> Result<c_int> {
    hc::signame::number(value.as_bytes())
        .ok_or_else(|| Error::usage(format!("unknown signal: {}", hc::show(value))))
}

/// Seconds, also backwards.
pub(super) fn seconds(option: &str, value: &OsStr) -> Result<i64> {
    value
        .to_str()
        .and_then(|text| text.trim_ascii_start().parse().ok())
        .ok_or_else(|| Error::usage(format!("{option}: '{}' is no number of seconds", hc::show(value))))
}

/// Names with commas between them.
pub(super) fn names(value: &OsStr) -> Vec<Vec<u8>> {
    value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_in_both_orders() {
        let of = |value: &str| map("--map-users", OsStr::new(value));
        let range = Wish::Range(Range { inside: 1, outside: 2, count: 3 });
        assert_eq!(of("1:2:3"), Ok(range));
        assert_eq!(of("2,1,3"), Ok(range));
        assert_eq!((of("auto"), of("subids"), of("all")), (Ok(Wish::Auto), Ok(Wish::Subids), Ok(Wish::All)));
        for value in ["", "1", "1:2", "1:2:3:4", "1:2,3", "-1:2:3", "1:2:x", "AUTO", "4294967296:0:1"] {
            let expected = format!("--map-users: '{value}' is not INNER:OUTER:COUNT, auto, subids or all");
            assert_eq!(of(value).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn owners_and_ids() {
        assert_eq!(owner(OsStr::new("1:2")), Ok(Owner { user: 1, group: 2 }));
        for value in ["1", "1:", ":2", "1:2:3", "a:b", "1:4294967295"] {
            assert_eq!(
                owner(OsStr::new(value)).unwrap_err().to_string(),
                format!("owner '{value}': not UID:GID")
            );
        }
        assert_eq!(id("user", OsStr::new("4294967294")), Ok(4_294_967_294));
        assert_eq!(
            id("user", OsStr::new("4294967295")).unwrap_err().to_string(),
            "'4294967295' is no user id"
        );
        assert_eq!(id("group", OsStr::new("root")).unwrap_err().to_string(), "'root' is no group id");
    }

    #[test]
    fn words_and_numbers() {
        assert_eq!(seconds("--boottime", OsStr::new("-5")), Ok(-5));
        assert!(seconds("--boottime", OsStr::new("5s")).is_err());
        assert_eq!(signal(OsStr::new("term")), Ok(15));
        assert_eq!(signal(OsStr::new("NONE")).unwrap_err().to_string(), "unknown signal: NONE");
        assert_eq!(setgroups(OsStr::new("deny")), Ok(Setgroups::Deny));
        assert!(setgroups(OsStr::new("")).is_err() && propagation(OsStr::new("rprivate")).is_err());
        assert_eq!(names(OsStr::new("A,B")), [b"A", b"B"]);
    }
}
