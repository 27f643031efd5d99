//! Keys of the session of who has started it.

use super::{Attack, cell};
use hc_tests::{can_make_hosts, require, user_namespaces};

#[test]
fn are_not_read() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let program = hc_tests::attack().display().to_string();
    let attack = || Attack::new(&cell, &["key"]).before(&[&program, "with-key"]);
    attack().leads("works", "works").closed_by("keyctl: EPERM");
    // Each of the two locks alone.
    attack().options(&["--seccomp=none"]).closed_by("keyctl: ENOKEY");
}
