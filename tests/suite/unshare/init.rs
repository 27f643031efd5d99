//! --init: process 1 of the PID namespace that is not NEXT itself.

mod ends;
mod orphans;
mod own;
mod signals;
mod statuses;
mod terminal;

use super::{Who, unshare};
use hc_tests::Cmd;

/// `hc-unshare --init`, which for a user takes a user namespace.
fn init(who: Who, options: &[&str]) -> Cmd {
    let first: &[&str] = if who == Who::Root { &["--init"] } else { &["-r", "--init"] };
    who.starts(unshare(first).args(options))
}

/// Both ways to one: alone, and in a jail.
const WAYS: [&[&str]; 2] = [&[], &["--jail"]];
