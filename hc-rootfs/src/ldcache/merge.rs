//! The ld.so.cache of a new root: what the loader would not find there without one.
//!
//! It is the new format, which glibc reads since 2.2, and begins its strings with a mark. A cache that has not got the
//! mark is somebody else's, with all that ldconfig(8) knew: it stays as it is.

use super::{Cache, ENTRY, Entry, HEADER, MAGIC, compare};
use std::collections::{BTreeMap, BTreeSet};

const MARK: &[u8] = b"hc-rootfs\0";

/// In a hwcap: the lower half is the index of a name in the extension.
const NAMED: u64 = 1 << 62;
const EXTENSION: usize = 0xeaa4_2174;
/// The section of it that has those names.
const TAG_HWCAPS: usize = 1;

/// One line of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: Vec<u8>,
    /// What the library is for.
    pub(crate) flags: u32,
    pub(crate) path: Vec<u8>,
    /// 0 for a file that is for all processors.
    pub(crate) hwcap: u64,
}

impl Line {
    /// The processors that it is for, if these have a name: the last part of `glibc-hwcaps/x86-64-v3`.
    fn processors(&self) -> Option<&[u8]> {
        let mut parts = self.path.rsplit(|&byte| byte == b'/').skip(1);
        let name = parts.next().filter(|_| self.hwcap & NAMED != 0)?;
        (parts.next() == Some(b"glibc-hwcaps")).then_some(name)
    }

    /// What another line must have in common with it to stand for the same.
    fn key(&self) -> (&[u8], u32, Option<&[u8]>) {
        (&self.name, self.flags, self.processors())
    }
}

/// What is to become of a cache.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Merged {
    /// It has all that is wanted.
    Complete,
    /// It is ours, or not there: this is to take its place.
    New(Vec<u8>),
    /// It is not ours, and lacks something.
    Foreign,
}

/// Joins what is wanted to the `old` cache, if there is one.
pub(crate) fn merge(old: Option<Vec<u8>>, wanted: &[Line], little_endian: bool) -> Merged {
    let Some(old) = old else { return Merged::New(write(wanted, little_endian)) };
    let Some(cache) = Cache::parse(old) else { return Merged::Foreign };
    let entries: Vec<_> = (0..cache.entries).filter_map(|index| cache.entry(index)).collect();
    // What comes first for a name is what counts.
    let has = |wanted: &Line| {
        let is_variant = wanted.hwcap != 0;
        let mut same = entries.iter().filter(|entry| {
            entry.line_is(&wanted.name, wanted.flags)
                && entry.is_variant() == is_variant
                && (!is_variant || entry.path == wanted.path)
        });
        same.next().is_some_and(|entry| entry.path == wanted.path)
    };
    if wanted.iter().all(has) {
        return Merged::Complete;
    }
    let strings = cache.data.get(HEADER + cache.entries * ENTRY..).unwrap_or_default();
    // In ours each string stands once, so that it is not longer when it is taken apart.
    let size: usize = entries.iter().map(|entry| entry.name.len() + entry.path.len()).sum();
    if !strings.starts_with(MARK) || size > strings.len() {
        return Merged::Foreign;
    }
    let lines: Vec<Line> = entries.iter().map(Entry::line).chain(wanted.iter().cloned()).collect();
    Merged::New(write(&lines, little_endian))
}

/// A cache of `lines`; of two for one name the later counts.
fn write(lines: &[Line], little_endian: bool) -> Vec<u8> {
    let word = |value: usize| {
        let value = u32::try_from(value).unwrap_or(u32::MAX);
        if little_endian { value.to_le_bytes() } else { value.to_be_bytes() }
    };
    // Variants without a name are of before glibc 2.33, which had them in no such cache.
    let known = lines.iter().filter(|line| line.hwcap == 0 || line.processors().is_some());
    let unique: BTreeMap<_, &Line> = known.map(|line| (line.key(), line)).collect();
    let mut sorted: Vec<&Line> = unique.into_values().collect();
    // As ldconfig sorts them: the variants of a name first.
    sorted.sort_by(|line, other| {
        let order = compare(&other.name, &line.name).then(other.flags.cmp(&line.flags));
        let plain = line.processors().is_none().cmp(&other.processors().is_none());
        order.then(plain).then(line.processors().cmp(&other.processors()))
    });
    let processors: BTreeSet<&[u8]> = sorted.iter().filter_map(|line| line.processors()).collect();
    let start = HEADER + sorted.len() * ENTRY;
    let mut strings = MARK.to_vec();
    let mut add = |text: &[u8]| {
        let at = start + strings.len();
        strings.extend(text.iter().chain(&[0]));
        word(at)
    };
    let names: Vec<[u8; 4]> = processors.iter().map(|name| add(name)).collect();
    let mut entries = Vec::new();
    for line in &sorted {
        let index = line.processors().and_then(|name| processors.iter().position(|other| *other == name));
        let [low, high] = [index.unwrap_or(0), usize::try_from(line.hwcap >> 32).unwrap_or(0)].map(word);
        let flags = word(usize::try_from(line.flags).unwrap_or(0));
        let (key, value) = (add(&line.name), add(&line.path));
        let (first, second) = if little_endian { (low, high) } else { (high, low) };
        entries.extend([flags, key, value, [0; 4], first, second].concat());
    }
    let size = strings.len();
    let extension = (start + size).next_multiple_of(4);
    let mut file = [MAGIC, &word(sorted.len()), &word(size)].concat();
    file.push(if little_endian { 2 } else { 1 });
    file.resize(HEADER, 0);
    if names.is_empty() {
        return [file, entries, strings].concat();
    }
    // Its offset stands in the header; in it, the names' come after the one section.
    file.splice(32..36, word(extension));
    strings.resize(extension - start, 0);
    let section = [TAG_HWCAPS, 0, extension + 24, 4 * names.len()].map(word);
    [file, entries, strings, word(EXTENSION).to_vec(), word(1).to_vec(), section.concat(), names.concat()]
        .concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::AMD64;
    use super::*;

    fn line(name: &str, path: &str) -> Line {
        Line { name: name.into(), flags: 0x303, path: path.into(), hwcap: 0 }
    }

    fn new(old: Option<Vec<u8>>, wanted: &[Line]) -> Vec<u8> {
        let Merged::New(cache) = merge(old, wanted, true) else { panic!("a new one") };
        cache
    }

    fn path_of(cache: &[u8], name: &str) -> Option<String> {
        let cache = Cache::parse(cache.to_vec()).unwrap();
        let found = cache.find(name.as_bytes(), AMD64);
        found.first().map(|entry| String::from_utf8(entry.path.to_vec()).unwrap())
    }

    #[test]
    fn what_is_written_is_found() {
        let names = ["libz.so.1", "liba.so", "libx.so.10", "libx.so.9", "libx.so"];
        let lines: Vec<Line> = names.iter().map(|name| line(name, &format!("/x/{name}"))).collect();
        let cache = new(None, &lines);
        for name in names {
            assert_eq!(path_of(&cache, name), Some(format!("/x/{name}")));
        }
        assert_eq!(path_of(&cache, "libb.so"), None);
        let Merged::New(big) = merge(None, &lines, false) else { panic!("a new one") };
        assert_eq!(path_of(&big, "libx.so.9").as_deref(), Some("/x/libx.so.9"));
    }

    #[test]
    fn variants_have_their_name_in_the_extension() {
        let variant = |level: &str| Line {
            hwcap: NAMED | 2 << 32,
            ..line("liba.so", &format!("/a/glibc-hwcaps/{level}/liba.so"))
        };
        let lines = [variant("x86-64-v3"), line("liba.so", "/a/liba.so"), variant("x86-64-v2")];
        let cache = new(None, &lines);
        let parsed = Cache::parse(cache.clone()).unwrap();
        let found: Vec<_> = parsed.find(b"liba.so", AMD64).iter().map(Entry::line).collect();
        assert_eq!(found[0].path, b"/a/glibc-hwcaps/x86-64-v2/liba.so");
        assert_eq!(
            found.iter().map(|line| line.hwcap).collect::<Vec<_>>(),
            [NAMED | 2 << 32, NAMED | 2 << 32 | 1, 0]
        );
        assert_eq!(merge(Some(cache), &lines, true), Merged::Complete);
    }

    #[test]
    fn a_cache_of_ours_grows() {
        let first = new(None, &[line("liba.so", "/a/liba.so"), line("libb.so", "/a/libb.so")]);
        assert_eq!(merge(Some(first.clone()), &[line("libb.so", "/a/libb.so")], true), Merged::Complete);
        let second = new(Some(first), &[line("libc.so", "/c/libc.so"), line("liba.so", "/new/liba.so")]);
        assert_eq!(path_of(&second, "liba.so").as_deref(), Some("/new/liba.so"));
        assert_eq!(path_of(&second, "libb.so").as_deref(), Some("/a/libb.so"));
        assert_eq!(path_of(&second, "libc.so").as_deref(), Some("/c/libc.so"));
    }

    #[test]
    fn a_cache_of_somebody_else_stays() {
        let theirs = super::super::tests::sample();
        let has = line("libz.so.1", "/lib/libz.so.1");
        assert_eq!(merge(Some(theirs.clone()), std::slice::from_ref(&has), true), Merged::Complete);
        assert_eq!(merge(Some(theirs), &[has, line("libq.so", "/q")], true), Merged::Foreign);
        assert_eq!(merge(Some(Vec::new()), &[line("libq.so", "/q")], true), Merged::Foreign);
    }
}
