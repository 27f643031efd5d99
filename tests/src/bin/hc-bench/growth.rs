//! Growth: what one costs when there are many. It has to stay what it was when there were few.

mod containers;
mod libraries;
mod names;
mod variables;

use crate::cost::Cost;
use crate::table::{Asked, Row};

/// How much more one of many may cost than one of fewer: what the issue on networks asks of the five hundredth.
const FLAT: f64 = 1.5;

pub(crate) fn rows() -> Vec<Row> {
    let kinds = [
        ("containers", containers::series()),
        ("names", names::series()),
        ("libraries", libraries::series()),
        ("variables", variables::series()),
    ];
    let all = kinds.into_iter().flat_map(|(of, series)| series.into_iter().map(move |series| (of, series)));
    all.flat_map(|(of, series)| series.rows(of)).collect()
}

/// One thing, in different numbers.
struct Series {
    what: String,
    /// How many, and what each of them cost: a few first.
    points: Vec<(usize, Cost)>,
    below: Option<Cost>,
}

impl Series {
    fn new(what: &str) -> Self {
        Series { what: what.to_owned(), points: Vec::new(), below: None }
    }

    /// Each of them has to cost less than this, in any number.
    fn below(self, most: Cost) -> Self {
        Series { below: Some(most), ..self }
    }

    /// So many cost this together.
    fn add(&mut self, count: usize, all: Cost) {
        self.points.push((count, all.of_each(count)));
    }

    /// A row for each number, beside the number of fewer for which each cost the least.
    fn rows(self, of: &'static str) -> Vec<Row> {
        let mut least: Option<(usize, Cost)> = None;
        let mut rows = Vec::new();
        let asked = Asked { ratio: FLAT, below: self.below };
        for (count, each) in self.points {
            rows.push(Row::Growth { of, what: self.what.clone(), count, each, least, asked });
            if least.is_none_or(|(_, least)| each.ratio(least) < 1.0) {
                least = Some((count, each));
            }
        }
        rows
    }
}

/// How often something is measured of which each round has so many, for all to take about as long.
fn rounds(count: usize, most: usize) -> usize {
    (most / count).clamp(1, 30)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_of_many_stands_beside_the_cheapest_of_fewer() {
        let mut series = Series::new("a");
        for (count, milliseconds) in [(1, 4), (10, 20), (100, 300), (1000, 9000)] {
            series.add(count, Cost::time(Duration::from_millis(milliseconds)));
        }
        let beside = series.rows("").into_iter().map(|row| match row {
            Row::Growth { least, .. } => least.map(|(count, each)| (count, each.to_string())),
            _ => None,
        });
        let of = |count, each: &str| Some((count, each.to_owned()));
        let expected = [None, of(1, "4000 µs"), of(10, "2000 µs"), of(10, "2000 µs")];
        assert_eq!(beside.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn few_are_measured_often() {
        assert_eq!([1, 10, 100, 1000].map(|count| rounds(count, 200)), [30, 20, 2, 1]);
    }
}
