//! hc-run: run a program in a container. See hc-run(1).
//!
//! It does nothing itself: it writes the chain of the other tools that does it, and becomes its first link.
#![cfg_attr(not(test), no_main)]

mod cgroups;
mod chain;
mod links;
mod named;
mod options;
mod place;
mod program;
mod show;
mod subids;
mod user;

use cgroups::Cgroups;
use chain::{Caller, PLACES_OF_INIT, Setting};
use hc::{Environ, Result, Status};
use options::{Container, Init, Plan, Show, Storage};
use std::ffi::OsString;
use std::path::Path;

hc::tool!("hc-run", run);

/// Ends by becoming the first link of the chain, or by printing it.
fn run(args: hc::Args) -> Result<Status> {
    let plan = options::parse(args)?;
    let env = Environ::inherited();
    let container = match plan {
        Plan::Run(container) => container,
        Plan::List => return named::list(&env),
        Plan::Delete(name) => return named::delete(&name, &env),
    };
    let caller = subids::caller();
    let container = container.for_caller(caller)?;
    let setting = look_around(&container, caller, &env)?;
    let chain = chain::write(&container, &setting);
    let tools = links::find(&chain, &env)?;
    match container.show {
        None => {
            place::prepare(&container.storage, setting.caller)?;
            Err(hc::exec(&links::line(chain, tools), &env))
        }
        Some(Show::Line) => hc::print(&show::line(&links::line(chain, tools))).map(|()| Status::SUCCESS),
        Some(Show::Tree) => hc::print(&show::tree(&chain)).map(|()| Status::SUCCESS),
    }
}

/// What the chain depends on, beside the command line. Changes nothing.
fn look_around(container: &Container, caller: Caller, env: &Environ) -> Result<Setting> {
    let place = place::choose(&container.storage, caller != Caller::Root, env)?;
    let ids = container.user.as_ref().map(|user| user.look_up(place.directory())).transpose()?;
    let program = match container.storage {
        Storage::Given(_) => container.argv.first().cloned().unwrap_or_else(OsString::new),
        Storage::Ephemeral | Storage::Named(_) => program::find(&container.argv, env)?,
    };
    let resolv_conf = Path::new("/etc/resolv.conf").exists();
    let cgroups = if container.shows_its_cgroup() { cgroups::find() } else { Cgroups::None };
    let is_there = |name: &&str| container.init == Init::System && place.has(name);
    let directories = PLACES_OF_INIT.map(|(name, _)| name).into_iter().filter(is_there).collect();
    Ok(Setting { caller, place, ids, program, resolv_conf, directories, cgroups })
}
