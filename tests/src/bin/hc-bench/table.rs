//! What is printed: a table in Markdown for each part.

use crate::cost::Cost;
use crate::line::Line;
use crate::measure::{Times, alternate};
use crate::peers::Peers;
use std::time::Duration;

/// What a ratio is asked to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At most so many times what it is compared with.
    AtMost(f64),
    /// At least so many times faster.
    Faster(f64),
    /// Nothing was asked.
    None,
}

/// A line of the table: one of ours beside what it is compared with.
#[derive(Debug)]
pub(crate) enum Row {
    /// Both were measured.
    Pair { ours: (String, Times), other: (String, Times), target: Target },
    /// Ours alone, which has so much time.
    Limit { ours: (String, Times), limit: Duration },
    /// So many cost so much each, beside fewer, of which each cost `least`.
    Growth {
        of: &'static str,
        what: String,
        count: usize,
        each: Cost,
        least: Option<(usize, Cost)>,
        asked: Asked,
    },
    /// The other could not be: why.
    Missing { ours: String, other: String, why: String },
}

/// What each of many is asked to cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    /// At most so many times what each of fewer does.
    pub(crate) ratio: f64,
    /// And less than this.
    pub(crate) below: Option<Cost>,
}

/// Measures our line and its peers in turn: a row for each of them, with its target.
pub(crate) fn compare(rounds: usize, ours: Line, mut peers: Peers) -> Vec<Row> {
    let (others, targets): (Vec<Line>, Vec<Target>) = peers.lines.drain(..).unzip();
    let mut lines: Vec<Line> = std::iter::once(ours).chain(others).collect();
    let mut times = alternate(rounds, &mut lines).into_iter();
    let own = times.next().expect("our line");
    let mut names = lines.into_iter().map(|line| line.name);
    let name = names.next().expect("our line");
    let others = names.zip(times).zip(targets);
    let measured =
        others.map(|(other, target)| Row::Pair { ours: (name.clone(), own.clone()), other, target });
    measured.chain(peers.missing(&name)).collect()
}

/// The table of one part.
pub(crate) fn text(rows: &[Row]) -> String {
    let head = "| ours | ms | beside | ms | ratio | asked |\n| --- | --- | --- | --- | --- | --- |\n";
    rows.iter().map(line).fold(head.to_owned(), |text, row| text + &row + "\n")
}

fn line(row: &Row) -> String {
    match row {
        Row::Missing { ours, other, why } => format!("| {ours} | | {other} | | not measured: {why} | |"),
        Row::Growth { what, count, each, least, asked, .. } => growth(what, *count, *each, *least, *asked),
        Row::Limit { ours, limit } => {
            let held = holds(ours.1.median() < *limit);
            format!("| {} | {} | | | | below {} ms: {held} |", ours.0, cell(&ours.1), limit.as_millis())
        }
        Row::Pair { ours, other, target } => {
            let ratio = ours.1.median().as_secs_f64() / other.1.median().as_secs_f64();
            let (ratio, asked) = verdict(ratio, *target);
            format!(
                "| {} | {} | {} | {} | {ratio} | {asked} |",
                ours.0,
                cell(&ours.1),
                other.0,
                cell(&other.1)
            )
        }
    }
}

fn growth(what: &str, count: usize, each: Cost, least: Option<(usize, Cost)>, asked: Asked) -> String {
    let below = asked.below.map(|most| format!("below {most}: {}", holds(each.ratio(most) < 1.0)));
    let Some((fewer, least)) = least else {
        return format!("| {what}: {count} | {each} | | | | {} |", below.unwrap_or_default());
    };
    let ratio = each.ratio(least);
    let flat = format!("at most {}x: {}", asked.ratio, holds(ratio <= asked.ratio));
    let asked = below.into_iter().chain([flat]).collect::<Vec<_>>().join("; ");
    format!("| {what}: {count} | {each} each | {fewer} | {least} each | {ratio:.2}x | {asked} |")
}

fn holds(it_does: bool) -> &'static str {
    if it_does { "holds" } else { "**does not hold**" }
}

/// The ratio in the form in which it is asked for, and whether it holds.
fn verdict(ratio: f64, target: Target) -> (String, String) {
    match target {
        Target::AtMost(most) => {
            (format!("{ratio:.2}x"), format!("at most {most}x: {}", holds(ratio <= most)))
        }
        Target::Faster(least) => {
            let times = 1.0 / ratio;
            (format!("{times:.1}x faster"), format!("at least {least}x: {}", holds(times >= least)))
        }
        Target::None => (format!("{ratio:.2}x"), String::new()),
    }
}

fn cell(times: &Times) -> String {
    let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
    format!("{} ({} to {})", ms(times.median()), ms(times.percentile(10)), ms(times.percentile(90)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ours: u64, other: u64, target: Target) -> String {
        let times = |ms| Times::new(vec![Duration::from_millis(ms)]);
        line(&Row::Pair { ours: ("a".into(), times(ours)), other: ("b".into(), times(other)), target })
    }

    #[test]
    fn a_ratio_stands_beside_what_was_asked() {
        let cells = "| a | 2.00 (2.00 to 2.00) | b | 1.00 (1.00 to 1.00) |";
        assert_eq!(row(2, 1, Target::AtMost(2.5)), format!("{cells} 2.00x | at most 2.5x: holds |"));
        assert_eq!(
            row(2, 1, Target::AtMost(1.3)),
            format!("{cells} 2.00x | at most 1.3x: **does not hold** |")
        );
        let (each, least) = (Cost::memory(3), Some((1, Cost::memory(2))));
        let asked = Asked { ratio: 1.5, below: Some(Cost::memory(3)) };
        assert_eq!(
            growth("a", 10, each, least, asked),
            "| a: 10 | 3.00 KiB each | 1 | 2.00 KiB each | 1.50x | \
             below 3.00 KiB: **does not hold**; at most 1.5x: holds |"
        );
        let ours = ("a".to_owned(), Times::new(vec![Duration::from_millis(2)]));
        let limit = Duration::from_millis(2);
        let row_of = line(&Row::Limit { ours, limit });
        assert_eq!(row_of, "| a | 2.00 (2.00 to 2.00) | | | | below 2 ms: **does not hold** |");
        assert_eq!(
            row(2, 1, Target::Faster(1.0)),
            format!("{cells} 0.5x faster | at least 1x: **does not hold** |")
        );
    }
}
