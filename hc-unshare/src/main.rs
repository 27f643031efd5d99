//! hc-unshare: run a program in namespaces and a root directory of its own. See hc-unshare(1).
#![cfg_attr(not(test), no_main)]

mod accounts;
mod binfmt;
mod capabilities;
mod causes;
mod clocks;
mod credentials;
mod descriptors;
mod environment;
mod fork;
mod idmap;
mod idmapped;
mod init;
mod limits;
mod loopback;
mod message;
mod mounts;
mod names;
mod namespaces;
mod options;
mod outside;
mod parent;
mod ports;
mod priority;
mod privileges;
mod propagation;
mod pty;
mod root;
mod seccomp;
mod session;
mod shell;
mod sys;
mod terminal;
mod uts;

use fork::Child;
use hc::{Environ, Error, Result, Status};
use mounts::cgroup::Given;
use nix::unistd::{dup2_stderr, geteuid, getpid};
use options::Plan;
use outside::Outside;
use seccomp::Filter;
use std::os::fd::OwnedFd;

hc::tool!("hc-unshare", run);

/// Ends by becoming the program; with `--fork`, the parent ends with the program's status instead.
fn run(args: hc::Args) -> Result<Status> {
    let plan = options::parse(args)?;
    let filter = plan.privileges.look_up()?;
    let maps = plan.ids.look_up(plan.owner.is_some())?;
    let streams = plan.has_pty().then(pty::Caller::look_up).transpose()?;
    let (caller, user) = (getpid(), geteuid().as_raw());
    let (direct, names) = plan.names_by_way();
    let idmapped = plan.trees_with_ids_of(&maps);
    let cgroup =
        plan.gives_cgroup().then(|| Given::to_root_of(&maps, plan.fork.is_some())).transpose()?.flatten();
    // Whoever is forked for a while is aside as well.
    cgroup.as_ref().map_or(Ok(()), Given::leave)?;
    let outside = match outside::start(&maps, names, &idmapped)? {
        outside::Role::Inside(outside) => outside,
        outside::Role::Outside(status) => return Ok(status),
    };
    cgroup.as_ref().map_or(Ok(()), Given::enter)?;
    plan.privileges.raise()?;
    if let Some(owner) = plan.owner {
        owner.take()?;
    }
    namespaces::unshare(plan.namespaces)?;
    maps.write_from_inside()?;
    cgroup.as_ref().map_or(Ok(()), Given::leave)?;
    let (outside, trees) = outside::map(outside, &maps, names, &idmapped)?;
    if let Some(outside) = &outside
        && plan.names_a_mount_namespace()
    {
        outside::processor::settle(outside)?;
    }
    plan.clocks.set()?;
    let Child { tie, init, pty } = match plan.fork.as_ref().map(|how| fork::fork(how, streams)).transpose()? {
        Some(fork::Role::Parent(parent)) => {
            drop((outside, trees, cgroup));
            return parent::follow(parent);
        }
        Some(fork::Role::Child(child)) => child,
        None => Child::default(),
    };
    if init.is_none() {
        plan.privileges.leave_session()?;
    }
    let bound = names::bind(direct, caller)?;
    outside.as_ref().map_or(Ok(()), Outside::bind)?;
    let enter_as_root = plan.makes_files_for_others() && !maps.have_user(user);
    let divided = furnish(&plan, trees, enter_as_root, pty).and_then(|terminal| match init {
        Some(setting) => Ok((init::start(setting, &plan.privileges)?, terminal)),
        None => Ok((init::Role::Child, terminal)),
    });
    let error = match divided {
        Ok((init::Role::Init(init), terminal)) => {
            drop((outside, bound, cgroup));
            terminal.map_or(Ok(()), pty::Terminal::put_on_streams)?;
            return init.serve(tie);
        }
        Ok((init::Role::Child, terminal)) => become_next(&plan, &filter, tie, terminal, cgroup.as_ref()),
        Err(error) => error,
    };
    names::release(&bound);
    if let Some(outside) = outside {
        outside.release();
    }
    Err(error)
}

/// Makes the new namespaces a place to live in. Returns NEXT's terminal, if it is to have one of its own.
fn furnish(
    plan: &Plan,
    trees: Vec<OwnedFd>,
    enter_as_root: bool,
    pty: Option<pty::Inside>,
) -> Result<Option<pty::Terminal>> {
    plan.uts.set()?;
    if plan.loopback {
        loopback::bring_up()?;
    }
    if plan.low_ports {
        ports::open_low()?;
    }
    let Plan { root, manner, mounts, propagation, .. } = plan;
    let entry =
        root::Entry { root, manner: *manner, trees, enter_as_root, mounts, propagation: *propagation };
    // The host's, while that is in view, unless there will be a /dev that has its own.
    let host_s = if pty.is_some() && !plan.has_console() { Some(pty::of_host()?) } else { None };
    let master = entry.furnish_and_enter()?.or(host_s);
    let terminal =
        pty.zip(master).map(|(pty, master)| pty.with(master, plan.credentials.user)).transpose()?;
    plan.working_directory.as_deref().map_or(Ok(()), root::change_directory)?;
    Ok(terminal)
}

/// Becomes NEXT, with no more than it is to have. Returns why it could not.
fn become_next(
    plan: &Plan,
    filter: &Filter,
    tie: Option<fork::Tie>,
    terminal: Option<pty::Terminal>,
    cgroup: Option<&Given>,
) -> Error {
    let mut stderr = None;
    let prepared = || -> Result<Environ> {
        cgroup.map_or(Ok(()), Given::enter)?;
        plan.credentials.take()?;
        plan.privileges.leave_keyring()?;
        tie.map_or(Ok(()), fork::Tie::bind)?;
        stderr = terminal.map(pty::Terminal::hand_over).transpose()?.flatten();
        let mut env = Environ::inherited();
        plan.environment.filter(&mut env);
        plan.privileges.give_up(filter)?;
        Ok(env)
    };
    let error = match prepared() {
        Ok(env) if plan.argv.is_empty() => shell::exec(&env),
        Ok(env) => hc::exec(&plan.argv, &env),
        Err(error) => error,
    };
    // Where it cannot be told there, it is told on the terminal.
    let _ = stderr.map(dup2_stderr);
    error
}
