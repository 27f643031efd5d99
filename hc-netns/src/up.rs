//! `up` and `run`: a namespace, with a name or without, and the link that it is connected by.

use crate::dhcp::Client;
use crate::lent::{self, Loan};
use crate::named::{self, Name};
use crate::netlink::Netlink;
use crate::veth::{Ground, Made, Wanted};
use crate::{down, enter, keeper, link, namespace, nat, ports, resolv};
use hc::Result;
use nix::errno::Errno;
use nix::sys::stat::lstat;

/// The same, unless there is such a link to that bridge already: that one stays as it is.
pub(crate) fn up_once(name: &Name, wanted: &Wanted) -> Result<()> {
    let mut host = Netlink::route()?;
    if let Some(bridge) = link::by_name(&mut host, &wanted.bridge)?
        && down::connecting(&mut host, name)?.iter().any(|end| end.master == Some(bridge.index))
    {
        return Ok(());
    }
    up(name, wanted)
}

/// Connects the namespace of that name, and makes it first if there is none.
///
/// A new one gets its name last. Until then it is this process's own, and the kernel takes it away with the process,
/// and the link with it, however that ends.
pub(crate) fn up(name: &Name, wanted: &Wanted) -> Result<()> {
    let mut plan = Plan::new(wanted)?;
    let is_new = lstat(&name.path()) == Err(Errno::ENOENT);
    if is_new {
        named::make()?;
    } else {
        namespace::enter(&namespace::of(name)?, name)?;
    }
    let mut inside = Netlink::route()?;
    let made = plan.connect(&mut inside)?;
    let mut undo = Undo { name, is_named: false, is_written: false };
    let done = plan.finish(&mut undo, &made, is_new);
    if done.is_err() {
        plan.ground.remove(&made.outside)?;
        undo.run()?;
    } else {
        plan.hand_over();
    }
    done
}

/// What is to be done, with all that was looked up for it.
struct Plan<'a> {
    wanted: &'a Wanted,
    /// The bridge, if it is to go with its last link.
    loan: Option<Loan>,
    ground: Ground,
    /// To the host's packet filter, if it is to do anything.
    filter: Option<Netlink>,
    client: Option<Client>,
}

/// What `up` has made beside the link.
struct Undo<'a> {
    name: &'a Name,
    is_named: bool,
    is_written: bool,
}

impl<'a> Plan<'a> {
    /// Looks at the host. No link is made yet; but a bridge that is lent is, and the host is made ready to pass packets on, if
    /// it has to.
    fn new(wanted: &'a Wanted) -> Result<Self> {
        let loan = wanted.lent.map(|address| lent::take(&wanted.bridge, address)).transpose()?;
        let client = wanted.dhcp.then(Client::find).transpose()?;
        nat::refuse_busy(&wanted.nat)?;
        let mut ground = Ground::look(wanted)?;
        let mut filter = None;
        if wanted.nat.is_any() {
            filter = Some(Netlink::netfilter()?);
            let bridge = ground.bridge.clone();
            nat::allow(&mut ground.host, &bridge, !wanted.nat.published.is_empty())?;
        }
        Ok(Plan { wanted, loan, ground, filter, client })
    }

    /// Makes the link. From then on others may look whether the bridge has one.
    fn connect(&mut self, inside: &mut Netlink) -> Result<Made> {
        let made = self.ground.connect(inside, self.wanted)?;
        if let Some(loan) = &mut self.loan {
            loan.unlock();
        }
        Ok(made)
    }

    /// All is done: the bridge is left to whoever takes the link away.
    fn hand_over(self) {
        if let Some(loan) = self.loan {
            loan.hand_over();
        }
    }

    /// What comes after the link: name servers, the name, and then rules, which are the only thing that the kernel would
    /// not take away with a namespace that never got its name; and last the client, who may take its time.
    fn finish(&mut self, undo: &mut Undo<'_>, made: &Made, is_new: bool) -> Result<()> {
        let Undo { name, .. } = *undo;
        undo.is_written = resolv::write(name, &self.wanted.dns, self.client.is_some())?;
        if is_new {
            named::publish_own(name)?;
            undo.is_named = true;
        }
        if self.wanted.low_ports {
            ports::open_low()?;
        }
        if let Some(filter) = &mut self.filter {
            nat::set(filter, &mut self.ground, made, &self.wanted.nat, false)?;
        }
        match &self.client {
            Some(client) => client.run(&self.wanted.inside, false, || enter::mounts_of(name)),
            None => Ok(()),
        }
    }
}

impl Undo<'_> {
    fn run(self) -> Result<()> {
        if self.is_written {
            resolv::remove(self.name)?;
        }
        if self.is_named { named::delete(&self.name.path()) } else { Ok(()) }
    }
}

/// Enters a new namespace that has no name, and connects it. The kernel takes it away, and the link with it, when
/// nothing is in it any more.
pub(crate) fn anonymous(wanted: &Wanted) -> Result<()> {
    let mut plan = Plan::new(wanted)?;
    named::make()?;
    let mut inside = Netlink::route()?;
    let made = plan.connect(&mut inside)?;
    let done = plan.finish_anonymous(&made);
    if done.is_err() {
        // The kernel would do it, but later: the name of the link can be used again at once.
        plan.ground.remove(&made.outside)?;
    } else {
        plan.hand_over();
    }
    done
}

impl Plan<'_> {
    fn finish_anonymous(&mut self, made: &Made) -> Result<()> {
        if let Some(filter) = &mut self.filter {
            nat::set(filter, &mut self.ground, made, &self.wanted.nat, true)?;
        }
        if self.filter.is_some() || self.wanted.lent.is_some() {
            keeper::keep(&mut self.ground, self.filter.as_ref(), &made.outside)?;
        }
        if self.wanted.low_ports {
            ports::open_low()?;
        }
        enter::anonymous(&self.wanted.dns, self.client.is_some())?;
        match &self.client {
            Some(client) => client.run(&self.wanted.inside, true, || Ok(())),
            None => Ok(()),
        }
    }
}
