//! Which ports of the network namespace take a privilege: ip-sysctl.rst, `ip_unprivileged_port_start`.

use hc::{Context, Result};

/// Of the network namespace of the process that opens it, whichever proc that is; for IPv6 as well.
const FIRST_FOR_EVERYBODY: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// Lets everybody in the network namespace listen at all ports. CAP_NET_BIND_SERVICE over it is for who has it in the user
/// namespace that it was made in.
pub(crate) fn open_low() -> Result<()> {
    std::fs::write(FIRST_FOR_EVERYBODY, "0").context(FIRST_FOR_EVERYBODY)
}
