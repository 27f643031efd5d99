//! Name servers: /etc/netns/NAME/resolv.conf, which `exec` puts over /etc/resolv.conf.

use crate::named::Name;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::{self, unlink};
use std::fmt::Write;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// How a file of ours can be told: by the sticky bit of its directory, which says nothing else of a directory that root
/// alone writes to. The file itself is what a DHCP client makes of it, its mode included.
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
    if !is_ours(&directory)? {
        if fs::symlink_metadata(&file).is_ok() {
            return Err(Error::new(format!(
                "{}: is there already, and not of 'hc-netns up'",
                hc::show(&file)
            )));
        }
        mark(&directory, true)?;
    }
    // From here on it is ours, whether it is there or not. One of a run that was killed is replaced.
    let written = replace(&file, &text(servers));
    if written.is_err() {
        remove(name)?;
    }
    written.context(hc::show(&file)).map(|()| true)
}

fn replace(file: &Path, text: &str) -> nix::Result<()> {
    match unlink(file) {
        Ok(()) | Err(Errno::ENOENT) => {}
        Err(errno) => return Err(errno),
    }
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
    let made = open(file, flags, Mode::from_bits_truncate(0o644))?;
    // A few lines go in one call.
    unistd::write(&made, text.as_bytes()).map(drop)
}

/// Removes the file, if it is ours, and its directory, if nothing else is in there. True when there was something.
pub(crate) fn remove(name: &Name) -> Result<bool> {
    let directory = directory(name);
    let ours = is_ours(&directory)?;
    if ours {
        let file = directory.join("resolv.conf");
        match unlink(&file) {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(Error::from_errno(hc::show(&file), errno)),
        }
    }
    // Not when the administrator has files in it.
    if fs::remove_dir(&directory).is_err() && ours {
        mark(&directory, false)?;
    }
    Ok(ours)
}

/// Whether the name servers in this directory are ours.
fn is_ours(directory: &Path) -> Result<bool> {
    match fs::symlink_metadata(directory) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(false),
        about => about.map(|about| about.is_dir() && about.mode() & OURS != 0).context(hc::show(directory)),
    }
}

fn mark(directory: &Path, ours: bool) -> Result<()> {
    let mode = fs::metadata(directory).context(hc::show(directory))?.mode() & 0o777;
    let mode = if ours { mode | OURS } else { mode };
    fs::set_permissions(directory, Permissions::from_mode(mode)).context(hc::show(directory))
}
