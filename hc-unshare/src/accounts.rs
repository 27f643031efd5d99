//! The files of users and groups: passwd(5), group(5), subuid(5). Read here, for a static C library cannot ask the
//! name services that it would need for others.

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat, stat};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;

pub(crate) const PASSWD: &str = "/etc/passwd";
pub(crate) const GROUP: &str = "/etc/group";

/// More than any machine's users take. The files may be those of a root directory that somebody else has made.
const MAX_SIZE: u64 = 16 << 20;

/// All of `file`, if it is a regular file; of anything else nothing.
///
/// It is looked at before it is opened, for to open a device can be to start it, and whoever has made the root directory
/// may have put one there. What has been looked at cannot be opened by its descriptor: that would take a /proc, which the
/// root may not have, or may have made up. So it is opened by name; should that have become another file since, it cannot
/// hold us up without end (a FIFO) nor become ours (a terminal), and is not read.
pub(crate) fn read(file: &str) -> nix::Result<Vec<u8>> {
    if !is_regular(&stat(file)?) {
        return Ok(Vec::new());
    }
    let descriptor =
        open(file, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC, Mode::empty())?;
    if !is_regular(&fstat(&descriptor)?) {
        return Ok(Vec::new());
    }
    let mut content = Vec::new();
    let read = File::from(descriptor).take(MAX_SIZE).read_to_end(&mut content);
    read.map_err(|error| Errno::try_from(error).unwrap_or(Errno::EIO))?;
    Ok(content)
}

fn is_regular(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFREG
}

/// The id of `name`: the third field of the line in `content`, of passwd(5) or group(5).
pub(crate) fn id_of(content: &[u8], name: &[u8]) -> Option<u32> {
    let id = |fields: &[&[u8]]| fields.first().filter(|first| **first == name).and(number(fields.get(2)?));
    lines(content).find_map(|fields| id(&fields))
}

/// The name of the user `id` in `passwd`.
pub(crate) fn name_of(passwd: &[u8], id: u32) -> Option<Vec<u8>> {
    line_of(passwd, id)?.first().map(|name| name.to_vec())
}

/// The shell of the user `id` in `passwd`, if one is named.
pub(crate) fn shell_of(passwd: &[u8], id: u32) -> Option<OsString> {
    let shell = line_of(passwd, id)?.get(6)?.to_vec();
    (!shell.is_empty()).then(|| OsString::from_vec(shell))
}

/// The first range of subordinate ids that `content`, of subuid(5), gives to `user` or to `id`: the first one of it, and
/// how many.
pub(crate) fn subordinate_ids(content: &[u8], user: Option<&[u8]>, id: u32) -> Option<(u32, u32)> {
    lines(content).find_map(|fields| {
        let [owner, first, count] = fields.as_slice() else { return None };
        let is_ours = Some(*owner) == user || number(owner) == Some(id);
        is_ours.then(|| Some((number(first)?, number(count)?)))?
    })
}

fn line_of(passwd: &[u8], id: u32) -> Option<Vec<&[u8]>> {
    lines(passwd).find(|fields| fields.get(2).and_then(number) == Some(id))
}

fn lines(content: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    content.split(|&byte| byte == b'\n').map(|line| line.split(|&byte| byte == b':').collect())
}

/// A decimal number: digits and nothing else.
pub(crate) fn number(text: impl AsRef<[u8]>) -> Option<u32> {
    let text = std::str::from_utf8(text.as_ref()).ok()?;
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A number as a user gives it: strtoul(3) allows for blanks and a plus sign before it.
pub(crate) fn given_number(text: &[u8]) -> Option<u32> {
    let text = text.trim_ascii_start();
    number(text.strip_prefix(b"+").unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &[u8] =
        b"root:x:0:0:root:/root:/bin/bash\n\nodd\nnobody:x:65534:65534::/:\nann:x:1000:1000::/a:/bin/zsh";

    #[test]
    fn users() {
        assert_eq!(id_of(USERS, b"ann"), Some(1000));
        assert_eq!(id_of(USERS, b"odd"), None);
        assert_eq!(name_of(USERS, 65534), Some(b"nobody".to_vec()));
        assert_eq!(name_of(USERS, 1), None);
        assert_eq!(shell_of(USERS, 1000), Some("/bin/zsh".into()));
        assert_eq!(shell_of(USERS, 65534), None);
    }

    #[test]
    fn subordinate_ids_by_name_and_by_number() {
        let content = b"ben:1:2\nann:100000:65536\nann:7:7\n1001:300000:10\nroot:x:y\n";
        assert_eq!(subordinate_ids(content, Some(b"ann"), 1000), Some((100_000, 65536)));
        assert_eq!(subordinate_ids(content, None, 1001), Some((300_000, 10)));
        // A name is no number, not even 0, as the original takes it for.
        assert_eq!(subordinate_ids(content, Some(b"root"), 0), None);
    }

    #[test]
    fn numbers_are_digits() {
        assert_eq!(number("4294967295"), Some(u32::MAX));
        for text in ["", "+1", "-1", " 1", "1 ", "0x1", "4294967296"] {
            assert_eq!(number(text), None, "{text}");
        }
        for text in ["7", "+7", " 7", "\t+7"] {
            assert_eq!(given_number(text.as_bytes()), Some(7), "{text}");
        }
        assert_eq!(given_number(b"7 "), None);
    }
}
