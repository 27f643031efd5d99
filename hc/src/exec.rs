//! Becoming NEXT.

use crate::diagnose;
use crate::environ::Environ;
use crate::error::{Error, Status, reason};
use crate::find::{candidates, not_found, try_next};
use crate::show::show;
use crate::sys;
use nix::errno::Errno;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Replaces this process with `argv`, its program searched for in the PATH of `env`. Returns only when it
/// could not: the reason, with 127 for what was not found and 126 for anything else.
#[must_use]
pub fn exec(argv: &[OsString], env: &Environ) -> Error {
    match argv.first() {
        Some(program) => exec_as(program, argv, env),
        None => Error::usage("no program to run"),
    }
}

/// [`exec`], with a program that is not `argv[0]`: what `env --argv0` does, and a login shell's `-sh`.
///
/// As execvp(3): a permission error is remembered while the search goes on, and a file that the kernel does
/// not know the format of is given to /bin/sh, unless it is a program for another machine, of which a shell
/// would print garbage. Raw execve(2) throughout, for `Command::exec` of std would
/// change the disposition of SIGPIPE.
#[must_use]
pub fn exec_as(program: &OsStr, argv: &[OsString], env: &Environ) -> Error {
    let Ok(words) = argv.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<Vec<_>, _>>()
    else {
        return Error::new(format!("{}: an argument has a NUL byte inside", show(program)));
    };
    let argv: Vec<&CStr> = words.iter().map(CString::as_c_str).collect();
    let envp: Vec<&CStr> = env.entries().collect();
    let path = env.get(b"PATH");
    for file in candidates(program, path) {
        let Ok(name) = CString::new(file.as_os_str().as_bytes()) else { continue };
        let mut errno = sys::execve(&name, &argv, &envp);
        if errno == Errno::ENOEXEC && !diagnose::is_elf(&file) {
            errno = exec_by_shell(&name, &argv, &envp);
        }
        if !try_next(errno) {
            return failed(&file, errno);
        }
    }
    not_found(program, path)
}

/// `/bin/sh FILE ARG...`, for a script without a `#!` line. Returns why FILE could not be run so.
fn exec_by_shell(file: &CStr, argv: &[&CStr], envp: &[&CStr]) -> Errno {
    const SHELL: &CStr = c"/bin/sh";
    let script: Vec<&CStr> = [SHELL, file].into_iter().chain(argv.iter().skip(1).copied()).collect();
    match sys::execve(SHELL, &script, envp) {
        // No shell here (a minimal root): what is wrong is the file's format.
        Errno::ENOENT => Errno::ENOEXEC,
        errno => errno,
    }
}

/// The error for a file on which the search ends.
fn failed(file: &Path, errno: Errno) -> Error {
    let because = match errno {
        Errno::ENOEXEC if diagnose::is_elf(file) => "a program, but not for this machine".to_owned(),
        Errno::ENOEXEC => "neither a program of this machine nor a script with a #! line".to_owned(),
        errno => diagnose::obstacle(file, errno).unwrap_or_else(|| reason(errno)),
    };
    Error::with_status(Status::NOT_EXECUTABLE, format!("{}: {because}", show(file)))
}
