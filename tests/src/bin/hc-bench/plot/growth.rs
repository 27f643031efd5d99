//! What each of many costs: a panel for what can be compared, a line for each thing. Flat is good, and down is better.

use super::svg::{Anchor, GRID, INK, Svg};
use super::{Scale, short};
use crate::table::Row;

const COLORS: [&str; 5] = ["#c0392b", "#2471a3", "#1e8449", "#b9770e", "#6c3483"];

const COLUMNS: usize = 2;
const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 34.0;
const PLOT: f64 = 190.0;

/// A line: what it is, and its points.
type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// A plot of the rows that are about growth.
pub(crate) fn growth(rows: &[Row]) -> String {
    let panels = panels(rows);
    let place = |number: usize| {
        let side = |number: usize| f64::from(u32::try_from(number).expect("a few panels"));
        (side(number % COLUMNS) * WIDTH, side(number / COLUMNS) * HEIGHT)
    };
    let (_, height) = place(panels.len() + COLUMNS - 1);
    let (width, _) = place(COLUMNS - 1);
    let mut svg = Svg::new(width + WIDTH, height);
    for (number, (title, lines)) in panels.iter().enumerate() {
        draw(&mut svg, place(number), title, lines);
    }
    svg.text()
}

/// The lines of each panel, in the order in which they come.
fn panels(rows: &[Row]) -> Vec<(String, Vec<Line<'_>>)> {
    let mut panels: Vec<(String, Vec<Line<'_>>)> = Vec::new();
    for row in rows {
        let Row::Growth { of, what, count, each, .. } = row else { continue };
        let title = format!("{of}: {} each", each.unit());
        if !panels.iter().any(|(name, _)| *name == title) {
            panels.push((title.clone(), Vec::new()));
        }
        let Some((_, lines)) = panels.iter_mut().find(|(name, _)| *name == title) else { continue };
        let point = (f64::from(u32::try_from(*count).expect("a count")), each.amount());
        match lines.iter_mut().find(|(name, _)| name == what) {
            Some((_, points)) => points.push(point),
            None => lines.push((what, vec![point])),
        }
    }
    panels
}

fn draw(svg: &mut Svg, (left, top): (f64, f64), title: &str, lines: &[Line<'_>]) {
    let points = || lines.iter().flat_map(|(_, points)| points.iter());
    let (begin, end) = (top + TOP, top + TOP + PLOT);
    let right = left + WIDTH - RIGHT;
    let across = Scale::new(points().map(|point| point.0), left + LEFT, WIDTH - LEFT - RIGHT);
    let up = Scale::new(points().map(|point| point.1), end, -PLOT);
    svg.words((left + LEFT, top + 22.0), Anchor::Start, 14, INK, title);
    for mark in across.marks() {
        svg.line((across.at(mark), begin), (across.at(mark), end), GRID, 1.0);
        svg.words((across.at(mark), end + 16.0), Anchor::Middle, 11, INK, &short(mark));
    }
    for mark in up.marks() {
        svg.line((left + LEFT, up.at(mark)), (right, up.at(mark)), GRID, 1.0);
        svg.words((left + LEFT - 8.0, up.at(mark) + 4.0), Anchor::End, 11, INK, &short(mark));
    }
    let mut legend = end + 36.0;
    for ((name, points), color) in lines.iter().zip(COLORS.iter().cycle()) {
        let places: Vec<_> = points.iter().map(|(x, y)| (across.at(*x), up.at(*y))).collect();
        for (from, to) in places.iter().zip(places.iter().skip(1)) {
            svg.line(*from, *to, color, 2.0);
        }
        for place in places {
            svg.dot(place, color);
        }
        svg.dot((left + LEFT + 4.0, legend - 4.0), color);
        svg.words((left + LEFT + 16.0, legend), Anchor::Start, 11, INK, name);
        legend += 15.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Cost;
    use crate::table::Asked;

    #[test]
    fn what_has_another_unit_is_in_another_panel() {
        let row = |of, what: &str, count, each| Row::Growth {
            of,
            what: what.into(),
            count,
            each,
            least: None,
            asked: Asked { ratio: 1.5, below: None },
        };
        let time = |us| Cost::time(std::time::Duration::from_micros(us));
        let rows = [
            row("names", "add", 1, time(3)),
            row("names", "add", 10, time(4)),
            row("names", "memory", 1, Cost::memory(5)),
            row("names", "list", 1, time(6)),
        ];
        let add = ("add", vec![(1.0, 3.0), (10.0, 4.0)]);
        let expected = [
            ("names: µs each".to_owned(), vec![add, ("list", vec![(1.0, 6.0)])]),
            ("names: KiB each".to_owned(), vec![("memory", vec![(1.0, 5.0)])]),
        ];
        assert_eq!(panels(&rows), expected);
    }
}
