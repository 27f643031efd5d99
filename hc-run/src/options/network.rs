//! What the container is connected to: `--network`, and what goes with it.

use crate::chain::{Part, Tool};
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// What the container is connected to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Network {
    /// Nobody said what: nothing, or what earlier runs of the same name have left.
    #[default]
    Unsaid,
    /// Nothing.
    None,
    /// Nothing new: the network namespace that has the container's name, as it is.
    Kept,
    /// Whatever the caller can have.
    Some,
    /// All that the host is connected to: it is the host's network.
    Host,
    /// What pasta(1) makes of an ordinary user's sockets.
    Pasta,
    /// A bridge, and further options of `hc-netns run`.
    Bridge(OsString, Vec<OsString>),
}

/// The bridge that is made for the first container on it and goes with the last.
pub(crate) const OWN_BRIDGE: &str = "hc0";

pub(crate) const NO_BRIDGE: &str = "--ip and --dns are for a --network that is a bridge";

impl Network {
    /// What `Some` and `Unsaid` are for root, who has bridges and names of network namespaces, and for others.
    pub(crate) fn chosen(self, is_root: bool, has_name: bool) -> Self {
        match self {
            Network::Unsaid if is_root && has_name => Network::Kept,
            Network::Unsaid => Network::None,
            Network::Some if is_root => Network::Bridge(OWN_BRIDGE.into(), Vec::new()),
            Network::Some => Network::Pasta,
            network => network,
        }
    }

    /// Whether the jail makes the namespace, so that it is the container's own.
    pub(crate) fn is_of_jail(&self) -> bool {
        matches!(self, Network::Unsaid | Network::None)
    }

    /// Whether there is something that names of hosts are of use for.
    pub(crate) fn leads_somewhere(&self) -> bool {
        !self.is_of_jail() && *self != Network::Kept
    }
}

/// `none`, `host`, `bridge`, `pasta`, or a bridge and what hc-netns(8) shall make of the link to it.
pub(super) fn parse(value: &OsStr) -> Result<Network> {
    let bytes = value.as_bytes();
    let mut halves = bytes.splitn(2, |&byte| byte == b':');
    let name = halves.next().unwrap_or_default();
    let options = halves.next();
    match (name, options) {
        (b"", _) => Err(Error::usage("--network: an empty name is no network")),
        (b"none", None) => Ok(Network::None),
        (b"host", None) => Ok(Network::Host),
        (b"pasta", None) => Ok(Network::Pasta),
        (b"bridge", None) => Ok(Network::Bridge(OWN_BRIDGE.into(), Vec::new())),
        (b"none" | b"host" | b"bridge" | b"pasta", Some(_)) => {
            Err(Error::usage(format!("--network: {} takes no options", hc::show(OsStr::from_bytes(name)))))
        }
        (bridge, options) => {
            let options = options.into_iter().flat_map(|list| list.split(|&byte| byte == b','));
            let options =
                options.map(|word| option_of_link(OsStr::from_bytes(word))).collect::<Result<_>>()?;
            Ok(Network::Bridge(OsStr::from_bytes(bridge).to_owned(), options))
        }
    }
}

/// One option of `hc-netns run`, without its hyphens.
fn option_of_link(word: &OsStr) -> Result<OsString> {
    let name = word.as_bytes().split(|&byte| byte == b'=').next().unwrap_or_default();
    if name.is_empty()
        || !name.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-')
        || name.starts_with(b"-")
    {
        let word = hc::show(word);
        return Err(Error::usage(format!(
            "--network: '{word}' is no option of hc-netns run, as nat or mtu=1400 is"
        )));
    }
    let mut option = OsString::from("--");
    option.push(word);
    Ok(option)
}

/// What it is connected to. A port that is published takes something that it can be reached by.
pub(super) fn of(given: Option<&Network>, parts: &[Part]) -> Result<Network> {
    let of_link = |part: &&Part| part.tool() == Tool::Netns;
    // A port is fine with pasta as well.
    let links = parts.iter().filter(of_link).map(Part::option).min_by_key(|option| *option == "publish");
    match (given, links) {
        (None, None) => Ok(Network::Unsaid),
        (None, Some(_)) => Ok(Network::Some),
        (Some(Network::None | Network::Host), Some(option)) => {
            Err(Error::usage(format!("--{option} is for a --network that is a bridge or pasta")))
        }
        (Some(Network::Pasta), Some("ip" | "dns")) => Err(Error::usage(NO_BRIDGE)),
        (Some(network), _) => Ok(network.clone()),
    }
}
