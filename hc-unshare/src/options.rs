//! The command line of unshare(1), as values.

use crate::mounts::{Mount, Root};
use hc::{Args, Error, Opt, Result};
use nix::sched::CloneFlags;
use std::ffi::OsString;

const HELP: &str = "\
Usage: hc-unshare [OPTION]... [NEXT [ARG]...]
Run NEXT in namespaces of its own; without NEXT, a shell.

  -m, --mount               a mount namespace of its own, all mounts in it private
  -u, --uts                 a UTS namespace: host name
  -i, --ipc                 an IPC namespace: System V IPC, POSIX message queues
  -n, --net                 a network namespace
  -p, --pid                 a PID namespace, which the next child enters: see -f
  -U, --user                a user namespace
  -C, --cgroup              a cgroup namespace
  -f, --fork                run NEXT as a child; stay, and end as it ends
  -r, --map-root-user       be root in the user namespace (implies -U)
      --mount-proc[=DIR]    mount proc on DIR, by default /proc (implies -m)
      --tmpfs=DIR           mount an empty tmpfs on DIR (implies -m)
  -R, --root=DIR            make DIR the root directory; with -m there is no way back
  -w, --wd=DIR              change the working directory to DIR, in the new root
  -h, --help                show this help
  -V, --version             show the version

See hc-unshare(1).
";

const LONGS: &[&str] = &[
    "mount",
    "uts",
    "ipc",
    "net",
    "pid",
    "user",
    "cgroup",
    "fork",
    "map-root-user",
    "mount-proc",
    "tmpfs",
    "root",
    "wd",
    "help",
    "version",
];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The namespaces to make.
    pub(crate) namespaces: CloneFlags,
    /// Map the caller's ids to 0 in the new user namespace.
    pub(crate) map_root: bool,
    /// Run NEXT in a child.
    pub(crate) fork: bool,
    /// Where NEXT's root directory is.
    pub(crate) root: Root,
    /// What to mount, in this order. Targets are paths in the new root.
    pub(crate) mounts: Vec<Mount>,
    /// Where to go, in the new root.
    pub(crate) working_directory: Option<OsString>,
    /// NEXT and its arguments; empty for a shell.
    pub(crate) argv: Vec<OsString>,
}

/// Options as they come; what they mean together is decided once all are read.
#[derive(Default)]
struct Given {
    map_root: bool,
    fork: bool,
    root: Option<OsString>,
    mounts: Vec<Mount>,
    working_directory: Option<OsString>,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut namespaces = CloneFlags::empty();
    let mut given = Given::default();
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Short('m') | Opt::Long("mount") => namespaces |= CloneFlags::CLONE_NEWNS,
            Opt::Short('u') | Opt::Long("uts") => namespaces |= CloneFlags::CLONE_NEWUTS,
            Opt::Short('i') | Opt::Long("ipc") => namespaces |= CloneFlags::CLONE_NEWIPC,
            Opt::Short('n') | Opt::Long("net") => namespaces |= CloneFlags::CLONE_NEWNET,
            Opt::Short('p') | Opt::Long("pid") => namespaces |= CloneFlags::CLONE_NEWPID,
            Opt::Short('U') | Opt::Long("user") => namespaces |= CloneFlags::CLONE_NEWUSER,
            Opt::Short('C') | Opt::Long("cgroup") => namespaces |= CloneFlags::CLONE_NEWCGROUP,
            Opt::Short('f') | Opt::Long("fork") => given.fork = true,
            Opt::Short('r') | Opt::Long("map-root-user") => given.map_root = true,
            Opt::Long("mount-proc") => {
                let target = args.optional_value().map_or_else(|| Ok("/proc".into()), directory)?;
                // The last one counts, as with unshare(1).
                given.mounts.retain(|mount| !matches!(mount, Mount::Proc(_)));
                given.mounts.push(Mount::Proc(target));
            }
            Opt::Long("tmpfs") => given.mounts.push(Mount::Tmpfs(directory(args.value()?)?)),
            Opt::Short('R') | Opt::Long("root") => given.root = Some(directory(args.value()?)?),
            Opt::Short('w') | Opt::Long("wd") => given.working_directory = Some(directory(args.value()?)?),
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-unshare", env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    Ok(plan(namespaces, given, args.operands()?))
}

/// The value of an option that names a directory.
fn directory(value: OsString) -> Result<OsString> {
    if value.is_empty() { Err(Error::usage("an empty name is no directory")) } else { Ok(value) }
}

/// What the options mean together.
fn plan(mut namespaces: CloneFlags, given: Given, argv: Vec<OsString>) -> Plan {
    let Given { map_root, fork, root, mut mounts, working_directory } = given;
    // As with unshare(1), which goes there before it mounts. (Here that comes after, so that NEXT can start in
    // what was mounted.)
    if let Some(directory) = &working_directory {
        for mount in &mut mounts {
            mount.start_from(directory);
        }
    }
    namespaces.set(CloneFlags::CLONE_NEWUSER, map_root || namespaces.contains(CloneFlags::CLONE_NEWUSER));
    // Never a mount in the caller's own namespace.
    namespaces
        .set(CloneFlags::CLONE_NEWNS, !mounts.is_empty() || namespaces.contains(CloneFlags::CLONE_NEWNS));
    let root = match root {
        None => Root::Unchanged,
        Some(directory) if namespaces.contains(CloneFlags::CLONE_NEWNS) => Root::Pivot(directory),
        Some(directory) => Root::Chroot(directory),
    };
    Plan { namespaces, map_root, fork, root, mounts, working_directory, argv }
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
            map_root: false,
            fork: true,
            root: Root::Pivot("/ns/a".into()),
            mounts: vec![Mount::Proc("/proc".into())],
            working_directory: None,
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
        assert_eq!(parsed(&[]).unwrap().argv, Vec::<OsString>::new());
    }

    #[test]
    fn mounts_keep_their_order_and_the_last_proc_counts() {
        let plan = parsed(&["--mount-proc=/a", "--tmpfs=/t", "--mount-proc", "--tmpfs=/u"]).unwrap();
        let expected = [Mount::Tmpfs("/t".into()), Mount::Proc("/proc".into()), Mount::Tmpfs("/u".into())];
        assert_eq!(plan.mounts, expected);
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
        assert_eq!(error(&["--mount=/x"]), "option '--mount' doesn't allow an argument");
        assert_eq!(error(&["-m=/x"]), "invalid option -- '='");
        assert_eq!(error(&["--u"]), "option '--u' is ambiguous; possibilities: '--uts' '--user'");
        assert_eq!(error(&["-R"]), "option requires an argument -- 'R'");
    }
}
