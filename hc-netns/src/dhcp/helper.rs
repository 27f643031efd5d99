//! The helper above a DHCP client: the first process of the client's process namespace.

use crate::apart;
use crate::link::{self, Interface};
use crate::netlink::Netlink;
use crate::sys;
use hc::{Context, Environ, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::mount::{MsFlags, mount};
use nix::poll::PollTimeout;
use nix::sys::signal::{SigHandler, Signal};
use nix::sys::stat::Mode;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, dup2_stderr, write};
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// What is told when there is an address.
pub(super) const DONE: u8 = 0;

/// Where clients keep what they know of an interface by its name, which is another one in each namespace.
const STATE: [&str; 4] = ["/run", "/var/lib/dhcp", "/var/lib/dhcpcd", "/var/lib/dhcpcd5"];

/// Runs the client `argv`, tells the caller what came of it, and stays until the interface or the process `next` is
/// gone. Then the kernel ends the client, for this is the first process of its namespace.
pub(super) fn run(
    interface: &Interface,
    argv: &[OsString],
    tell: &OwnedFd,
    next: Option<&OwnedFd>,
    mounts: impl FnOnce() -> Result<()>,
) -> Result<()> {
    // Whatever is said from here on, by the client, by a helper of it or by us, goes to the caller.
    dup2_stderr(tell).context("set up a helper")?;
    mounts()?;
    own_state()?;
    let (mut netlink, mut news) = (Netlink::route()?, Netlink::route()?);
    news.listen_to_links()?;
    // The parent is this helper, which waits; the child becomes the client. That one forks again, when it has an
    // address, and its first process ends with status 0.
    let client = match hc::child::fork().context("fork")? {
        ForkResult::Child => {
            let _ = sys::set_disposition(Signal::SIGCHLD, SigHandler::SigDfl);
            apart::finish(&Err(hc::exec(argv, &Environ::inherited())));
        }
        ForkResult::Parent { child } => child,
    };
    loop {
        match waitpid(client, None) {
            Err(Errno::EINTR) => {}
            Ok(WaitStatus::Exited(_, 0)) => break,
            // What it has said on the way is told already.
            _ => return Ok(()),
        }
    }
    sys::set_disposition(Signal::SIGCHLD, SigHandler::SigIgn).context("set up a helper")?;
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()).context("/dev/null")?;
    dup2_stderr(&null).context("set up a helper")?;
    write(tell, &[DONE]).context("tell the caller")?;
    sys::close_range(tell.as_raw_fd(), tell.as_raw_fd()).context("tell the caller")?;
    while link::by_name(&mut netlink, interface)?.is_some() {
        let watched: Vec<_> = [news.socket()].into_iter().chain(next.map(AsFd::as_fd)).collect();
        if apart::wait(&watched, PollTimeout::NONE)?.get(1) == Some(&true) {
            break;
        }
        news.discard();
    }
    Ok(())
}

/// Puts empty directories where clients keep their state. What /etc/resolv.conf leads to stays, for the client to write.
fn own_state() -> Result<()> {
    let resolv = fs::canonicalize("/etc/resolv.conf").ok();
    let held = resolv.as_ref().and_then(|file| File::open(file).ok());
    for directory in STATE.iter().filter(|directory| Path::new(directory).is_dir()) {
        mount(Some(crate::TOOL), *directory, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))
            .context(format_args!("mount a tmpfs on {directory}"))?;
    }
    if let (Some(file), Some(held)) = (resolv.filter(|file| file.starts_with("/run")), held) {
        let parent = file.parent().unwrap_or(Path::new("/run"));
        DirBuilder::new().recursive(true).mode(0o755).create(parent).context(hc::show(parent))?;
        drop(File::create(&file).context(hc::show(&file))?);
        let from = format!("/proc/self/fd/{}", held.as_raw_fd());
        mount(Some(from.as_str()), &file, None::<&str>, MsFlags::MS_BIND, None::<&str>)
            .context(hc::show(&file))?;
    }
    Ok(())
}
