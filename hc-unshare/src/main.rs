//! hc-unshare: run a program in namespaces and a root directory of its own. See hc-unshare(1).
#![cfg_attr(not(test), no_main)]

mod causes;
mod fork;
mod idmap;
mod mounts;
mod namespaces;
mod options;
mod shell;
mod sys;

use fork::Role;
use hc::{Context, Environ, Result, Status};
use nix::sched::CloneFlags;
use options::Plan;

hc::tool!("hc-unshare", run);

/// Ends by becoming the program; with `--fork`, the parent ends with the program's status instead.
fn run(args: hc::Args) -> Result<Status> {
    let Plan { namespaces, map_root, fork, root, mounts, working_directory, argv } = options::parse(args)?;
    let env = Environ::inherited();
    let ids = map_root.then(idmap::Ids::of_caller);
    namespaces::unshare(namespaces)?;
    if let Some(ids) = ids {
        idmap::map_to_root(ids)?;
    }
    if fork && let Role::Parent(child) = fork::fork()? {
        return fork::hand_on_status_of(child);
    }
    mounts::furnish_and_enter(&root, &mounts, namespaces.contains(CloneFlags::CLONE_NEWNS))?;
    if let Some(directory) = working_directory {
        let what = format_args!("cannot change directory to '{}'", hc::show(&directory));
        nix::unistd::chdir(directory.as_os_str()).context(what)?;
    }
    match argv.first() {
        Some(_) => Err(hc::exec(&argv, &env)),
        None => Err(shell::exec(&env)),
    }
}
