//! Options that go to one of the links, as they are called in the table of those.

use hc::Opt;

/// The name of `option` there, if it is one of them.
pub(super) fn name(option: Opt) -> Option<&'static str> {
    Some(match option {
        Opt::Short('f') | Opt::Long("file") => "file",
        Opt::Short('v') | Opt::Long("volume") => "volume",
        Opt::Long("tmpfs") => "tmpfs",
        Opt::Long("read-only") => "read-only",
        Opt::Short('e') | Opt::Long("env") => "env",
        Opt::Long("env-file") => "env-file",
        Opt::Short('w') | Opt::Long("workdir") => "workdir",
        Opt::Long("ip") => "ip",
        Opt::Long("dns") => "dns",
        Opt::Short('p') | Opt::Long("publish") => "publish",
        Opt::Short('m') | Opt::Long("memory") => "memory",
        Opt::Long("memory-swap") => "memory-swap",
        Opt::Long("memory-reservation") => "memory-reservation",
        Opt::Long("cpus") => "cpus",
        Opt::Long("cpu-shares") => "cpu-shares",
        Opt::Long("cpuset-cpus") => "cpuset-cpus",
        Opt::Long("cpuset-mems") => "cpuset-mems",
        Opt::Long("pids-limit") => "pids-limit",
        Opt::Long("blkio-weight") => "blkio-weight",
        Opt::Long("device-read-bps") => "device-read-bps",
        Opt::Long("device-write-bps") => "device-write-bps",
        Opt::Long("device-read-iops") => "device-read-iops",
        Opt::Long("device-write-iops") => "device-write-iops",
        Opt::Long("ulimit") => "ulimit",
        Opt::Long("cap-add") => "cap-add",
        Opt::Long("cap-drop") => "cap-drop",
        Opt::Long("security-opt") => "security-opt",
        _ => return None,
    })
}
