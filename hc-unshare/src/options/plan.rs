//! What the command line asks for, in the words of the stages.

use crate::clocks::Clocks;
use crate::credentials::{Credentials, Owner};
use crate::environment::Kept;
use crate::fork::Fork;
use crate::idmap::{Maps, Wanted};
use crate::idmapped::Idmapped;
use crate::mounts::Mount;
use crate::names::Name;
use crate::namespaces::Kind;
use crate::privileges::Privileges;
use crate::propagation::Propagation;
use crate::root::{Manner, Otherwise, Root};
use crate::uts;
use nix::sched::CloneFlags;
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The namespaces to make.
    pub(crate) namespaces: CloneFlags,
    /// The files that they are to be bound to.
    pub(crate) names: Vec<Name>,
    /// Who is to own the user namespace, if not the caller.
    pub(crate) owner: Option<Owner>,
    /// Who is who in the user namespace.
    pub(crate) ids: Wanted,
    /// The clocks of the time namespace.
    pub(crate) clocks: Clocks,
    /// Run NEXT in a child.
    pub(crate) fork: Option<Fork>,
    /// How the mounts of a new mount namespace are marked.
    pub(crate) propagation: Option<Propagation>,
    /// Where NEXT's root directory is.
    pub(crate) root: Root,
    /// What to mount, in this order. Targets are paths in the new root.
    pub(crate) mounts: Vec<Mount>,
    /// What else is to become of the root directory.
    pub(crate) manner: Manner,
    /// The names of the machine in a new UTS namespace.
    pub(crate) uts: uts::Names,
    /// Bring the loopback interface of a new network namespace up.
    pub(crate) loopback: bool,
    /// Ports below 1024 are for everybody.
    pub(crate) low_ports: bool,
    /// Where to go, in the new root.
    pub(crate) working_directory: Option<OsString>,
    /// Who NEXT is to be.
    pub(crate) credentials: Credentials,
    /// What NEXT is not to have.
    pub(crate) privileges: Privileges,
    /// What of the environment NEXT gets.
    pub(crate) environment: Kept,
    /// NEXT and its arguments; empty for a shell.
    pub(crate) argv: Vec<OsString>,
}

impl Plan {
    /// The names that can be bound, and released, by this process as it is when NEXT cannot be started: where it has gone,
    /// and with what right it has then; and those that take one outside.
    pub(crate) fn names_by_way(&self) -> (&[Name], &[Name]) {
        let leaves = Kind::Mount.flag() | Kind::User.flag();
        let moves = self.namespaces.intersects(leaves) || self.root != Root::Unchanged;
        let gives_up = self.credentials != Credentials::default() || self.privileges.seccomp.is_some();
        if moves || gives_up { (&[], &self.names) } else { (&self.names, &[]) }
    }

    /// True where files are made for NEXT in a new user namespace, which takes somebody who has an id there.
    pub(crate) fn makes_files_for_others(&self) -> bool {
        let own = |mount: &Mount| !matches!(mount, Mount::Proc(_) | Mount::Binfmt(..));
        self.namespaces.contains(Kind::User.flag()) && (self.ids.jail || self.mounts.iter().any(own))
    }

    /// NEXT has a terminal of its own.
    pub(crate) fn has_pty(&self) -> bool {
        self.fork.as_ref().is_some_and(|fork| fork.pty)
    }

    /// And it is one of its own /dev.
    pub(crate) fn has_console(&self) -> bool {
        self.mounts.contains(&Mount::Dev { console: true })
    }

    /// The cgroup is NEXT's to divide.
    pub(crate) fn gives_cgroup(&self) -> bool {
        self.mounts.contains(&Mount::Cgroup { read_only: false })
    }

    /// True where a mount namespace is to be bound to a file.
    pub(crate) fn names_a_mount_namespace(&self) -> bool {
        self.names.iter().any(|name| name.kind == Kind::Mount)
    }

    /// What has to be mounted with the ids of `maps` by somebody outside: the root directory first, then what `--bind` says
    /// so of, in order.
    pub(crate) fn trees_with_ids_of(&self, maps: &Maps) -> Vec<Idmapped<'_>> {
        let chown = self.manner.idmap == Some(Otherwise::Chown);
        // A jail knows by itself; with that word it is told how.
        let asked = self.manner.idmap.is_some() && !(chown && self.ids.is_left_to_jail());
        let mut trees = Vec::new();
        if let Root::Pivot(directory) = &self.root
            && (asked || maps.are_private())
        {
            let otherwise = self.manner.idmap.unwrap_or(Otherwise::Fail);
            trees.push(Idmapped::Root { directory, otherwise });
            trees.extend(self.mounts.iter().filter_map(Mount::idmapped));
        }
        trees
    }
}
