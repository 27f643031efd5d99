//! The rules of the loader that a program names: glibc's or musl's, and the directories compiled into it.

use crate::elf::Machine;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// musl's own search path when there is no /etc/ld-musl-ARCH.path (ldso/dynlink.c).
const MUSL_DIRECTORIES: [&str; 3] = ["/lib", "/usr/local/lib", "/usr/lib"];
/// Where a glibc that says nothing else looks.
const GLIBC_DIRECTORIES: [&str; 4] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib"];
/// More than any distribution compiles in, or lists for musl.
const MAX_DIRECTORIES: usize = 256;
/// The first glibc 2 that looks only into `glibc-hwcaps`.
const WITHOUT_LEGACY: u32 = 37;
/// The libraries whose place musl's loader takes itself.
const MUSL_OWN: [&[u8]; 7] =
    [b"libc.", b"libpthread.", b"librt.", b"libm.", b"libdl.", b"libutil.", b"libxnet."];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Glibc,
    Musl,
}

impl Kind {
    /// musl's loader is known by its file name, which programs are linked with.
    pub(crate) fn of(loader: &Path) -> Self {
        let name = loader.file_name().unwrap_or_default().as_bytes();
        if name.starts_with(b"ld-musl-") { Kind::Musl } else { Kind::Glibc }
    }

    /// True for a library that is not a file of its own to this loader.
    pub(crate) fn has_built_in(self, library: &[u8]) -> bool {
        self == Kind::Musl && MUSL_OWN.iter().any(|own| library.starts_with(own))
    }
}

/// Where a loader looks last, and what `$LIB` and `$PLATFORM` mean to it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Defaults {
    pub(crate) directories: Vec<PathBuf>,
    pub(crate) lib: Vec<u8>,
    /// More than one where it depends on the processor; never none.
    pub(crate) platforms: &'static [&'static [u8]],
    /// Looks into the subdirectories in [`legacy`] as well.
    pub(crate) has_legacy: bool,
    /// The minor number of glibc, if it says that.
    pub(crate) release: Option<u32>,
}

impl Defaults {
    /// Those of the loader whose file has `content`; of musl, whose [`musl_path_file`] has it.
    pub(crate) fn of(kind: Kind, content: &[u8], machine: Machine) -> Self {
        let own = |list: &[&str]| list.iter().map(PathBuf::from).collect::<Vec<_>>();
        let directories = match kind {
            Kind::Musl => listed(content).unwrap_or_else(|| own(&MUSL_DIRECTORIES)),
            Kind::Glibc => compiled_in(content).unwrap_or_else(|| own(&GLIBC_DIRECTORIES)),
        };
        // glibc is built with libdir's last part as $LIB, which its first system directory ends in.
        let first = directories.first().map(|path| path.as_os_str().as_bytes()).unwrap_or_default();
        let first = first.strip_prefix(b"/usr").unwrap_or(first);
        let lib = first.strip_prefix(b"/").unwrap_or(first).to_vec();
        let release = release(content);
        let has_legacy = kind == Kind::Glibc && release.is_none_or(|minor| minor < WITHOUT_LEGACY);
        Defaults { directories, lib, platforms: platforms(machine, has_legacy), has_legacy, release }
    }
}

/// The file that tells musl's `loader` where to look: /etc/ld-musl-ARCH.path, below the prefix that the loader
/// is installed in (__dls3() and load_library() in ldso/dynlink.c).
pub(crate) fn musl_path_file(loader: &Path) -> PathBuf {
    let name = loader.file_name().unwrap_or_default().as_bytes();
    let arch = name.strip_prefix(b"ld-musl-").unwrap_or(name);
    let arch = arch.split(|&byte| byte == b'.').next().unwrap_or_default();
    let file = [b"ld-musl-", arch, b".path"].concat();
    let prefix = loader.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
    prefix.join("etc").join(OsStr::from_bytes(&file))
}

/// True for a directory in which musl looks without being told.
pub(crate) fn is_own_of_musl(directory: Option<&Path>) -> bool {
    MUSL_DIRECTORIES.iter().any(|own| directory == Some(Path::new(own)))
}

/// The directories in musl's own file, one a line or with colons between them.
fn listed(content: &[u8]) -> Option<Vec<PathBuf>> {
    let parts = content.split(|&byte| byte == b':' || byte == b'\n').filter(|part| !part.is_empty());
    let list: Vec<PathBuf> =
        parts.take(MAX_DIRECTORIES).map(|part| PathBuf::from(OsStr::from_bytes(part))).collect();
    (!list.is_empty()).then_some(list)
}

/// True for a directory of Debian's kind, `/usr/lib/TRIPLET`. Where there are libraries in it, the loader has it
/// compiled in: most programs get by without a look at that.
pub(crate) fn is_multiarch(directory: Option<&Path>) -> bool {
    let path = directory.map(|path| path.as_os_str().as_bytes()).unwrap_or_default();
    let triplet = path.strip_prefix(b"/usr").unwrap_or(path).strip_prefix(b"/lib/");
    triplet
        .is_some_and(|triplet| !triplet.contains(&b'/') && triplet.windows(7).any(|part| part == b"-linux-"))
}

/// The list that stands in glibc's loader as consecutive strings, each ended by NUL and all of the form
/// `/…/` (system_dirs in elf/dl-load.c).
fn compiled_in(content: &[u8]) -> Option<Vec<PathBuf>> {
    let is_directory = |text: &[u8]| {
        text.len() > 1
            && text.starts_with(b"/")
            && text.ends_with(b"/")
            && text.iter().all(u8::is_ascii_graphic)
            && text.windows(4).any(|part| part == b"/lib")
    };
    let mut strings = content.split(|&byte| byte == 0).skip_while(|text| !is_directory(text));
    let run: Vec<PathBuf> = strings
        .by_ref()
        .take_while(|text| is_directory(text))
        .take(MAX_DIRECTORIES)
        .map(|text| PathBuf::from(OsStr::from_bytes(text.strip_suffix(b"/").unwrap_or(text))))
        .collect();
    (!run.is_empty()).then_some(run)
}

/// The minor number of the glibc that a loader is of, which says it since 2.33.
fn release(content: &[u8]) -> Option<u32> {
    const TEXT: &[u8] = b" release version 2.";
    let at = content.windows(TEXT.len()).position(|part| part == TEXT)? + TEXT.len();
    let digits = content.get(at..)?.iter().take(3).take_while(|byte| byte.is_ascii_digit());
    Some(digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}

/// AT_PLATFORM of the kernel; glibc up to 2.36 replaces it on some Intel processors (cpu_features.c).
fn platforms(machine: Machine, has_legacy: bool) -> &'static [&'static [u8]] {
    match (machine.number, machine.wide) {
        (EM_X86_64, true) if has_legacy => &[b"xeon_phi", b"haswell", b"x86_64"],
        (EM_X86_64, _) => &[b"x86_64"],
        (EM_386, _) => &[b"i686", b"i586"],
        (EM_AARCH64, _) => &[b"aarch64"],
        (EM_ARM, _) => &[b"v8l", b"v7l", b"v6l"],
        (EM_PPC64, _) => &[b"power10", b"power9", b"power8"],
        (EM_S390, _) => &[b"z16", b"z15", b"z14", b"z13"],
        (EM_RISCV, _) => &[b"riscv64"],
        _ => &[b""],
    }
}

/// The subdirectories, each within those before it, that glibc up to 2.36 looks into on some processor:
/// `tls`, the platform, and what the processor can (_dl_important_hwcaps() in elf/dl-hwcaps.c).
pub(crate) fn legacy(machine: Machine) -> &'static [&'static [&'static str]] {
    match (machine.number, machine.wide) {
        (EM_X86_64, true) => &[&["tls"], &["haswell", "xeon_phi", "x86_64"], &["avx512_1"], &["x86_64"]],
        (EM_386, _) => &[&["tls"], &["i686", "i586"], &["sse2"]],
        (EM_AARCH64, _) => &[&["tls"], &["aarch64"], &["atomics"]],
        (EM_ARM, _) => &[&["tls"], &["v8l", "v7l", "v6l"], &["neon"], &["vfp"]],
        _ => &[&["tls"]],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AMD64: Machine = Machine { wide: true, little_endian: true, number: EM_X86_64 };

    #[test]
    fn directories_are_read_out_of_the_loader() {
        let content =
            b"x\0/etc/\0y\0/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0";
        let defaults = Defaults::of(Kind::Glibc, content, AMD64);
        let expected = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib", "/usr/lib"];
        assert_eq!(defaults.directories, expected.map(PathBuf::from));
        assert_eq!(defaults.lib, b"lib/x86_64-linux-gnu");
        let arch = Defaults::of(Kind::Glibc, b"\0/usr/lib/\0", AMD64);
        assert_eq!(arch.lib, b"lib");
    }

    #[test]
    fn a_loader_of_2_37_has_no_legacy() {
        let of = |content: &[u8]| Defaults::of(Kind::Glibc, content, AMD64);
        let said =
            |minor: u32| format!("x\0ld.so (Y GLIBC 2.{minor}-9) stable release version 2.{minor}.\n\0");
        assert!(of(said(36).as_bytes()).has_legacy && of(b"").has_legacy);
        assert!(!of(said(37).as_bytes()).has_legacy);
        assert_eq!(of(said(41).as_bytes()).platforms, [b"x86_64"]);
        assert_eq!(release(b" release version 2."), Some(0));
    }

    #[test]
    fn a_loader_without_them_gets_the_usual_ones() {
        assert_eq!(Defaults::of(Kind::Glibc, b"", AMD64).directories.len(), 4);
        let musl = Defaults::of(Kind::Musl, b"", AMD64);
        assert_eq!(musl.directories, MUSL_DIRECTORIES.map(PathBuf::from));
    }

    #[test]
    fn a_list_of_directories_has_an_end() {
        for (kind, text) in [(Kind::Glibc, "/lib/\0"), (Kind::Musl, "/lib\n")] {
            let content = format!("\0{}", text.repeat(100_000));
            assert_eq!(Defaults::of(kind, content.as_bytes(), AMD64).directories.len(), MAX_DIRECTORIES);
        }
    }

    #[test]
    fn musl_is_told_its_directories_by_a_file() {
        let musl = Defaults::of(Kind::Musl, b"/lib/x\n/usr/lib/x:\n/y", AMD64);
        assert_eq!(musl.directories, ["/lib/x", "/usr/lib/x", "/y"].map(PathBuf::from));
        let file = |loader| musl_path_file(Path::new(loader));
        assert_eq!(file("/lib/ld-musl-x86_64.so.1"), Path::new("/etc/ld-musl-x86_64.path"));
        assert_eq!(file("/opt/musl/lib/ld-musl-armhf.so.1"), Path::new("/opt/musl/etc/ld-musl-armhf.path"));
        assert!(is_own_of_musl(Some(Path::new("/usr/local/lib"))) && !is_own_of_musl(Some(Path::new("/y"))));
    }

    #[test]
    fn musl_is_its_own_c_library() {
        let musl = Kind::of(Path::new("/lib/ld-musl-x86_64.so.1"));
        assert!(musl.has_built_in(b"libc.so"));
        assert!(!musl.has_built_in(b"libcrypto.so"));
        let glibc = Kind::of(Path::new("/lib64/ld-linux-x86-64.so.2"));
        assert!(!glibc.has_built_in(b"libc.so.6"));
    }
}
