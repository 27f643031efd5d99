//! Who the program is: a number, or a name in the root directory's own /etc/passwd.

use hc::{Context, Error, Result};
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;

/// More than any such file that is meant so.
const MAX_FILE: u64 = 16 << 20;

/// As the command line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Ids.
    Ids(Ids),
    /// A name, or a number, and one of a group, of which at least one is no number.
    Named(Vec<u8>, Option<Vec<u8>>),
}

/// A user id and a group id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl User {
    /// `UID[:GID]`. As with docker, a UID alone is in the group 0.
    pub(crate) fn parse(value: &OsStr) -> Result<Self> {
        let mut halves = value.as_bytes().splitn(2, |&byte| byte == b':');
        let user = halves.next().unwrap_or_default();
        let group = halves.next();
        if user.is_empty() || group.is_some_and(<[u8]>::is_empty) {
            return Err(Error::usage(format!("--user: '{}' is not UID[:GID]", hc::show(value))));
        }
        match (number(user), group.map_or(Some(0), number)) {
            (Some(user), Some(group)) => Ok(User::Ids(Ids { user, group })),
            _ => Ok(User::Named(user.to_vec(), group.map(<[u8]>::to_vec))),
        }
    }

    /// The ids, by the files of the root directory `root` if there is a name to look up.
    pub(crate) fn look_up(&self, root: &OsStr) -> Result<Ids> {
        let (user, group) = match self {
            User::Ids(ids) => return Ok(*ids),
            User::Named(user, group) => (user, group.as_deref()),
        };
        let (user, own_group) = if let Some(id) = number(user) {
            (id, 0)
        } else {
            let file = read(root, "/etc/passwd")?;
            let fields = entry(&file, user);
            let ids = fields.and_then(|fields| Some((number(fields.first()?)?, number(fields.get(1)?)?)));
            ids.ok_or_else(|| unknown("user", user, "/etc/passwd"))?
        };
        let group = match group.map(|name| (name, number(name))) {
            None => own_group,
            Some((_, Some(id))) => id,
            Some((name, None)) => {
                let file = read(root, "/etc/group")?;
                let id = entry(&file, name).and_then(|fields| number(fields.first()?));
                id.ok_or_else(|| unknown("group", name, "/etc/group"))?
            }
        };
        Ok(Ids { user, group })
    }
}

fn unknown(kind: &str, name: &[u8], file: &str) -> Error {
    Error::new(format!(
        "--user: no {kind} '{}' in the root directory's {file}",
        hc::show(OsStr::from_bytes(name))
    ))
}

fn number(digits: &[u8]) -> Option<u32> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // The last one means "no change" to the kernel.
    let number = std::str::from_utf8(digits).ok().filter(|_| all_digits)?.parse().ok()?;
    (number != u32::MAX).then_some(number)
}

/// The fields behind the password of the entry of that name: passwd(5), group(5).
fn entry<'a>(file: &'a [u8], name: &[u8]) -> Option<Vec<&'a [u8]>> {
    file.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = line.split(|&byte| byte == b':');
        (fields.next() == Some(name)).then(|| fields.skip(1).collect())
    })
}

/// A file of the root directory, whose links do not lead out of it. Only a regular file is opened for reading.
fn read(root: &OsStr, name: &'static str) -> Result<Vec<u8>> {
    let what = || format!("{}{name}", hc::show(root));
    let directory = open(root, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())
        .context(hc::show(root))?;
    // A FIFO would not be waited for, and it is looked at before it is read.
    let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let how = OpenHow::new()
        .flags(flags)
        .resolve(ResolveFlag::RESOLVE_IN_ROOT | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let file = openat2(&directory, name, how).context(what())?;
    let about = fstat(&file).context(what())?;
    if SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(Error::new(format!("{}: not a regular file", what())));
    }
    let mut content = Vec::new();
    let read = File::from(file).take(MAX_FILE).read_to_end(&mut content);
    read.map(|_| content).map_err(|error| Error::new(format!("{}: {error}", what())))
}

impl Ids {
    /// The home directory that container engines give those who have no other.
    pub(crate) fn home(self) -> OsString {
        if self.user == 0 { "/root".into() } else { "/".into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<User> {
        User::parse(OsStr::new(value)).ok()
    }

    #[test]
    fn numbers_need_no_file() {
        assert_eq!(parsed("5"), Some(User::Ids(Ids { user: 5, group: 0 })));
        assert_eq!(parsed("5:6"), Some(User::Ids(Ids { user: 5, group: 6 })));
        assert_eq!(parsed("a:6"), Some(User::Named(b"a".to_vec(), Some(b"6".to_vec()))));
        assert_eq!(parsed("4294967295"), Some(User::Named(b"4294967295".to_vec(), None)));
        for bad in ["", ":", "5:", ":6"] {
            assert_eq!(parsed(bad), None, "{bad}");
        }
    }

    #[test]
    fn names_are_those_of_the_root_directory() {
        let directory = std::env::temp_dir().join(format!("hc-run-user-{}", std::process::id()));
        std::fs::create_dir_all(directory.join("etc")).unwrap();
        std::fs::write(
            directory.join("etc/passwd"),
            "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/:\nbad:x:y:0::/:\n",
        )
        .unwrap();
        std::fs::write(directory.join("etc/group"), "www:x:55:\n").unwrap();
        let look_up = |value: &str| parsed(value).unwrap().look_up(directory.as_os_str());
        assert_eq!(look_up("web"), Ok(Ids { user: 33, group: 44 }));
        assert_eq!(look_up("web:www"), Ok(Ids { user: 33, group: 55 }));
        assert_eq!(look_up("7:www"), Ok(Ids { user: 7, group: 55 }));
        assert!(look_up("nosuch").unwrap_err().to_string().starts_with("--user: no user 'nosuch'"));
        assert!(look_up("bad").is_err());
        // Neither a way out nor something else than a file.
        std::fs::remove_file(directory.join("etc/passwd")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", directory.join("etc/passwd")).unwrap();
        assert!(look_up("daemon").is_err());
        std::fs::remove_file(directory.join("etc/passwd")).unwrap();
        nix::unistd::mkfifo(&directory.join("etc/passwd"), Mode::S_IRWXU).unwrap();
        assert!(look_up("web").unwrap_err().to_string().ends_with("not a regular file"));
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
