//! The ld.so.cache of a new root: what the loader would not find there without one.
//!
//! It is the new format, which glibc reads since 2.2, and begins its strings with a mark. A cache that has not got the
//! mark is somebody else's, with all that ldconfig(8) knew: it stays as it is.

use super::{Cache, ENTRY, Entry, HEADER, MAGIC, compare};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

const MARK: &[u8] = b"hc-rootfs\0";

/// In a hwcap: the lower half is the index of a name in the extension.
const NAMED: u64 = 1 << 62;
const EXTENSION: usize = 0xeaa4_2174;
/// The section of it that has those names.
const TAG_HWCAPS: usize = 1;
/// Entries in a cache of ours: a hundred times what Debian's has that leads to all libraries.
const MAX_OWN: usize = 1 << 16;

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
    let Some(cache) = Cache::parse(Rc::new(old)) else { return Merged::Foreign };
    if has_all(&cache, wanted) {
        return Merged::Complete;
    }
    let strings = cache.data().get(HEADER + cache.entries * ENTRY..).unwrap_or_default();
    // In ours each string stands once, so that it is not longer when it is taken apart.
    let size: usize = entries(&cache).map(|entry| entry.name.len() + entry.path.len()).sum();
    if !strings.starts_with(MARK) || size > strings.len() || cache.entries > MAX_OWN {
        return Merged::Foreign;
    }
    let lines: Vec<Line> = entries(&cache).map(|entry| entry.line()).chain(wanted.iter().cloned()).collect();
    Merged::New(write(&lines, little_endian))
}

fn entries(cache: &Cache) -> impl Iterator<Item = Entry<'_>> {
    (0..cache.entries).filter_map(|index| cache.entry(index))
}

/// True when each of these lines is what the loader takes for its name.
fn has_all(cache: &Cache, wanted: &[Line]) -> bool {
    // A variant is one of several, and has its path in common with itself only.
    let key = |name, flags, hwcap: u64, path| (name, flags, (hwcap != 0).then_some(path));
    let keys =
        wanted.iter().map(|line| key(line.name.as_slice(), line.flags, line.hwcap, line.path.as_slice()));
    let mut first: HashMap<_, Option<&[u8]>> = keys.map(|key| (key, None)).collect();
    // What comes first for a name is what counts.
    for entry in entries(cache) {
        if let Some(path) = first.get_mut(&key(entry.name, entry.flags, entry.hwcap, entry.path)) {
            path.get_or_insert(entry.path);
        }
    }
    wanted.iter().all(|line| {
        let key = key(line.name.as_slice(), line.flags, line.hwcap, line.path.as_slice());
        first.get(&key).copied().flatten() == Some(&line.path)
    })
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
    let indices: BTreeMap<&[u8], usize> =
        processors.iter().enumerate().map(|(at, name)| (*name, at)).collect();
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
        let index = line.processors().and_then(|name| indices.get(name)).copied();
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
        let cache = Cache::parse(Rc::new(cache.to_vec())).unwrap();
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
        let parsed = Cache::parse(Rc::new(cache.clone())).unwrap();
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
    fn what_nobody_would_write_is_somebody_else_s() {
        let level = |number: usize| Line {
            hwcap: NAMED | number as u64,
            ..line("liba.so", &format!("/a/glibc-hwcaps/h{number}/liba.so"))
        };
        // As many names of processors as there can be.
        let lines: Vec<Line> = (0..MAX_OWN).map(level).collect();
        let cache = new(None, &lines);
        let more = |cache: &Vec<u8>| merge(Some(cache.clone()), &[line("libq.so", "/q")], true);
        let Merged::New(larger) = more(&cache) else { panic!("a new one") };
        assert_eq!(path_of(&larger, "libq.so").as_deref(), Some("/q"));
        assert_eq!(merge(Some(larger.clone()), &lines, true), Merged::Complete);
        assert_eq!(merge(Some(larger), &[line("libr.so", "/r")], true), Merged::Foreign);
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
