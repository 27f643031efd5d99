//! hc-cgroup: run a program in a cgroup of its own, with limits. See hc-cgroup(1).
#![cfg_attr(not(test), no_main)]

mod causes;
mod device;
mod directory;
mod divide;
mod enter;
mod guard;
mod hierarchy;
mod kill;
mod ledger;
mod limits;
mod make;
mod members;
mod name;
mod options;
mod parent;
mod remove;
mod report;
mod steps;
mod sys;
mod table;
mod usage;
mod v1;
mod v2;

use hc::{Environ, Error, Result, Status};
use members::Members;
use options::{Place, Plan, Stay};
use std::ffi::OsString;
use table::Table;

/// The tool's name, as its notes begin.
pub(crate) const TOOL: &str = "hc-cgroup";

hc::tool!("hc-cgroup", run);

/// Ends by becoming NEXT; with `--wait`, the parent ends with NEXT's status instead.
fn run(args: hc::Args) -> Result<Status> {
    match options::parse(args)? {
        Plan::Delete(path) => remove::by_name(&Table::read()?, &path).map(|()| Status::SUCCESS),
        Plan::Run { place, limits, stay, argv } => start(&place, &limits, stay.as_ref(), &argv),
    }
}

fn start(place: &Place, limits: &limits::Limits, stay: Option<&Stay>, argv: &[OsString]) -> Result<Status> {
    let report = stay.and_then(|stay| stay.report);
    report.map_or(Ok(()), report::Report::check)?;
    let throttles = device::look_up(&limits.throttles)?;
    let members = Members::find(&Table::read()?, limits, &throttles, report.is_some())?;
    if let Some(stay) = stay {
        return parent::run(members, place, stay, limits.memory, || become_next(argv));
    }
    let mut group = make::make(members, place, None)?;
    let error = match group.enter() {
        Ok(()) => become_next(argv),
        Err(error) => error,
    };
    Err(group.undo(error))
}

/// Returns why it could not.
fn become_next(argv: &[OsString]) -> Error {
    hc::exec(argv, &Environ::inherited())
}
