//! What NEXT is not to have, in the order in which it can be given up.

use crate::descriptors::Kept;
use crate::limits::Limit;
use crate::priority::Priority;
use crate::seccomp::{Filter, Wanted};
use crate::session;
use hc::{Context, Result};
use nix::sys::prctl::set_no_new_privs;
use nix::sys::stat::{Mode, umask};

/// What is to be given up. Capabilities are among the credentials.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Privileges {
    pub(crate) priority: Priority,
    pub(crate) limits: Vec<Limit>,
    pub(crate) umask: Option<Mode>,
    pub(crate) new_session: bool,
    pub(crate) new_keyring: bool,
    pub(crate) no_new_privs: bool,
    pub(crate) seccomp: Wanted,
    /// `None`: all descriptors stay.
    pub(crate) descriptors: Option<Kept>,
}

impl Privileges {
    /// What a jail is to be without, as far as these options say.
    pub(crate) fn shut_in(&mut self) {
        self.new_session = true;
        self.new_keyring = true;
        self.no_new_privs = true;
        self.seccomp = Wanted::Default;
        self.descriptors.get_or_insert_default();
    }

    /// What has to be seen as the caller has it, before any other file is opened. Changes nothing.
    pub(crate) fn look_up(&self) -> Result<Filter> {
        self.descriptors.as_ref().map_or(Ok(()), Kept::check)?;
        self.seccomp.load()
    }

    /// With the caller's privileges, which a new user namespace takes away.
    pub(crate) fn raise(&self) -> Result<()> {
        self.priority.take()?;
        self.limits.iter().try_for_each(Limit::raise)
    }

    /// While the caller's /dev is in view.
    pub(crate) fn leave_session(&self) -> Result<()> {
        if self.new_session { session::begin() } else { Ok(()) }
    }

    /// As the user that NEXT will be.
    pub(crate) fn leave_keyring(&self) -> Result<()> {
        if self.new_keyring { session::new_keyring() } else { Ok(()) }
    }

    /// Last before NEXT: each of these can be in the way of what comes before it. The umask would count for mount
    /// points that are made, a limit for whatever is opened, and a filter for anything at all.
    pub(crate) fn give_up(&self, filter: &Filter) -> Result<()> {
        if let Some(mask) = self.umask {
            umask(mask);
        }
        self.limits.iter().try_for_each(Limit::set)?;
        self.descriptors.as_ref().map_or(Ok(()), Kept::close_others)?;
        if self.no_new_privs {
            set_no_new_privs().context("prctl PR_SET_NO_NEW_PRIVS")?;
        }
        filter.set()
    }
}
