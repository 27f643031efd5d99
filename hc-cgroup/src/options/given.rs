//! Options as they come; what they mean together is decided once all are read.

use super::{Place, Plan, Stay, values};
use crate::limits::{Limits, Operation, Swap};
use crate::name::Path;
use crate::report::Report;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};

#[derive(Default)]
pub(super) struct Given {
    pub(super) limits: Limits,
    pub(super) place: Place,
    pub(super) delete: Option<Path>,
    pub(super) wait: bool,
    pub(super) report: Option<Report>,
}

impl Given {
    /// Of one device and operation the last rate counts.
    pub(super) fn throttle(&mut self, operation: Operation, value: &OsStr) -> Result<()> {
        let new = values::throttle(operation, value)?;
        self.limits.throttles.retain(|old| (old.operation, &old.device) != (new.operation, &new.device));
        self.limits.throttles.push(new);
        Ok(())
    }

    /// What all of it means.
    pub(super) fn plan(self, argv: Vec<OsString>) -> Result<Plan> {
        if let Some(path) = self.delete {
            let alone = self.limits == Limits::default() && self.place == Place::default();
            if !alone || self.wait || self.report.is_some() {
                return Err(Error::usage("--delete goes with no other option"));
            }
            if !argv.is_empty() {
                return Err(Error::usage("--delete runs no program"));
            }
            return Ok(Plan::Delete(path));
        }
        refuse_contradictions(&self.limits)?;
        if self.place.parent.is_some() && self.place.name.as_ref().is_some_and(|name| name.absolute) {
            return Err(Error::usage("--parent: --name begins at the root, and needs no parent"));
        }
        if argv.is_empty() {
            return Err(Error::usage("no program to run"));
        }
        let stay = (self.wait || self.report.is_some()).then_some(Stay { report: self.report });
        Ok(Plan::Run { place: self.place, limits: self.limits, stay, argv })
    }
}

/// As docker run refuses them: what the kernel would take, and what cannot be meant.
fn refuse_contradictions(limits: &Limits) -> Result<()> {
    let memory = limits.memory.unwrap_or(u64::MAX);
    match limits.swap {
        Some(Swap::Total(_)) if limits.memory.is_none() => {
            return Err(Error::usage(
                "--memory-swap: memory and swap together; --memory says how much is memory",
            ));
        }
        Some(Swap::Total(total)) if total < memory => {
            return Err(Error::usage(format!(
                "--memory-swap: {total} is less than --memory, which is part of it: {memory}"
            )));
        }
        _ => {}
    }
    for (option, value) in [("memory-reservation", limits.reservation), ("memory-high", limits.high)] {
        if let Some(value) = value.filter(|value| *value > memory) {
            return Err(Error::usage(format!("--{option}: {value} is more than --memory: {memory}")));
        }
    }
    Ok(())
}
