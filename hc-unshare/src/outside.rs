//! A process that stays outside for a while, to do there what whoever has entered the new namespaces can do no more:
//! map other ids than the caller's own, and bind namespaces to files of the mount namespace that was left.

pub(crate) mod processor;

use crate::fork;
use crate::idmap::Maps;
use crate::idmapped::Idmapped;
use crate::message;
use crate::names::{self, Bound, Name};
use hc::child::{self, Ended};
use hc::{Context, Error, Result, Status};
use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid, getpid};
use std::os::fd::OwnedFd;

/// What it can be asked for, one byte each. The answer is [`DONE`], or the message of the failure.
const MAP: u8 = b'm';
const TREE: u8 = b't';
const PROBE: u8 = b'p';
const BIND: u8 = b'b';
const RELEASE: u8 = b'r';
const DONE: &[u8] = b"+";
/// Room for an answer: a name of a file as long as can be, with four characters a byte, and as much again about it.
const MAX_ANSWER: usize = 8 * 4096;

/// Which process this is after [`start`].
pub(crate) enum Role {
    /// On its way into the new namespaces.
    Inside(Option<Outside>),
    /// At its end: a helper that has done its work, or the caller of one that could not start.
    Outside(Status),
}

/// The way to the process outside.
pub(crate) struct Outside {
    socket: OwnedFd,
    /// It, unless nobody has to wait for it.
    child: Option<Pid>,
}

/// Starts it, if `maps` take one, or `names`: those that cannot be bound, or released, from where this process goes; or a
/// `trees` that are to be mounted with other ids.
// From here on there are two processes, or three.
//   caller    leaves for the new namespaces, asks, and becomes NEXT (or the parent of it)
//   outside   answers until the caller's end of the socket is closed, which exec does, and so does any death
//   between   only with `names`: ends at once, so that the one outside, which then lives until exec, is not a child
//             that NEXT would know nothing about
pub(crate) fn start(maps: &Maps, names: &[Name], trees: &[Idmapped<'_>]) -> Result<Role> {
    if !maps.need_one_outside() && names.is_empty() && trees.is_empty() {
        return Ok(Role::Inside(None));
    }
    let caller = getpid();
    let (socket, other) = message::pair()?;
    let is_orphan = !names.is_empty();
    match fork::checked()? {
        ForkResult::Parent { child } => {
            if is_orphan && has_failed(child)? {
                // It has told why.
                return Ok(Role::Outside(Status::FAILED));
            }
            Ok(Role::Inside(Some(Outside { socket, child: (!is_orphan).then_some(child) })))
        }
        ForkResult::Child => {
            drop(socket);
            // The caller may have had it ignored, and then there would be no status to wait for.
            child::default_sigchld().context("sigaction SIGCHLD")?;
            if is_orphan && let ForkResult::Parent { .. } = fork::checked()? {
                return Ok(Role::Outside(Status::SUCCESS));
            }
            serve(&other, caller, maps, names, trees)?;
            Ok(Role::Outside(Status::SUCCESS))
        }
    }
}

/// Answers the requests of `caller`.
fn serve(socket: &OwnedFd, caller: Pid, maps: &Maps, names: &[Name], trees: &[Idmapped<'_>]) -> Result<()> {
    let mut trees = trees.iter();
    let mut bound = Bound::new();
    loop {
        let mut request = [0];
        let mut tree = None;
        let result = match receive(socket, &mut request)?.0 {
            0 => return Ok(()),
            _ if request == [MAP] => maps.write_from_outside(caller),
            _ if request == [TREE] => {
                let next = trees.next().ok_or_else(|| Error::new("no further tree is to be mounted"));
                next.and_then(|next| next.mount(caller)).map(|made| tree = Some(made))
            }
            _ if request == [PROBE] => {
                names::can_be_bound(names, caller).then_some(()).ok_or_else(|| Error::new("no"))
            }
            _ if request == [BIND] => names::bind(names, caller).map(|mounts| bound = mounts),
            _ => {
                names::release(&bound);
                Ok(())
            }
        };
        let message = result.err().map(|error| error.to_string());
        let answer = message.as_ref().map_or(DONE, |message| message.as_bytes());
        if message::post(socket, answer.get(..MAX_ANSWER).unwrap_or(answer), tree.as_ref()).is_err() {
            // The caller is gone, and nobody waits for an answer.
            return Ok(());
        }
    }
}

/// Has the maps written that take one outside, and the trees mounted with their ids. Gives it back if there is more
/// to do for it.
pub(crate) fn map(
    outside: Option<Outside>,
    maps: &Maps,
    names: &[Name],
    trees: &[Idmapped<'_>],
) -> Result<(Option<Outside>, Vec<OwnedFd>)> {
    let Some(outside) = outside else { return Ok((None, Vec::new())) };
    if maps.need_one_outside() {
        outside.ask(MAP)?;
    }
    let trees = trees.iter().map(|_| outside.tree()).collect::<Result<Vec<_>>>()?;
    if !names.is_empty() {
        return Ok((Some(outside), trees));
    }
    drop(outside.socket);
    outside.child.map_or(Ok(false), has_failed)?;
    Ok((None, trees))
}

/// Waits for `child`: whether it has failed. A caller that ignores SIGCHLD has its children reaped by the kernel, and this
/// tells then that they have ended, but not how.
fn has_failed(child: Pid) -> Result<bool> {
    match child::wait_for(child) {
        Ok(Ended::Exited(0)) | Err(Errno::ECHILD) => Ok(false),
        Ok(_) => Ok(true),
        Err(errno) => Err(errno).context("wait"),
    }
}

impl Outside {
    /// The next tree as a mount with the ids of the new user namespace.
    fn tree(&self) -> Result<OwnedFd> {
        let (answer, tree) = self.request(TREE)?;
        tree.ok_or_else(|| Error::new(String::from_utf8_lossy(&answer)))
    }

    /// Whether the mount namespace of this process can be bound to the file for it.
    pub(crate) fn can_bind(&self) -> Result<bool> {
        Ok(self.request(PROBE)?.0 == DONE)
    }

    /// Binds the namespaces of the caller of [`start`] to their files.
    pub(crate) fn bind(&self) -> Result<()> {
        self.ask(BIND)
    }

    /// Takes back what [`Outside::bind`] did, for NEXT could not be started.
    pub(crate) fn release(&self) {
        // The failure that led here is the one to be told.
        let _ = self.ask(RELEASE);
    }

    fn ask(&self, request: u8) -> Result<()> {
        match self.request(request)?.0 {
            answer if answer == DONE => Ok(()),
            message => Err(Error::new(String::from_utf8_lossy(&message))),
        }
    }

    /// The answer to a request, and what comes with it.
    fn request(&self, request: u8) -> Result<(Vec<u8>, Option<OwnedFd>)> {
        let gone = || Error::new("the process outside of the new namespaces was killed");
        message::post(&self.socket, &[request], None).map_err(|_| gone())?;
        let mut answer = vec![0; MAX_ANSWER];
        let (length, tree) = receive(&self.socket, &mut answer)?;
        answer.truncate(length);
        if answer.is_empty() { Err(gone()) } else { Ok((answer, tree)) }
    }
}

fn receive(socket: &OwnedFd, message: &mut [u8]) -> Result<(usize, Option<OwnedFd>)> {
    message::receive(socket, message).context("the process outside of the new namespaces")
}
