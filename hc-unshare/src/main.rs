//! hc-unshare: run a program in namespaces and a root directory of its own. See hc-unshare(1).
#![cfg_attr(not(test), no_main)]

mod accounts;
mod binfmt;
mod causes;
mod clocks;
mod credentials;
mod environment;
mod fork;
mod idmap;
mod mounts;
mod names;
mod namespaces;
mod options;
mod outside;
mod parent;
mod propagation;
mod root;
mod shell;
mod sys;

use hc::{Environ, Error, Result, Status};
use nix::unistd::getpid;
use options::Plan;
use outside::Outside;

hc::tool!("hc-unshare", run);

/// Ends by becoming the program; with `--fork`, the parent ends with the program's status instead.
fn run(args: hc::Args) -> Result<Status> {
    let plan = options::parse(args)?;
    let maps = plan.ids.look_up(plan.owner.is_some())?;
    let caller = getpid();
    let (direct, names) = plan.names_by_way();
    let outside = match outside::start(&maps, names)? {
        outside::Role::Inside(outside) => outside,
        outside::Role::Outside(status) => return Ok(status),
    };
    if let Some(owner) = plan.owner {
        owner.take()?;
    }
    namespaces::unshare(plan.namespaces)?;
    maps.write_from_inside()?;
    let outside = outside::map(outside, &maps, names)?;
    outside
        .as_ref()
        .filter(|_| plan.names_a_mount_namespace())
        .map_or(Ok(()), namespaces::settle_on_processor)?;
    plan.clocks.set()?;
    let tie = match plan.fork.as_ref().map(fork::fork).transpose()? {
        Some(fork::Role::Parent(child)) => {
            drop(outside);
            return parent::follow(child, plan.fork.is_some_and(|fork| fork.forward));
        }
        Some(fork::Role::Child(tie)) => tie,
        None => None,
    };
    let bound = names::bind(direct, caller)?;
    outside.as_ref().map_or(Ok(()), Outside::bind)?;
    let error = become_next(&plan, tie);
    names::release(&bound);
    if let Some(outside) = outside {
        outside.release();
    }
    Err(error)
}

/// What NEXT itself lives in, and NEXT. Returns why it could not be.
fn become_next(plan: &Plan, tie: Option<fork::Tie>) -> Error {
    let prepared = || -> Result<Environ> {
        plan.root.furnish_and_enter(&plan.mounts, plan.propagation)?;
        plan.working_directory.as_deref().map_or(Ok(()), root::change_directory)?;
        plan.credentials.take()?;
        tie.map_or(Ok(()), fork::Tie::bind)?;
        let mut env = Environ::inherited();
        plan.environment.filter(&mut env);
        Ok(env)
    };
    match prepared() {
        Ok(env) if plan.argv.is_empty() => shell::exec(&env),
        Ok(env) => hc::exec(&plan.argv, &env),
        Err(error) => error,
    }
}
