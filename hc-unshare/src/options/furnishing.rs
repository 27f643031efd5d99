//! Options that furnish the namespaces.

use super::{Given, mounts, values};
use crate::mounts::Mount;
use crate::namespaces::Kind;
use hc::{Args, Opt, Result};

/// Takes `option` if it is one of them: whether it was.
pub(super) fn take(given: &mut Given, option: Opt, args: &mut Args) -> Result<bool> {
    match option {
        Opt::Long("bind") => given.mounts.push(mounts::bind(&args.value()?)?),
        Opt::Long("tmpfs") => given.mounts.push(mounts::tmpfs(&args.value()?)?),
        Opt::Long("overlay") => given.mounts.push(mounts::overlay(&args.value()?)?),
        Opt::Long("dev") => given.mounts.push(Mount::Dev { console: false }),
        Opt::Long("sys") => given.mounts.push(Mount::Sys),
        Opt::Long("cgroupfs") => given.cgroupfs(args.optional_value())?,
        Opt::Long("mask") => given.mask = true,
        Opt::Long("overlay-tmpfs") => given.manner.overlay_tmpfs = true,
        Opt::Long("read-only") => given.manner.read_only = true,
        Opt::Long("idmap") => given.idmap(args.optional_value())?,
        Opt::Long("hostname") => {
            given.kinds.push(Kind::Uts);
            given.uts.host = Some(values::machine_name(args.value()?)?);
        }
        Opt::Long("domainname") => {
            given.kinds.push(Kind::Uts);
            given.uts.domain = Some(values::machine_name(args.value()?)?);
        }
        Opt::Long("loopback") => {
            given.kinds.push(Kind::Net);
            given.loopback = true;
        }
        Opt::Long("low-ports") => given.low_ports = true,
        _ => return Ok(false),
    }
    Ok(true)
}
