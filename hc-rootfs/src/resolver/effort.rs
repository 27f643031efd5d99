//! How long a search may take: a hostile program can name more places than anybody waits for.

use std::cell::Cell;

/// A program with two hundred libraries, each in a directory of its own, takes twenty thousand.
pub(super) const MAX_TRIES: usize = 1 << 18;
/// The kernel takes as many steps in the time that another try needs.
const STEPS: usize = 64;
/// The same for a walk of our own.
const OWN_STEPS: usize = 8;
/// Names of a directory that are read meanwhile.
const NAMES: usize = 16;

/// What a search has done, in tries: looks for one file in one place.
#[derive(Default)]
pub(super) struct Effort(Cell<usize>);

impl Effort {
    /// Counts one more look for a file that is so many steps away.
    pub(super) fn look(&self, steps: usize) {
        self.add(1 + steps / STEPS);
    }

    /// Counts a walk.
    pub(super) fn walk(&self, steps: usize) {
        self.add(steps / OWN_STEPS);
    }

    /// Counts the reading of a directory with so many names.
    pub(super) fn read(&self, names: usize) {
        self.add(names / NAMES);
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() > MAX_TRIES
    }

    fn add(&self, tries: usize) {
        self.0.set(self.0.get().saturating_add(tries));
    }
}
