//! What interpreters need besides themselves: files that no ELF header names.
//!
//! hc-rootfs does not copy them, so it says which there are and how to.

use crate::copy::Rootfs;
use crate::ldcache::Line;
use crate::programs::Closure;
use crate::resolver::CACHE;
use crate::written;
use hc::show;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const UNCLEAR: &str =
    "which program its first line starts by way of env is not known: name that as a PROGRAM as well";

/// Not `cp -a`: with --parents, GNU cp 9.0 to 9.2 fails on the ACL of each parent directory that it makes, and
/// leaves it with mode 700. Times are kept for what is compiled ahead (python's .pyc) to count as fresh.
const COPY: &str = "cp -dR --preserve=timestamps --parents";

/// One note for each program that has data on the host which is not in the new root, for each script of which
/// it is not known what it needs, and one if the new root's ld.so.cache is not ours and lacks something.
pub(crate) fn notes(closure: &Closure, rootfs: &Rootfs, directory: &OsStr) -> Vec<String> {
    let how = |paths: &[PathBuf]| how_to_copy(paths, rootfs, directory);
    let mut notes: Vec<String> =
        closure.unclear.iter().map(|script| format!("{}: note: {UNCLEAR}", show(script))).collect();
    for program in &closure.binaries {
        let absent: Vec<PathBuf> =
            data_of(program).into_iter().filter(|path| path.is_dir() && !rootfs.has(path)).collect();
        if !absent.is_empty() {
            notes.push(format!("{}{}", lack(program, &absent), how(&absent)));
        }
    }
    if written::lacks_in_cache(closure, &rootfs.root) {
        notes.push(foreign_cache(closure, directory));
    }
    notes
}

/// The cache in DIR is somebody's who knows ldconfig(8).
fn foreign_cache(closure: &Closure, directory: &OsStr) -> String {
    let path = |line: &Line| PathBuf::from(OsStr::from_bytes(&line.path));
    let lost: BTreeSet<PathBuf> =
        closure.cached.iter().filter_map(|line| path(line).parent().map(Path::to_owned)).collect();
    let names: Vec<String> = lost.iter().map(|directory| quote(directory.as_os_str())).collect();
    let cache = Path::new(directory).join(CACHE.trim_start_matches('/'));
    let (cache, directory, names) = (show(&cache), quote(directory), names.join(" "));
    format!(
        "{cache}: note: it is not from here, and does not lead to every library in {names}: ldconfig -r {directory} {names}"
    )
}

/// The end of a note: a command that copies `paths`. A tmpfs is likely to be seen by this chain alone, and to
/// go with it: then there is nothing yet to copy to, and the user chooses.
fn how_to_copy(paths: &[PathBuf], rootfs: &Rootfs, directory: &OsStr) -> String {
    if rootfs.is_tmpfs() {
        let command = command(paths, OsStr::new("DIR"));
        return format!("; with a root directory that stays (hc-run --root=DIR) copy it by: {command}");
    }
    format!(": {}", command(paths, directory))
}

/// What `program` will not have.
fn lack(program: &Path, absent: &[PathBuf]) -> String {
    let names: Vec<String> = absent.iter().map(|path| show(path).to_string()).collect();
    let (library, is) = if names.len() == 1 { ("library", "is") } else { ("libraries", "are") };
    format!("{}: note: its {library} {} {is} data and {is} not copied", show(program), names.join(" "))
}

/// The directories where `program` (without symlinks) looks for its own library, below the prefix it is
/// installed in. What does not exist does no harm.
fn data_of(program: &Path) -> Vec<PathBuf> {
    let name = program.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let Some(prefix) = program.parent().and_then(Path::parent) else { return Vec::new() };
    if is_versioned(name, "python") {
        return vec![prefix.join("lib").join(name), prefix.join("lib64").join(name)];
    }
    if name == "perl" || is_versioned(name, "perl") {
        // Debian's places first, then those of a perl that is configured with nothing special.
        let debian = prefix.join("lib").join(multiarch());
        return vec![
            debian.join("perl-base"),
            debian.join("perl"),
            prefix.join("share/perl"),
            prefix.join("lib64/perl5"),
            prefix.join("lib/perl5"),
        ];
    }
    Vec::new()
}

/// Debian's name for this machine, in /usr/lib.
fn multiarch() -> String {
    format!("{}-linux-gnu", std::env::consts::ARCH)
}

/// `python3.11`, not `python3` or `python3.11-config`.
fn is_versioned(name: &str, program: &str) -> bool {
    let Some(version) = name.strip_prefix(program) else { return false };
    version.contains('.')
        && version
            .split('.')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && version.starts_with(|first: char| first.is_ascii_digit())
}

/// A command line for a shell that copies `paths` to `directory`.
fn command(paths: &[PathBuf], directory: &OsStr) -> String {
    let mut words = vec![COPY.to_owned()];
    words.extend(paths.iter().map(|path| quote(path.as_os_str())));
    let mut last = OsString::new();
    if directory.as_bytes().starts_with(b"-") {
        last.push("./");
    }
    last.push(directory);
    // $(…) takes newlines off the end of what printf writes.
    if directory.as_bytes().ends_with(b"\n") {
        last.push("/");
    }
    words.push(quote(&last));
    words.join(" ")
}

/// The word as sh(1) would have to be given it. Bytes that must not reach a terminal are left to printf(1).
fn quote(word: &OsStr) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%=".contains(byte);
    let bytes = word.as_bytes();
    let shown = show(word).to_string();
    if shown.as_bytes() != bytes {
        let octal: String = bytes
            .iter()
            .map(|byte| {
                if plain(byte) && *byte != b'%' {
                    char::from(*byte).to_string()
                } else {
                    format!("\\{byte:03o}")
                }
            })
            .collect();
        return format!("\"$(printf '{octal}')\"");
    }
    if !bytes.is_empty() && bytes.iter().all(plain) {
        return shown;
    }
    format!("'{}'", shown.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_is_known_by_its_version() {
        assert!(is_versioned("python3.11", "python"));
        assert!(is_versioned("python3.13t", "python"));
        for name in ["python", "python3", "python3.11-config", "python.3", "pythonx.y", "ipython3.1"] {
            assert!(!is_versioned(name, "python"), "{name}");
        }
        let paths = data_of(Path::new("/opt/py/bin/python3.12"));
        assert_eq!(paths[0], Path::new("/opt/py/lib/python3.12"));
        assert!(data_of(Path::new("/bin/echo")).is_empty());
    }

    #[test]
    fn a_command_can_be_pasted() {
        let line = command(&[PathBuf::from("/a b/c"), PathBuf::from("/d")], OsStr::new("it's"));
        assert_eq!(line, format!("{COPY} '/a b/c' /d 'it'\\''s'"));
        assert_eq!(command(&[], OsStr::new("-x")), format!("{COPY} ./-x"));
        assert_eq!(command(&[], OsStr::new("a\n")), format!("{COPY} \"$(printf 'a\\012/')\""));
        assert_eq!(quote(OsStr::from_bytes(b"a\n\xff%'")), "\"$(printf 'a\\012\\377\\045\\047')\"");
    }
}
