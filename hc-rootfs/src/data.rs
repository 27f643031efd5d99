//! What interpreters need besides themselves: files that no ELF header names.
//!
//! hc-rootfs does not copy them, so it says which there are and how to.

use crate::copy::Rootfs;
use crate::elf::Machine;
use crate::host::Host;
use crate::ldcache::Line;
use crate::programs::{Binary, Closure};
use crate::resolver::{CACHE, Files};
use crate::written;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};
use hc::show;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const UNCLEAR: &str =
    "which program its first line starts by way of env is not known: name that as a PROGRAM as well";

/// One note for each program that has data which is not in the new root, for each script of which it is not known
/// what it needs, and one if the new root's ld.so.cache is not ours and lacks something.
pub(crate) fn notes(closure: &Closure, host: &Host, rootfs: &Rootfs, directory: &OsStr) -> Vec<String> {
    let how = |program: &Path, paths: &[PathBuf]| how_to_copy(program, paths, host, rootfs, directory);
    let mut notes: Vec<String> =
        closure.unclear.iter().map(|script| format!("{}: note: {UNCLEAR}", show(script))).collect();
    for Binary { path, machine } in &closure.binaries {
        let absent = |data: &PathBuf| host.sysroot.is_directory(data) && !rootfs.has(data);
        let absent: Vec<PathBuf> = data_of(path, *machine).into_iter().filter(absent).collect();
        if !absent.is_empty() {
            notes.push(format!("{}{}", lack(path, &absent), how(path, &absent)));
        }
    }
    notes = notes.into_iter().map(|note| host.sysroot.about(note)).collect();
    if written::lacks_in_cache(closure, &rootfs.root) {
        notes.push(foreign_cache(closure, directory));
    }
    notes
}

/// The cache in DIR is somebody's who knows ldconfig(8).
fn foreign_cache(closure: &Closure, directory: &OsStr) -> String {
    let names = cached_directories(closure);
    let cache = Path::new(directory).join(CACHE.trim_start_matches('/'));
    let (cache, directory, names) = (show(&cache), quote(directory), names);
    format!(
        "{cache}: note: it is not from here, and does not lead to every library in {names}: ldconfig -r {directory} {names}"
    )
}

/// The cache is no file to list: a copy gets one of its own. `None` when it does not need one.
pub(crate) fn unlisted_cache(closure: &Closure) -> Option<String> {
    let names = cached_directories(closure);
    (!closure.cached.is_empty()).then(|| {
        format!(
            "{CACHE}: note: it is not listed, and without one nothing leads to every library in {names}: mkdir -p DIR/etc && ldconfig -r DIR {names}"
        )
    })
}

/// The directories of the libraries for which there must be a cache, as words for a shell.
fn cached_directories(closure: &Closure) -> String {
    let path = |line: &Line| PathBuf::from(OsStr::from_bytes(&line.path));
    let lost: BTreeSet<PathBuf> =
        closure.cached.iter().filter_map(|line| path(line).parent().map(Path::to_owned)).collect();
    let names: Vec<String> = lost.iter().map(|directory| quote(directory.as_os_str())).collect();
    names.join(" ")
}

/// The end of a note: a command that copies `paths`, and what `program` needs for the libraries in there. A tmpfs is likely
/// to be seen by this chain alone, and to go with it: then there is nothing yet to copy to, and the user chooses.
fn how_to_copy(program: &Path, paths: &[PathBuf], host: &Host, rootfs: &Rootfs, directory: &OsStr) -> String {
    let to = if rootfs.is_tmpfs() { OsStr::new("DIR") } else { directory };
    let command = command(host.sysroot.name(), host.library_path(), program, paths, to);
    if rootfs.is_tmpfs() {
        let stays = if host.sysroot.name().is_some() { "" } else { " (hc-run --rootfs=DIR)" };
        return format!("; with a root directory that stays{stays} copy it by: {command}");
    }
    format!(": {command}")
}

/// What `program` will not have.
fn lack(program: &Path, absent: &[PathBuf]) -> String {
    let names: Vec<String> = absent.iter().map(|path| show(path).to_string()).collect();
    let (library, is) = if names.len() == 1 { ("library", "is") } else { ("libraries", "are") };
    format!("{}: note: its {library} {} {is} data and {is} not copied", show(program), names.join(" "))
}

/// The directories where `program` (without symlinks) looks for its own library, below the prefix it is
/// installed in. What does not exist does no harm.
fn data_of(program: &Path, machine: Machine) -> Vec<PathBuf> {
    let name = program.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let Some(prefix) = program.parent().and_then(Path::parent) else { return Vec::new() };
    if is_versioned(name, "python") {
        return vec![prefix.join("lib").join(name), prefix.join("lib64").join(name)];
    }
    if name == "perl" || is_versioned(name, "perl") {
        // Debian's places first, then those of a perl that is configured with nothing special.
        let debian = multiarch(machine).iter().map(|name| prefix.join("lib").join(name));
        let mut places: Vec<PathBuf> =
            debian.flat_map(|debian| [debian.join("perl-base"), debian.join("perl")]).collect();
        places.extend(["share/perl", "lib64/perl5", "lib/perl5"].map(|place| prefix.join(place)));
        return places;
    }
    Vec::new()
}

/// Debian's names for a machine, in /usr/lib.
fn multiarch(machine: Machine) -> &'static [&'static str] {
    match (machine.number, machine.wide, machine.little_endian) {
        (EM_X86_64, true, _) => &["x86_64-linux-gnu"],
        (EM_X86_64, false, _) => &["x86_64-linux-gnux32"],
        (EM_386, ..) => &["i386-linux-gnu"],
        (EM_AARCH64, ..) => &["aarch64-linux-gnu"],
        (EM_ARM, ..) => &["arm-linux-gnueabihf", "arm-linux-gnueabi"],
        (EM_PPC64, _, true) => &["powerpc64le-linux-gnu"],
        (EM_PPC64, _, false) => &["powerpc64-linux-gnu"],
        (EM_RISCV, true, _) => &["riscv64-linux-gnu"],
        (EM_S390, true, _) => &["s390x-linux-gnu"],
        _ => &[],
    }
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
fn command(
    sysroot: Option<&Path>,
    library_path: &[PathBuf],
    program: &Path,
    paths: &[PathBuf],
    directory: &OsStr,
) -> String {
    let mut words = vec!["hc-rootfs".to_owned()];
    words.extend(sysroot.map(|sysroot| format!("--sysroot={}", quote(sysroot.as_os_str()))));
    for directory in library_path {
        words.extend(["-L".to_owned(), quote(directory.as_os_str())]);
    }
    for path in paths {
        let name = path.as_os_str().as_bytes();
        let parts: Vec<&[u8]> = name.split(|&byte| byte == b':').collect();
        words.extend(["-f".to_owned(), quote(OsStr::from_bytes(&parts.join(&b"\\:"[..])))]);
    }
    words.extend([quote_directory(directory), quote(program.as_os_str())]);
    words.join(" ")
}

fn quote_directory(directory: &OsStr) -> String {
    let mut word = OsString::new();
    if directory.as_bytes().starts_with(b"-") {
        word.push("./");
    }
    word.push(directory);
    // $(…) takes newlines off the end of what printf writes.
    if directory.as_bytes().ends_with(b"\n") {
        word.push("/");
    }
    quote(&word)
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

    const S390X: Machine = Machine { wide: true, little_endian: false, number: EM_S390 };

    #[test]
    fn a_python_is_known_by_its_version() {
        assert!(is_versioned("python3.11", "python"));
        assert!(is_versioned("python3.13t", "python"));
        for name in ["python", "python3", "python3.11-config", "python.3", "pythonx.y", "ipython3.1"] {
            assert!(!is_versioned(name, "python"), "{name}");
        }
        let paths = data_of(Path::new("/opt/py/bin/python3.12"), S390X);
        assert_eq!(paths[0], Path::new("/opt/py/lib/python3.12"));
        assert!(data_of(Path::new("/bin/echo"), S390X).is_empty());
    }

    #[test]
    fn a_perl_s_places_are_those_of_its_machine() {
        let paths = data_of(Path::new("/usr/bin/perl"), S390X);
        assert_eq!(paths[0], Path::new("/usr/lib/s390x-linux-gnu/perl-base"));
        let little = Machine { little_endian: true, number: EM_PPC64, ..S390X };
        assert_eq!(multiarch(little), ["powerpc64le-linux-gnu"]);
    }

    #[test]
    fn a_command_can_be_pasted() {
        let paths = ["/a b/c", "/d:e"].map(PathBuf::from);
        let line = command(None, &[], Path::new("/p"), &paths, OsStr::new("it's"));
        assert_eq!(line, "hc-rootfs -f '/a b/c' -f '/d\\:e' 'it'\\''s' /p");
        let to = |directory: &str| command(None, &[], Path::new("/p"), &[], OsStr::new(directory));
        assert_eq!(to("-x"), "hc-rootfs ./-x /p");
        assert_eq!(to("a\n"), "hc-rootfs \"$(printf 'a\\012/')\" /p");
        let line = command(Some(Path::new("r s")), &paths[..1], Path::new("/p q"), &[], OsStr::new("d"));
        assert_eq!(line, "hc-rootfs --sysroot='r s' -L '/a b/c' d '/p q'");
        assert_eq!(quote(OsStr::from_bytes(b"a\n\xff%'")), "\"$(printf 'a\\012\\377\\045\\047')\"");
    }
}
