//! The command line of hc-run(1), as values.

mod network;
mod parts;
mod values;

pub(crate) use network::{NO_BRIDGE, Network, OWN_BRIDGE};

use crate::chain::{Part, Tool};
use crate::user::User;
use hc::{Args, Error, Opt, Result};
use std::ffi::{OsStr, OsString};

const HELP: &str = "\
Usage: hc-run [OPTION]... PROGRAM [ARG]...
       hc-run --list | --delete=NAME
Run PROGRAM in a container: one of this machine with what it needs, or one of a root directory.

Root directory (by default, one that goes with the container):
      --name=NAME             keep it, as /ns/NAME or in your home
  -r, --rootfs=DIR            PROGRAM is in DIR, a whole root directory; nothing is copied
  -f, --file=SRC[:DST]        also the file or directory tree SRC, as DST
  -v, --volume=SRC:DST[:ro]   SRC itself, at DST
      --tmpfs=DST[:OPT]       an empty tmpfs; size=, mode=
      --read-only             nothing but volumes and tmpfs can be written to

What PROGRAM gets:
  -e, --env=VAR[=VALUE]       a variable; without VALUE, yours
      --env-file=FILE         variables, a line each
  -w, --workdir=DIR           the working directory
  -u, --user=UID[:GID]        who it is, by number or by DIR's /etc/passwd
      --hostname=NAME         the host name (NAME of --name, or hc)
  -i, --interactive           nothing: standard input is the program's anyway
  -t, --tty                   a terminal of its own

Network (by default none but its own loopback; with -p bridge, or pasta for a user):
      --network=none|host|bridge|pasta|BRIDGE[:OPT,...]
                              the host's; a bridge of hc-run's own; one by pasta(1);
                              or a link to a bridge as hc-netns run makes it
      --ip=CIDR               its address on the bridge (the lowest that is free)
      --dns=IP                its name server
  -p, --publish=[IP:]PORT:PORT[/udp]
                              the host's port leads to the container's

Limits:
  -m, --memory=SIZE           memory
      --memory-swap=SIZE      memory and swap together
      --memory-reservation=SIZE
                              memory that is left alone while others have some
      --cpus=N                time of so many processors
      --cpu-shares=N          share of busy processors: others have 1024
      --cpuset-cpus=LIST      these processors
      --cpuset-mems=LIST      memory of these nodes
      --pids-limit=N          processes
      --blkio-weight=N        share of busy disks: 10 to 1000
      --device-read-bps=DEV:SIZE, --device-write-bps=DEV:SIZE,
      --device-read-iops=DEV:N, --device-write-iops=DEV:N
                              what a disk gives in a second
      --ulimit=NAME=SOFT[:HARD]
                              a resource of each process, as nofile

Privileges, in a user namespace:
      --cap-add=LIST          give capabilities, or all
      --cap-drop=LIST         take them away
      --security-opt=seccomp=unconfined|FILE
                              no filter of system calls, or that one
      --no-init               PROGRAM is process 1 itself: an init

  -n, --dry-run               the same as --print
      --print[=tree]          print the chain of tools that does it, and do nothing
      --list                  show the named containers
      --delete=NAME           remove one
      --rm                    nothing: what has no name is removed anyway
  -h, --help                  show this help
  -V, --version               show the version

See hc-run(1).
";

const LONGS: &[&str] = &[
    "name",
    "rootfs",
    "file",
    "volume",
    "tmpfs",
    "read-only",
    "env",
    "env-file",
    "workdir",
    "user",
    "hostname",
    "interactive",
    "tty",
    "network",
    "ip",
    "dns",
    "publish",
    "memory",
    "memory-swap",
    "memory-reservation",
    "cpus",
    "cpu-shares",
    "cpuset-cpus",
    "cpuset-mems",
    "pids-limit",
    "blkio-weight",
    "device-read-bps",
    "device-write-bps",
    "device-read-iops",
    "device-write-iops",
    "ulimit",
    "cap-add",
    "cap-drop",
    "security-opt",
    "no-init",
    "dry-run",
    "print",
    "list",
    "delete",
    "rm",
    "help",
    "version",
];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// A container, or the chain that makes it.
    Run(Box<Container>),
    /// The named containers.
    List,
    /// One of them, to be removed.
    Delete(OsString),
}

/// A container to run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Container {
    /// Where the root directory is.
    pub(crate) storage: Storage,
    /// What is on the other side of its network interface.
    pub(crate) network: Network,
    /// Words for single tools, in the order of the command line.
    pub(crate) parts: Vec<Part>,
    pub(crate) user: Option<User>,
    pub(crate) hostname: Option<OsString>,
    /// What process 1 is.
    pub(crate) init: Init,
    pub(crate) tty: bool,
    /// Show the chain instead of running it.
    pub(crate) show: Option<Show>,
    /// The program and its arguments; never empty.
    pub(crate) argv: Vec<OsString>,
}

/// Process 1 of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Init {
    /// hc-unshare's, with the program as its child.
    Ours,
    /// The program, whatever it is.
    Program,
    /// The program, which is an init by its name: it starts an operating system.
    System,
}

/// Where the root directory is, as far as the command line says it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Nowhere: it ends with the container.
    Ephemeral,
    /// In the place for containers of that name.
    Named(OsString),
    /// There, complete.
    Given(OsString),
}

/// How a chain is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    /// As a line for a shell.
    Line,
    /// A link a line, with what it is for.
    Tree,
}

/// Options as they come.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // flags of a command line
struct Given {
    name: Option<OsString>,
    rootfs: Option<OsString>,
    network: Option<Network>,
    parts: Vec<Part>,
    user: Option<User>,
    hostname: Option<OsString>,
    no_init: bool,
    tty: bool,
    rm: bool,
    show: Option<Show>,
    list: bool,
    delete: Option<OsString>,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut given = Given::default();
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Long("name") => given.name = Some(values::name("--name", args.value()?)?),
            Opt::Short('r') | Opt::Long("rootfs") => given.rootfs = Some(values::directory(args.value()?)?),
            Opt::Short('u') | Opt::Long("user") => given.user = Some(User::parse(&args.value()?)?),
            Opt::Long("hostname") => given.hostname = Some(args.value()?),
            Opt::Long("network") => given.network = Some(network::parse(&args.value()?)?),
            Opt::Short('i') | Opt::Long("interactive") => {}
            Opt::Short('t') | Opt::Long("tty") => given.tty = true,
            Opt::Long("no-init") => given.no_init = true,
            Opt::Long("rm") => given.rm = true,
            Opt::Short('n') | Opt::Long("dry-run") => given.show = Some(Show::Line),
            Opt::Long("print") => given.show = Some(values::show(args.optional_value().as_deref())?),
            Opt::Long("list") => given.list = true,
            Opt::Long("delete") => given.delete = Some(values::name("--delete", args.value()?)?),
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-run", env!("CARGO_PKG_VERSION")));
            }
            _ => match parts::name(option) {
                None => return Err(args.unrecognized(option)),
                // The only one without a value.
                Some(name @ "read-only") => given.parts.push(Part::of(name, OsStr::new(""))?),
                Some(name) => given.parts.push(Part::of(name, &args.value()?)?),
            },
        }
    }
    plan(given, args.operands()?)
}

/// What the options mean together.
fn plan(mut given: Given, argv: Vec<OsString>) -> Result<Plan> {
    if given.list || given.delete.is_some() {
        return match (argv.first(), given.delete) {
            (Some(_), _) => Err(Error::usage("--list and --delete take no program")),
            (None, None) => Ok(Plan::List),
            (None, Some(_)) if given.list => Err(Error::usage("--list and --delete exclude each other")),
            (None, Some(name)) => Ok(Plan::Delete(name)),
        };
    }
    if given.rm && given.name.is_some() {
        return Err(Error::usage("--rm: what has a --name is kept: hc-run --delete removes it"));
    }
    let storage = match (given.name.take(), given.rootfs.take()) {
        (None, None) => Storage::Ephemeral,
        (Some(name), None) => Storage::Named(name),
        (None, Some(directory)) => Storage::Given(directory),
        (Some(_), Some(_)) => return Err(Error::usage("--name and --rootfs exclude each other")),
    };
    if argv.is_empty() {
        return Err(Error::usage("no program to run"));
    }
    let network = network::of(given.network.as_ref(), &given.parts)?;
    let Given { parts, user, hostname, no_init, tty, show, .. } = given;
    if matches!(storage, Storage::Given(_)) && parts.iter().any(|part| part.tool() == Tool::Rootfs) {
        return Err(Error::usage("--file: nothing is copied into a --rootfs: --volume shows a file in it"));
    }
    if matches!(user, Some(User::Named(..))) && !matches!(storage, Storage::Given(_)) {
        return Err(Error::usage("--user: a name is looked up in a --rootfs: here, give a number"));
    }
    let init = match no_init {
        _ if values::is_init(&argv) => Init::System,
        true => Init::Program,
        false => Init::Ours,
    };
    Ok(Plan::Run(Box::new(Container { storage, network, parts, user, hostname, init, tty, show, argv })))
}

#[cfg(test)]
mod tests;
