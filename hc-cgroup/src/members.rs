//! Which hierarchies take part, and what each of them has to see to.

use crate::hierarchy::Hierarchy;
use crate::limits::{Control, Limits, Throttle};
use crate::table::{Table, Version};
use crate::{causes, v1, v2};
use hc::{Error, Result};

/// A hierarchy in which a cgroup is made.
pub(crate) struct Member {
    /// Which one of them it is.
    pub(crate) number: usize,
    pub(crate) hierarchy: Hierarchy,
    /// The controllers that must be there.
    pub(crate) controllers: Vec<String>,
    /// Those that are welcome, for what they count.
    pub(crate) welcome: Vec<String>,
    /// What is written, in this order.
    pub(crate) controls: Vec<Control>,
    /// Without it, NEXT does not run.
    pub(crate) needed: bool,
}

impl Member {
    fn new(hierarchy: Hierarchy, needed: bool) -> Self {
        let (controllers, welcome, controls) = Default::default();
        Member { number: 0, hierarchy, controllers, welcome, controls, needed }
    }

    /// True if it may have the control files of `controller`, by the name of its version.
    pub(crate) fn has(&self, controller: &str) -> bool {
        // Of the second version, every cgroup counts the time of processors.
        self.is_unified() && controller == "cpu"
            || self.controllers.iter().chain(&self.welcome).any(|name| name == controller)
    }

    pub(crate) fn is_unified(&self) -> bool {
        self.hierarchy.version == Version::Two
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct Members(pub(crate) Vec<Member>);

/// What a report tells of.
const REPORTED: [&str; 3] = ["memory", "pids", "io"];

impl Members {
    /// Finds a hierarchy for each controller that `limits` need, the second version's first; one to kill by; and for a
    /// `report` those that count.
    pub(crate) fn find(
        table: &Table,
        limits: &Limits,
        throttles: &[Throttle<String>],
        report: bool,
    ) -> Result<Self> {
        let mut obstacle = None;
        let mut unified = Hierarchy::unified(table).unwrap_or_else(|error| {
            obstacle = Some(error);
            None
        });
        let available = unified.as_ref().and_then(|unified| unified.root.read("cgroup.controllers").ok());
        let available: Vec<&str> = available.iter().flat_map(|names| names.split_whitespace()).collect();
        let mut members = Members(Vec::new());
        for controller in limits.controllers() {
            if available.contains(&controller)
                || controller == "cgroup" && members.has_unified(unified.as_ref())
            {
                let member = members.unified(&mut unified, true)?;
                member.controls.extend(v2::controls(controller, limits, throttles));
                if controller != "cgroup" {
                    member.controllers.push(controller.to_owned());
                }
            } else if let Some(found) = Hierarchy::first_version(table, v1::name(controller))? {
                let controls = v1::controls(controller, limits, throttles)?;
                let member = members.first_version(found, v1::name(controller), true);
                member.controls.extend(controls);
            } else {
                return Err(obstacle.unwrap_or_else(|| causes::absent(controller, unified.is_some())));
            }
        }
        if report {
            members.count(table, &available, &mut unified)?;
        }
        members.add_one_to_kill_by(table, &mut unified)?;
        if members.0.is_empty() {
            return Err(obstacle.unwrap_or_else(|| Error::new("no cgroup hierarchy is mounted here")));
        }
        if report && !members.0.iter().any(Member::is_unified) {
            members.welcome(table, "cpuacct");
        }
        for (number, member) in members.0.iter_mut().enumerate() {
            member.number = number;
        }
        Ok(members)
    }

    fn has_unified(&self, unmade: Option<&Hierarchy>) -> bool {
        unmade.is_some() || self.0.iter().any(Member::is_unified)
    }

    fn unified(&mut self, unmade: &mut Option<Hierarchy>, needed: bool) -> Result<&mut Member> {
        if let Some(hierarchy) = unmade.take() {
            self.0.insert(0, Member::new(hierarchy, needed));
        }
        self.0
            .iter_mut()
            .find(|member| member.is_unified())
            .ok_or_else(|| Error::new("no cgroup hierarchy of version 2 is mounted here"))
    }

    fn first_version(&mut self, found: Hierarchy, controller: &str, needed: bool) -> &mut Member {
        let at = self.0.iter().position(|member| member.hierarchy.is_same(&found));
        let at = at.unwrap_or_else(|| {
            self.0.push(Member::new(found, needed));
            self.0.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found or made just now")]
        let member = &mut self.0[at];
        member.needed |= needed;
        if !member.controllers.iter().any(|name| name == controller) {
            member.controllers.push(controller.to_owned());
        }
        member
    }

    fn count(&mut self, table: &Table, available: &[&str], unified: &mut Option<Hierarchy>) -> Result<()> {
        for controller in REPORTED {
            if available.contains(&controller) {
                let member = self.unified(unified, false)?;
                if !member.controllers.iter().any(|name| name == controller) {
                    member.welcome.push(controller.to_owned());
                }
            } else {
                self.welcome(table, v1::name(controller));
            }
        }
        Ok(())
    }

    fn welcome(&mut self, table: &Table, controller: &str) {
        if let Ok(Some(found)) = Hierarchy::first_version(table, controller) {
            self.first_version(found, controller, false);
        }
    }

    /// In the second version one write ends all processes; in the first, those of the freezer cannot get away.
    fn add_one_to_kill_by(&mut self, table: &Table, unified: &mut Option<Hierarchy>) -> Result<()> {
        let alone = self.0.is_empty();
        if unified.is_some() {
            self.unified(unified, alone)?;
        } else if !self.0.iter().any(Member::is_unified)
            && let Ok(Some(freezer)) = Hierarchy::first_version(table, "freezer")
        {
            self.first_version(freezer, "freezer", alone);
        }
        if self.0.iter().all(|member| !member.needed)
            && let Some(member) = self.0.first_mut()
        {
            member.needed = true;
        }
        Ok(())
    }
}
