//! An address from a DHCP server, by the client that is installed.
//!
//! The client runs in the namespace, below a helper that is the first process of a process namespace: when that ends, the
//! kernel ends the client. It ends with the link, and with NEXT. Before NEXT is started, or `up` has ended, the client has
//! an address.

mod helper;

use crate::apart;
use crate::link::Interface;
use crate::sys;
use hc::{Context, Error, Result};
use nix::fcntl::OFlag;
use nix::poll::PollTimeout;
use nix::sched::CloneFlags;
use nix::unistd::{access, pipe2, read};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// Where the clients are, whatever the user's PATH.
const DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The clients that we know, in the order in which they are looked for, and the options with which each waits for an
/// address, fails without one, and goes on in the background.
const CLIENTS: [(&str, &[&str]); 3] = [
    ("udhcpc", &["-n", "-t", "5", "-T", "2", "-i"]),
    // Not five seconds of asking whether somebody else has the address, and none of its own making; and no IPv6 address
    // is what is waited for.
    ("dhcpcd", &["-q", "-A", "-L", "--waitip=4", "-t", "20"]),
    ("dhclient", &["-1", "-q", "-pf", "/run/dhclient.pid", "-lf", "/run/dhclient.leases"]),
];

/// A client that is installed.
#[derive(Debug)]
pub(crate) struct Client {
    name: &'static str,
    file: PathBuf,
    options: &'static [&'static str],
}

impl Client {
    /// The first one that is there.
    pub(crate) fn find() -> Result<Self> {
        let is_there = |file: &PathBuf| access(file, nix::unistd::AccessFlags::X_OK).is_ok();
        for (name, options) in CLIENTS {
            let file = DIRECTORIES.iter().map(|directory| Path::new(directory).join(name)).find(is_there);
            if let Some(file) = file {
                return Ok(Client { name, file, options });
            }
        }
        let names = CLIENTS.map(|(name, _)| name).join(", ");
        Err(Error::new(format!("DHCP: no client is installed: none of {names} is there")))
    }

    fn argv(&self, interface: &Interface) -> Vec<OsString> {
        let words = self.options.iter().map(|word| OsString::from(*word));
        [self.file.clone().into_os_string()]
            .into_iter()
            .chain(words)
            .chain([interface.as_os_str().to_owned()])
            .collect()
    }

    /// Gets an address for the interface `inside` of this process's network. With `next`, the client ends with this
    /// process, too. `mounts` is done in the helper, when it has mounts of its own.
    pub(crate) fn run(
        &self,
        inside: &Interface,
        next: bool,
        mounts: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let next = next.then(sys::own_pidfd).transpose().context("watch this process")?;
        let (told, tell) = pipe2(OFlag::O_CLOEXEC).context("make a pipe")?;
        let mut kept = vec![tell.as_raw_fd()];
        kept.extend(next.as_ref().map(AsRawFd::as_raw_fd));
        apart::start(CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS, &kept, || {
            helper::run(inside, &self.argv(inside), &tell, next.as_ref(), mounts)
        })?;
        drop(tell);
        self.answer(inside, &told)
    }

    /// Waits for what the helper has to tell: a line with its reason when there is no address.
    fn answer(&self, inside: &Interface, told: &OwnedFd) -> Result<()> {
        let mut text = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            apart::wait(&[told.as_fd()], PollTimeout::NONE)?;
            match read(told, &mut buffer).context("hear from the DHCP client")? {
                0 => break,
                length => text.extend_from_slice(buffer.get(..length).unwrap_or_default()),
            }
            // The client may go on to hold the other end of the pipe.
            if text.contains(&helper::DONE) {
                return Ok(());
            }
        }
        let said = String::from_utf8_lossy(&text).into_owned();
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it ended without a word");
        let last = hc::show(OsStr::new(last.trim())).to_string();
        Err(Error::new(format!("{inside}: no address by DHCP: {}: {last}", self.name)))
    }
}
