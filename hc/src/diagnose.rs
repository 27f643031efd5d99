//! Why a file that is there does not start: the question behind "No such file or directory".
//!
//! The kernel answers ENOENT for a program whose loader or interpreter is missing, which reads as if the
//! program were. This module looks at the file, as hostile as any, and names what is really missing.

use crate::error::{Error, Status, reason};
use crate::find::may_execute;
use crate::show::show;
use goblin::elf::program_header::{PT_INTERP, ProgramHeader};
use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The kernel follows `#!` from interpreter to interpreter this far (exec_binprm() in fs/exec.c).
const MAX_INTERPRETERS: usize = 5;
/// What the kernel reads of a file to find out its format: `BINPRM_BUF_SIZE`.
const HEAD: usize = 256;

/// The error for a file that execve(2) refused with `errno`: 127 when the file or one that it needs is not
/// there, else 126, as with execvp(3) and the tools built on it. Only the words are found out afterwards.
pub(crate) fn cannot_execute(file: &Path, errno: Errno) -> Error {
    let (status, because) = match errno {
        Errno::ENOENT => {
            let because = missing_part(file, MAX_INTERPRETERS).unwrap_or_else(|| missing(file));
            (Status::NOT_FOUND, because)
        }
        Errno::ENOEXEC if is_elf(file) => {
            (Status::NOT_EXECUTABLE, "a program for another machine, or a damaged one".to_owned())
        }
        Errno::EACCES => {
            let because = obstacle(file, MAX_INTERPRETERS).unwrap_or_else(|| reason(errno));
            (Status::NOT_EXECUTABLE, because)
        }
        errno => (Status::NOT_EXECUTABLE, reason(errno)),
    };
    Error::with_status(status, format!("{}: {because}", show(file)))
}

/// True for an ELF file, whichever machine it is for.
pub(crate) fn is_elf(file: &Path) -> bool {
    head_of(file).is_some_and(|(_, head)| head.starts_with(goblin::elf::header::ELFMAG))
}

/// What the permission is that `file`, or what the kernel starts in its place, does not give.
fn obstacle(file: &Path, depth: usize) -> Option<String> {
    let Ok(metadata) = file.metadata() else { return closed_directory(file) };
    if metadata.is_dir() {
        return Some("is a directory".to_owned());
    }
    if !metadata.is_file() {
        return Some("is not a regular file".to_owned());
    }
    if may_execute(file).is_err() {
        let mode = metadata.permissions().mode() & 0o7777;
        let noexec = statvfs(file).is_ok_and(|mount| mount.flags().contains(FsFlags::ST_NOEXEC));
        let hint = if noexec { "; its file system is mounted noexec" } else { "" };
        return Some(format!("not executable (its mode is {mode:04o}{hint})"));
    }
    let interpreter = interpreter_of(file)?;
    let deeper = depth.checked_sub(1).and_then(|depth| obstacle(Path::new(&interpreter.name), depth))?;
    Some(format!("{interpreter}: {deeper}"))
}

/// The directory on the way to `file` that may not be passed through.
fn closed_directory(file: &Path) -> Option<String> {
    let above = file.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    let closed = above.filter(|path| may_execute(path) == Err(Errno::EACCES)).last()?;
    Some(format!("{} (directory {} may not be searched)", reason(Errno::EACCES), show(closed)))
}

/// The reason for a path that is not there: the first directory of it that is missing, if it is not the last.
fn missing(file: &Path) -> String {
    let absent = |path: &Path| path.symlink_metadata().is_err_and(|e| e.raw_os_error() == Some(libc::ENOENT));
    let above = file.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty());
    match above.take_while(|path| absent(path)).last() {
        Some(directory) => format!("{} (there is no {})", reason(Errno::ENOENT), show(directory)),
        None => reason(Errno::ENOENT),
    }
}

/// Which file that `file` needs to start is not there, if one is missing.
fn missing_part(file: &Path, depth: usize) -> Option<String> {
    if file.metadata().is_err_and(|error| error.raw_os_error() == Some(libc::ENOENT)) {
        let target = file.read_link().ok()?;
        return Some(format!("is a link to {}, which does not exist", show(&target)));
    }
    let interpreter = interpreter_of(file)?;
    let path = Path::new(&interpreter.name);
    if path.symlink_metadata().is_err() {
        let hint = match interpreter.kind {
            _ if interpreter.name.as_bytes().ends_with(b"\r") => " (its first line ends in CR LF)",
            Kind::Loader => " (hc-rootfs copies a program with all it needs)",
            Kind::Interpreter | Kind::Shell => "",
        };
        return Some(format!("{interpreter} is not in the root{hint}"));
    }
    let deeper = depth.checked_sub(1).and_then(|depth| missing_part(path, depth))?;
    Some(format!("{interpreter}: {deeper}"))
}

enum Kind {
    /// Of an ELF file: PT_INTERP.
    Loader,
    /// Of a script: after `#!`.
    Interpreter,
    /// Of anything else: what execvp(3) tries then.
    Shell,
}

/// What is started in the place of a file.
struct Interpreter {
    kind: Kind,
    name: OsString,
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Loader => "its loader",
            Kind::Interpreter => "its interpreter",
            Kind::Shell => "it has no #! line, and",
        };
        write!(f, "{what} {}", show(&self.name))
    }
}

/// The program that the kernel starts in the place of `file`, or that execvp(3) starts then.
fn interpreter_of(file: &Path) -> Option<Interpreter> {
    let (opened, head) = head_of(file)?;
    let (kind, name) = if let Some(line) = head.strip_prefix(b"#!") {
        (Kind::Interpreter, script_interpreter(line)?)
    } else if head.starts_with(goblin::elf::header::ELFMAG) {
        (Kind::Loader, elf_loader(&opened, &head)?)
    } else {
        (Kind::Shell, "/bin/sh".into())
    };
    Some(Interpreter { kind, name })
}

/// A regular file, and as much of its beginning as the kernel looks at.
fn head_of(file: &Path) -> Option<(File, Vec<u8>)> {
    // Asked before it is opened, for to open a device can do something; and not blocking, should it have
    // become a FIFO since.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let opened =
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(file).ok()?;
    if !opened.metadata().ok()?.is_file() {
        return None;
    }
    let mut head = vec![0_u8; HEAD];
    let length = opened.read_at(&mut head, 0).ok()?;
    head.truncate(length);
    Some((opened, head))
}

/// The interpreter in a `#!` line: up to white space or the end of the line.
fn script_interpreter(line: &[u8]) -> Option<OsString> {
    let line = line.split(|&byte| byte == b'\n').next()?;
    let mut words = line.split(|&byte| byte == b' ' || byte == b'\t').filter(|word| !word.is_empty());
    words.next().map(|word| OsStr::from_bytes(word).to_owned())
}

/// The loader in PT_INTERP, read with three bounded reads whatever the headers claim.
fn elf_loader(file: &File, head: &[u8]) -> Option<OsString> {
    const MAX_HEADERS: usize = 64 * 1024;
    let elf = goblin::elf::Elf::parse_header(head).ok()?;
    let context = goblin::container::Ctx::new(elf.container().ok()?, elf.endianness().ok()?);
    let mut table = vec![0_u8; usize::from(elf.e_phentsize) * usize::from(elf.e_phnum)];
    if table.len() > MAX_HEADERS {
        return None;
    }
    file.read_exact_at(&mut table, elf.e_phoff).ok()?;
    let headers = ProgramHeader::parse(&table, 0, usize::from(elf.e_phnum), context).ok()?;
    let header = headers.iter().find(|header| header.p_type == PT_INTERP)?;
    let length =
        usize::try_from(header.p_filesz).ok().filter(|&n| n <= libc::PATH_MAX.unsigned_abs() as usize)?;
    let mut name = vec![0_u8; length];
    file.read_exact_at(&mut name, header.p_offset).ok()?;
    name.truncate(name.iter().position(|&byte| byte == 0)?);
    Some(OsString::from_vec(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Errno::{EACCES, ENOENT, ENOEXEC};
    use std::fs;

    /// A directory of this test alone, removed at its end.
    struct Scratch(std::path::PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("hc-diagnose-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Scratch(path)
        }

        fn program(&self, name: &str, content: &[u8]) -> std::path::PathBuf {
            let path = self.0.join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn why(file: &Path, errno: Errno) -> (u8, String) {
        let error = cannot_execute(file, errno);
        let prefix = format!("{}: ", show(file));
        (error.status().0, error.to_string().strip_prefix(&prefix).unwrap().to_owned())
    }

    #[test]
    fn a_missing_loader_is_named() {
        let scratch = Scratch::new("loader");
        let mut elf = fs::read("/bin/true").unwrap();
        let loader = b"/lib64/ld-linux-x86-64.so.2";
        let at = elf.windows(loader.len()).position(|window| window == loader).unwrap();
        elf[at..at + loader.len()].copy_from_slice(b"/lib64/ld-missing-86-64.so.");
        let file = scratch.program("true", &elf);
        let reason = "its loader /lib64/ld-missing-86-64.so. is not in the root \
                      (hc-rootfs copies a program with all it needs)";
        assert_eq!(why(&file, ENOENT), (127, reason.to_owned()));
        // The same through a script.
        let script = scratch.program("script", format!("#!{}\n", file.display()).as_bytes());
        assert_eq!(why(&script, ENOENT), (127, format!("its interpreter {}: {reason}", file.display())));
    }

    #[test]
    fn a_missing_interpreter_is_named_and_so_is_crlf() {
        let scratch = Scratch::new("script");
        let missing = scratch.program("a", b"#! /nosuch/sh -e\n");
        assert_eq!(why(&missing, ENOENT), (127, "its interpreter /nosuch/sh is not in the root".into()));
        let crlf = scratch.program("b", b"#!/bin/sh\r\n");
        let reason = "its interpreter /bin/sh\\r is not in the root (its first line ends in CR LF)";
        assert_eq!(why(&crlf, ENOENT), (127, reason.into()));
    }

    #[test]
    fn directories_links_and_modes_are_told_apart() {
        let scratch = Scratch::new("modes");
        assert_eq!(why(&scratch.0, EACCES), (126, "is a directory".into()));
        let link = scratch.0.join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert_eq!(why(&link, ENOENT), (127, "is a link to nowhere, which does not exist".into()));
        let text = scratch.program("text", b"hello\n");
        fs::set_permissions(&text, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(why(&text, EACCES), (126, "not executable (its mode is 0644)".into()));
    }

    #[test]
    fn programs_for_other_machines_are_elf_too() {
        let scratch = Scratch::new("foreign");
        let mut elf = fs::read("/bin/true").unwrap();
        elf[18] = 0xb7; // e_machine: aarch64
        assert!(is_elf(&scratch.program("foreign", &elf)));
        assert!(!is_elf(&scratch.program("script", b"echo\n")));
        assert!(!is_elf(&scratch.program("empty", b"")));
        assert!(!is_elf(&scratch.0));
    }

    #[test]
    fn hostile_headers_are_refused_without_harm() {
        let scratch = Scratch::new("hostile");
        let elf = fs::read("/bin/true").unwrap();
        for at in 0..64 {
            for value in [0, 1, 0x7f, 0xff] {
                let mut broken = elf[..4096].to_vec();
                broken[at] = value;
                let file = scratch.program("broken", &broken);
                for errno in [ENOENT, EACCES, ENOEXEC] {
                    assert!(!why(&file, errno).1.is_empty());
                }
            }
        }
    }
}
