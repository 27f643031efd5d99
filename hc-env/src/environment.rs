//! The environment as a value: the old one and what is to change give the new one. Touches nothing.

use crate::glob::Globs;
use crate::locale::Locale;
use crate::quote::{quote, quote_for_shell};
use crate::scrub;
use crate::sources::Loaded;
use crate::trace::Trace;
use hc::{Environ, Error, Result};
use nix::errno::Errno;
use std::ffi::CString;

/// What to do with the environment, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) start: Start,
    /// What is the host's own business goes.
    pub(crate) scrub: bool,
    /// `-u NAME`: every entry of these names goes.
    pub(crate) unset: Vec<Vec<u8>>,
    /// `NAME=VALUE`, in the order in which they are put in.
    pub(crate) assignments: Vec<CString>,
    /// `NAME=VALUE`, for names that there are not after all that.
    pub(crate) defaults: Vec<CString>,
}

/// What the new environment begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// All of the old one.
    Inherited,
    /// `-i`: entries whose names match one of these patterns, if there are any.
    Kept(Vec<Vec<u8>>),
}

impl Start {
    /// Whatever the old environment is.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Start::Kept(globs) if globs.is_empty())
    }
}

impl Changes {
    /// A name that is empty or has a `=` is what unsetenv(3) refuses. Where the environment is `raw`, all of a file, the
    /// original does not call that, and quotes differently.
    pub(crate) fn check(&self, raw: bool) -> Result<()> {
        let Some(name) = self.unset.iter().find(|name| !is_name(name)) else { return Ok(()) };
        let locale = Locale::current();
        let quoted = if raw { quote_for_shell(name, &locale) } else { quote(name, &locale) };
        Err(Error::from_errno(format_args!("cannot unset {quoted}"), Errno::EINVAL))
    }

    /// For -v: what is done before the files are read.
    pub(crate) fn tell_start(&self, trace: &mut Trace) {
        if let Start::Kept(globs) = &self.start {
            trace.line(&[b"cleaning environ"]);
            for glob in globs {
                trace.line(&[b"keep:     ", glob]);
            }
        }
        if self.scrub {
            trace.line(&[b"scrubbing environ"]);
        }
    }

    /// For -v: what is done afterwards, up to a name that cannot be unset.
    pub(crate) fn tell_rest(&self, trace: &mut Trace) {
        for name in &self.unset {
            trace.line(&[b"unset:    ", name]);
            if !is_name(name) {
                return;
            }
        }
        for assignment in &self.assignments {
            trace.line(&[b"setenv:   ", assignment.to_bytes()]);
        }
        for default in &self.defaults {
            trace.line(&[b"if unset: ", default.to_bytes()]);
        }
    }
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&b'=')
}

/// The environment that `changes` make of `env`, with what the files had.
pub(crate) fn change(mut env: Environ, changes: Changes, loaded: Vec<Loaded>) -> Environ {
    let Changes { start, scrub, unset, assignments, mut defaults } = changes;
    match start {
        Start::Inherited => {}
        Start::Kept(globs) if globs.is_empty() => env.clear(),
        Start::Kept(globs) => {
            let globs = Globs::new(globs);
            env.retain(|entry| globs.match_name(name(entry)));
        }
    }
    if scrub {
        env.retain(|entry| !scrub::is_of_the_host(name(entry)));
    }
    for Loaded { entries, raw } in loaded {
        if raw && env.iter().next().is_none() { env.append(entries) } else { env.put_all(entries) }
    }
    if !unset.is_empty() {
        env.unset_all(&unset);
    }
    env.put_all(assignments);
    if !defaults.is_empty() {
        let present = env.values();
        defaults.retain(|entry| !present.contains_key(name(entry.to_bytes())));
        env.put_all(defaults);
    }
    env
}

/// What comes before the first `=`: all, if there is none.
fn name(entry: &[u8]) -> &[u8] {
    entry.split(|&byte| byte == b'=').next().unwrap_or(entry)
}

/// All entries in order, each followed by the byte `end`.
pub(crate) fn listing(env: &Environ, end: u8) -> Vec<u8> {
    env.iter().flat_map(|entry| entry.iter().copied().chain([end])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(entries: &[&str]) -> Vec<CString> {
        entries.iter().map(|entry| CString::new(*entry).unwrap()).collect()
    }

    fn env(list: &[&str]) -> Environ {
        entries(list).into_iter().collect()
    }

    fn nothing() -> Changes {
        Changes {
            start: Start::Inherited,
            scrub: false,
            unset: Vec::new(),
            assignments: Vec::new(),
            defaults: Vec::new(),
        }
    }

    #[test]
    fn assignments_come_after_what_is_removed_and_in_their_order() {
        let old = env(&["A=1", "B=2", "odd"]);
        let unset = vec![b"A".to_vec(), b"odd".to_vec()];
        let changes = Changes { unset, assignments: entries(&["B=3", "A=4", "A=5"]), ..nothing() };
        assert_eq!(change(old.clone(), changes, Vec::new()), env(&["B=3", "odd", "A=5"]));
        let defaults = entries(&["A=d", "E=1", "E=2", "B="]);
        let changes = Changes { assignments: entries(&["B=3"]), defaults, ..nothing() };
        assert_eq!(change(old.clone(), changes, Vec::new()), env(&["A=1", "B=3", "odd", "E=2"]));
        let changes = Changes { start: Start::Kept(Vec::new()), assignments: entries(&["X="]), ..nothing() };
        assert_eq!(change(old, changes, Vec::new()), env(&["X="]));
    }

    #[test]
    fn what_is_kept_is_kept_as_it_was() {
        let old = env(&["LC_B=1", "A=1", "LC_A=2", "LC_B=3", "LC_", "=x"]);
        let kept = |globs: &[&str]| {
            let globs = globs.iter().map(|glob| glob.as_bytes().to_vec()).collect();
            change(old.clone(), Changes { start: Start::Kept(globs), ..nothing() }, Vec::new())
        };
        assert_eq!(kept(&["LC_?"]), env(&["LC_B=1", "LC_A=2", "LC_B=3"]));
        assert_eq!(kept(&["*"]), old);
        assert_eq!(kept(&["A", "LC_"]), env(&["A=1", "LC_"]));
        assert_eq!(kept(&[""]), env(&["=x"]));
    }

    #[test]
    fn files_come_after_the_scrub_and_before_what_is_unset() {
        let old = env(&["A=1", "LD_PRELOAD=x", "B=2"]);
        let loaded = || {
            let put = Loaded { entries: entries(&["B=3", "LD_PRELOAD=y", "C=1"]), raw: false };
            [put, Loaded { entries: entries(&["A=4", "odd", "C=2"]), raw: true }].into()
        };
        let changes = Changes { scrub: true, ..nothing() };
        let expected = env(&["A=4", "B=3", "LD_PRELOAD=y", "C=2", "odd"]);
        assert_eq!(change(old.clone(), changes, loaded()), expected);
        let changes = Changes { unset: vec![b"C".to_vec()], assignments: entries(&["A=5"]), ..nothing() };
        let expected = env(&["A=5", "LD_PRELOAD=y", "B=3", "odd"]);
        assert_eq!(change(old, changes, loaded()), expected);
    }

    #[test]
    fn a_raw_file_is_all_of_an_empty_environment() {
        let odd = ["A=1", "odd", "A=2", "", "=x", "odd"];
        let changes = Changes { start: Start::Kept(Vec::new()), ..nothing() };
        let loaded = [Loaded { entries: entries(&odd), raw: true }].into();
        assert_eq!(change(env(&["B=1"]), changes, loaded), env(&odd));
    }

    #[test]
    fn a_listing_ends_each_entry() {
        assert_eq!(listing(&env(&["A=1", "odd"]), b'\n'), b"A=1\nodd\n");
        assert_eq!(listing(&env(&["A=x\ny"]), 0), b"A=x\ny\0");
        assert_eq!(listing(&env(&[]), 0), b"");
    }
}
