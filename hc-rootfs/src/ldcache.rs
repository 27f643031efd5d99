//! /etc/ld.so.cache: which file a library's name means (sysdeps/generic/dl-cache.h of glibc).
//!
//! A cache is a list sorted by name, so one look-up reads a dozen entries. Nothing in it is trusted: an
//! offset that leads out of the file is no entry, and the file that is named is checked as any other.

mod merge;

use crate::elf::Machine;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};
pub(crate) use merge::{Line, Merged, merge};
use std::cmp::Ordering;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0\0";
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// Four glibc-hwcaps of a processor, and more of the older kind.
const MAX_VARIANTS: usize = 32;

/// The new-format part of a cache file.
pub(crate) struct Cache {
    /// From its magic on: all offsets count from there.
    data: Vec<u8>,
    entries: usize,
    little_endian: bool,
}

pub(crate) struct Entry<'a> {
    flags: u32,
    name: &'a [u8],
    pub(crate) path: &'a [u8],
    /// Not 0: for processors with certain features only.
    hwcap: u64,
}

impl Entry<'_> {
    /// True for a file that only processors with certain features have in the place of the plain one.
    pub(crate) fn is_variant(&self) -> bool {
        self.hwcap != 0
    }

    fn line_is(&self, name: &[u8], flags: u32) -> bool {
        self.flags == flags && self.name == name
    }

    /// The same, to be written.
    pub(crate) fn line(&self) -> Line {
        Line { name: self.name.to_vec(), flags: self.flags, path: self.path.to_vec() }
    }
}

impl Cache {
    /// `None` for a file that is no cache, or that only libc5 would read.
    pub(crate) fn parse(mut file: Vec<u8>) -> Option<Self> {
        if file.starts_with(OLD_MAGIC) {
            // ldconfig -c compat: an old cache of 12-byte entries, then the new one, aligned to 8.
            let native = u32::from_ne_bytes(*file.get(12..)?.first_chunk()?);
            let old = 16 + usize::try_from(native).ok()?.checked_mul(12)?;
            file = file.split_off(file.len().min(old.checked_next_multiple_of(8)?));
        }
        if !file.starts_with(MAGIC) {
            return None;
        }
        // 1 is big, 2 is little; 0 is an ldconfig that did not say, which wrote for its own machine.
        let little_endian = match file.get(28)? & 3 {
            0 => cfg!(target_endian = "little"),
            1 => false,
            _ => true,
        };
        let mut cache = Cache { data: file, entries: 0, little_endian };
        let claimed = usize::try_from(cache.word(20)?).ok()?;
        cache.entries = claimed.min(cache.data.len().saturating_sub(HEADER) / ENTRY);
        Some(cache)
    }

    /// The file that `name` means to a program of `machine`, and the variants of it.
    pub(crate) fn find(&self, name: &[u8], machine: Machine) -> Vec<Entry<'_>> {
        let mut has_plain = false;
        let mut found: Vec<Entry<'_>> = Vec::new();
        for entry in self.entries_of(name, machine) {
            let counts = if entry.is_variant() { found.len() < MAX_VARIANTS } else { !has_plain };
            has_plain |= !entry.is_variant();
            found.extend(counts.then_some(entry));
        }
        found
    }

    fn entries_of(&self, name: &[u8], machine: Machine) -> impl Iterator<Item = Entry<'_>> {
        let wanted = flags(machine);
        // Descending order: the first entry that is not greater.
        let (mut low, mut high) = (0, self.entries);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.entry(middle).map(|entry| compare(entry.name, name)) {
                // A broken entry ends the search, and nothing is found.
                None => (low, high) = (self.entries, self.entries),
                Some(Ordering::Greater) => low = middle + 1,
                Some(Ordering::Equal | Ordering::Less) => high = middle,
            }
        }
        (low..self.entries)
            .map_while(move |index| self.entry(index).filter(|entry| entry.name == name))
            .filter(move |entry| wanted.is_none_or(|wanted| wanted.contains(&entry.flags)))
    }

    fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let at = HEADER + index * ENTRY;
        let half = |at| self.word(at).map(u64::from);
        let (first, second) = (half(at + 16)?, half(at + 20)?);
        let hwcap = if self.little_endian { second << 32 | first } else { first << 32 | second };
        Some(Entry {
            flags: self.word(at)?,
            name: self.string(self.word(at + 4)?)?,
            path: self.string(self.word(at + 8)?)?,
            hwcap,
        })
    }

    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.data.get(at..)?.first_chunk()?;
        Some(if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn string(&self, offset: u32) -> Option<&[u8]> {
        const MAX: usize = 4096;
        let rest = self.data.get(usize::try_from(offset).ok()?..)?;
        let rest = rest.get(..MAX).unwrap_or(rest);
        rest.get(..rest.iter().position(|&byte| byte == 0)?)
    }
}

/// The values of an entry's flags that a program of `machine` accepts; `None` for a machine of which this is
/// not known, for which the file itself decides. The low byte is 3 for a library of glibc (1: of any libc).
fn flags(machine: Machine) -> Option<&'static [u32]> {
    Some(match (machine.number, machine.wide) {
        (EM_X86_64, true) => &[0x303],
        (EM_X86_64, false) => &[0x803],
        (EM_386, false) => &[0x3, 0x1],
        (EM_AARCH64, true) => &[0xa03],
        (EM_ARM, false) => &[0x903, 0xb03, 0x3],
        (EM_PPC64, true) => &[0x503],
        (EM_S390, true) => &[0x403],
        (EM_RISCV, true) => &[0x1003, 0xf03, 0x3],
        _ => return None,
    })
}

/// _dl_cache_libcmp(): runs of digits compare by their value, and a digit is greater than anything else.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (Some((&a, left_rest)), Some((&b, right_rest))) = (left.split_first(), right.split_first())
        else {
            return left.len().cmp(&right.len());
        };
        match (a.is_ascii_digit(), b.is_ascii_digit()) {
            (true, true) => {
                let (a, b) = (number(&mut left), number(&mut right));
                if a != b {
                    return a.cmp(&b);
                }
            }
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            // The C code compares char, which is signed or not as the machine has it; names are ASCII.
            (false, false) if a != b => return a.cmp(&b),
            (false, false) => (left, right) = (left_rest, right_rest),
        }
    }
}

/// Takes the run of digits at the start of `text`; its value.
fn number(text: &mut &[u8]) -> u64 {
    let mut value = 0_u64;
    while let Some((&digit, rest)) = text.split_first().filter(|(digit, _)| digit.is_ascii_digit()) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        *text = rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const AMD64: Machine = Machine { wide: true, little_endian: true, number: EM_X86_64 };
    const I386: Machine = Machine { wide: false, little_endian: true, number: EM_386 };

    /// A cache of `(flags, name, path, hwcap)`, which must be in descending order.
    fn cache(entries: &[(u32, &str, &str, u64)]) -> Vec<u8> {
        let mut data = MAGIC.to_vec();
        data.extend(u32::try_from(entries.len()).unwrap().to_le_bytes());
        data.resize(HEADER, 0);
        data[28] = 2;
        let mut strings = Vec::new();
        let base = HEADER + entries.len() * ENTRY;
        for (flags, name, path, hwcap) in entries {
            let mut add = |text: &str| {
                let at = u32::try_from(base + strings.len()).unwrap();
                strings.extend(text.bytes().chain([0]));
                at.to_le_bytes()
            };
            let (name, path) = (add(name), add(path));
            data.extend(flags.to_le_bytes().iter().chain(&name).chain(&path).chain(&[0; 4]));
            data.extend(hwcap.to_le_bytes());
        }
        data.extend(strings);
        data
    }

    /// The plain file of a name.
    fn plain(cache: &Cache, name: &[u8], machine: Machine) -> Option<String> {
        let found = cache.find(name, machine).into_iter().find(|entry| !entry.is_variant());
        found.map(|entry| String::from_utf8(entry.path.to_vec()).unwrap())
    }

    pub(super) fn sample() -> Vec<u8> {
        cache(&[
            (0x303, "libz.so.1", "/lib/libz.so.1", 0),
            (0x303, "libx.so.10", "/lib/libx.so.10", 0),
            (0x303, "libx.so.9", "/lib/hw/libx.so.9", 1 << 62),
            (0x3, "libx.so.9", "/lib32/libx.so.9", 0),
            (0x303, "libx.so.9", "/lib/libx.so.9", 0),
            (0x303, "libc.so.6", "/lib/libc.so.6", 0),
        ])
    }

    #[test]
    fn a_name_is_found_for_the_right_machine() {
        let cache = Cache::parse(sample()).unwrap();
        assert_eq!(plain(&cache, b"libz.so.1", AMD64).as_deref(), Some("/lib/libz.so.1"));
        assert_eq!(plain(&cache, b"libx.so.9", AMD64).as_deref(), Some("/lib/libx.so.9"));
        assert_eq!(plain(&cache, b"libx.so.9", I386).as_deref(), Some("/lib32/libx.so.9"));
        assert_eq!(plain(&cache, b"libx.so.10", AMD64).as_deref(), Some("/lib/libx.so.10"));
        let all = [(&b"/lib/hw/libx.so.9"[..], true), (b"/lib/libx.so.9", false)];
        let found = cache.find(b"libx.so.9", AMD64).into_iter();
        assert_eq!(found.map(|entry| (entry.path, entry.is_variant())).collect::<Vec<_>>(), all);
        assert!(cache.find(b"libc.so.6", I386).is_empty());
        assert!(cache.find(b"liba.so", AMD64).is_empty());
        assert!(cache.find(b"libzz.so", AMD64).is_empty());
    }

    #[test]
    fn the_new_part_is_found_behind_an_old_one() {
        let mut file = OLD_MAGIC.to_vec();
        file.extend(1_u32.to_ne_bytes());
        file.resize(32, 0xee);
        file.extend(sample());
        assert!(Cache::parse(file).unwrap().find(b"libz.so.1", AMD64).len() == 1);
        assert!(Cache::parse([OLD_MAGIC, &[0xff; 4]].concat()).is_none());
    }

    #[test]
    fn names_compare_as_ldconfig_sorts_them() {
        assert_eq!(compare(b"libx.so.10", b"libx.so.9"), Ordering::Greater);
        assert_eq!(compare(b"lib1", b"liba"), Ordering::Greater);
        assert_eq!(compare(b"lib", b"libx"), Ordering::Less);
        assert_eq!(compare(b"lib", b"lib"), Ordering::Equal);
    }

    #[test]
    fn every_name_of_this_machine_s_cache_is_found() {
        let cache = Cache::parse(std::fs::read("/etc/ld.so.cache").unwrap()).unwrap();
        assert!(cache.entries > 0);
        for index in 0..cache.entries {
            let entry = cache.entry(index).unwrap();
            if entry.flags == 0x303 && entry.hwcap == 0 {
                assert!(!cache.find(entry.name, AMD64).is_empty());
            }
        }
    }

    #[test]
    fn a_hostile_cache_does_no_harm() {
        let good = sample();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                if let Some(cache) = Cache::parse(bad) {
                    let _ = cache.find(b"libx.so.9", AMD64);
                }
            }
            if let Some(cache) = Cache::parse(good[..at].to_vec()) {
                let _ = cache.find(b"libx.so.9", I386);
            }
        }
        // Several bytes at once, and the old format before it.
        let mut number = crate::chance::numbers();
        let compatible = [OLD_MAGIC, &[1, 0, 0, 0], &[0; 16], &good].concat();
        for round in 0..20_000 {
            let mut bad = if round % 2 == 0 { good.clone() } else { compatible.clone() };
            for _ in 0..=number(6) {
                let at = number(bad.len());
                bad[at] = [0, 1, 2, 0x7f, 0x80, 0xff, 0x30, 0x10][number(8)];
            }
            if let Some(cache) = Cache::parse(bad) {
                for name in [&b"libx.so.9"[..], b"libz.so.1", b"", b"libx.so.99999999999999999999999"] {
                    let _ = cache.find(name, AMD64);
                }
            }
        }
    }
}
