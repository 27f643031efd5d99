//! The clocks of a new time namespace: time_namespaces(7).

use crate::causes;
use hc::{Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::write;

const FILE: &str = "/proc/self/timens_offsets";

/// How far the clocks are ahead of those outside, in seconds. What is not given stays as it is outside.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Clocks {
    pub(crate) monotonic: Option<i64>,
    pub(crate) boottime: Option<i64>,
}

impl Clocks {
    /// True when both stay as they are.
    pub(crate) fn are_unchanged(&self) -> bool {
        self == &Clocks::default()
    }

    /// Sets them for the time namespace that this process has made; it can be done until the first process enters.
    pub(crate) fn set(&self) -> Result<()> {
        let lines = self.lines();
        if lines.is_empty() {
            return Ok(());
        }
        let file = open(FILE, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())
            .map_err(|errno| causes::refused_proc_file(FILE, errno))?;
        // In one call: the kernel takes all lines or none.
        write(file, lines.as_bytes()).map(drop).map_err(|errno| {
            let because = match errno {
                Errno::ERANGE => " (the clock would be before 0, or more than 146 years ahead)",
                _ => "",
            };
            let lines = lines.trim_end().replace('\n', ", ");
            Error::new(format!("write '{lines}' to {FILE}: {}{because}", hc::reason(errno)))
        })
    }

    /// `clock seconds nanoseconds`.
    fn lines(&self) -> String {
        let line = |clock: &str, seconds: Option<i64>| {
            seconds.map_or_else(String::new, |seconds| format!("{clock} {seconds} 0\n"))
        };
        line("monotonic", self.monotonic) + &line("boottime", self.boottime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_clock_that_changes() {
        let clocks = Clocks { monotonic: Some(-1), boottime: Some(86400) };
        assert_eq!(clocks.lines(), "monotonic -1 0\nboottime 86400 0\n");
        assert!(Clocks::default().lines().is_empty());
    }
}
