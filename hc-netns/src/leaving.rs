//! Links that are about to go: what they have will be free in a moment.
//!
//! A namespace without a name goes when the last process in it has ended, but not at once: the kernel takes them away by a
//! thread of its own. Who starts the same container again wants the same port and the same address, and is sooner than that.

use crate::link::Found;
use crate::netlink::Netlink;
use crate::{apart, ids};
use hc::Result;
use nix::poll::PollTimeout;

/// How often it is looked again, and after how many milliseconds: for a second.
const LOOKS: u8 = 100;
const PAUSE: u8 = 10;

/// How long somebody waits for what another link has.
pub(crate) struct Patience {
    left: u8,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Patience { left: LOOKS }
    }

    /// Waits a moment for `link` to go. False, at once, when nothing is to be expected: its namespace has a name and so stays,
    /// or this was long enough.
    pub(crate) fn waits_for(&mut self, host: &mut Netlink, link: &Found) -> Result<bool> {
        if self.left == 0 || ids::name_of(host, link.peer_namespace)?.is_some() {
            return Ok(false);
        }
        self.left -= 1;
        apart::wait(&[], PollTimeout::from(PAUSE))?;
        Ok(true)
    }
}
