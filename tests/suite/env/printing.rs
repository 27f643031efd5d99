//! Without NEXT: the environment on standard output.

use super::{CHANGES, both, environments};
use hc_tests::{Cmd, compare};

#[test]
fn what_is_printed_is_what_the_original_prints() {
    for environment in &environments() {
        for changes in CHANGES {
            both(changes, environment).same();
            for null in ["-0", "--null"] {
                both(&[&[null], changes].concat(), environment).same();
            }
        }
    }
}

#[test]
fn a_hundred_thousand_variables_are_printed_in_their_order() {
    let many: Vec<String> = (0..100_000).map(|number| format!("V{number}=1")).collect();
    let output = Cmd::tool("hc-env").environ(&many).as_nobody().run().ok().quiet();
    assert!(output.text().lines().eq(many.iter()), "not the same lines");
}

#[test]
fn a_hundred_thousand_assignments_come_out_as_they_went_in() {
    let many: Vec<String> = (0..100_000).map(|number| format!("V{number}=1")).collect();
    let output = Cmd::tool("hc-env").arg("-i").args(&many).as_nobody().run().ok().quiet();
    assert!(output.text().lines().eq(many.iter()), "not the same lines");
}

#[test]
fn a_chain_of_both_prints_what_either_does() {
    let environment = &environments()[1];
    let ours = hc_tests::tool("hc-env").into_os_string().into_string().unwrap();
    let row = ["-u", "Z", &ours, "B=3", "/usr/bin/env", "C=4", &ours];
    compare::both("env", "hc-env", &row, |cmd| cmd.environ(environment).as_nobody()).same();
}
