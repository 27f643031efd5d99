//! Which name the namespace of a process has, and which processes are in the namespace of a name.

use crate::directory::{DIRECTORY, names};
use crate::named::Name;
use crate::namespace::{self, refused};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::stat::{FileStat, fstat, stat};
use std::ffi::OsString;
use std::fs::read_dir;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Prints the name of the network namespace that a process is in: this one's without a number. Of several names it is
/// the last one in the directory, and an empty line stands for none, as ip(8) has it.
pub(crate) fn identify(process: Option<i32>) -> Result<()> {
    let of = process.map_or_else(|| "self".to_owned(), |process| process.to_string());
    let own = stat(format!("/proc/{of}/ns/net").as_str()).map_err(|errno| match errno {
        Errno::ENOENT => Error::new(format!("process {of}: {}", hc::reason(Errno::ESRCH))),
        errno => refused(format_args!("process {of}"), errno),
    })?;
    let is_own =
        |name: &OsString| stat(&Path::new(DIRECTORY).join(name)).is_ok_and(|other| is_same(&own, &other));
    let name = names()?.into_iter().rfind(is_own).unwrap_or_default();
    hc::print(&[name.as_bytes(), b"\n"].concat())
}

/// Prints the number of each process that is in the namespace mounted on `name`.
pub(crate) fn pids(name: &Name) -> Result<()> {
    let path = name.path();
    let wanted = fstat(namespace::of(name)?).context(hc::show(&path))?;
    let mut text = String::new();
    for entry in read_dir("/proc").context("/proc")? {
        let entry = entry.context("/proc")?.file_name();
        let Some(process) = entry.to_str().filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
        else {
            continue;
        };
        // One that has ended since, or is not ours to look at, is left out as ip(8) does.
        if stat(format!("/proc/{process}/ns/net").as_str()).is_ok_and(|other| is_same(&wanted, &other)) {
            text.push_str(process);
            text.push('\n');
        }
    }
    hc::print(text.as_bytes())
}

fn is_same(one: &FileStat, other: &FileStat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}
