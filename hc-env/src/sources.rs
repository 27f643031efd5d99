//! Files with entries for the environment: which, and what is in them.

use crate::environment::{Changes, Start};
use crate::trace::Trace;
use crate::{envfile, input};
use hc::{Environ, Result};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::OsStrExt;

/// A file with entries; `-` is standard input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `--env0-from`.
    Env0(OsString),
    /// `--env-file`.
    EnvFile(OsString),
}

/// What a file has.
pub(crate) struct Loaded {
    pub(crate) entries: Vec<CString>,
    /// They go behind the others as they are, whatever their names.
    pub(crate) raw: bool,
}

impl Source {
    /// For -v.
    pub(crate) fn tell(&self, trace: &mut Trace) {
        match self {
            Source::Env0(name) => trace.line(&[b"env0-from: ", name.as_bytes()]),
            Source::EnvFile(name) => trace.line(&[b"env-file: ", name.as_bytes()]),
        }
    }

    /// After -i, entries of `--env0-from` are not assignments: they are the environment.
    fn load(&self, cleared: bool, caller: &Environ) -> Result<Loaded> {
        match self {
            Source::Env0(name) => {
                let entries = envfile::parse_env0(name, &input::read(name)?, cleared)?;
                Ok(Loaded { entries, raw: cleared })
            }
            Source::EnvFile(name) => {
                let entries = envfile::parse(name, &input::read(name)?, caller)?;
                Ok(Loaded { entries, raw: false })
            }
        }
    }
}

/// Reads all of them, in order. `caller` is the environment before any change, from which names without a value take it.
pub(crate) fn load(changes: &Changes, caller: &Environ) -> Result<Vec<Loaded>> {
    let cleared = changes.start != Start::Inherited;
    changes.files.iter().map(|source| source.load(cleared, caller)).collect()
}
