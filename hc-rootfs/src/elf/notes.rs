//! `.note.dlopen`: what an object opens by itself (UAPI.12, ELF Package Metadata's sibling for dlopen(3)).

use super::{Bytes, ProgramHeader, read};
use goblin::elf::program_header::PT_NOTE;
use std::collections::HashSet;

const TYPE: u32 = 0x407c_0c0a;
const OWNER: &[u8] = b"FDO\0";
/// A segment of notes. systemd's, with fifteen of these, is a tenth of this.
const MAX_SIZE: u64 = 65536;
/// All that is read of one file.
const MAX_TOTAL: u64 = 4 * MAX_SIZE;

/// The texts of all such notes. To the loader notes mean nothing: those that are broken are none.
pub(super) fn dlopen(
    file: &impl Bytes,
    head: &[u8],
    headers: &[ProgramHeader],
    little_endian: bool,
) -> Vec<Vec<u8>> {
    let segments = headers.iter().filter(|header| header.p_type == PT_NOTE && header.p_filesz <= MAX_SIZE);
    let (mut texts, mut places, mut total) = (Vec::new(), HashSet::new(), 0);
    for segment in segments {
        // Headers are small, and many can be for the same notes.
        if !places.insert(segment.p_offset) || total + segment.p_filesz > MAX_TOTAL {
            continue;
        }
        total += segment.p_filesz;
        let size = usize::try_from(segment.p_filesz).unwrap_or(0);
        let Ok(notes) = read(file, head, segment.p_offset, size, "") else { continue };
        let align = if segment.p_align == 8 { 8 } else { 4 };
        let mut rest = notes.as_slice();
        while let Some((note, after)) = next(rest, align, little_endian) {
            if note.kind == TYPE && note.owner == OWNER {
                texts.push(note.text.to_vec());
            }
            rest = after;
        }
    }
    texts
}

struct Note<'a> {
    kind: u32,
    owner: &'a [u8],
    text: &'a [u8],
}

/// The first note, and what comes after it.
fn next(bytes: &[u8], align: usize, little_endian: bool) -> Option<(Note<'_>, &[u8])> {
    let word = |at: usize| {
        let bytes = *bytes.get(at..)?.first_chunk()?;
        Some(if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let (owner, text) = (usize::try_from(word(0)?).ok()?, usize::try_from(word(4)?).ok()?);
    let owner_end = owner.checked_add(12)?;
    let start = owner_end.checked_next_multiple_of(align)?;
    let end = start.checked_add(text)?;
    let note = Note { kind: word(8)?, owner: bytes.get(12..owner_end)?, text: bytes.get(start..end)? };
    // The last one may do without its padding.
    let after = bytes.get(end.checked_next_multiple_of(align)?..).unwrap_or_default();
    Some((note, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(kind: u32, owner: &[u8], text: &[u8], align: usize) -> Vec<u8> {
        let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let mut note = [&length(owner)[..], &length(text), &kind.to_le_bytes(), owner].concat();
        note.resize(note.len().next_multiple_of(align), 0);
        note.extend(text);
        note.resize(note.len().next_multiple_of(align), 0);
        note
    }

    fn texts(segment: &[u8], align: u64) -> Vec<Vec<u8>> {
        let size = segment.len() as u64;
        let header =
            ProgramHeader { p_type: PT_NOTE, p_filesz: size, p_align: align, ..ProgramHeader::new() };
        dlopen(&segment.to_vec(), b"", &[header], true)
    }

    #[test]
    fn notes_are_found_among_others() {
        for align in [4, 8] {
            let parts = [
                note(3, b"GNU\0", b"an id", align),
                note(TYPE, OWNER, b"[1]\0", align),
                note(TYPE, b"GNU\0", b"[2]", align),
                note(TYPE, OWNER, b"[3]\0\0", align),
            ];
            let expected = [b"[1]\0".to_vec(), b"[3]\0\0".to_vec()];
            assert_eq!(texts(&parts.concat(), align as u64), expected);
        }
    }

    #[test]
    fn notes_are_read_once_and_not_without_end() {
        let segment = [note(TYPE, OWNER, b"[1]", 4), vec![0; 60_000]].concat();
        let header = |offset: u64| {
            let size = segment.len() as u64 - offset;
            ProgramHeader { p_type: PT_NOTE, p_offset: offset, p_filesz: size, ..ProgramHeader::new() }
        };
        let read = |offsets: Vec<u64>| {
            let headers: Vec<_> = offsets.into_iter().map(header).collect();
            dlopen(&segment, b"", &headers, true).len()
        };
        assert_eq!(read(vec![0; 1000]), 1);
        assert_eq!(read((4..1000).chain([0]).collect()), 0);
        assert_eq!(read(vec![4, 8, 0]), 1);
    }

    #[test]
    fn a_broken_note_is_none_and_ends_it() {
        let good = note(TYPE, OWNER, b"[1]\0", 4);
        for length in 0..good.len() {
            assert!(texts(&good[..length], 4).is_empty(), "{length}");
        }
        for at in [0, 4] {
            let mut bad = good.clone();
            bad[at..at + 4].fill(0xff);
            assert!(texts(&bad, 4).is_empty());
        }
        assert!(texts(&[0; 64], 4).is_empty());
    }
}
