//! `--close-fds`, `--keep-fd`: which open files NEXT inherits.

use crate::sys::privileges as sys;
use hc::{Error, Result};
use nix::errno::Errno;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::RawFd;

/// The first one that is not a standard stream.
const FIRST: u32 = 3;

/// The descriptors that stay, beside the standard streams.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept(BTreeSet<u32>);

impl Kept {
    /// Keeps one more.
    pub(crate) fn keep(&mut self, number: u32) {
        self.0.insert(number);
    }

    /// That all of them are there. Before anything else is opened, which would get one of these numbers.
    pub(crate) fn check(&self) -> Result<()> {
        let is_open = |number: u32| RawFd::try_from(number).is_ok_and(sys::is_open);
        match self.0.range(FIRST..).find(|number| !is_open(**number)) {
            Some(number) => Err(Error::new(format!("descriptor {number}: the caller does not have it open"))),
            None => Ok(()),
        }
    }

    /// Has exec close all others.
    pub(crate) fn close_others(&self) -> Result<()> {
        self.gaps().try_for_each(|(first, last)| {
            sys::close_on_exec(first, last).map_err(|errno| {
                let because = match errno {
                    Errno::EINVAL | Errno::ENOSYS => " (it takes Linux 5.11)",
                    _ => "",
                };
                Error::new(format!("close_range: {}{because}", hc::reason(errno)))
            })
        })
    }

    /// The numbers that do not stay, from first to last.
    fn gaps(&self) -> impl Iterator<Item = (u32, u32)> {
        let kept = || self.0.range(FIRST..).copied();
        let firsts = std::iter::once(Some(FIRST)).chain(kept().map(|number| number.checked_add(1)));
        let lasts = kept().map(|number| number - 1).chain([u32::MAX]);
        firsts
            .zip(lasts)
            .filter_map(|(first, last)| Some((first?, last)))
            .filter(|(first, last)| first <= last)
    }
}

/// The number of a descriptor. Pure.
pub(crate) fn number(value: &OsStr) -> Result<u32> {
    crate::accounts::number(value.as_encoded_bytes())
        .filter(|number| i32::try_from(*number).is_ok())
        .ok_or_else(|| Error::usage(format!("'{}' is no file descriptor", hc::show(value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_between_those_that_stay_goes() {
        let gaps = |kept: &[u32]| Kept(kept.iter().copied().collect()).gaps().collect::<Vec<_>>();
        assert_eq!(gaps(&[]), [(3, u32::MAX)]);
        assert_eq!(gaps(&[0, 1, 2]), [(3, u32::MAX)]);
        assert_eq!(gaps(&[3]), [(4, u32::MAX)]);
        assert_eq!(gaps(&[9, 4, 5]), [(3, 3), (6, 8), (10, u32::MAX)]);
        assert_eq!(gaps(&[u32::MAX]), [(3, u32::MAX - 1)]);
    }

    #[test]
    fn a_descriptor_is_a_number() {
        assert_eq!(number(OsStr::new("2147483647")), Ok(2_147_483_647));
        for value in ["", "-1", "x", "2147483648"] {
            let message = number(OsStr::new(value)).unwrap_err().to_string();
            assert_eq!(message, format!("'{value}' is no file descriptor"));
        }
    }
}
