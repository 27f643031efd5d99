//! What the options mean together.

use super::{Plan, values};
use crate::clocks::Clocks;
use crate::credentials::{Credentials, Owner};
use crate::environment::Kept;
use crate::fork::{Fork, Init};
use crate::idmap::{Setgroups, Single, Wanted, Wish};
use crate::mounts::Mount;
use crate::names::Name;
use crate::namespaces::Kind;
use crate::privileges::Privileges;
use crate::propagation::Propagation;
use crate::root::{Manner, Otherwise, Root};
use crate::sys::mount;
use crate::{binfmt, capabilities, names, uts};
use hc::{Args, Error, Opt, Result};
use nix::sched::CloneFlags;
use std::ffi::OsString;

/// Options as they come; what they mean together is decided once all are read.
#[derive(Default)]
pub(super) struct Given {
    pub(super) kinds: Vec<Kind>,
    pub(super) names: Vec<Name>,
    pub(super) owner: Option<Owner>,
    pub(super) ids: Wanted,
    pub(super) clocks: Clocks,
    pub(super) fork: Option<Fork>,
    pub(super) propagation: Propagation,
    pub(super) root: Option<OsString>,
    pub(super) mounts: Vec<Mount>,
    pub(super) binfmt: Option<OsString>,
    pub(super) interpreter: Option<OsString>,
    pub(super) working_directory: Option<OsString>,
    pub(super) credentials: Credentials,
    pub(super) privileges: Privileges,
    pub(super) environment: Kept,
    pub(super) manner: Manner,
    pub(super) uts: uts::Names,
    pub(super) loopback: bool,
    pub(super) low_ports: bool,
    pub(super) mask: bool,
    pub(super) shared: Vec<Kind>,
}

impl Given {
    /// A namespace, with a file if the option was a long one that has a value. The last file of a kind counts.
    pub(super) fn make(&mut self, kind: Kind, option: Opt, args: &mut Args) -> Result<()> {
        self.kinds.push(kind);
        // After a short option there are further ones in the same word.
        let file = if matches!(option, Opt::Long(_)) { args.optional_value() } else { None };
        if let Some(file) = file {
            self.names.retain(|name| name.kind != kind);
            self.names.push(Name { kind, file: values::file(file)? });
        }
        Ok(())
    }

    pub(super) fn user_ids(&mut self) -> &mut Wanted {
        self.kinds.push(Kind::User);
        &mut self.ids
    }

    pub(super) fn map_own(&mut self, single: impl Fn() -> Single) {
        let ids = self.user_ids();
        ids.users.single = Some(single());
        ids.groups.single = Some(single());
    }

    pub(super) fn map_both(&mut self, wish: Wish) {
        let ids = self.user_ids();
        ids.users.blocks.push(wish);
        ids.groups.blocks.push(wish);
    }

    pub(super) fn fork(&mut self) -> &mut Fork {
        self.fork.get_or_insert_default()
    }

    /// The last one counts, as with unshare(1).
    pub(super) fn mount_proc(&mut self, target: OsString) {
        self.mounts.retain(|mount| !matches!(mount, Mount::Proc(_)));
        self.mounts.push(Mount::Proc(target));
    }

    /// Without a `target` it is below /proc, and takes a proc of the new user namespace there.
    pub(super) fn mount_binfmt(&mut self, target: Option<OsString>) {
        self.kinds.push(Kind::User);
        if target.is_none()
            && self.binfmt.is_none()
            && !self.mounts.iter().any(|mount| matches!(mount, Mount::Proc(_)))
        {
            self.mount_proc("/proc".into());
        }
        self.binfmt = target.or(self.binfmt.take()).or_else(|| Some(binfmt::DIRECTORY.into()));
    }

    /// The ids of the user namespace for the root directory. A device node of root's outside would be one of root's inside.
    pub(super) fn idmap(&mut self, otherwise: Option<OsString>) -> Result<()> {
        self.manner.attributes |= mount::NODEV;
        self.manner.idmap = match otherwise {
            None => Some(Otherwise::Fail),
            Some(word) if word == "chown" => Some(Otherwise::Chown),
            Some(word) => {
                return Err(Error::usage(format!("--idmap: '{}' is not 'chown'", hc::show(&word))));
            }
        };
        Ok(())
    }

    /// The cgroup hierarchy of the new cgroup namespace.
    pub(super) fn cgroupfs(&mut self, access: Option<OsString>) -> Result<()> {
        let read_only = match access {
            None => false,
            Some(word) if word == "ro" => true,
            Some(word) => return Err(Error::usage(format!("--cgroupfs: '{}' is not 'ro'", hc::show(&word)))),
        };
        self.kinds.push(Kind::Cgroup);
        self.mounts.push(Mount::Cgroup { read_only });
        Ok(())
    }

    /// Process 1 takes a PID namespace and a process to be it.
    pub(super) fn init(&mut self) {
        self.kinds.push(Kind::Pid);
        self.fork().init = Init::Ours;
    }

    /// All that keeps NEXT from the machine. Single parts are taken back, or given otherwise, by further options.
    pub(super) fn jail(&mut self) {
        self.kinds.extend([Kind::Mount, Kind::Ipc, Kind::Uts, Kind::Net, Kind::Cgroup, Kind::User]);
        self.init();
        self.fork().kill_child.get_or_insert(libc::SIGKILL);
        self.ids.jail = true;
        // One that somebody has put into the root directory is none.
        self.manner.attributes |= mount::NODEV;
        self.loopback = true;
        self.mask = true;
        if !self.mounts.iter().any(|mount| matches!(mount, Mount::Proc(_))) {
            self.mount_proc("/proc".into());
        }
        self.mounts.extend([Mount::Sys, Mount::Dev { console: false }]);
        self.privileges.shut_in();
        self.credentials.capabilities.drop(capabilities::ALL);
    }

    /// Covers what /proc and /sys tell, when both are there.
    fn add_mask(&mut self) {
        if self.mask {
            let is_proc_or_sys = |mount: &Mount| matches!(mount, Mount::Proc(_) | Mount::Sys);
            let at = self.mounts.iter().rposition(is_proc_or_sys).map_or(0, |at| at + 1);
            self.mounts.insert(at, Mount::Mask);
        }
    }

    /// What cannot come to anything is said before anything is done.
    fn check(&self) -> Result<()> {
        if !self.clocks.are_unchanged() && !self.kinds.contains(&Kind::Time) {
            return Err(Error::usage("--monotonic and --boottime need a time namespace, -T"));
        }
        if self.ids.setgroups == Some(Setgroups::Allow)
            && self.ids.groups.single.is_some()
            && self.ids.groups.blocks.is_empty()
            && self.owner.is_none()
        {
            return Err(Error::usage("--setgroups=allow does not go with a single mapped group, as of -r"));
        }
        let pivots = self.root.is_some() && !self.propagation.reaches_outside();
        if (self.manner.overlay_tmpfs || self.manner.idmap.is_some()) && !pivots {
            return Err(Error::usage(
                "--overlay-tmpfs and --idmap take a root directory, -R, and private mounts",
            ));
        }
        if self.shared.contains(&Kind::Uts) && !self.uts.are_unchanged() {
            return Err(Error::usage("--hostname and --domainname are not for the caller's UTS namespace"));
        }
        if self.shared.contains(&Kind::Pid) && self.fork.as_ref().is_some_and(|fork| fork.init == Init::Ours)
        {
            return Err(Error::usage("--init is process 1 of a PID namespace, which --share=pid leaves out"));
        }
        if self.fork.is_none() && self.names.iter().any(|name| name.kind == Kind::Pid) {
            return Err(Error::usage("--pid=FILE needs a process in the namespace: add -f"));
        }
        Ok(())
    }

    /// What the options mean together.
    pub(super) fn plan(mut self, argv: Vec<OsString>) -> Result<Plan> {
        self.check()?;
        self.add_mask();
        let Given { mut kinds, names, owner, mut ids, clocks, fork, propagation, root, mut mounts, .. } =
            self;
        let Given {
            binfmt,
            interpreter,
            working_directory,
            mut credentials,
            mut privileges,
            environment,
            ..
        } = self;
        let Given { manner, uts, mut loopback, low_ports, shared, .. } = self;
        // Last, for it may lie in one of the others.
        mounts.extend(binfmt.map(|target| Mount::Binfmt(target, interpreter)));
        // As with unshare(1), which goes there before it mounts. (Here that comes after, so that NEXT can start in
        // what was mounted.)
        if let Some(directory) = &working_directory {
            for mount in &mut mounts {
                mount.start_from(directory);
            }
        }
        if fork.as_ref().is_some_and(|fork| fork.pty) {
            // A terminal is a session's. The last /dev is the one in view.
            privileges.new_session = true;
            if let Some(last) = mounts.iter_mut().rfind(|mount| matches!(mount, Mount::Dev { .. })) {
                *last = Mount::Dev { console: true };
            }
        }
        kinds.retain(|kind| !shared.contains(kind));
        ids.jail &= kinds.contains(&Kind::User);
        // The caller's is as he wants it.
        loopback &= kinds.contains(&Kind::Net);
        if !mounts.is_empty() || manner != Manner::default() {
            // Never a mount in the caller's own namespace.
            kinds.push(Kind::Mount);
        }
        let fork = fork.map(|fork| fork.in_namespaces(kinds.contains(&Kind::Pid)));
        let namespaces = kinds.iter().map(|kind| kind.flag()).fold(CloneFlags::empty(), CloneFlags::union);
        let propagation = kinds.contains(&Kind::Mount).then_some(propagation);
        let root = match (root, propagation) {
            (None, _) => Root::Unchanged,
            // pivot_root(2) takes a mount whose changes stay here.
            (Some(directory), Some(propagation)) if !propagation.reaches_outside() => Root::Pivot(directory),
            (Some(directory), _) => Root::Chroot(directory),
        };
        // It is about what a new user namespace gives.
        credentials.keep_capabilities &= kinds.contains(&Kind::User);
        let names = names::in_order(names);
        Ok(Plan {
            namespaces,
            names,
            owner,
            ids,
            clocks,
            fork,
            propagation,
            root,
            mounts,
            manner,
            uts,
            loopback,
            low_ports,
            working_directory,
            credentials,
            privileges,
            environment,
            argv,
        })
    }
}
