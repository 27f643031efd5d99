//! The way out of a bridge's network and into it.

use std::net::IpAddr;

/// What the packet filter is to do for a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Whether what leaves the bridge's network goes by the host's address.
    pub(crate) masquerade: bool,
    /// The ports of the host that lead to the link.
    pub(crate) published: Vec<Published>,
}

impl Wanted {
    /// Whether it is to do anything.
    pub(crate) fn is_any(&self) -> bool {
        self.masquerade || !self.published.is_empty()
    }
}

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
