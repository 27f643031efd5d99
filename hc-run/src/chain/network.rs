//! The network of a container: who may have which, and the links that make it.

use super::parts;
use super::{Caller, Link, Tool, option};
use crate::options::{Container, NO_BRIDGE, Network, OWN_BRIDGE, Storage};
use hc::{Error, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

/// Of the bridge that hc-run has made: of the private networks one that few choose.
const ADDRESS: &str = "10.104.99.1/24";

impl Container {
    /// What of it depends on who calls.
    ///
    /// # Errors
    /// A network that `caller` cannot have.
    pub(crate) fn for_caller(mut self: Box<Self>, caller: Caller) -> Result<Box<Self>> {
        let has_name = matches!(self.storage, Storage::Named(_));
        self.network = self.network.chosen(caller == Caller::Root, has_name);
        match self.network {
            Network::Pasta if caller == Caller::Root => {
                Err(Error::usage("--network: pasta is for ordinary users; root has --network=bridge"))
            }
            Network::Bridge(..) if caller != Caller::Root => {
                Err(Error::new("--network: to link to a bridge takes root; --network=pasta does not"))
            }
            Network::Pasta if self.has("ip") || self.has("dns") => Err(Error::usage(NO_BRIDGE)),
            _ => Ok(self),
        }
    }
}

/// Nothing if the namespace of the jail is all there is to it, or the caller's is meant.
pub(super) fn link(container: &Container) -> Option<Link> {
    // As in the post, what has a name has it in /run/netns as well.
    let name = if let Storage::Named(name) = &container.storage { Some(name) } else { None };
    let mut words: Vec<OsString> = Vec::new();
    let (tool, why) = match &container.network {
        Network::Unsaid | Network::None | Network::Host | Network::Some => return None,
        Network::Kept => {
            // The jail is in a user namespace that the network namespace is not of.
            words.extend(["up", "--no-link", "--low-ports"].map(OsString::from));
            (Tool::Netns, "the network namespace of that name, which stays")
        }
        Network::Pasta => {
            // The user namespace is there.
            words.extend(["--quiet", "--netns-only", "--config-net"].map(OsString::from));
            (Tool::Pasta, "a network that a user's sockets carry")
        }
        Network::Bridge(bridge, options) => {
            let verb = if name.is_some() { "up" } else { "run" };
            words.extend([verb.into(), option("--bridge=", bridge)]);
            let named =
                |name: &str| options.iter().any(|option| option.as_bytes().starts_with(name.as_bytes()));
            if bridge == OWN_BRIDGE {
                words.extend([option("--bridge-addr=", ADDRESS.as_ref()), "--nat".into()]);
            }
            match container.has("ip") || named("--addr") {
                true if !named("--gateway") => words.push("--gateway=auto".into()),
                false if !named("--dhcp") => words.push("--addr=auto".into()),
                _ => {}
            }
            // The program has its capabilities in a user namespace that the network namespace is not of.
            words.push("--low-ports".into());
            words.extend(options.iter().cloned());
            (Tool::Netns, "a network namespace, and a link from it to the bridge")
        }
    };
    let own = container.words(Tool::Netns);
    words.extend(if tool == Tool::Pasta { parts::for_pasta(&own) } else { own });
    words.push("--".into());
    words.extend(name.filter(|_| tool == Tool::Netns).cloned());
    Some(Link { tool, words, why })
}

/// pasta's program is in a PID namespace, of which it has no proc; and in a network namespace of a user namespace that the
/// jail leaves.
pub(super) fn behind_pasta(container: &Container) -> Option<Link> {
    let words = ["-m", "--mount-proc", "--low-ports"].map(OsString::from).to_vec();
    let link = Link { tool: Tool::Unshare, words, why: "what is to be seen of pasta's namespaces" };
    (container.network == Network::Pasta).then_some(link)
}
