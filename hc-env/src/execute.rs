//! The last steps to NEXT: its directory, its name, exec, and what is said when it does not start.

use crate::locale::Locale;
use crate::options::SHEBANG_HINT;
use crate::quote::{quote, quote_for_shell};
use crate::split::SPACES;
use crate::trace::Trace;
use hc::{Environ, Error, Refused, Result, Status};
use nix::errno::Errno;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// `-C`.
pub(crate) fn change_directory(directory: &OsStr, trace: &mut Trace) -> Result<()> {
    trace.quoted_for_shell("chdir:    ", directory.as_bytes());
    trace.show();
    nix::unistd::chdir(directory).map_err(|errno| {
        let quoted = quote_for_shell(directory.as_bytes(), &Locale::current());
        Error::from_errno(format_args!("cannot change directory to {quoted}"), errno)
    })
}

/// NEXT's arguments, its name first.
pub(crate) fn argv(
    program: &OsStr,
    argv0: Option<OsString>,
    arguments: Vec<OsString>,
    trace: &mut Trace,
) -> Vec<OsString> {
    if let Some(name) = &argv0 {
        trace.quoted_for_shell("argv0:     ", name.as_bytes());
    }
    let name = argv0.unwrap_or_else(|| program.to_owned());
    let argv: Vec<OsString> = std::iter::once(name).chain(arguments).collect();
    trace.line(&[b"executing: ", program.as_bytes()]);
    for (at, word) in argv.iter().enumerate() {
        trace.quoted(&format!("   arg[{at}]= "), word.as_bytes());
    }
    argv
}

/// Returns only when `program` could not be executed, why.
pub(crate) fn become_next(program: &OsStr, argv: &[OsString], env: &Environ) -> Error {
    explain(hc::exec_as(program, argv, env), program)
}

/// What env(1) says where that is about the program; else what it is about.
fn explain(refused: Refused, program: &OsStr) -> Error {
    if refused.is_misleading() {
        return refused.into();
    }
    let quoted = quote(program.as_bytes(), &Locale::current());
    let message = format!("{quoted}: {}", hc::reason(refused.errno()));
    if refused.errno() != Errno::ENOENT {
        return Error::with_status(Status::NOT_EXECUTABLE, message);
    }
    let error = Error::with_status(Status::NOT_FOUND, message);
    let has_space = program.as_bytes().iter().any(|byte| SPACES.contains(byte));
    if has_space { error.with_hint(SHEBANG_HINT) } else { error }
}
