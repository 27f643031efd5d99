//! Where a program is, as execvp(3) looks for it.

use crate::diagnose;
use crate::error::{Error, Result, Status};
use crate::show::show;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{AccessFlags, faccessat};
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Where execvp(3) searches when PATH is not set: confstr(_CS_PATH) of glibc.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";

/// The files that `program` can mean, in order: itself when it has a slash, else one in each directory of
/// `path` (the value of PATH, if set; an empty element is the current directory). An element
/// that is longer than any path can be is passed over, as by execvp(3).
#[must_use]
pub fn candidates(program: &OsStr, path: Option<&[u8]>) -> Vec<PathBuf> {
    const LONGEST: usize = libc::PATH_MAX.unsigned_abs() as usize - 1;
    let name = program.as_bytes();
    if has_slash(program) {
        return vec![PathBuf::from(program)];
    }
    if name.is_empty() {
        return Vec::new();
    }
    let join = |directory: &[u8]| match directory {
        b"" => PathBuf::from(program),
        _ => PathBuf::from(OsString::from_vec([directory, b"/", name].concat())),
    };
    let elements = path.unwrap_or(DEFAULT_PATH).split(|&byte| byte == b':');
    elements.filter(|element| element.len() <= LONGEST).map(join).collect()
}

/// True for the errors after which execvp(3) tries the next directory.
fn try_next(errno: Errno) -> bool {
    use Errno::{EACCES, ENODEV, ENOENT, ENOTDIR, ESTALE, ETIMEDOUT};
    matches!(errno, EACCES | ENODEV | ENOENT | ENOTDIR | ESTALE | ETIMEDOUT)
}

/// Why no file was executed.
pub struct Refused {
    errno: Errno,
    error: Error,
    misleading: bool,
}

impl Refused {
    pub(crate) fn new(errno: Errno, error: Error) -> Self {
        Refused { errno, error, misleading: false }
    }

    /// What execvp(3) would have left in errno.
    #[must_use]
    pub fn errno(&self) -> Errno {
        self.errno
    }

    /// True when strerror(3) of that would be about something else than the program: it is there, but its loader is
    /// not, or it is for another machine.
    #[must_use]
    pub fn is_misleading(&self) -> bool {
        self.misleading
    }

    fn about(file: &Path, errno: Errno) -> Self {
        let misleading = match errno {
            Errno::ENOENT => file.symlink_metadata().is_ok(),
            errno => errno == Errno::ENOEXEC,
        };
        Refused { errno, error: diagnose::cannot_execute(file, errno), misleading }
    }
}

impl From<Refused> for Error {
    /// What it really is about, with its status.
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

/// Tries the files that `program` can mean, as execvp(3) does, until `attempt` succeeds with one. When none
/// is left, the error is about the first that was refused for want of permission, if any was, else about the last.
pub(crate) fn search<T>(
    program: &OsStr,
    path: Option<&[u8]>,
    mut attempt: impl FnMut(&Path) -> nix::Result<T>,
) -> std::result::Result<T, Refused> {
    let mut denied = None;
    let mut last = None;
    let files = candidates(program, path);
    for file in &files {
        match attempt(file) {
            Ok(found) => return Ok(found),
            Err(errno) if !try_next(errno) || has_slash(program) => {
                return Err(Refused::about(file, errno));
            }
            Err(errno) => {
                denied = denied.or((errno == Errno::EACCES).then_some((file, errno)));
                last = Some((file, errno));
            }
        }
    }
    Err(match denied.or(last) {
        None | Some((_, Errno::ENOENT)) => not_found(program, path, &files),
        Some((file, errno)) => Refused::about(file, errno),
    })
}

/// The file that [`crate::exec()`] would execute for `program`, found without executing it; relative when `program`
/// or the element of PATH is. `path` is the value of PATH, if set. Fails with 127 when there is none, with 126
/// when what is there may not be executed. What is in the file is not looked at.
pub fn find_program(program: &OsStr, path: Option<&[u8]>) -> Result<PathBuf> {
    search(program, path, |file| {
        // In the order of the kernel: first the way there, then the kind of the file, then its mode.
        if !stat(file)?.is_file() {
            return Err(Errno::EACCES);
        }
        may_execute(file).map(|()| file.to_owned())
    })
    .map_err(Error::from)
}

/// Whether this process may execute `file`, or search it if it is a directory: asked with the effective ids and
/// capabilities, as the kernel does it. (access(2) uses the real ids; eaccess(3) works it out without capabilities.)
pub(crate) fn may_execute(file: &Path) -> nix::Result<()> {
    faccessat(AT_FDCWD, file, AccessFlags::X_OK, AtFlags::AT_EACCESS)
}

fn stat(file: &Path) -> nix::Result<Metadata> {
    file.metadata().map_err(|error| error.raw_os_error().map_or(Errno::ENOENT, Errno::from_raw))
}

/// The error for a name of which there is no file that could start: about the first that is there (a link
/// that leads nowhere, a program without its loader), if one is.
fn not_found(program: &OsStr, path: Option<&[u8]>, files: &[PathBuf]) -> Refused {
    if let Some(file) = files.iter().find(|file| file.symlink_metadata().is_ok()) {
        return Refused::about(file, Errno::ENOENT);
    }
    let message = match path {
        _ if program.is_empty() => "'': an empty name is no program".to_owned(),
        Some(_) => format!("{}: not found in PATH", show(program)),
        None => format!("{}: not found in /bin:/usr/bin (PATH is not set)", show(program)),
    };
    Refused::new(Errno::ENOENT, Error::with_status(Status::NOT_FOUND, message))
}

fn has_slash(program: &OsStr) -> bool {
    program.as_bytes().contains(&b'/')
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
