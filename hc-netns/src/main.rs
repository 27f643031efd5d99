//! hc-netns: named network namespaces. See hc-netns(8).
#![cfg_attr(not(test), no_main)]

mod enter;
mod named;
mod netlink;
mod options;
mod sys;

use hc::{Environ, Result, Status};
use options::Plan;

hc::tool!("hc-netns", run);

/// The tool's name, as its notes begin.
pub(crate) const TOOL: &str = "hc-netns";

/// One verb a run. `exec` ends by becoming NEXT; what comes back then is why it could not.
fn run(args: hc::Args) -> Result<Status> {
    match options::parse(args)? {
        Plan::List => named::list()?,
        Plan::Add(name) => named::add(&name)?,
        Plan::Delete(names) => named::delete_all(&names)?,
        Plan::Exec { name, argv } => {
            enter::network(&name)?;
            enter::own_mounts()?;
            enter::sysfs(&name)?;
            enter::etc(&name)?;
            return Err(hc::exec(&argv, &Environ::inherited()));
        }
    }
    Ok(Status::SUCCESS)
}
