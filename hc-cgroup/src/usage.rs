//! What was used, as the control files count it.

use crate::make::Made;

/// What is not known is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// In bytes.
    pub(crate) memory_peak: Option<u64>,
    /// In microseconds.
    pub(crate) cpu: Option<u64>,
    /// Bytes that were read from devices, and written.
    pub(crate) io: Option<(u64, u64)>,
    /// Processes and threads.
    pub(crate) pids_peak: Option<u64>,
    /// How many were killed for want of memory.
    pub(crate) oom_kills: u64,
    /// And whether it was the limit that they had come to.
    pub(crate) limit_was_met: bool,
}

impl Usage {
    /// Of all cgroups of a run; or only what `controllers` count.
    pub(crate) fn read(made: &[Made], controllers: Option<&[&str]>) -> Self {
        let mut usage = Usage::default();
        for made in made {
            let has =
                |name: &str| made.member.has(name) && controllers.is_none_or(|only| only.contains(&name));
            let read = |file: &str| {
                let controller = file.split('.').next().unwrap_or_default();
                has(controller).then(|| made.directory.read(file).ok()).flatten()
            };
            if made.member.is_unified() {
                usage.second_version(read);
            } else {
                usage.first_version(read);
            }
        }
        usage
    }

    fn second_version(&mut self, read: impl Fn(&str) -> Option<String>) {
        let number = |file: &str| read(file).and_then(|text| text.trim().parse().ok());
        self.memory_peak = self.memory_peak.or_else(|| number("memory.peak"));
        self.cpu = read("cpu.stat").and_then(|text| value(&text, "usage_usec")).or(self.cpu);
        self.io = read("io.stat").map(|text| io_stat(&text)).or(self.io);
        self.pids_peak = self.pids_peak.or_else(|| number("pids.peak"));
        if let Some(events) = read("memory.events") {
            self.oom_kills = value(&events, "oom_kill").unwrap_or(0);
            self.limit_was_met = value(&events, "oom").is_some_and(|times| times > 0);
        }
    }

    fn first_version(&mut self, read: impl Fn(&str) -> Option<String>) {
        let number = |file: &str| read(file).and_then(|text| text.trim().parse::<u64>().ok());
        self.memory_peak = self.memory_peak.or_else(|| number("memory.max_usage_in_bytes"));
        self.cpu = self.cpu.or_else(|| number("cpuacct.usage").map(|nanoseconds| nanoseconds / 1000));
        self.io = self
            .io
            .or_else(|| read("blkio.throttle.io_service_bytes_recursive").map(|text| service_bytes(&text)));
        self.pids_peak = self.pids_peak.or_else(|| number("pids.peak"));
        if let Some(control) = read("memory.oom_control") {
            self.oom_kills = value(&control, "oom_kill").unwrap_or(0);
            self.limit_was_met = number("memory.failcnt").is_some_and(|times| times > 0)
                || at_limit(number("memory.max_usage_in_bytes"), number("memory.limit_in_bytes"));
        }
    }
}

/// Not every kernel counts what fails for want of memory and swap together. But who comes to the limit has come near to it:
/// memory is counted in portions of 64 pages.
fn at_limit(peak: Option<u64>, limit: Option<u64>) -> bool {
    const PORTION: u64 = 64 * 4096;
    peak.zip(limit).is_some_and(|(peak, limit)| limit.saturating_sub(peak) < PORTION)
}

/// The number behind `key` on a line of its own.
fn value(text: &str, key: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse().ok())
}

/// `8:0 rbytes=1 wbytes=2 rios=3 ...`: read and written, of all devices.
fn io_stat(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        let words = text.split_whitespace().filter_map(|word| word.split_once('='));
        words
            .filter(|(name, _)| *name == key)
            .filter_map(|(_, value)| value.parse::<u64>().ok())
            .fold(0, u64::saturating_add)
    };
    (sum("rbytes"), sum("wbytes"))
}

/// `8:0 Read 1`, `8:0 Write 2`: read and written, of all devices.
fn service_bytes(text: &str) -> (u64, u64) {
    let sum = |key: &str| {
        let lines = text.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines
            .filter_map(|words| match words.as_slice() {
                [_, name, value] if *name == key => value.parse::<u64>().ok(),
                _ => None,
            })
            .fold(0, u64::saturating_add)
    };
    (sum("Read"), sum("Write"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_their_keys() {
        let events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n";
        assert_eq!((value(events, "oom_kill"), value(events, "oom")), (Some(2), Some(3)));
        assert_eq!(value("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", "oom_kill"), Some(7));
        assert_eq!((value("", "oom"), value("oom x\n", "oom"), value("oom\n", "oom")), (None, None, None));
    }

    #[test]
    fn a_limit_is_met_within_a_portion() {
        let met = |peak, limit| at_limit(Some(peak), Some(limit));
        assert!(met(64 << 20, 64 << 20) && met((64 << 20) - 4096, 64 << 20) && !met(63 << 20, 64 << 20));
        assert!(!at_limit(None, Some(1)) && !at_limit(Some(1), None) && met(u64::MAX, u64::MAX));
    }

    #[test]
    fn devices_are_summed_up() {
        let stat = "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353\n8:0 \n254:0 rbytes=1 wbytes=x\n";
        assert_eq!(io_stat(stat), (1_459_201, 314_773_504));
        let bytes = "254:0 Read 100\n254:0 Write 7\n254:0 Sync 107\n8:0 Read 1\n254:0 Total 107\nTotal 108\n";
        assert_eq!(service_bytes(bytes), (101, 7));
        assert_eq!(io_stat("8:0 rbytes=18446744073709551615\n8:1 rbytes=2\n").0, u64::MAX);
    }

    #[test]
    fn both_versions_say_the_same() {
        let file = |name: &str| -> Option<String> {
            let text = match name {
                "memory.peak" | "memory.max_usage_in_bytes" => "4096\n",
                "cpu.stat" => "usage_usec 1500\nuser_usec 1000\n",
                "cpuacct.usage" => "1500999\n",
                "io.stat" => "8:0 rbytes=1 wbytes=2\n",
                "blkio.throttle.io_service_bytes_recursive" => "8:0 Read 1\n8:0 Write 2\n",
                "pids.peak" => "3\n",
                "memory.events" => "oom 1\noom_kill 1\n",
                "memory.oom_control" => "oom_kill 1\n",
                "memory.failcnt" => "0\n",
                "memory.limit_in_bytes" => "8192\n",
                _ => return None,
            };
            Some(text.to_owned())
        };
        let expected = Usage {
            memory_peak: Some(4096),
            cpu: Some(1500),
            io: Some((1, 2)),
            pids_peak: Some(3),
            oom_kills: 1,
            limit_was_met: true,
        };
        let (mut first, mut second, mut none) = (Usage::default(), Usage::default(), Usage::default());
        first.first_version(file);
        second.second_version(file);
        none.first_version(|_| None);
        assert_eq!((first, second, none), (expected.clone(), expected, Usage::default()));
    }
}
