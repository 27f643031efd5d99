//! Name servers: /etc/netns/NAME/resolv.conf, which `exec` puts over /etc/resolv.conf.

use crate::named::Name;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{self, unlink};
use std::fmt::Write;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// How a file of ours can be told: by the sticky bit, which says nothing of a file, and which stays when a DHCP client
/// writes into it. Only such a one is replaced or removed.
const OURS: u32 = 0o1000;

fn directory(name: &Name) -> PathBuf {
    Path::new("/etc/netns").join(name.as_os_str())
}

/// The text of a resolv.conf(5).
pub(crate) fn text(servers: &[IpAddr]) -> String {
    let mut text = "# By hc-netns.\n".to_owned();
    for server in servers {
        let _ = writeln!(text, "nameserver {server}");
    }
    text
}

/// Writes the file, unless there are no `servers` and none will come by DHCP. True when there is one now.
pub(crate) fn write(name: &Name, servers: &[IpAddr], dhcp: bool) -> Result<bool> {
    if servers.is_empty() && !dhcp {
        return Ok(false);
    }
    let directory = directory(name);
    DirBuilder::new().recursive(true).mode(0o755).create(&directory).context(hc::show(&directory))?;
    let file = directory.join("resolv.conf");
    if is_ours(&file)? {
        unlink(&file).context(hc::show(&file))?;
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let mode = Mode::from_bits_truncate(0o644 | OURS);
    let made = open(&file, flags, mode).map_err(|errno| match errno {
        Errno::EEXIST => {
            Error::new(format!("{}: is there already, and not of 'hc-netns up'", hc::show(&file)))
        }
        errno => Error::from_errno(hc::show(&file), errno),
    })?;
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

/// Whether the file is one that [`write`] has made. It may be anything.
fn is_ours(file: &Path) -> Result<bool> {
    match fs::symlink_metadata(file) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        about => about.map(|about| about.is_file() && about.mode() & OURS != 0).context(hc::show(file)),
    }
}
