//! What something takes: time, or memory.

use std::fmt;
use std::time::Duration;

/// An amount of one of the two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cost {
    amount: f64,
    unit: &'static str,
}

impl Cost {
    pub(crate) fn time(time: Duration) -> Self {
        Cost { amount: time.as_secs_f64() * 1e6, unit: "µs" }
    }

    pub(crate) fn memory(kib: u64) -> Self {
        Cost { amount: f64::from(u32::try_from(kib).expect("less than 4 TiB")), unit: "KiB" }
    }

    /// One's part of it.
    pub(crate) fn of_each(self, count: usize) -> Self {
        Cost { amount: self.amount / f64::from(u32::try_from(count).expect("a count")), ..self }
    }

    /// In its unit.
    pub(crate) fn amount(self) -> f64 {
        self.amount
    }

    pub(crate) fn unit(self) -> &'static str {
        self.unit
    }

    /// How many times the other it is.
    pub(crate) fn ratio(self, other: Cost) -> f64 {
        self.amount / other.amount
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.amount {
            amount if amount >= 100.0 => 0,
            amount if amount >= 10.0 => 1,
            _ => 2,
        };
        write!(to, "{:.digits$} {}", self.amount, self.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_enough() {
        let shown = [9_876, 50, 3].map(|count| Cost::memory(9_876).of_each(count).to_string());
        assert_eq!(shown, ["1.00 KiB", "198 KiB", "3292 KiB"]);
        assert_eq!(Cost::time(Duration::from_millis(2)).of_each(80).to_string(), "25.0 µs");
    }
}
