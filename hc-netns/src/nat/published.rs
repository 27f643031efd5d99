//! Published ports: what they are called, and which of them cannot be together.

use super::Wanted;
use hc::{Context, Result};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

/// A port of the host, and the port of the namespace that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published {
    /// The host's address; any, if there is none.
    pub(crate) at: Option<IpAddr>,
    /// The host's port.
    pub(crate) outside: u16,
    /// The namespace's port.
    pub(crate) inside: u16,
    /// Of which protocol.
    pub(crate) protocol: Protocol,
}

/// A protocol that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    pub(super) fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }

    pub(super) fn number(self) -> u8 {
        let number = match self {
            Protocol::Tcp => libc::IPPROTO_TCP,
            Protocol::Udp => libc::IPPROTO_UDP,
        };
        u8::try_from(number).unwrap_or(0)
    }
}

impl Published {
    /// The name of the chain that it leads through, by which others see that the port is taken: `tcp-8080`,
    /// `udp-53-127.0.0.1`. nft(8) would not read a colon in it.
    pub(super) fn chain(&self) -> String {
        let at = self.at.map_or(String::new(), |at| format!("-{at}").replace(':', "."));
        format!("{}-{}{at}", self.protocol.name(), self.outside)
    }

    /// Whether a packet could mean this one and the one that `chain` is of.
    pub(super) fn clashes_with(&self, chain: &str) -> bool {
        let any = Published { at: None, ..self.clone() }.chain();
        match chain.strip_prefix(&any) {
            Some("") => true,
            Some(at) => at.starts_with('-') && (self.at.is_none() || self.chain() == chain),
            None => false,
        }
    }
}

/// Fails for a port that a program of the host has: it would be there for nothing.
pub(crate) fn refuse_busy(wanted: &Wanted) -> Result<()> {
    for published in &wanted.published {
        let any = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
        let at = published.at.as_ref().map_or(&any[..], std::slice::from_ref);
        for at in at {
            let at = SocketAddr::new(*at, published.outside);
            let bound = match published.protocol {
                Protocol::Tcp => TcpListener::bind(at).map(drop),
                Protocol::Udp => UdpSocket::bind(at).map(drop),
            };
            // A machine without IPv6 has nothing there.
            match bound {
                Err(error) if published.at.is_some() || error.kind() == ErrorKind::AddrInUse => {
                    return Err(error).context(format_args!("port {at}/{}", published.protocol.name()));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(at: Option<&str>, outside: u16) -> Published {
        let at = at.map(|at| at.parse().unwrap());
        Published { at, outside, inside: 80, protocol: Protocol::Tcp }
    }

    #[test]
    fn a_port_is_taken_for_all_addresses_or_for_one() {
        let (any, one, other) =
            (published(None, 80), published(Some("10.0.0.1"), 80), published(Some("fd00::1"), 80));
        assert_eq!(
            [&any, &one, &other].map(Published::chain),
            ["tcp-80", "tcp-80-10.0.0.1", "tcp-80-fd00..1"]
        );
        for (a, b, clash) in [
            (&any, &any, true),
            (&any, &one, true),
            (&one, &any, true),
            (&one, &one, true),
            (&one, &other, false),
            (&any, &published(None, 8080), false),
            (&published(None, 8), &any, false),
        ] {
            assert_eq!(a.clashes_with(&b.chain()), clash, "{a:?} {b:?}");
        }
        assert!(!any.clashes_with("udp-80") && !any.clashes_with("postrouting"));
    }
}
