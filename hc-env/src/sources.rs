//! Files with entries for the environment: which, and what is in them.

use crate::environment::{Changes, Start};
use crate::locale::Locale;
use crate::quote::quote_for_shell;
use crate::trace::Trace;
use crate::{envfile, input};
use hc::{Environ, Error, Result};
use std::ffi::{CString, OsStr, OsString};
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

/// Reads all of them, in order. `caller` is the environment before any change, from which names without a value take it.
pub(crate) fn load(changes: &Changes, caller: &Environ, trace: &mut Trace) -> Result<Vec<Loaded>> {
    let raw = changes.start != Start::Inherited;
    let load = |source: &Source| match source {
        Source::Env0(file) => env0(file, raw, trace),
        Source::EnvFile(file) => {
            trace.line(&[b"env-file: ", file.as_bytes()]);
            let entries = envfile::parse(file, &input::read(file)?, caller)?;
            Ok(Loaded { entries, raw: false })
        }
    };
    changes.files.iter().map(load).collect()
}

/// After -i, entries of `--env0-from` are the environment as they are; else each must be an assignment.
fn env0(file: &OsStr, raw: bool, trace: &mut Trace) -> Result<Loaded> {
    let entries = envfile::parse_env0(file, &input::read(file)?)?;
    for entry in entries.iter().filter(|_| !raw).map(|entry| entry.to_bytes()) {
        if !entry.contains(&b'=') {
            let locale = Locale::current();
            let [entry, file] = [entry, file.as_bytes()].map(|word| quote_for_shell(word, &locale));
            return Err(Error::new(format!("invalid variable specification {entry} in {file}")));
        }
        trace.line(&[b"setenv:   ", entry]);
    }
    Ok(Loaded { entries, raw })
}
