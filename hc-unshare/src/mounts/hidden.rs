//! What /proc and /sys tell of the host, or do to it: covered, or for reading only. The same paths as runc and docker.

use super::place::{View, is_directory};
use super::{Sources, call, copy_of, dev};
use crate::sys::mount::Depth;
use hc::{Context, Error, Result};
use nix::sys::stat::makedev;
use std::os::fd::OwnedFd;

/// What cannot be read.
const COVERED: [&str; 13] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    // And thermal_throttle of each processor, below.
    "/sys/devices/system/cpu/cpu0/thermal_throttle",
];

/// What cannot be written.
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The null device, checked to be it: a file in its place could be read, and written to.
pub(super) fn open_sources() -> Result<Sources> {
    let null = dev::host_s_device("null", makedev(1, 3));
    Ok(vec![null.map_err(|error| Error::new(format!("/dev/null: {error}")))?])
}

/// Covers what of it is there.
pub(super) fn cover(view: &View<'_>, sources: &Sources) -> Result<()> {
    let null = sources.first().ok_or_else(|| Error::new("a mask without /dev/null"))?;
    let throttles = (1..).map(|cpu| format!("/sys/devices/system/cpu/cpu{cpu}/thermal_throttle"));
    for path in COVERED {
        cover_one(view, path, null)?;
    }
    for path in throttles {
        if !cover_one(view, &path, null)? {
            break;
        }
    }
    for path in READ_ONLY {
        let Some(place) = view.open_if_there(path)? else { continue };
        let tree = copy_of(&place, Depth::All, call::RDONLY | call::NOSUID | call::NODEV | call::NOEXEC);
        tree.and_then(|tree| call::attach_tree(&tree, &place))
            .context(format_args!("make {path} read-only"))?;
    }
    Ok(())
}

/// Covers `path`: a file with the null device, a directory with an empty one. False if there is no such thing.
fn cover_one(view: &View<'_>, path: &str, null: &OwnedFd) -> Result<bool> {
    let Some(place) = view.open_if_there(path)? else { return Ok(false) };
    let strict = call::RDONLY | call::NOSUID | call::NOEXEC;
    let cover = if is_directory(&place).context(path)? {
        call::new_mount(c"tmpfs", &[(c"mode", Some(c"0755")), (c"size", Some(c"4k"))], strict | call::NODEV)
    } else {
        copy_of(null, Depth::One, strict)
    };
    cover.and_then(|cover| call::attach_tree(&cover, &place)).context(format_args!("cover {path}"))?;
    Ok(true)
}
