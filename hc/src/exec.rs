//! Becoming NEXT.

use crate::diagnose;
use crate::environ::Environ;
use crate::error::Error;
use crate::find::{Refused, search};
use crate::show::show;
use crate::sys;
use nix::errno::Errno;
use std::convert::Infallible as Never;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// What runs a script that does not say by whom it wants to be run: `_PATH_BSHELL` of glibc.
const SHELL: &CStr = c"/bin/sh";

/// Replaces this process with `argv`, its program searched for in the PATH of `env`. Returns only when it
/// could not, the reason: with status 127 when the program, its loader or its interpreter was not found, with 126
/// for any other answer of execve(2), with 125 when `argv` is nothing that could be executed.
#[must_use]
pub fn exec(argv: &[OsString], env: &Environ) -> Error {
    match argv.first() {
        Some(program) => exec_as(program, argv, env).into(),
        None => Error::usage("no program to run"),
    }
}

/// [`exec`], with a program that is not `argv[0]`: what `env --argv0` does, and a login shell's `-sh`. Returns what
/// execvp(3) would have said, too.
///
/// As execvp(3): a permission error is remembered while the search goes on, and a file that the kernel does
/// not know the format of is given to /bin/sh. Unlike it, an ELF file is not: it is for another machine, or
/// damaged, and a shell would read garbage. Raw execve(2) throughout, for `Command::exec` of std would change the
/// disposition of SIGPIPE.
#[must_use]
pub fn exec_as(program: &OsStr, argv: &[OsString], env: &Environ) -> Refused {
    let Ok(words) = argv.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<Vec<_>, _>>()
    else {
        let error = Error::new(format!("{}: an argument has a NUL byte inside", show(program)));
        return Refused::new(Errno::EINVAL, error);
    };
    let argv: Vec<&CStr> = words.iter().map(CString::as_c_str).collect();
    let envp: Vec<&CStr> = env.entries().collect();
    let attempt = |file: &Path| -> nix::Result<Never> {
        // A name holds no NUL: it was an argument, or a part of the environment.
        let name = CString::new(file.as_os_str().as_bytes()).map_err(|_| Errno::ENOENT)?;
        Err(match sys::execve(&name, &argv, &envp) {
            Errno::ENOEXEC if !diagnose::is_elf(file) => exec_by_shell(&name, &argv, &envp),
            errno => errno,
        })
    };
    match search(program, env.get(b"PATH"), attempt) {
        Ok(never) => match never {},
        Err(refused) => refused,
    }
}

/// `/bin/sh FILE ARG...`, for a script without a `#!` line. Returns why it could not be run so.
fn exec_by_shell(file: &CStr, argv: &[&CStr], envp: &[&CStr]) -> Errno {
    let script: Vec<&CStr> = [SHELL, file].into_iter().chain(argv.iter().skip(1).copied()).collect();
    sys::execve(SHELL, &script, envp)
}
