//! The command line of unshare(1), as values.

mod furnishing;
mod given;
mod help;
mod mounts;
mod plan;
mod privileges;
mod values;

pub(crate) use plan::Plan;

use crate::fork::Init;
use crate::idmap::{Single, Wish};
use crate::namespaces::Kind;
use given::Given;
use hc::{Args, Error, Opt, Result};

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
const OWN: &[&str] = &[
    "tmpfs",
    "bind",
    "overlay",
    "overlay-tmpfs",
    "dev",
    "sys",
    "cgroupfs",
    "mask",
    "read-only",
    "idmap",
    "hostname",
    "domainname",
    "loopback",
    "low-ports",
    "init",
    "no-init",
    "pty",
    "share",
    "jail",
    // What NEXT is not to have.
    "cap-drop",
    "cap-add",
    "no-new-privs",
    "seccomp",
    "new-session",
    "new-keyring",
    "close-fds",
    "keep-fd",
    "rlimit",
    "umask",
    "oom-score-adj",
    "nice",
];

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
            Opt::Long("init") => given.init(),
            Opt::Long("no-init") => given.fork().init = Init::Next,
            Opt::Long("pty") => given.fork().pty = true,
            Opt::Long("share") => given.shared.extend(values::kinds(&args.value()?)?),
            Opt::Long("jail") => given.jail(),
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
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(help::HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-unshare", env!("CARGO_PKG_VERSION")));
            }
            _ if furnishing::take(&mut given, option, &mut args)? => {}
            _ if privileges::take(&mut given, option, &mut args)? => {}
            _ => return Err(args.unrecognized(option)),
        }
    }
    given.plan(args.operands()?)
}

#[cfg(test)]
mod tests;
