//! What NEXT is not to have, as the kernel tells it.

mod capabilities;
mod descriptors;
mod limits;
mod messages;
mod order;
mod seccomp;
mod session;

use super::unshare;
use hc_tests::{Cmd, probe};
use std::collections::BTreeMap;

/// /proc/PID/status of NEXT.
struct Status(BTreeMap<String, String>);

impl Status {
    /// Under `hc-unshare` with these options.
    #[track_caller]
    fn under(words: &[&str], how: impl Fn(Cmd) -> Cmd) -> Self {
        Self::of(how(unshare(words).args(["cat", "/proc/self/status"])))
    }

    /// Of a command that prints it.
    #[track_caller]
    fn of(cmd: Cmd) -> Self {
        let output = cmd.run().ok().quiet();
        let pair = |line: &str| line.split_once(":\t").map(|(key, value)| (key.to_owned(), value.to_owned()));
        Status(output.text().lines().filter_map(pair).collect())
    }

    #[track_caller]
    fn get(&self, key: &str) -> &str {
        self.0.get(key).unwrap_or_else(|| panic!("no {key}"))
    }

    /// One of the five sets: `Inh`, `Prm`, `Eff`, `Bnd`, `Amb`.
    #[track_caller]
    fn capabilities(&self, set: &str) -> u64 {
        u64::from_str_radix(self.get(&format!("Cap{set}")), 16).unwrap()
    }
}

/// What system calls come to for NEXT under `hc-unshare` with these options: each `ARCH:NUMBER[:ARGUMENT]...`, and what
/// is expected, a value or the name of an error.
#[track_caller]
fn calls(words: &[&str], how: impl Fn(Cmd) -> Cmd, expected: &[(&str, &str)]) {
    let line = unshare(words).arg(probe()).arg("call").args(expected.iter().map(|(call, _)| call));
    let output = how(line).run().ok().quiet();
    let made = expected.iter().map(|(call, _)| *call).zip(output.text().lines());
    assert_eq!(made.collect::<Vec<_>>(), expected, "{words:?}");
}
