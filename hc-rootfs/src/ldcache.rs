//! /etc/ld.so.cache: which file a library's name means (sysdeps/generic/dl-cache.h of glibc).
//!
//! A cache is a list sorted by name, so one look-up reads a dozen entries. Nothing in it is trusted: an
//! offset that leads out of the file is no entry, and the file that is named is checked as any other.

mod merge;

use crate::elf::Machine;
use goblin::elf::header::{EM_386, EM_AARCH64, EM_ARM, EM_PPC64, EM_RISCV, EM_S390, EM_X86_64};
pub(crate) use merge::{Line, Merged, merge};
use std::cmp::Ordering;
use std::rc::Rc;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0\0";
const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// Four glibc-hwcaps of a processor, and more of the older kind.
const MAX_VARIANTS: usize = 32;
/// Of one name, for all machines.
const MAX_SAME: usize = 256;

/// The new-format part of a cache file.
pub(crate) struct Cache {
    file: Rc<Vec<u8>>,
    /// Where its magic is: all offsets count from there.
    start: usize,
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

    /// The same, to be written.
    pub(crate) fn line(&self) -> Line {
        Line { name: self.name.to_vec(), flags: self.flags, path: self.path.to_vec(), hwcap: self.hwcap }
    }
}

impl Cache {
    /// `None` for a file that is no cache, or that only libc5 would read.
    pub(crate) fn parse(file: Rc<Vec<u8>>) -> Option<Self> {
        let start = start_of(&file)?;
        let data = file.get(start..)?;
        // 1 is big, 2 is little; 0 is an ldconfig that did not say, which wrote for its own machine.
        let little_endian = match data.get(28)? & 3 {
            0 => cfg!(target_endian = "little"),
            1 => false,
            _ => true,
        };
        let room = data.len().saturating_sub(HEADER) / ENTRY;
        let mut cache = Cache { file, start, entries: 0, little_endian };
        let claimed = usize::try_from(cache.word(20)?).ok()?;
        cache.entries = claimed.min(room);
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
            .take(MAX_SAME)
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

    fn data(&self) -> &[u8] {
        self.file.get(self.start..).unwrap_or_default()
    }

    fn word(&self, at: usize) -> Option<u32> {
        let bytes = *self.data().get(at..)?.first_chunk()?;
        Some(if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn string(&self, offset: u32) -> Option<&[u8]> {
        const MAX: usize = 4096;
        let rest = self.data().get(usize::try_from(offset).ok()?..)?;
        let rest = rest.get(..MAX).unwrap_or(rest);
        rest.get(..rest.iter().position(|&byte| byte == 0)?)
    }
}

/// Where the new format begins in a file. ldconfig -c compat writes the old one before it, of 12-byte entries, and aligns
/// the new to 8; the number of them is in the byte order of the machine that the cache is for.
fn start_of(file: &[u8]) -> Option<usize> {
    if !file.starts_with(OLD_MAGIC) {
        return file.starts_with(MAGIC).then_some(0);
    }
    let count = *file.get(12..)?.first_chunk()?;
    [u32::from_le_bytes(count), u32::from_be_bytes(count)].into_iter().find_map(|count| {
        let start =
            usize::try_from(count).ok()?.checked_mul(12)?.checked_add(16)?.checked_next_multiple_of(8)?;
        file.get(start..)?.starts_with(MAGIC).then_some(start)
    })
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
pub(crate) mod tests;
