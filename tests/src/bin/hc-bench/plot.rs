//! Plots of what was measured, as SVG.

mod growth;
mod latency;
mod svg;

pub(crate) use growth::growth;
pub(crate) use latency::latency;

/// A scale on which ten times as much is as far everywhere. It ends at powers of ten.
struct Scale {
    from: i32,
    to: i32,
    start: f64,
    length: f64,
}

impl Scale {
    /// One that has room for all `values`, from `start` on, so long. A negative length goes up.
    fn new(values: impl IntoIterator<Item = f64>, start: f64, length: f64) -> Self {
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for value in values.into_iter().map(f64::log10) {
            (least, most) = (least.min(value), most.max(value));
        }
        assert!(least <= most, "a plot of nothing");
        // These are a few digits.
        #[allow(clippy::cast_possible_truncation)]
        let (from, to) = (least.floor() as i32, most.ceil() as i32);
        Scale { from, to: to.max(from + 1), start, length }
    }

    fn at(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        self.start + self.length * share
    }

    /// The powers of ten.
    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        (self.from..=self.to).map(|power| 10_f64.powi(power))
    }
}

/// A number as short as it can be read.
fn short(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_as_much_is_as_far_everywhere() {
        let scale = Scale::new([0.2, 40.0], 100.0, 300.0);
        assert_eq!(scale.marks().collect::<Vec<_>>(), [0.1, 1.0, 10.0, 100.0]);
        let places = [0.1, 1.0, 10.0, 100.0].map(|value| scale.at(value).round().to_string());
        assert_eq!(places, ["100", "200", "300", "400"]);
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.1, 1.0, 10_000.0, 1e6].map(short), ["0.1", "1", "10k", "1M"]);
    }
}
