//! A bridge that is made for the first link that wants it, and goes with the last one.
//!
//! The kernel takes away links by itself, but no bridge. Whoever is told of the end of a link looks whether it was the
//! last one; under a lock, for another link may be on its way. That a bridge may be taken away is written down in the
//! bridge.

use crate::address::Cidr;
use crate::bridge::{self, Wanted};
use crate::link::{self, AddressesOf, Found, Interface};
use crate::netlink::Netlink;
use crate::{apart, namespace};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FlockArg, OFlag, fcntl, open};
use nix::poll::PollTimeout;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::Mode;
use nix::unistd::{pipe2, read, write};
use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// How it is written down: the group of interfaces that such a bridge is in. It is born in it, so that there is no moment at
/// which it is anybody's; and it can be taken out of it, to be kept.
pub(crate) const GROUP: u32 = 0x2863_0001;
/// The same for those who read what ip-link(8) shows.
pub(crate) const ALIAS: &str = "hc-netns: goes with its last link";

/// Whether `bridge` is to go with its last link.
pub(crate) fn is_lent(bridge: &Found) -> bool {
    bridge.group == GROUP
}

/// The bridges that are lent to these links.
pub(crate) fn of(host: &mut Netlink, links: &[Found]) -> Result<Vec<Interface>> {
    let numbers: BTreeSet<u32> = links.iter().filter_map(|link| link.master).collect();
    let mut bridges = Vec::new();
    for number in numbers {
        bridges.extend(link::by_index(host, number)?.filter(is_lent).map(|bridge| bridge.name));
    }
    Ok(bridges)
}

/// The bridge, until the link is there that it is lent to.
pub(crate) struct Loan {
    /// No bridge is given back.
    lock: Option<Lock>,
    /// To the guard.
    guard: OwnedFd,
}

/// Makes the bridge, with this address, if there is none of that name. Until the loan is unlocked it is not given back by
/// others, and until it is handed over there is a guard, who gives it back when this process dies on the way.
pub(crate) fn take(name: &Interface, address: Cidr) -> Result<Loan> {
    let mut host = Netlink::route()?;
    let guard = start_guard(name)?;
    let lock = lock()?;
    if link::by_name(&mut host, name)?.is_none() {
        refuse_overlap(&mut host, name, address)?;
        let wanted = Wanted {
            bridge: name.clone(),
            ports: Vec::new(),
            addresses: vec![address],
            mtu: None,
            stp: None,
            lent: true,
        };
        bridge::ensure(&wanted)?;
    }
    Ok(Loan { lock: Some(lock), guard })
}

impl Loan {
    /// The link is there: the bridge is safe.
    pub(crate) fn unlock(&mut self) {
        self.lock = None;
    }

    /// The link is there, and whoever takes it away gives the bridge back: no guard is needed any more.
    pub(crate) fn hand_over(self) {
        // A guard that has gone needs no telling.
        let _ = write(&self.guard, b"k");
    }
}

/// Removes the bridge of this name if it is lent and has no link. True unless it has one.
pub(crate) fn give_back(host: &mut Netlink, name: &Interface) -> Result<bool> {
    let _lock = lock()?;
    let Some(bridge) = link::by_name(host, name)?.filter(is_lent) else { return Ok(true) };
    if !link::all(host, Some(bridge.index))?.is_empty() {
        return Ok(false);
    }
    bridge::remove(host, &bridge).map(|()| true)
}

/// Starts the guard. The answer is what it waits at: for a byte, with which its work is done, or the end.
fn start_guard(name: &Interface) -> Result<OwnedFd> {
    let (end, guard) = pipe2(OFlag::O_CLOEXEC).context("make a pipe")?;
    let host = namespace::own()?;
    let kept = [end.as_raw_fd(), host.as_raw_fd()];
    apart::start(CloneFlags::empty(), &kept, || {
        if read(&end, &mut [0]) == Ok(1) {
            return Ok(());
        }
        setns(&host, CloneFlags::CLONE_NEWNET).context("return to the host's network")?;
        let (mut route, mut news) = (Netlink::route()?, Netlink::route()?);
        news.listen_to_links()?;
        // The kernel takes the link away later than the process.
        while !give_back(&mut route, name)? {
            apart::wait(&[news.socket()], PollTimeout::NONE)?;
            news.discard();
        }
        Ok(())
    })?;
    Ok(guard)
}

fn refuse_overlap(host: &mut Netlink, name: &Interface, address: Cidr) -> Result<()> {
    let taken = link::addresses(host, AddressesOf::Interface(0))?;
    let overlaps = |other: &&Cidr| {
        other.network().contains(address.address) || address.network().contains(other.address)
    };
    match taken.iter().find(overlaps) {
        None => Ok(()),
        Some(other) => {
            let because = format!("overlaps with {other}, which is an address here");
            Err(Error::new(format!("{name}: its network {} {because}", address.network())))
        }
    }
}

/// What it goes with.
enum Lock {
    Byte { _file: OwnedFd },
    Namespace { _file: nix::fcntl::Flock<OwnedFd> },
}

/// Waits for the lock. A byte of a file that is always there, which only root may lock, and on which no lock means anything
/// else; in a user namespace, whose root may not, it is the network namespace itself.
fn lock() -> Result<Lock> {
    let failed = |errno| Error::new(format!("lock the bridge: {}", hc::reason(errno)));
    let opened = open("/proc/sys/vm/drop_caches", OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty());
    let Ok(file) = opened else {
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC;
        let file = open("/proc/self/ns/net", flags, Mode::empty()).map_err(failed)?;
        let file = nix::fcntl::Flock::lock(file, FlockArg::LockExclusive);
        return file.map(|file| Lock::Namespace { _file: file }).map_err(|(_, errno)| failed(errno));
    };
    loop {
        match fcntl(file.as_fd(), FcntlArg::F_OFD_SETLKW(&first_byte())) {
            Err(Errno::EINTR) => {}
            done => return done.map(|_| Lock::Byte { _file: file }).map_err(failed),
        }
    }
}

/// A lock for writing of the first byte of a file.
fn first_byte() -> libc::flock {
    let short = |number: libc::c_int| libc::c_short::try_from(number).unwrap_or_default();
    libc::flock {
        l_type: short(libc::F_WRLCK),
        l_whence: short(libc::SEEK_SET),
        l_start: 0,
        l_len: 1,
        l_pid: 0,
    }
}
