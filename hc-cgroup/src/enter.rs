//! The cgroups of this run: into them, and back out if NEXT could not be started.

use crate::causes;
use crate::divide::Vacated;
use crate::guard::Guard;
use crate::make::Made;
use crate::members::Member;
use crate::remove;
use hc::{Error, Result};

/// What was made for NEXT.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) made: Vec<Made>,
    /// The caller's own cgroup, if it had to be left to make one in it.
    pub(crate) vacated: Option<Vacated>,
    entered: bool,
}

impl Group {
    /// Puts this process into all of them: one write each.
    pub(crate) fn enter(&mut self) -> Result<()> {
        self.entered = true;
        for made in &self.made {
            match made.directory.write("cgroup.procs", "0") {
                Err(errno) if made.member.needed => {
                    let shown = made.member.hierarchy.shown(&made.names);
                    return Err(causes::not_entered(&shown, errno, made.member.is_unified()));
                }
                // One that only helps to count or to kill: it stays empty.
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes this process out of them again, and removes them. `error`, with what stays if something does.
    pub(crate) fn undo(&mut self, error: Error) -> Error {
        if self.entered {
            for made in &self.made {
                let hierarchy = &made.member.hierarchy;
                let own = hierarchy.root.open(&hierarchy.own);
                // If this fails, so does the removal.
                let _ = own.and_then(|own| own.write("cgroup.procs", "0"));
            }
        }
        if let Some(vacated) = self.vacated.take() {
            let _ = vacated.restore();
        }
        let mut left = Vec::new();
        while let Some(made) = self.made.pop() {
            if !remove::steps(&made) {
                left.push(made.member.hierarchy.shown(&made.names));
            }
        }
        match left.pop() {
            None => error,
            Some(path) => {
                let text = format!("{error}; what stays is {path} (hc-cgroup --delete={path} removes it)");
                Error::with_status(error.status(), text)
            }
        }
    }

    /// Removes them, which nobody has entered, and gives back what they were made of, before `rest`.
    pub(crate) fn take_back(self, rest: Vec<Member>, guard: Option<&Guard>) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for made in self.made {
            remove::steps(&made);
            guard.inspect(|guard| guard.ledger.removed(made.member.number));
            members.push(made.member);
        }
        members.into_iter().chain(rest).collect()
    }
}
