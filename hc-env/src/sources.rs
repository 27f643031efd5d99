//! Files with entries for the environment: which, and what is in them.

use crate::envfile::{self, Budget};
use crate::input;
use crate::locale::Locale;
use crate::quote::quote_for_shell;
use crate::trace::Trace;
use crate::values::Values;
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

/// Reads all of them, in order. After -i (`raw`), entries of `--env0-from` are the environment as they are. `caller` is
/// the environment before any change, from which names without a value take it.
pub(crate) fn load(files: &[Source], raw: bool, caller: &Environ, trace: &mut Trace) -> Result<Vec<Loaded>> {
    let values = Values::of(caller);
    let mut budget = Budget::default();
    let load = |source: &Source| match source {
        Source::Env0(file) => {
            let entries = envfile::parse_env0(file, &input::read(file)?, &mut budget)?;
            if !raw {
                check_assignments(file, &entries, trace)?;
            }
            Ok(Loaded { entries, raw })
        }
        Source::EnvFile(file) => {
            trace.line(&[b"env-file: ", file.as_bytes()]);
            trace.show();
            let entries = envfile::parse(file, &input::read(file)?, &values, &mut budget)?;
            Ok(Loaded { entries, raw: false })
        }
    };
    files.iter().map(load).collect()
}

/// Each must be one, and is told as one of the command line is.
fn check_assignments(file: &OsStr, entries: &[CString], trace: &mut Trace) -> Result<()> {
    for entry in entries.iter().map(|entry| entry.to_bytes()) {
        if !entry.contains(&b'=') {
            let locale = Locale::current();
            let [entry, file] = [entry, file.as_bytes()].map(|word| quote_for_shell(word, &locale));
            return Err(Error::new(format!("invalid variable specification {entry} in {file}")));
        }
        trace.line(&[b"setenv:   ", entry]);
    }
    Ok(())
}
