//! Name servers: /etc/netns/NAME/resolv.conf, which `exec` puts over /etc/resolv.conf.

use crate::named::Name;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{self, unlink};
use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::io::{ErrorKind, Read};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// How a file of ours begins. Only such a one is replaced or removed.
const OURS: &str = "# Written by hc-netns up; hc-netns down removes it.\n";

fn directory(name: &Name) -> PathBuf {
    Path::new("/etc/netns").join(name.as_os_str())
}

/// The text of a resolv.conf(5).
pub(crate) fn text(servers: &[IpAddr]) -> String {
    let mut text = OURS.to_owned();
    for server in servers {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}

/// Writes the file, unless there are no `servers`. True when there is one now that was not there before.
pub(crate) fn write(name: &Name, servers: &[IpAddr]) -> Result<bool> {
    if servers.is_empty() {
        return Ok(false);
    }
    let directory = directory(name);
    DirBuilder::new().recursive(true).mode(0o755).create(&directory).context(hc::show(&directory))?;
    let file = directory.join("resolv.conf");
    if is_ours(&file)? {
        unlink(&file).context(hc::show(&file))?;
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644);
    let made = open(&file, flags, mode).map_err(|errno| match errno {
        Errno::EEXIST => {
            Error::new(format!("{}: is there already, and not of 'hc-netns up'", hc::show(&file)))
        }
        errno => Error::from_errno(hc::show(&file), errno),
    })?;
    // A few lines go in one call. Who is killed before it leaves an empty file, which is ours as well.
    match unistd::write(&made, text(servers).as_bytes()) {
        Ok(_) => Ok(true),
        Err(errno) => {
            remove(name)?;
            Err(Error::from_errno(hc::show(&file), errno))
        }
    }
}

/// Removes the file, if it is ours, and its directory, if nothing else is in there. True when there was one.
pub(crate) fn remove(name: &Name) -> Result<bool> {
    let directory = directory(name);
    let file = directory.join("resolv.conf");
    let ours = is_ours(&file)?;
    if ours {
        unlink(&file).context(hc::show(&file))?;
    }
    if ours || fs::read_dir(&directory).is_ok_and(|mut entries| entries.next().is_none()) {
        // Not when the administrator has files in it.
        let _ = fs::remove_dir(&directory);
    }
    Ok(ours)
}

/// Whether the file is one that [`write`] has made, or was about to. It may be anything.
fn is_ours(file: &Path) -> Result<bool> {
    let about = match fs::symlink_metadata(file) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(false);
        }
        about => about.context(hc::show(file))?,
    };
    if !about.is_file() {
        return Ok(false);
    }
    let mut start = Vec::new();
    let opened = fs::File::open(file).context(hc::show(file))?;
    opened.take(64).read_to_end(&mut start).context(hc::show(file))?;
    Ok(start.is_empty() || start.starts_with(OURS.as_bytes()))
}
