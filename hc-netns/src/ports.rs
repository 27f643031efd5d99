//! Which ports of a namespace take a privilege: ip-sysctl.rst, `ip_unprivileged_port_start`.

use hc::{Context, Result};

/// Of the network namespace that the process is in which opens it, for IPv6 as well.
const FIRST_FOR_EVERYBODY: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// Lets everybody in the namespace that this process is in listen at all ports. CAP_NET_BIND_SERVICE over it is for who
/// has it in the user namespace that it was made in, which is not that of a program in a jail.
pub(crate) fn open_low() -> Result<()> {
    std::fs::write(FIRST_FOR_EVERYBODY, "0").context(FIRST_FOR_EVERYBODY)
}
