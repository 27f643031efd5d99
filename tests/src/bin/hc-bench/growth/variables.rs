//! Environments of few variables, and of many.

use super::Series;
use crate::cost::Cost;
use crate::floor::hello;
use crate::line::{Line, words};
use crate::measure::alternate;
use hc_tests::release;

const ROUNDS: usize = 100;

pub(super) fn series() -> Vec<Series> {
    let mut series = ["hc-env -u, variables kept", "hc-env -i, variables dropped"].map(Series::new);
    for count in [10, 100, 1_000, 10_000] {
        let entries = (0..count).map(|number| (format!("VARIABLE_{number}"), "value".repeat(4)));
        let entries: Vec<_> = entries.collect();
        let line = |option: &str| {
            Line::new(option, words(&[&release("hc-env"), &option, &hello()])).environment(entries.clone())
        };
        let times = alternate(ROUNDS, &mut [line("-uVARIABLE_0"), line("-i")]);
        for (series, times) in series.iter_mut().zip(times) {
            series.add(count, Cost::time(times.median()));
        }
    }
    series.into()
}
