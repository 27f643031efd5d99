//! The command line, as values.

mod given;
mod help;
mod values;

use crate::limits::{Limits, Operation};
use crate::name::Path;
use crate::report::Report;
use given::Given;
pub(crate) use values::PERIOD;

use hc::{Args, Error, Opt, Result};
use help::HELP;
use std::ffi::OsString;

const LONGS: &[&str] = &[
    "blkio-weight",
    "cpu-shares",
    "cpu-weight",
    "cpus",
    "cpuset-cpus",
    "cpuset-mems",
    "delete",
    "device-read-bps",
    "device-read-iops",
    "device-write-bps",
    "device-write-iops",
    "help",
    "io-weight",
    "memory",
    "memory-high",
    "memory-reservation",
    "memory-swap",
    "name",
    "oom-group",
    "parent",
    "pids-limit",
    "report",
    "set",
    "version",
    "wait",
];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub(crate) enum Plan {
    /// Become `argv`, or wait for it, in a new cgroup.
    Run { place: Place, limits: Limits, stay: Option<Stay>, argv: Vec<OsString> },
    /// Kill what is in that cgroup, and remove it.
    Delete(Path),
}

/// Where the new cgroup is made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Below which one; without, below the caller's own.
    pub(crate) parent: Option<Path>,
    /// Its name from there; without, one that nothing has yet.
    pub(crate) name: Option<Path>,
}

/// A parent that stays.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stay {
    /// What it tells in the end, and where.
    pub(crate) report: Option<Report>,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut given = Given::default();
    while let Some(option) = args.next(LONGS)? {
        let limits = &mut given.limits;
        match option {
            Opt::Short('m') | Opt::Long("memory") => limits.memory = Some(values::memory(&args.value()?)?),
            Opt::Long("memory-swap") => limits.swap = Some(values::swap(&args.value()?)?),
            Opt::Long("memory-reservation") => {
                limits.reservation = Some(values::size("memory-reservation", &args.value()?)?);
            }
            Opt::Long("memory-high") => limits.high = Some(values::size("memory-high", &args.value()?)?),
            Opt::Long("oom-group") => limits.oom_group = true,
            Opt::Long("cpus") => limits.cpus = Some(values::cpus(&args.value()?)?),
            Opt::Long("cpu-weight") => limits.cpu_weight = Some(values::cpu_weight(&args.value()?)?),
            Opt::Short('c') | Opt::Long("cpu-shares") => {
                limits.cpu_weight = Some(values::cpu_shares(&args.value()?)?);
            }
            Opt::Long("cpuset-cpus") => {
                limits.cpuset_cpus = Some(values::list("cpuset-cpus", &args.value()?)?);
            }
            Opt::Long("cpuset-mems") => {
                limits.cpuset_mems = Some(values::list("cpuset-mems", &args.value()?)?);
            }
            Opt::Long("pids-limit") => limits.pids = Some(values::pids(&args.value()?)?),
            Opt::Long("io-weight") => limits.io_weight = Some(values::io_weight(&args.value()?)?),
            Opt::Long("blkio-weight") => limits.io_weight = Some(values::blkio_weight(&args.value()?)?),
            Opt::Long("device-read-bps") => given.throttle(Operation::ReadBytes, &args.value()?)?,
            Opt::Long("device-write-bps") => given.throttle(Operation::WriteBytes, &args.value()?)?,
            Opt::Long("device-read-iops") => given.throttle(Operation::Reads, &args.value()?)?,
            Opt::Long("device-write-iops") => given.throttle(Operation::Writes, &args.value()?)?,
            Opt::Long("set") => limits.set.push(values::setting(&args.value()?)?),
            Opt::Long("name") => given.place.name = Some(Path::named("name", &args.value()?)?),
            Opt::Long("parent") => given.place.parent = Some(Path::parent("parent", &args.value()?)?),
            Opt::Long("delete") => given.delete = Some(Path::named("delete", &args.value()?)?),
            Opt::Long("wait") => given.wait = true,
            Opt::Long("report") => given.report = Some(values::report(args.optional_value().as_deref())?),
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version(crate::TOOL, env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    given.plan(args.operands()?)
}

#[cfg(test)]
mod tests;
