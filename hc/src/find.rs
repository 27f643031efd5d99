//! Where a program is, as execvp(3) looks for it.

use crate::diagnose;
use crate::error::{Error, Result, Status};
use crate::show::show;
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Where execvp(3) searches when PATH is not set: confstr(_CS_PATH) of glibc.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The files that `program` can mean, in order: itself when it has a slash, else one in each directory of
/// `path` (the value of PATH, if set; an empty element is the current directory).
pub(crate) fn candidates(program: &OsStr, path: Option<&[u8]>) -> Vec<PathBuf> {
    let name = program.as_bytes();
    if name.contains(&b'/') {
        return vec![PathBuf::from(program)];
    }
    if name.is_empty() {
        return Vec::new();
    }
    let join = |directory: &[u8]| match directory {
        b"" => PathBuf::from(program),
        _ => PathBuf::from(OsString::from_vec([directory, b"/", name].concat())),
    };
    path.unwrap_or(DEFAULT_PATH).split(|&byte| byte == b':').map(join).collect()
}

/// True for the errors after which execvp(3) tries the next directory.
pub(crate) fn try_next(errno: Errno) -> bool {
    use Errno::{EACCES, ENODEV, ENOENT, ENOTDIR, ESTALE, ETIMEDOUT};
    matches!(errno, EACCES | ENODEV | ENOENT | ENOTDIR | ESTALE | ETIMEDOUT)
}

/// The file that exec(2) would be given for `program`, without executing it. `path` is the value of PATH, if
/// set. Fails with 127 when there is none, with 126 when what is there cannot be executed.
pub fn find_program(program: &OsStr, path: Option<&[u8]>) -> Result<PathBuf> {
    for file in candidates(program, path) {
        if file.is_file() && access(&file, AccessFlags::X_OK).is_ok() {
            return Ok(file);
        }
    }
    Err(not_found(program, path))
}

/// The error for a program of which no candidate could be executed: about the first that exists, if any.
pub(crate) fn not_found(program: &OsStr, path: Option<&[u8]>) -> Error {
    let existing = candidates(program, path).into_iter().find(|file| file.symlink_metadata().is_ok());
    if let Some(file) = existing {
        return diagnose::cannot_execute(&file);
    }
    let reason = match path {
        _ if program.as_bytes().contains(&b'/') => diagnose::missing(program),
        _ if program.is_empty() => "an empty name is no program".to_owned(),
        Some(_) => "not found in PATH".to_owned(),
        None => "not found in /bin:/usr/bin (PATH is not set)".to_owned(),
    };
    let name = if program.is_empty() { "''".to_owned() } else { show(program).to_string() };
    Error::with_status(Status::NOT_FOUND, format!("{name}: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(program: &str, path: Option<&str>) -> Vec<PathBuf> {
        candidates(OsStr::new(program), path.map(str::as_bytes))
    }

    #[test]
    fn a_slash_means_that_very_file() {
        assert_eq!(paths("./x", Some("/bin")), [PathBuf::from("./x")]);
    }

    #[test]
    fn empty_elements_are_the_current_directory() {
        assert_eq!(paths("x", Some("/a::/b:")), ["/a/x", "x", "/b/x", "x"].map(PathBuf::from));
        assert_eq!(paths("x", Some("")), ["x"].map(PathBuf::from));
        assert_eq!(paths("x", None), ["/bin/x", "/usr/bin/x"].map(PathBuf::from));
        assert!(paths("", Some("/a")).is_empty());
    }

    #[test]
    fn what_is_missing_is_127_and_what_is_there_but_no_program_126() {
        let status = |name: &str, path: Option<&str>| {
            let error = find_program(OsStr::new(name), path.map(str::as_bytes)).unwrap_err();
            (error.status().0, error.to_string())
        };
        assert_eq!(status("nosuch", Some("/bin")), (127, "nosuch: not found in PATH".into()));
        assert_eq!(status("", Some("/bin")), (127, "'': an empty name is no program".into()));
        assert_eq!(status("/", None), (126, "/: is a directory".into()));
        assert_eq!(status("/etc/passwd", None).0, 126);
        assert_eq!(
            status("/nosuch/x", None),
            (127, "/nosuch/x: No such file or directory (there is no /nosuch)".into())
        );
    }
}
