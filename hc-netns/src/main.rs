//! hc-netns: network namespaces, their names, and what connects them. See hc-netns(8).
#![cfg_attr(not(test), no_main)]

mod address;
mod apart;
mod bridge;
mod claim;
mod dhcp;
mod directory;
mod down;
mod enter;
mod every;
mod ids;
mod json;
mod keeper;
mod leaving;
mod lent;
mod link;
mod list;
mod migrate;
mod monitor;
mod named;
mod namespace;
mod nat;
mod netlink;
mod options;
mod ports;
mod processes;
mod resolv;
mod rtnl;
mod sys;
mod unlinked;
mod unnamed;
mod up;
mod veth;

use hc::{Environ, Result, Status};
use options::Plan;

hc::tool!("hc-netns", run);

/// The tool's name, as its notes begin.
pub(crate) const TOOL: &str = "hc-netns";

/// One verb a run. `exec` and `run` end by becoming NEXT; what comes back then is why they could not.
fn run(args: hc::Args) -> Result<Status> {
    match options::parse(args)? {
        Plan::List { json } => list::list(json)?,
        Plan::ListId { wanted, json } => list::list_ids(wanted, json)?,
        Plan::Add(name) => named::add(&name)?,
        Plan::Attach { name, process } => named::attach(&name, process)?,
        Plan::Set { name, id } => ids::set(&name, id)?,
        Plan::Delete(names) => unnamed::delete(&names)?,
        Plan::DeleteAll => every::delete()?,
        Plan::Identify(process) => processes::identify(process)?,
        Plan::Pids(name) => processes::pids(&name)?,
        Plan::Exec { name, argv } => {
            enter::named(&name)?;
            return Err(hc::exec(&argv, &Environ::inherited()));
        }
        Plan::ExecAll { argv } => every::exec(&argv)?,
        Plan::Monitor => monitor::monitor()?,
        Plan::Bridge(wanted) => bridge::ensure(&wanted)?,
        Plan::DeleteBridge(name) => bridge::delete(&name)?,
        Plan::Up { name, link, argv } if argv.is_empty() => up::up(&name, &link)?,
        Plan::Up { name, link, argv } => {
            up::up_once(&name, &link)?;
            enter::named(&name)?;
            return Err(hc::exec(&argv, &Environ::inherited()));
        }
        Plan::UpUnlinked { name, low_ports, argv } => {
            unlinked::up(&name, low_ports)?;
            if !argv.is_empty() {
                enter::mounts_of(&name)?;
                return Err(hc::exec(&argv, &Environ::inherited()));
            }
        }
        Plan::Down { names, argv } => {
            down::down(&names)?;
            if !argv.is_empty() {
                return Err(hc::exec(&argv, &Environ::inherited()));
            }
        }
        Plan::DownAll => down::all()?,
        Plan::Run { link, argv } => {
            up::anonymous(&link)?;
            return Err(hc::exec(&argv, &Environ::inherited()));
        }
    }
    Ok(Status::SUCCESS)
}
