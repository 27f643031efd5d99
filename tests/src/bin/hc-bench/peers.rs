//! The programs of others. One that is not here, or does not run here, has its row all the same.

use crate::line::Line;
use crate::table::{Row, Target};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What can be measured beside ours, and the rows of what cannot.
pub(crate) struct Peers {
    pub(crate) lines: Vec<(Line, Target)>,
    missing: Vec<(String, String)>,
}

impl Peers {
    /// Those that are there in any case: floors, and what comes with every Debian.
    pub(crate) fn new() -> Self {
        Self::of([])
    }

    pub(crate) fn of<const N: usize>(lines: [(Line, Target); N]) -> Self {
        Peers { lines: lines.into(), missing: Vec::new() }
    }

    /// Adds this line, after it has run once: what it does is more than every kernel can.
    pub(crate) fn try_line(&mut self, mut line: Line, target: Target) {
        // No other run has this number.
        static NUMBER: AtomicUsize = AtomicUsize::new(1_000_000);
        match line.try_run(NUMBER.fetch_add(1, Ordering::Relaxed)) {
            Ok(_) => self.lines.push((line, target)),
            Err(why) => self.missing.push((line.name, why)),
        }
    }

    /// Adds the line that `line` makes of the program `name`, after it has run once.
    pub(crate) fn add(
        &mut self,
        name: &str,
        package: &str,
        target: Target,
        line: impl FnOnce(&Path) -> Line,
    ) {
        let Some(program) = hc_tests::find(OsStr::new(name)).filter(|program| program.exists()) else {
            self.missing.push((name.to_owned(), format!("not installed (Debian: {package})")));
            return;
        };
        self.try_line(line(&program), target);
    }

    /// A row for each that could not be measured.
    pub(crate) fn missing(self, ours: &str) -> impl Iterator<Item = Row> {
        let ours = ours.to_owned();
        self.missing.into_iter().map(move |(other, why)| Row::Missing { ours: ours.clone(), other, why })
    }
}
