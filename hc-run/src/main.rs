//! hc-run: run a program in a container. See hc-run(1).
//!
//! It does nothing itself: it writes the chain of the other tools that does it, and becomes its first link.
#![cfg_attr(not(test), no_main)]

mod chain;
mod links;
mod options;
mod place;
mod program;
mod quote;

use hc::{Environ, Result, Status};
use options::Plan;

hc::tool!("hc-run", run);

/// Ends by becoming the first link of the chain, or by printing it.
fn run(args: hc::Args) -> Result<Status> {
    let Plan { storage, print, argv } = options::parse(args)?;
    let env = Environ::inherited();
    let links = links::find(&env)?;
    let program = program::find(&argv, &env)?;
    let user = !nix::unistd::geteuid().is_root();
    let place = place::choose(&storage, user, &env)?;
    let chain = chain::write(&links, &place, user, program, argv.into_iter().skip(1));
    if print {
        return hc::print(&quote::line(&chain)).map(|()| Status::SUCCESS);
    }
    Err(hc::exec(&chain, &env))
}
