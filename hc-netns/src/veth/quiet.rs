//! What an IPv6 host says without being asked, kept to what somebody has to hear: each packet to a group goes to all
//! ports of the bridge, so that the last one who comes pays for all who are there. The settings are those of
//! Documentation/networking/ip-sysctl.rst.

use crate::TOOL;
use crate::address::Cidr;
use crate::link::Interface;
use hc::Context;
use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::Path;

/// In milliseconds.
const DAY: &str = "86400000";

/// What an interface that has addresses by option has to say when it comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// Nothing: it has no IPv6 address.
    Not,
    /// In which groups it is.
    OfGroups,
    /// That, and that it looks for a router, for it has been given none.
    ToRouters,
}

impl Speaks {
    /// With these addresses and default routes.
    pub(super) fn of(addresses: &[Cidr], gateways: &[IpAddr]) -> Self {
        if !addresses.iter().any(|cidr| cidr.address.is_ipv6()) {
            Speaks::Not
        } else if gateways.iter().any(IpAddr::is_ipv6) {
            Speaks::OfGroups
        } else {
            Speaks::ToRouters
        }
    }
}

/// Makes an interface quiet that has addresses by option, before it comes up.
///
/// One without IPv6 addresses has nothing to say, and on a bridge without a cable, which does not snoop, hardly anybody is
/// a router. There it is left as it is: a name in /proc/sys/net is looked for among its namesakes in all namespaces, which
/// takes some 0.4 milliseconds when there are five hundred.
pub(super) fn keep(interface: &Interface, speaks: Speaks, bridge_snoops: bool) {
    if speaks == Speaks::Not && !bridge_snoops {
        return;
    }
    let settings = Path::new("/proc/sys/net/ipv6/conf").join(interface.as_os_str());
    // Where there is no IPv6 there is nothing to set.
    let set = |setting: &str, value: &str| match fs::write(settings.join(setting), value) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done.context(hc::show(&settings.join(setting))),
    };
    // A router's announcement makes an address, whatever the kernel was told about making up addresses; and a second
    // default route beside the one that was asked for.
    let done = if speaks == Speaks::ToRouters { set("autoconf", "0") } else { set("accept_ra", "0") };
    if let Err(error) = done {
        hc::note(TOOL, &format!("{interface}: a router may give it another address: {error}"));
    }
    // No packet is lost on the way to a bridge on this machine, and one that does not snoop does not want to know: the
    // reports of groups need not be repeated soon. When they are, it costs time, and nothing else.
    if speaks != Speaks::Not && !bridge_snoops {
        let _ = set("mldv2_unsolicited_report_interval", DAY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_router_asks_for_one() {
        let cidr = |text: &str| Cidr { address: text.parse().unwrap(), prefix: 24 };
        let (four, six) = (cidr("10.7.0.2"), cidr("fd07::2"));
        let (to_four, to_six) = ("10.7.0.1".parse().unwrap(), "fd07::1".parse().unwrap());
        assert_eq!(Speaks::of(&[four], &[to_four]), Speaks::Not);
        assert_eq!(Speaks::of(&[four, six], &[to_four]), Speaks::ToRouters);
        assert_eq!(Speaks::of(&[six], &[to_four, to_six]), Speaks::OfGroups);
    }
}
