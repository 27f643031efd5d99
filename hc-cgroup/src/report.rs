//! What is told in the end.

use crate::usage::Usage;
use crate::{TOOL, sys};
use hc::{Error, Result, Status};
use std::fmt::Write;

/// Where it is told, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) form: Form,
    pub(crate) descriptor: i32,
}

/// How it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A line or two.
    Text,
    /// One object on one line.
    Json,
}

impl Report {
    /// That there is a descriptor to write to. Before anything else is opened, which would get its number.
    pub(crate) fn check(self) -> Result<()> {
        if sys::is_writable(self.descriptor) {
            return Ok(());
        }
        Err(Error::new(format!("--report: descriptor {}: not open for writing", self.descriptor)))
    }

    /// Tells it. Nobody depends on that: where it fails, there is a note.
    pub(crate) fn tell(self, usage: &Usage, limit: Option<u64>, status: Status) {
        let text = match self.form {
            Form::Text => text(usage, limit),
            Form::Json => json(usage, limit, status),
        };
        if let Err(errno) = sys::write_all(self.descriptor, text.as_bytes()) {
            let because = hc::reason(errno);
            hc::note(TOOL, &format!("--report: descriptor {}: {because}", self.descriptor));
        }
    }
}

/// That processes were killed for want of memory; nothing if none were.
pub(crate) fn killed(usage: &Usage, limit: Option<u64>) -> Option<String> {
    let because = match limit {
        Some(limit) if usage.limit_was_met => format!("limit {}", size(limit)),
        _ => "not by a limit of this cgroup".to_owned(),
    };
    (usage.oom_kills > 0).then(|| format!("killed: out of memory ({because})"))
}

fn text(usage: &Usage, limit: Option<u64>) -> String {
    let known = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    let mut text = format!(
        "{TOOL}: peak memory {}, cpu time {}, read {}, written {}, peak pids {}\n",
        known(usage.memory_peak.map(size)),
        known(usage.cpu.map(seconds)),
        known(usage.io.map(|(read, _)| size(read))),
        known(usage.io.map(|(_, written)| size(written))),
        known(usage.pids_peak.map(|number| number.to_string())),
    );
    if let Some(killed) = killed(usage, limit) {
        let _cannot_fail = writeln!(text, "{TOOL}: {killed}");
    }
    text
}

fn json(usage: &Usage, limit: Option<u64>, status: Status) -> String {
    let known = |value: Option<u64>| value.map_or_else(|| "null".to_owned(), |value| value.to_string());
    let out_of_memory = usage.oom_kills > 0;
    format!(
        "{{\"status\":{},\"memory_peak\":{},\"memory_limit\":{},\"cpu_usec\":{},\"io_read\":{},\"io_written\":{},\
         \"pids_peak\":{},\"oom_kills\":{},\"out_of_memory\":{out_of_memory}}}\n",
        status.0,
        known(usage.memory_peak),
        known(limit),
        known(usage.cpu),
        known(usage.io.map(|(read, _)| read)),
        known(usage.io.map(|(_, written)| written)),
        known(usage.pids_peak),
        usage.oom_kills,
    )
}

/// In the largest unit of which there is one, with a digit behind the point if it is not whole.
fn size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units.iter().find(|(shift, _)| bytes >> shift > 0);
    let Some((shift, name)) = unit else { return format!("{bytes} B") };
    let whole = bytes >> shift;
    let tenths = ((u128::from(bytes) * 10) >> shift) % 10;
    if whole << shift == bytes { format!("{whole} {name}") } else { format!("{whole}.{tenths} {name}") }
}

fn seconds(microseconds: u64) -> String {
    format!("{}.{:03} s", microseconds / 1_000_000, microseconds / 1000 % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage() -> Usage {
        Usage {
            memory_peak: Some(1_572_864),
            cpu: Some(1_234_567),
            io: Some((0, 4096)),
            pids_peak: Some(3),
            oom_kills: 1,
            limit_was_met: true,
        }
    }

    #[test]
    fn it_is_text() {
        let expected = "hc-cgroup: peak memory 1.5 MiB, cpu time 1.234 s, read 0 B, written 4 KiB, peak pids 3\n\
                        hc-cgroup: killed: out of memory (limit 64 MiB)\n";
        assert_eq!(text(&usage(), Some(64 << 20)), expected);
        let nothing = "hc-cgroup: peak memory unknown, cpu time unknown, read unknown, written unknown, \
                       peak pids unknown\n";
        assert_eq!(text(&Usage::default(), Some(1)), nothing);
    }

    #[test]
    fn it_is_json() {
        let expected = "{\"status\":137,\"memory_peak\":1572864,\"memory_limit\":null,\"cpu_usec\":1234567,\
                        \"io_read\":0,\"io_written\":4096,\"pids_peak\":3,\"oom_kills\":1,\"out_of_memory\":true}\n";
        assert_eq!(json(&usage(), None, Status(137)), expected);
        let null = json(&Usage::default(), Some(5), Status(0));
        assert!(null.contains("\"memory_peak\":null,\"memory_limit\":5,\"cpu_usec\":null"), "{null}");
    }

    #[test]
    fn sizes_and_times_have_units() {
        let sizes =
            [(0, "0 B"), (1023, "1023 B"), (1024, "1 KiB"), (1 << 40, "1 TiB"), (100_000_000, "95.3 MiB")];
        for (bytes, shown) in sizes {
            assert_eq!(size(bytes), shown);
        }
        assert_eq!(size(u64::MAX), "16777215.9 TiB");
        assert_eq!((seconds(0), seconds(999)), ("0.000 s".into(), "0.000 s".into()));
    }

    #[test]
    fn who_was_killed_by_others_is_told_so() {
        let other = Usage { limit_was_met: false, ..usage() };
        assert_eq!(killed(&other, Some(1)).unwrap(), "killed: out of memory (not by a limit of this cgroup)");
        assert_eq!(killed(&Usage::default(), Some(1)), None);
    }
}
