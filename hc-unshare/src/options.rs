//! The command line of unshare(1), as values.

mod values;

use crate::clocks::Clocks;
use crate::credentials::{Credentials, Owner};
use crate::environment::Kept;
use crate::fork::Fork;
use crate::idmap::{Setgroups, Single, Wanted, Wish};
use crate::mounts::Mount;
use crate::names::Name;
use crate::namespaces::Kind;
use crate::propagation::Propagation;
use crate::root::Root;
use crate::{binfmt, names};
use hc::{Args, Error, Opt, Result};
use nix::sched::CloneFlags;
use std::ffi::OsString;

const HELP: &str = "\
Usage: hc-unshare [OPTION]... [NEXT [ARG]...]
Run NEXT in namespaces of its own; without NEXT, a shell.

Namespaces; with a FILE, which has to exist, they stay when NEXT has ended:
  -m, --mount[=FILE]         mount namespace, all mounts in it private
  -u, --uts[=FILE]           UTS namespace: host name
  -i, --ipc[=FILE]           IPC namespace: System V IPC, POSIX message queues
  -n, --net[=FILE]           network namespace
  -p, --pid[=FILE]           PID namespace, which the next child enters: see -f
  -U, --user[=FILE]          user namespace
  -C, --cgroup[=FILE]        cgroup namespace
  -T, --time[=FILE]          time namespace

Who is who in the user namespace (each implies -U):
  -r, --map-root-user        the caller is root
  -c, --map-current-user     the caller is who he is
      --map-user=UID         the caller's user id is UID, a number or a name
      --map-group=GID        the caller's group id is GID
      --map-users=MAP        further users: INNER:OUTER:COUNT, auto, subids or all
      --map-groups=MAP       further groups
      --map-auto             --map-users=auto --map-groups=auto
      --map-subids           --map-users=subids --map-groups=subids
      --owner=UID:GID        the namespace belongs to this user
      --setgroups=MODE       allow or deny setgroups(2)
      --keep-caps            keep the capabilities it gives over exec

Processes:
  -f, --fork                 run NEXT as a child; stay, and end as it ends
      --kill-child[=SIGNAL]  send it SIGNAL, by default KILL, when we end (implies -f)
      --forward-signals      hand SIGINT and SIGTERM on to it (implies -f)

Root directory and mounts:
      --mount-proc[=DIR]     mount proc on DIR, by default /proc (implies -m)
      --mount-binfmt[=DIR]   mount binfmt_misc (implies -m -U)
  -l, --load-interp=STRING   register an interpreter in it (implies --mount-binfmt)
      --tmpfs=DIR            mount an empty tmpfs on DIR (implies -m)
      --propagation=MODE     of all mounts: private, slave, shared or unchanged
  -R, --root=DIR             make DIR the root directory; with -m there is no way back
  -w, --wd=DIR               change the working directory to DIR, in the new root

What else NEXT gets:
  -S, --setuid=UID           become user UID
  -G, --setgid=GID           become group GID, without supplementary groups
      --monotonic=SECONDS    set the monotonic clock forward (with -T)
      --boottime=SECONDS     set the boot time clock forward (with -T)
      --clear-env            drop all environment variables
      --whitelist-env=NAMES  drop all but these, with commas between them
  -h, --help                 show this help
  -V, --version              show the version

See hc-unshare(1).
";

/// In the original's order, in which it lists those that an abbreviation could mean.
const ORIGINAL: &[&str] = &[
    "help",
    "version",
    "mount",
    "uts",
    "ipc",
    "net",
    "pid",
    "user",
    "cgroup",
    "time",
    "fork",
    "kill-child",
    "forward-signals",
    "mount-proc",
    "mount-binfmt",
    "map-user",
    "map-users",
    "map-group",
    "map-groups",
    "map-root-user",
    "map-current-user",
    "map-auto",
    "map-subids",
    "owner",
    "propagation",
    "setgroups",
    "keep-caps",
    "setuid",
    "setgid",
    "root",
    "wd",
    "monotonic",
    "boottime",
    "load-interp",
    "clear-env",
    "whitelist-env",
];
const OWN: &[&str] = &["tmpfs"];

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
    /// Where to go, in the new root.
    pub(crate) working_directory: Option<OsString>,
    /// Who NEXT is to be.
    pub(crate) credentials: Credentials,
    /// What of the environment NEXT gets.
    pub(crate) environment: Kept,
    /// NEXT and its arguments; empty for a shell.
    pub(crate) argv: Vec<OsString>,
}

/// Options as they come; what they mean together is decided once all are read.
#[derive(Default)]
struct Given {
    kinds: Vec<Kind>,
    names: Vec<Name>,
    owner: Option<Owner>,
    ids: Wanted,
    clocks: Clocks,
    fork: Option<Fork>,
    propagation: Propagation,
    root: Option<OsString>,
    mounts: Vec<Mount>,
    binfmt: Option<OsString>,
    interpreter: Option<OsString>,
    working_directory: Option<OsString>,
    credentials: Credentials,
    environment: Kept,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut given = Given::default();
    while let Some(option) = args.next_beside(ORIGINAL, OWN)? {
        match option {
            Opt::Short('m') | Opt::Long("mount") => given.make(Kind::Mount, option, &mut args)?,
            Opt::Short('u') | Opt::Long("uts") => given.make(Kind::Uts, option, &mut args)?,
            Opt::Short('i') | Opt::Long("ipc") => given.make(Kind::Ipc, option, &mut args)?,
            Opt::Short('n') | Opt::Long("net") => given.make(Kind::Net, option, &mut args)?,
            Opt::Short('p') | Opt::Long("pid") => given.make(Kind::Pid, option, &mut args)?,
            Opt::Short('U') | Opt::Long("user") => given.make(Kind::User, option, &mut args)?,
            Opt::Short('C') | Opt::Long("cgroup") => given.make(Kind::Cgroup, option, &mut args)?,
            Opt::Short('T') | Opt::Long("time") => given.make(Kind::Time, option, &mut args)?,
            Opt::Short('r') | Opt::Long("map-root-user") => given.map_own(|| Single::Root),
            Opt::Short('c') | Opt::Long("map-current-user") => given.map_own(|| Single::Same),
            Opt::Long("map-user") => given.user_ids().users.single = Some(Single::Named(args.value()?)),
            Opt::Long("map-group") => given.user_ids().groups.single = Some(Single::Named(args.value()?)),
            Opt::Long("map-users") => {
                given.user_ids().users.blocks.push(values::map("--map-users", &args.value()?)?);
            }
            Opt::Long("map-groups") => {
                given.user_ids().groups.blocks.push(values::map("--map-groups", &args.value()?)?);
            }
            Opt::Long("map-auto") => given.map_both(Wish::Auto),
            Opt::Long("map-subids") => given.map_both(Wish::Subids),
            Opt::Long("owner") => {
                given.kinds.push(Kind::User);
                given.owner = Some(values::owner(&args.value()?)?);
            }
            Opt::Long("setgroups") => given.ids.setgroups = Some(values::setgroups(&args.value()?)?),
            Opt::Long("keep-caps") => given.credentials.keep_capabilities = true,
            Opt::Short('f') | Opt::Long("fork") => drop(given.fork()),
            Opt::Long("kill-child") => {
                let signal = args.optional_value().map_or(Ok(libc::SIGKILL), |name| values::signal(&name))?;
                given.fork().kill_child = Some(signal);
            }
            Opt::Long("forward-signals") => given.fork().forward = true,
            Opt::Long("mount-proc") => {
                let target = args.optional_value().map_or_else(|| Ok("/proc".into()), values::directory)?;
                given.mount_proc(target);
            }
            Opt::Long("mount-binfmt") => {
                let target = args.optional_value().map(values::directory).transpose()?;
                given.binfmt = None;
                given.mount_binfmt(target);
            }
            Opt::Short('l') | Opt::Long("load-interp") => {
                given.interpreter = Some(args.value()?);
                given.mount_binfmt(None);
            }
            Opt::Long("tmpfs") => given.mounts.push(Mount::Tmpfs(values::directory(args.value()?)?)),
            Opt::Long("propagation") => given.propagation = values::propagation(&args.value()?)?,
            Opt::Short('R') | Opt::Long("root") => given.root = Some(values::directory(args.value()?)?),
            Opt::Short('w') | Opt::Long("wd") => {
                given.working_directory = Some(values::directory(args.value()?)?);
            }
            Opt::Short('S') | Opt::Long("setuid") => {
                given.credentials.user = Some(values::id("user", &args.value()?)?);
            }
            Opt::Short('G') | Opt::Long("setgid") => {
                given.credentials.group = Some(values::id("group", &args.value()?)?);
            }
            Opt::Long("monotonic") => {
                given.clocks.monotonic = Some(values::seconds("--monotonic", &args.value()?)?);
            }
            Opt::Long("boottime") => {
                given.clocks.boottime = Some(values::seconds("--boottime", &args.value()?)?);
            }
            Opt::Long("clear-env") => given.environment.only([]),
            Opt::Long("whitelist-env") => given.environment.only(values::names(&args.value()?)),
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-unshare", env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    given.plan(args.operands()?)
}

impl Given {
    /// A namespace, with a file if the option was a long one that has a value. The last file of a kind counts.
    fn make(&mut self, kind: Kind, option: Opt, args: &mut Args) -> Result<()> {
        self.kinds.push(kind);
        // After a short option there are further ones in the same word.
        let file = if matches!(option, Opt::Long(_)) { args.optional_value() } else { None };
        if let Some(file) = file {
            self.names.retain(|name| name.kind != kind);
            self.names.push(Name { kind, file: values::file(file)? });
        }
        Ok(())
    }

    fn user_ids(&mut self) -> &mut Wanted {
        self.kinds.push(Kind::User);
        &mut self.ids
    }

    fn map_own(&mut self, single: impl Fn() -> Single) {
        let ids = self.user_ids();
        ids.users.single = Some(single());
        ids.groups.single = Some(single());
    }

    fn map_both(&mut self, wish: Wish) {
        let ids = self.user_ids();
        ids.users.blocks.push(wish);
        ids.groups.blocks.push(wish);
    }

    fn fork(&mut self) -> &mut Fork {
        self.fork.get_or_insert_default()
    }

    /// The last one counts, as with unshare(1).
    fn mount_proc(&mut self, target: OsString) {
        self.mounts.retain(|mount| !matches!(mount, Mount::Proc(_)));
        self.mounts.push(Mount::Proc(target));
    }

    /// Without a `target` it is below /proc, and takes a proc of the new user namespace there.
    fn mount_binfmt(&mut self, target: Option<OsString>) {
        self.kinds.push(Kind::User);
        if target.is_none()
            && self.binfmt.is_none()
            && !self.mounts.iter().any(|mount| matches!(mount, Mount::Proc(_)))
        {
            self.mount_proc("/proc".into());
        }
        self.binfmt = target.or(self.binfmt.take()).or_else(|| Some(binfmt::DIRECTORY.into()));
    }

    /// What the options mean together.
    fn plan(self, argv: Vec<OsString>) -> Result<Plan> {
        let Given { mut kinds, names, owner, ids, clocks, fork, propagation, root, mut mounts, .. } = self;
        let Given { binfmt, interpreter, working_directory, mut credentials, environment, .. } = self;
        // Last, for it may lie in one of the others.
        mounts.extend(binfmt.map(|target| Mount::Binfmt(target, interpreter)));
        // As with unshare(1), which goes there before it mounts. (Here that comes after, so that NEXT can start in
        // what was mounted.)
        if let Some(directory) = &working_directory {
            for mount in &mut mounts {
                mount.start_from(directory);
            }
        }
        if !mounts.is_empty() {
            // Never a mount in the caller's own namespace.
            kinds.push(Kind::Mount);
        }
        let namespaces = kinds.iter().map(|kind| kind.flag()).fold(CloneFlags::empty(), CloneFlags::union);
        let propagation = kinds.contains(&Kind::Mount).then_some(propagation);
        let root = match (root, propagation) {
            (None, _) => Root::Unchanged,
            // pivot_root(2) takes a mount whose changes stay here.
            (Some(directory), Some(propagation)) if !propagation.reaches_outside() => Root::Pivot(directory),
            (Some(directory), _) => Root::Chroot(directory),
        };
        if !clocks.are_unchanged() && !kinds.contains(&Kind::Time) {
            return Err(Error::usage("--monotonic and --boottime need a time namespace, -T"));
        }
        if ids.setgroups == Some(Setgroups::Allow)
            && ids.groups.single.is_some()
            && ids.groups.blocks.is_empty()
            && owner.is_none()
        {
            return Err(Error::usage("--setgroups=allow does not go with a single mapped group, as of -r"));
        }
        if fork.is_none() && names.iter().any(|name| name.kind == Kind::Pid) {
            return Err(Error::usage("--pid=FILE needs a process in the namespace: add -f"));
        }
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
            working_directory,
            credentials,
            environment,
            argv,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Plan> {
        parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn error(words: &[&str]) -> String {
        parsed(words).unwrap_err().to_string()
    }

    #[test]
    fn the_line_of_the_post() {
        let plan = parsed(&["-fpium", "--mount-proc", "--root=/ns/a", "/bin/echo", "-n"]).unwrap();
        let expected = Plan {
            namespaces: CloneFlags::CLONE_NEWPID
                | CloneFlags::CLONE_NEWIPC
                | CloneFlags::CLONE_NEWUTS
                | CloneFlags::CLONE_NEWNS,
            names: Vec::new(),
            owner: None,
            ids: Wanted::default(),
            clocks: Clocks::default(),
            fork: Some(Fork::default()),
            propagation: Some(Propagation::Private),
            root: Root::Pivot("/ns/a".into()),
            mounts: vec![Mount::Proc("/proc".into())],
            working_directory: None,
            credentials: Credentials::default(),
            environment: Kept::All,
            argv: ["/bin/echo", "-n"].map(OsString::from).to_vec(),
        };
        assert_eq!(plan, expected);
    }

    #[test]
    fn what_implies_what() {
        assert_eq!(parsed(&["-r"]).unwrap().namespaces, CloneFlags::CLONE_NEWUSER);
        assert_eq!(parsed(&["--mount-proc"]).unwrap().namespaces, CloneFlags::CLONE_NEWNS);
        assert_eq!(parsed(&["--tmpfs", "/x"]).unwrap().namespaces, CloneFlags::CLONE_NEWNS);
        assert_eq!(parsed(&["-R/x"]).unwrap().root, Root::Chroot("/x".into()));
        assert_eq!(parsed(&["-R/x", "-m"]).unwrap().root, Root::Pivot("/x".into()));
        assert_eq!(parsed(&["-R/x", "-m", "--propagation=slave"]).unwrap().root, Root::Pivot("/x".into()));
        assert_eq!(parsed(&["-R/x", "-m", "--propagation=shared"]).unwrap().root, Root::Chroot("/x".into()));
        assert_eq!(parsed(&["--propagation=slave"]).unwrap().propagation, None);
        for line in [&["-c"][..], &["--map-auto"], &["--map-user=0"], &["--owner=0:0"], &["--map-groups=all"]]
        {
            assert_eq!(parsed(line).unwrap().namespaces, CloneFlags::CLONE_NEWUSER, "{line:?}");
        }
        let signals = parsed(&["--kill-child", "--forward-signals"]).unwrap().fork;
        assert_eq!(signals, Some(Fork { forward: true, kill_child: Some(libc::SIGKILL) }));
        assert_eq!(parsed(&[]).unwrap().argv, Vec::<OsString>::new());
    }

    #[test]
    fn mounts_keep_their_order_and_the_last_proc_counts() {
        let plan = parsed(&["--mount-proc=/a", "--tmpfs=/t", "--mount-proc", "--tmpfs=/u"]).unwrap();
        let expected = [Mount::Tmpfs("/t".into()), Mount::Proc("/proc".into()), Mount::Tmpfs("/u".into())];
        assert_eq!(plan.mounts, expected);
    }

    #[test]
    fn binfmt_misc_comes_last_and_takes_a_proc() {
        let plan = parsed(&["-l:x:", "--tmpfs=/t"]).unwrap();
        assert_eq!(plan.namespaces, CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS);
        let mount = Mount::Binfmt(binfmt::DIRECTORY.into(), Some(":x:".into()));
        assert_eq!(plan.mounts, [Mount::Proc("/proc".into()), Mount::Tmpfs("/t".into()), mount]);
        let plan = parsed(&["--mount-binfmt=/b", "-l:x:"]).unwrap();
        assert_eq!(plan.mounts, [Mount::Binfmt("/b".into(), Some(":x:".into()))]);
        let plan = parsed(&["--mount-proc=/p", "--mount-binfmt"]).unwrap();
        assert_eq!(plan.mounts, [Mount::Proc("/p".into()), Mount::Binfmt(binfmt::DIRECTORY.into(), None)]);
    }

    #[test]
    fn names_are_bound_in_the_order_of_their_kinds_and_the_last_of_a_kind_counts() {
        let names = parsed(&["--net=/a", "-f", "--pid=/p", "--user=/u", "-n", "--net=/b"]).unwrap().names;
        let name = |kind, file: &str| Name { kind, file: file.into() };
        assert_eq!(names, [name(Kind::User, "/u"), name(Kind::Net, "/b"), name(Kind::Pid, "/p")]);
    }

    #[test]
    fn what_cannot_work_together() {
        assert_eq!(error(&["--pid=/p"]), "--pid=FILE needs a process in the namespace: add -f");
        assert_eq!(error(&["--boottime=1"]), "--monotonic and --boottime need a time namespace, -T");
        assert_eq!(
            error(&["-r", "--setgroups=allow"]),
            "--setgroups=allow does not go with a single mapped group, as of -r"
        );
        assert!(parsed(&["-r", "--map-groups=all", "--setgroups=allow"]).is_ok());
    }

    #[test]
    fn relative_mount_points_start_where_next_will() {
        let plan = parsed(&["--tmpfs=t", "--mount-proc=/p", "-w", "/w"]).unwrap();
        assert_eq!(plan.mounts, [Mount::Tmpfs("/w/t".into()), Mount::Proc("/p".into())]);
    }

    #[test]
    fn an_empty_name_is_no_directory() {
        for option in ["--mount-proc=", "--tmpfs=", "--root=", "--wd="] {
            assert_eq!(error(&[option]), "an empty name is no directory");
        }
    }

    #[test]
    fn getopt_s_messages() {
        assert_eq!(error(&["--fork=/x"]), "option '--fork' doesn't allow an argument");
        assert_eq!(error(&["-m=/x"]), "invalid option -- '='");
        assert_eq!(error(&["--u"]), "option '--u' is ambiguous; possibilities: '--uts' '--user'");
        assert_eq!(error(&["-R"]), "option requires an argument -- 'R'");
    }
}
