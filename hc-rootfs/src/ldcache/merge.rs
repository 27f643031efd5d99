//! The ld.so.cache of a new root: what the loader would not find there without one.
//!
//! It is the new format without extensions, which glibc reads since 2.2, and begins its strings with a mark. A cache
//! that has not got the mark is somebody else's, with all that ldconfig(8) knew: it stays as it is.

use super::{Cache, ENTRY, Entry, HEADER, MAGIC, compare};
use std::collections::BTreeMap;

const MARK: &[u8] = b"hc-rootfs\0";

/// One line of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) name: Vec<u8>,
    /// What the library is for.
    pub(crate) flags: u32,
    pub(crate) path: Vec<u8>,
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
        let mut same =
            entries.iter().filter(|entry| !entry.is_variant() && entry.line_is(&wanted.name, wanted.flags));
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
    let unique: BTreeMap<(&[u8], u32), &[u8]> =
        lines.iter().map(|line| ((line.name.as_slice(), line.flags), line.path.as_slice())).collect();
    let mut sorted: Vec<_> = unique.into_iter().collect();
    // As ldconfig sorts them.
    sorted.sort_by(|((name, flags), _), ((other, others), _)| compare(other, name).then(others.cmp(flags)));
    let start = HEADER + sorted.len() * ENTRY;
    let mut strings = MARK.to_vec();
    let mut entries = Vec::new();
    for ((name, flags), path) in &sorted {
        let key = start + strings.len();
        strings.extend(name.iter().chain(&[0]));
        let value = start + strings.len();
        strings.extend(path.iter().chain(&[0]));
        let flags = usize::try_from(*flags).unwrap_or_default();
        entries.extend([word(flags), word(key), word(value), [0; 4], [0; 4], [0; 4]].concat());
    }
    let mut file = [MAGIC, &word(sorted.len()), &word(strings.len())].concat();
    file.push(if little_endian { 2 } else { 1 });
    file.resize(HEADER, 0);
    [file, entries, strings].concat()
}

#[cfg(test)]
mod tests {
    use super::super::tests::AMD64;
    use super::*;

    fn line(name: &str, path: &str) -> Line {
        Line { name: name.into(), flags: 0x303, path: path.into() }
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
