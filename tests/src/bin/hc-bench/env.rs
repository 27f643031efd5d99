//! hc-env beside env(1), with few variables and with many.

use crate::floor::hello;
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::release;
use std::path::PathBuf;

const ROUNDS: usize = 500;

pub(crate) fn rows() -> Vec<Row> {
    [10, 100, 1_000, 10_000].into_iter().flat_map(of).collect()
}

/// The post's step, in an environment of so many variables.
fn of(count: usize) -> Vec<Row> {
    let entries = (0..count).map(|number| (format!("VARIABLE_{number}"), "value".repeat(4)));
    let entries: Vec<_> = entries.collect();
    let hello = hello();
    let line = |name: &str, program: PathBuf, option: &str| {
        let words = words(&[&program, &option, &"container=handcraft", &hello]);
        Line::new(&format!("{name} {option} container=handcraft, {count} variables"), words)
            .environment(entries.clone())
    };
    // With many, what there is to do is the kernel's: it copies them twice.
    let asked = if count == 10 { Target::AtMost(1.0) } else { Target::None };
    [("-i", asked), ("-uVARIABLE_0", Target::None)]
        .into_iter()
        .flat_map(|(option, target)| {
            let ours = line("hc-env", release("hc-env"), option);
            compare(ROUNDS, ours, Peers::of([(line("env", "/usr/bin/env".into(), option), target)]))
        })
        .collect()
}
