//! One command line under an original tool and under ours: status, streams, and the kernel's view of NEXT.

use crate::{Cmd, Output, View};

/// What came of the same command line twice.
pub struct Pair {
    /// With the original.
    pub original: Output,
    /// With ours.
    pub ours: Output,
}

impl Pair {
    /// Expects the same end.
    #[track_caller]
    pub fn same_end(&self) -> &Self {
        assert!(
            self.original.ended == self.ours.ended,
            "different ends:\n{:?}{:?}",
            self.original,
            self.ours
        );
        self
    }

    /// Expects the same on standard output.
    #[track_caller]
    pub fn same_stdout(&self) -> &Self {
        assert!(self.original.stdout == self.ours.stdout, "different:\n{:?}{:?}", self.original, self.ours);
        self
    }

    /// Expects the same on standard error.
    #[track_caller]
    pub fn same_stderr(&self) -> &Self {
        assert!(self.original.stderr == self.ours.stderr, "different:\n{:?}{:?}", self.original, self.ours);
        self
    }

    /// Expects the same in every respect.
    #[track_caller]
    pub fn same(&self) -> &Self {
        self.same_end().same_stdout().same_stderr()
    }
}

/// Runs `ORIGINAL ARGS` and `OURS ARGS`, each started as `how` says.
#[track_caller]
pub fn both<S: AsRef<std::ffi::OsStr>>(
    original: &str,
    ours: &str,
    args: &[S],
    how: impl Fn(Cmd) -> Cmd,
) -> Pair {
    let original = how(Cmd::line(original.split(' '))).args(args).run();
    Pair { original, ours: how(ours_of(ours)).args(args).run() }
}

/// The same, with the probe as NEXT: expects that it sees the same, whichever of the two it was started by.
/// Returns what it saw under ours.
#[track_caller]
pub fn views<S: AsRef<std::ffi::OsStr>>(
    original: &str,
    ours: &str,
    args: &[S],
    how: impl Fn(Cmd) -> Cmd,
) -> View {
    let outside = how(Cmd::probe()).view();
    let theirs = how(Cmd::line(original.split(' '))).args(args).next_view();
    let mine = how(ours_of(ours)).args(args).next_view();
    let (expected, seen) = (theirs.comparable(&outside), mine.comparable(&outside));
    let keys: std::collections::BTreeSet<&String> = expected.keys().chain(seen.keys()).collect();
    let different: Vec<String> = keys
        .into_iter()
        .filter(|key| expected.get(*key) != seen.get(*key))
        .map(|key| format!("{key}\n  {original}: {:?}\n  {ours}: {:?}", expected.get(key), seen.get(key)))
        .collect();
    assert!(different.is_empty(), "not the same to the program that is run:\n{}", different.join("\n"));
    mine
}

/// A tool and its first words: `hc-netns exec`.
#[track_caller]
fn ours_of(line: &str) -> Cmd {
    let mut words = line.split(' ');
    Cmd::tool(words.next().unwrap_or_default()).args(words)
}
