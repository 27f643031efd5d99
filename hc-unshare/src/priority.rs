//! `--nice`, `--oom-score-adj`: who has to stand back when there is too little of something.

use crate::sys;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::write;
use std::ffi::OsStr;
use std::ops::RangeInclusive;

const FILE: &str = "/proc/self/oom_score_adj";

/// What is not given stays as the caller has it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Priority {
    pub(crate) nice: Option<i32>,
    pub(crate) oom_score_adj: Option<i32>,
}

impl Priority {
    /// Takes it. Outside of the new namespaces: there the privileges for a better one are, and /proc.
    pub(crate) fn take(&self) -> Result<()> {
        if let Some(nice) = self.nice {
            sys::privileges::set_nice(nice).map_err(|errno| {
                refused(&format!("nice {nice}"), errno, "CAP_SYS_NICE, or a limit for nice")
            })?;
        }
        if let Some(value) = self.oom_score_adj {
            let file = open(FILE, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty()).context(FILE)?;
            write(file, value.to_string().as_bytes())
                .map_err(|errno| refused(&format!("write '{value}' to {FILE}"), errno, "CAP_SYS_RESOURCE"))?;
        }
        Ok(())
    }
}

fn refused(what: &str, errno: Errno, needed: &str) -> Error {
    let because = match errno {
        Errno::EACCES | Errno::EPERM => format!(" (to lower it takes {needed})"),
        _ => String::new(),
    };
    Error::new(format!("{what}: {}{because}", hc::reason(errno)))
}

/// As renice(1) takes it: the value itself. Pure.
pub(crate) fn nice(value: &OsStr) -> Result<i32> {
    within(value, "--nice", -20..=19)
}

/// As proc(5) has it. Pure.
pub(crate) fn oom_score_adj(value: &OsStr) -> Result<i32> {
    within(value, "--oom-score-adj", -1000..=1000)
}

fn within(value: &OsStr, option: &str, range: RangeInclusive<i32>) -> Result<i32> {
    let number = value.to_str().and_then(|text| text.parse().ok()).filter(|number| range.contains(number));
    number.ok_or_else(|| {
        let (value, first, last) = (hc::show(value), range.start(), range.end());
        Error::usage(format!("{option}: '{value}' is no number from {first} to {last}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_their_range() {
        assert_eq!((nice(OsStr::new("-20")), nice(OsStr::new("19"))), (Ok(-20), Ok(19)));
        assert_eq!(oom_score_adj(OsStr::new("-1000")), Ok(-1000));
        for value in ["", "20", "-21", "x", "1.5"] {
            let message = nice(OsStr::new(value)).unwrap_err().to_string();
            assert_eq!(message, format!("--nice: '{value}' is no number from -20 to 19"));
        }
        let message = oom_score_adj(OsStr::new("1001")).unwrap_err().to_string();
        assert_eq!(message, "--oom-score-adj: '1001' is no number from -1000 to 1000");
    }
}
