//! `--rlimit`: how much NEXT may use. getrlimit(2).

use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, rlim_t, setrlimit};
use std::ffi::OsStr;

/// prlimit(1)'s names.
const NAMES: [(&str, Resource); 16] = [
    ("as", Resource::RLIMIT_AS),
    ("core", Resource::RLIMIT_CORE),
    ("cpu", Resource::RLIMIT_CPU),
    ("data", Resource::RLIMIT_DATA),
    ("fsize", Resource::RLIMIT_FSIZE),
    ("locks", Resource::RLIMIT_LOCKS),
    ("memlock", Resource::RLIMIT_MEMLOCK),
    ("msgqueue", Resource::RLIMIT_MSGQUEUE),
    ("nice", Resource::RLIMIT_NICE),
    ("nofile", Resource::RLIMIT_NOFILE),
    ("nproc", Resource::RLIMIT_NPROC),
    ("rss", Resource::RLIMIT_RSS),
    ("rtprio", Resource::RLIMIT_RTPRIO),
    ("rttime", Resource::RLIMIT_RTTIME),
    ("sigpending", Resource::RLIMIT_SIGPENDING),
    ("stack", Resource::RLIMIT_STACK),
];

/// The limits of one resource. What is not given stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    name: &'static str,
    resource: Resource,
    soft: Option<rlim_t>,
    hard: Option<rlim_t>,
}

impl Limit {
    /// Raises the hard limit, where that is wanted: it takes CAP_SYS_RESOURCE outside of all new user namespaces. The
    /// rest waits for [`Limit::set`], so that the way to NEXT is not limited.
    pub(crate) fn raise(&self) -> Result<()> {
        let Some(wanted) = self.hard else { return Ok(()) };
        let (soft, hard) = getrlimit(self.resource).context(self.what())?;
        if wanted > hard { self.change(soft, wanted) } else { Ok(()) }
    }

    /// Sets both.
    pub(crate) fn set(&self) -> Result<()> {
        let (soft, hard) = getrlimit(self.resource).context(self.what())?;
        self.change(self.soft.unwrap_or(soft), self.hard.unwrap_or(hard))
    }

    /// True when it is about the same resource.
    pub(crate) fn replaces(&self, other: &Limit) -> bool {
        self.resource == other.resource
    }

    fn change(&self, soft: rlim_t, hard: rlim_t) -> Result<()> {
        setrlimit(self.resource, soft, hard).map_err(|errno| {
            let because = match errno {
                Errno::EPERM if self.resource == Resource::RLIMIT_NOFILE => {
                    " (to raise a hard limit takes CAP_SYS_RESOURCE, and the sysctl fs.nr_open is the most)"
                }
                Errno::EPERM => " (to raise a hard limit takes CAP_SYS_RESOURCE)",
                Errno::EINVAL => " (the soft limit would be above the hard one)",
                _ => "",
            };
            Error::new(format!("{}: {}{because}", self.what(), hc::reason(errno)))
        })
    }

    fn what(&self) -> String {
        format!("limit {}", self.name)
    }
}

/// `NAME=LIMIT` for both limits, `NAME=SOFT:HARD`, `NAME=SOFT:`, `NAME=:HARD`. Pure.
pub(crate) fn limit(value: &OsStr) -> Result<Limit> {
    let usage = |what: &str| Error::usage(format!("limit '{}': {what}", hc::show(value)));
    let text = value.to_str().unwrap_or_default();
    let (name, limits) = text.split_once('=').ok_or_else(|| usage("not NAME=SOFT[:HARD]"))?;
    let named = NAMES.iter().find(|(known, _)| *known == name);
    let (name, resource) = *named.ok_or_else(|| usage("there is no resource of that name"))?;
    let amount = |text: &str| match text {
        "unlimited" | "-1" => Ok(RLIM_INFINITY),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().map_err(drop),
        _ => Err(()),
    };
    let amount = |text| amount(text).map_err(|()| usage("a limit is a number or 'unlimited'"));
    let (soft, hard) = match limits.split_once(':') {
        None => (Some(amount(limits)?), Some(amount(limits)?)),
        Some((soft, "")) => (Some(amount(soft)?), None),
        Some(("", hard)) => (None, Some(amount(hard)?)),
        Some((soft, hard)) => (Some(amount(soft)?), Some(amount(hard)?)),
    };
    if hard.is_some_and(|hard| soft > Some(hard)) {
        return Err(usage("the soft limit is above the hard one"));
    }
    Ok(Limit { name, resource, soft, hard })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_limit_two_or_one_of_them() {
        let of = |value: &str| limit(OsStr::new(value)).map(|limit| (limit.name, limit.soft, limit.hard));
        assert_eq!(of("nofile=5"), Ok(("nofile", Some(5), Some(5))));
        assert_eq!(of("as=5:6"), Ok(("as", Some(5), Some(6))));
        assert_eq!(of("core=0:"), Ok(("core", Some(0), None)));
        assert_eq!(of("core=:unlimited"), Ok(("core", None, Some(RLIM_INFINITY))));
        assert_eq!(of("stack=-1"), Ok(("stack", Some(RLIM_INFINITY), Some(RLIM_INFINITY))));
    }

    #[test]
    fn what_is_no_limit() {
        for (value, reason) in [
            ("", "not NAME=SOFT[:HARD]"),
            ("nofile", "not NAME=SOFT[:HARD]"),
            ("nofiles=1", "there is no resource of that name"),
            ("NOFILE=1", "there is no resource of that name"),
            ("nofile=", "a limit is a number or 'unlimited'"),
            ("nofile=:", "a limit is a number or 'unlimited'"),
            ("nofile=1k", "a limit is a number or 'unlimited'"),
            ("nofile=+1", "a limit is a number or 'unlimited'"),
            ("nofile=1:2:3", "a limit is a number or 'unlimited'"),
            ("nofile=18446744073709551616", "a limit is a number or 'unlimited'"),
            ("nofile=2:1", "the soft limit is above the hard one"),
            ("nofile=unlimited:1", "the soft limit is above the hard one"),
        ] {
            let message = limit(OsStr::new(value)).unwrap_err().to_string();
            assert_eq!(message, format!("limit '{value}': {reason}"));
        }
    }
}
