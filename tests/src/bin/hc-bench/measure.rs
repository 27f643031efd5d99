//! Times of command lines that run in turn.

use crate::line::Line;
use std::time::Duration;

/// The times of one line, sorted.
#[derive(Debug, Clone)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        assert!(!times.is_empty(), "times of nothing");
        times.sort_unstable();
        Times(times)
    }

    /// The time that this share of the runs, in percent, did not exceed.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len() - 1;
        *self.0.get((last * percent + 50) / 100).expect("at most 100 percent")
    }

    pub(crate) fn median(&self) -> Duration {
        self.percentile(50)
    }
}

/// Runs each of `lines` once and then `rounds` times more, in turn, and says how long each took. The first run, which
/// reads files and grows caches, does not count. Numbers of runs are unique over all lines, from 1.
pub(crate) fn alternate(rounds: usize, lines: &mut [Line]) -> Vec<Times> {
    let mut times = vec![Vec::with_capacity(rounds); lines.len()];
    let mut number = 0;
    for round in 0..=rounds {
        for (line, times) in lines.iter_mut().zip(&mut times) {
            number += 1;
            let time = line.run(number);
            if round > 0 {
                times.push(time);
            }
        }
    }
    times.into_iter().map(Times::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times = Times::new([5, 1, 4, 2, 3].map(Duration::from_millis).to_vec());
        assert_eq!(times.median(), Duration::from_millis(3));
        assert_eq!(times.percentile(0), Duration::from_millis(1));
        assert_eq!(times.percentile(100), Duration::from_millis(5));
    }

    #[test]
    fn lines_run_in_turn_and_each_run_has_its_number() {
        let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let mut lines = ["a", "b"].map(|name| {
            let seen = seen.clone();
            Line::new(name, ["true"]).after(move |number| seen.borrow_mut().push((name, number)))
        });
        assert_eq!(alternate(1, &mut lines).len(), 2);
        assert_eq!(*seen.borrow(), [("a", 1), ("b", 2), ("a", 3), ("b", 4)]);
    }
}
