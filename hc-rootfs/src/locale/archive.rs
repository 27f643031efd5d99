//! /usr/lib/locale/locale-archive: which locales are in it (locale/locarchive.h of glibc).
//!
//! It has a hash table of names, in which a look-up probes a place or two (_nl_load_locale_from_archive() in
//! locale/loadarchive.c). The rest can be hundreds of megabytes, and is not read.

use crate::elf::Bytes;

const MAGIC: u32 = 0xde02_0109;
/// Of a probe, whatever the table is like: it is kept a quarter empty.
const MAX_PROBES: u32 = 1024;
/// Hash value, offset of the name, and of its locale.
const ENTRY: u64 = 12;

/// True when the archive has a locale of this name, whose character set is written as the C library writes it.
pub(super) fn has(file: &impl Bytes, name: &[u8]) -> bool {
    look_up(file, name).unwrap_or(false)
}

/// `None` when the archive is not as it should be.
fn look_up(file: &impl Bytes, name: &[u8]) -> Option<bool> {
    // It is in the byte order of the machine that it is for.
    let little_endian = match u32::from_le_bytes(read(file, 0)?) {
        MAGIC => true,
        magic if magic.swap_bytes() == MAGIC => false,
        _ => return None,
    };
    let word = |at: u64| {
        let bytes = read(file, at)?;
        Some(if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let (table, size) = (word(8)?, word(16)?);
    let wanted = hash(name);
    let step = wanted.checked_rem(size.checked_sub(2)?)?.checked_add(1)?;
    let mut index = wanted % size;
    for _ in 0..size.min(MAX_PROBES) {
        let entry = u64::from(table) + u64::from(index) * ENTRY;
        let (value, text, locale) = (word(entry)?, word(entry + 4)?, word(entry + 8)?);
        if text == 0 {
            return Some(false);
        }
        if value == wanted && is_at(file, u64::from(text), name) {
            // A removed one has left its name.
            return Some(locale != 0);
        }
        index = u32::try_from((u64::from(index) + u64::from(step)) % u64::from(size)).ok()?;
    }
    Some(false)
}

/// compute_hashval() in locale/hashval.h.
fn hash(name: &[u8]) -> u32 {
    let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
    let value = name.iter().fold(length, |value, &byte| value.rotate_left(9).wrapping_add(byte.into()));
    if value == 0 { u32::MAX } else { value }
}

/// True when the string `name` stands there, and no longer one.
fn is_at(file: &impl Bytes, offset: u64, name: &[u8]) -> bool {
    let mut text = vec![0xff; name.len() + 1];
    let length = file.read_at(&mut text, offset);
    length.is_ok_and(|length| length == text.len()) && text.strip_suffix(b"\0") == Some(name)
}

fn read<const N: usize>(file: &impl Bytes, offset: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let length = file.read_at(&mut bytes, offset).ok()?;
    (length == N).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive of these names with their locales, in a table of this size, and in either byte order.
    fn archive(names: &[(&str, u32)], size: u32, little_endian: bool) -> Vec<u8> {
        let mut table = vec![[0_u32; 3]; size as usize];
        let (start, mut strings) = (56, Vec::new());
        for (name, locale) in names {
            let text = start + size * 12 + u32::try_from(strings.len()).unwrap();
            strings.extend(name.bytes().chain([0]));
            let value = hash(name.as_bytes());
            let mut index = value % size;
            while table[index as usize][1] != 0 {
                index = (index + 1 + value % (size - 2)) % size;
            }
            table[index as usize] = [value, text, *locale];
        }
        let mut words = vec![MAGIC, 0, start, 0, size];
        words.resize(14, 0);
        words.extend(table.concat());
        let bytes = |word: u32| if little_endian { word.to_le_bytes() } else { word.to_be_bytes() };
        words.into_iter().flat_map(bytes).chain(strings).collect()
    }

    const NAMES: [(&str, u32); 4] = [("de_DE.utf8", 9), ("de_DE", 9), ("fr_FR.utf8", 0), ("C.utf8", 1)];

    #[test]
    fn a_name_is_hashed_as_localedef_does() {
        assert_eq!(hash(b"de_DE.utf8"), 0x63a1_d44b);
        assert_eq!(hash(b"fr_FR.iso885915@euro"), 0xe33c_4bdb);
        assert_eq!(hash(b""), u32::MAX);
    }

    #[test]
    fn names_are_those_of_the_table() {
        for little_endian in [true, false] {
            // In the smaller one they meet.
            for size in [5, 907] {
                let archive = archive(&NAMES, size, little_endian);
                for name in ["de_DE.utf8", "de_DE", "C.utf8"] {
                    assert!(has(&archive, name.as_bytes()), "{name}");
                }
                // A removed one, parts of strings, and one that is not there.
                for name in ["fr_FR.utf8", "utf8", "de_DE.utf", "", "nl_NL"] {
                    assert!(!has(&archive, name.as_bytes()), "{name}");
                }
            }
        }
    }

    #[test]
    fn a_hostile_archive_does_no_harm() {
        let good = archive(&NAMES, 5, true);
        for at in 0..good.len() {
            for value in [0, 1, 2, 0x7f, 0xff] {
                let mut bad = good.clone();
                bad[at] = value;
                let _ = has(&bad, b"de_DE");
            }
            let _ = has(&good[..at].to_vec(), b"de_DE");
        }
        // Full, and no end to it.
        let size: u32 = 1 << 20;
        let mut full = archive(&[], 3, true);
        full[16..20].copy_from_slice(&size.to_le_bytes());
        full.resize(56 + 12 * size as usize, 1);
        assert!(!has(&full, b"de_DE"));
    }
}
