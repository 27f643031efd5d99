//! How long lines take: a dot at the median, on a line from the tenth of the runs to the ninth.

use super::svg::{Anchor, GRID, INK, Svg};
use super::{Scale, short};
use crate::measure::Times;
use crate::table::Row;

const OURS: &str = "#c0392b";
const OTHERS: &str = "#34495e";
const FLOOR: &str = "#7f8c8d";

const WIDTH: f64 = 900.0;
const LABELS: f64 = 400.0;
const VALUES: f64 = 70.0;
const TOP: f64 = 46.0;
const STEP: f64 = 24.0;
const BOTTOM: f64 = 34.0;

/// A plot of all lines in `rows`, the fastest first.
pub(crate) fn latency(title: &str, rows: &[Row]) -> String {
    let lines = lines(rows);
    let milliseconds = |times: &Times, percent| times.percentile(percent).as_secs_f64() * 1e3;
    let ends = lines.iter().flat_map(|(_, times, _)| [milliseconds(times, 10), milliseconds(times, 90)]);
    let scale = Scale::new(ends, LABELS, WIDTH - LABELS - VALUES);
    let count = u32::try_from(lines.len()).expect("a few lines");
    let end = TOP + STEP * f64::from(count);
    let mut svg = Svg::new(WIDTH, end + BOTTOM);
    svg.words((20.0, 24.0), Anchor::Start, 15, INK, title);
    for mark in scale.marks() {
        svg.line((scale.at(mark), TOP - 8.0), (scale.at(mark), end), GRID, 1.0);
        svg.words((scale.at(mark), end + 16.0), Anchor::Middle, 11, INK, &format!("{} ms", short(mark)));
    }
    for (place, (name, times, color)) in (0_u32..).zip(&lines) {
        let y = TOP + STEP * (f64::from(place) + 0.5);
        let at = |percent| scale.at(milliseconds(times, percent));
        svg.words((LABELS - 12.0, y + 4.0), Anchor::End, 12, color, &shortened(name));
        svg.line((at(10), y), (at(90), y), color, 2.0);
        svg.dot((at(50), y), color);
        let value = format!("{:.1}", milliseconds(times, 50));
        svg.words((WIDTH - 14.0, y + 4.0), Anchor::End, 12, color, &value);
    }
    svg.text()
}

/// Each line once, with its color.
fn lines(rows: &[Row]) -> Vec<(String, Times, &'static str)> {
    let mut found: Vec<(String, Times, &str)> = Vec::new();
    for row in rows {
        let Row::Pair { ours, other, .. } = row else { continue };
        let color = if other.0.starts_with("floor/") { FLOOR } else { OTHERS };
        for (line, color) in [(ours, OURS), (other, color)] {
            if !found.iter().any(|(name, ..)| *name == line.0) {
                found.push((line.0.clone(), line.1.clone(), color));
            }
        }
    }
    found.sort_by_key(|(_, times, _)| times.median());
    found
}

/// As much of a name as there is room for.
fn shortened(name: &str) -> String {
    const MOST: usize = 52;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Target;
    use std::time::Duration;

    #[test]
    fn each_line_is_there_once_and_the_fastest_first() {
        let times = |ms| Times::new(vec![Duration::from_millis(ms)]);
        let row = |other: &str, ms| Row::Pair {
            ours: ("ours".into(), times(5)),
            other: (other.into(), times(ms)),
            target: Target::None,
        };
        let lines = lines(&[row("slow", 9), row("floor/x.c", 3)]);
        let named: Vec<_> = lines.iter().map(|(name, _, color)| (name.as_str(), *color)).collect();
        assert_eq!(named, [("floor/x.c", FLOOR), ("ours", OURS), ("slow", OTHERS)]);
    }
}
