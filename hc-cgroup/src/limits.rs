//! What NEXT and its children may use together, as values.

use crate::options::PERIOD;
use std::collections::BTreeSet;
use std::ffi::OsString;

/// All that the options ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    /// In bytes, as the two below.
    pub(crate) memory: Option<u64>,
    pub(crate) swap: Option<Swap>,
    pub(crate) reservation: Option<u64>,
    pub(crate) high: Option<u64>,
    pub(crate) oom_group: bool,
    /// In microseconds of each [`PERIOD`].
    pub(crate) cpus: Option<u64>,
    pub(crate) cpu_weight: Option<CpuWeight>,
    pub(crate) cpuset_cpus: Option<String>,
    pub(crate) cpuset_mems: Option<String>,
    pub(crate) pids: Option<Pids>,
    pub(crate) io_weight: Option<IoWeight>,
    pub(crate) throttles: Vec<Throttle>,
    pub(crate) set: Vec<Setting>,
}

/// Memory and swap together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Swap {
    Total(u64),
    Unlimited,
}

/// A share of processors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CpuWeight {
    /// 1 to 10000, by default 100.
    Weight(u64),
    /// 2 to 262144, by default 1024.
    Shares(u64),
}

impl CpuWeight {
    /// As the second version counts. From shares, by the curve that runc and crun have, which leads least, default and most
    /// of the one to those of the other.
    pub(crate) fn weight(self) -> u64 {
        match self {
            CpuWeight::Weight(weight) => weight,
            CpuWeight::Shares(shares) => weight_of_shares(shares),
        }
    }

    /// As the first version counts; from weights as systemd does, in proportion.
    pub(crate) fn shares(self) -> u64 {
        match self {
            CpuWeight::Weight(weight) => (weight * 1024 / 100).clamp(2, 262_144),
            CpuWeight::Shares(shares) => shares,
        }
    }
}

// Whole numbers up to 262144, and the result is between 1 and 10000.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn weight_of_shares(shares: u64) -> u64 {
    let log = (shares as f64).log2();
    let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
    // What is whole but for the rounding of the calculation is whole.
    let weight = (10_f64.powf(exponent) - 1e-6).ceil();
    (weight as u64).clamp(1, 10_000)
}

/// A share of disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IoWeight {
    /// 1 to 10000, by default 100.
    Io(u64),
    /// 10 to 1000.
    Blkio(u64),
}

/// How many processes and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pids {
    Most(u64),
    Unlimited,
}

impl Pids {
    /// What both versions want to read.
    pub(crate) fn value(self) -> String {
        match self {
            Pids::Most(number) => number.to_string(),
            Pids::Unlimited => "max".to_owned(),
        }
    }
}

/// What is limited of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ReadBytes,
    WriteBytes,
    Reads,
    Writes,
}

impl Operation {
    /// The option's name.
    pub(crate) fn option(self) -> &'static str {
        match self {
            Operation::ReadBytes => "device-read-bps",
            Operation::WriteBytes => "device-write-bps",
            Operation::Reads => "device-read-iops",
            Operation::Writes => "device-write-iops",
        }
    }

    /// True if the rate is one of bytes.
    pub(crate) fn is_of_bytes(self) -> bool {
        matches!(self, Operation::ReadBytes | Operation::WriteBytes)
    }
}

/// A rate of a device, which is named as by the user, or known as the kernel does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Throttle<D = OsString> {
    pub(crate) operation: Operation,
    pub(crate) device: D,
    /// Each second.
    pub(crate) rate: u64,
}

/// A value for a control file of the user's choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(crate) file: String,
    pub(crate) value: String,
}

impl Setting {
    /// What stands before the first dot: a controller, or `cgroup`.
    pub(crate) fn controller(&self) -> &str {
        self.file.split('.').next().unwrap_or_default()
    }
}

impl Limits {
    /// The controllers that are needed, by the names of the second version.
    pub(crate) fn controllers(&self) -> BTreeSet<&str> {
        let memory =
            self.memory.or(self.reservation).or(self.high).is_some() || self.swap.is_some() || self.oom_group;
        let needed = [
            ("memory", memory),
            ("cpu", self.cpus.is_some() || self.cpu_weight.is_some()),
            ("cpuset", self.cpuset_cpus.is_some() || self.cpuset_mems.is_some()),
            ("pids", self.pids.is_some()),
            ("io", self.io_weight.is_some() || !self.throttles.is_empty()),
        ];
        let needed = needed.into_iter().filter(|(_, needed)| *needed).map(|(name, _)| name);
        needed.chain(self.set.iter().map(Setting::controller)).collect()
    }

    /// Memory and swap together, as docker has it: where only memory is limited, as much swap may be had again.
    pub(crate) fn total(&self) -> Option<Total> {
        match (self.memory, self.swap) {
            (_, Some(Swap::Unlimited)) => Some(Total { limit: None, asked_for: true }),
            (_, Some(Swap::Total(total))) => Some(Total { limit: Some(total), asked_for: true }),
            (Some(memory), None) => Some(Total { limit: Some(memory.saturating_mul(2)), asked_for: false }),
            (None, None) => None,
        }
    }
}

/// How much memory and swap together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    /// Without, all there is.
    pub(crate) limit: Option<u64>,
    /// If not, a kernel that cannot limit swap is none to complain about.
    pub(crate) asked_for: bool,
}

/// A value that is to be written to a control file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Control {
    pub(crate) file: String,
    pub(crate) value: String,
    /// It is no failure that there is no such file.
    pub(crate) if_there: bool,
}

impl Control {
    pub(crate) fn new(file: impl Into<String>, value: impl Into<String>) -> Self {
        Control { file: file.into(), value: value.into(), if_there: false }
    }
}

/// The period of processor time, as it is written.
pub(crate) fn period() -> String {
    PERIOD.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_weights_meet_at_least_default_and_most() {
        for (shares, weight) in [(2, 1), (1024, 100), (262_144, 10_000), (512, 59), (2048, 174)] {
            assert_eq!(CpuWeight::Shares(shares).weight(), weight, "{shares}");
        }
        for (weight, shares) in [(1, 10), (100, 1024), (10_000, 102_400)] {
            assert_eq!(CpuWeight::Weight(weight).shares(), shares, "{weight}");
        }
    }

    #[test]
    fn what_is_asked_for_says_which_controllers() {
        let set = |file: &str| Setting { file: file.into(), value: "1".into() };
        let limits = Limits {
            oom_group: true,
            cpus: Some(1000),
            set: vec![set("pids.max"), set("hugetlb.2MB.max"), set("cgroup.freeze")],
            ..Limits::default()
        };
        let controllers: Vec<&str> = limits.controllers().into_iter().collect();
        assert_eq!(controllers, ["cgroup", "cpu", "hugetlb", "memory", "pids"]);
        assert!(Limits::default().controllers().is_empty());
    }

    #[test]
    fn swap_is_as_much_as_memory_unless_said_otherwise() {
        let total = |memory, swap| Limits { memory, swap, ..Limits::default() }.total();
        assert_eq!(total(Some(64), None), Some(Total { limit: Some(128), asked_for: false }));
        assert_eq!(total(Some(64), Some(Swap::Total(65))), Some(Total { limit: Some(65), asked_for: true }));
        assert_eq!(total(None, Some(Swap::Unlimited)), Some(Total { limit: None, asked_for: true }));
        assert_eq!(total(None, None), None);
    }
}
