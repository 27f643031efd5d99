//! What this run has made so far, in memory that it shares with its guard: written before the system call that makes it, and
//! crossed out after the one that removes it. The guard finds there what to remove, whenever this process is killed.

use crate::sys;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which name is tried.
const NUMBER: usize = 0;
/// If this process had to leave its own cgroup: which of its controllers that cgroup hands on for it, and a bit above them.
const VACATED: usize = 1;
/// From here on, which directories are made for each member.
const MEMBERS: usize = 2;

pub(crate) struct Ledger(&'static [AtomicU64]);

impl Ledger {
    /// An empty one, for so many members.
    pub(crate) fn new(members: usize) -> nix::Result<Self> {
        sys::shared_words(MEMBERS + members).map(Ledger)
    }

    fn write(&self, at: usize, value: u64) {
        if let Some(word) = self.0.get(at) {
            word.store(value, Ordering::SeqCst);
        }
    }

    fn read(&self, at: usize) -> u64 {
        self.0.get(at).map_or(0, |word| word.load(Ordering::SeqCst))
    }

    /// The name of this number is tried from now on.
    pub(crate) fn try_name(&self, number: u32) {
        self.write(NUMBER, number.into());
    }

    /// The number of the name that was tried last.
    pub(crate) fn number(&self) -> u32 {
        u32::try_from(self.read(NUMBER)).unwrap_or_default()
    }

    /// A directory is going to be made for a member: the one with so many names above it. Those of a member come one below
    /// the other.
    pub(crate) fn will_make(&self, member: usize, depth: usize) {
        let made = self.made(member);
        let first = if made.is_empty() { depth } else { made.start };
        self.write_range(member, first..depth + 1);
    }

    /// It was not.
    pub(crate) fn not_made(&self, member: usize, depth: usize) {
        let made = self.made(member);
        self.write_range(member, made.start..depth.min(made.end));
    }

    /// There is nothing of a member any more.
    pub(crate) fn removed(&self, member: usize) {
        self.write_range(member, 0..0);
    }

    /// What was made for a member: how many names are above each directory.
    pub(crate) fn made(&self, member: usize) -> Range<usize> {
        let word = self.read(MEMBERS + member);
        let half = |word: u64| usize::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
        half(word >> 32)..half(word)
    }

    /// Paths are too short for numbers that do not fit.
    fn write_range(&self, member: usize, range: Range<usize>) {
        let half = |depth: usize| u64::from(u32::try_from(depth).unwrap_or_default());
        self.write(MEMBERS + member, half(range.start) << 32 | half(range.end));
    }

    /// This process is going to leave its own cgroup, which is to hand on these controllers then: one bit each.
    pub(crate) fn will_vacate(&self, controllers: u32) {
        self.write(VACATED, 1 << 32 | u64::from(controllers));
    }

    /// It is back.
    pub(crate) fn restored(&self) {
        self.write(VACATED, 0);
    }

    /// What was handed on, if it has left.
    pub(crate) fn vacated(&self) -> Option<u32> {
        let word = self.read(VACATED);
        (word != 0).then(|| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_before_it_is_made_is_crossed_out_after() {
        let ledger = Ledger::new(2).unwrap();
        assert!(ledger.made(0).is_empty() && ledger.made(1).is_empty());
        ledger.will_make(1, 3);
        ledger.not_made(1, 3);
        assert!(ledger.made(1).is_empty());
        ledger.will_make(1, 4);
        ledger.will_make(1, 5);
        assert_eq!((ledger.made(0), ledger.made(1)), (0..0, 4..6));
        ledger.not_made(1, 5);
        assert_eq!(ledger.made(1), 4..5);
        ledger.removed(1);
        assert!(ledger.made(1).is_empty());
        // At the root of a hierarchy.
        ledger.will_make(0, 0);
        assert_eq!(ledger.made(0), 0..1);
    }

    #[test]
    fn who_has_left_a_cgroup_that_hands_on_nothing_has_left_it() {
        let ledger = Ledger::new(0).unwrap();
        assert_eq!(ledger.vacated(), None);
        ledger.will_vacate(0);
        assert_eq!(ledger.vacated(), Some(0));
        ledger.will_vacate(0b101);
        assert_eq!(ledger.vacated(), Some(0b101));
        ledger.restored();
        assert_eq!(ledger.vacated(), None);
    }
}
