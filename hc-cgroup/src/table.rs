//! Which cgroup hierarchies are mounted, and which cgroups this process is in: two files of proc, read as hostile input.

use crate::directory::read_all;
use hc::{Context, Result};
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The versions of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// A hierarchy for one controller or a few.
    One,
    /// One hierarchy for all.
    Two,
}

/// A place in a hierarchy as the kernel tells it: from the root of the cgroup namespace, which it may be outside of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// How many `..` it begins with.
    pub(crate) up: usize,
    pub(crate) names: Vec<OsString>,
}

impl Seen {
    fn parse(path: &[u8]) -> Self {
        let names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty());
        let (mut up, mut rest) = (0, Vec::new());
        for name in names {
            if name == b".." && rest.is_empty() {
                up += 1;
            } else {
                rest.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Seen { up, names: rest }
    }
}

/// A hierarchy that is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) version: Version,
    /// Of version 1: the controllers, and other words.
    words: Vec<String>,
    /// What is mounted of it.
    pub(crate) root: Seen,
    pub(crate) point: OsString,
    /// Major and minor number.
    pub(crate) device: (u64, u64),
}

impl Mount {
    /// True if this is the first version's hierarchy for `controller`, by the name it has there.
    pub(crate) fn has(&self, controller: &str) -> bool {
        self.version == Version::One && self.words.iter().any(|word| word == controller)
    }
}

/// A cgroup of this process.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Membership {
    version: Version,
    controllers: Vec<String>,
    place: Seen,
}

/// Both files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) mounts: Vec<Mount>,
    memberships: Vec<Membership>,
}

impl Table {
    /// As it is for this process.
    pub(crate) fn read() -> Result<Self> {
        let read = |file: &str| {
            let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
            let opened = open(file, flags, Mode::empty());
            opened.and_then(|file| read_all(&file)).context(format_args!("cannot read {file}"))
        };
        Ok(Self::parse(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?))
    }

    fn parse(mounts: &[u8], memberships: &[u8]) -> Self {
        let lines = |text| <[u8]>::split(text, |&byte| byte == b'\n');
        Table {
            mounts: lines(mounts).filter_map(mount).collect(),
            memberships: lines(memberships).filter_map(membership).collect(),
        }
    }

    /// Where this process is in the hierarchy of `mount`.
    pub(crate) fn own(&self, mount: &Mount) -> Option<&Seen> {
        let same = |membership: &&Membership| match mount.version {
            Version::Two => membership.version == Version::Two,
            Version::One => membership.controllers.iter().any(|name| mount.has(name)),
        };
        self.memberships.iter().find(same).map(|membership| &membership.place)
    }

    /// Every controller of a hierarchy of version 1, by the names of that.
    pub(crate) fn first_version(&self) -> impl Iterator<Item = &str> {
        let of_one = self.memberships.iter().filter(|membership| membership.version == Version::One);
        // One without a controller is of no use to us.
        of_one
            .filter_map(|membership| membership.controllers.first().map(String::as_str))
            .filter(|name| !name.starts_with("name="))
    }
}

/// A line of mountinfo: `ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE OPTIONS`.
fn mount(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ');
    let device = std::str::from_utf8(fields.nth(2)?).ok()?;
    let (major, minor) = device.split_once(':')?;
    let (root, point) = (unescaped(fields.next()?), unescaped(fields.next()?));
    fields.find(|field| *field == b"-")?;
    let version = match fields.next()? {
        b"cgroup2" => Version::Two,
        b"cgroup" => Version::One,
        _ => return None,
    };
    let options = String::from_utf8_lossy(fields.nth(1)?).into_owned();
    Some(Mount {
        version,
        words: options.split(',').map(str::to_owned).collect(),
        root: Seen::parse(&root),
        point: OsString::from_vec(point),
        device: (major.parse().ok()?, minor.parse().ok()?),
    })
}

/// A line of cgroup: `ID:CONTROLLERS:PATH`; the second version has 0 and none.
fn membership(line: &[u8]) -> Option<Membership> {
    let mut fields = line.splitn(3, |&byte| byte == b':');
    let id = fields.next()?;
    let controllers = std::str::from_utf8(fields.next()?).ok()?;
    let path = fields.next()?;
    let version = if id == b"0" && controllers.is_empty() { Version::Two } else { Version::One };
    let controllers = controllers.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    path.starts_with(b"/").then(|| Membership { version, controllers, place: Seen::parse(path) })
}

/// `\040` is a space.
fn unescaped(field: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let code = match rest {
            [b'\\', digits @ ..] => digits.get(..3).and_then(octal),
            _ => None,
        };
        plain.push(code.unwrap_or(*first));
        rest = if code.is_some() { rest.get(4..).unwrap_or_default() } else { tail };
    }
    plain
}

fn octal(digits: &[u8]) -> Option<u8> {
    let is_octal = digits.iter().all(|digit| (b'0'..=b'7').contains(digit));
    std::str::from_utf8(digits).ok().filter(|_| is_octal).and_then(|text| u8::from_str_radix(text, 8).ok())
}

#[cfg(test)]
mod tests;
