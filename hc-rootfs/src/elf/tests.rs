//! The parser, on files that are as they should be and on files that are not.

use super::*;

impl Bytes for Vec<u8> {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> nix::Result<usize> {
        let rest = self.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

#[test]
fn a_program_of_this_machine_is_read() {
    let program = std::fs::read("/bin/sh").unwrap();
    let object = parse(&program, None).unwrap();
    assert!(object.interpreter.is_some());
    assert!(object.needed.iter().any(|need| need.name.starts_with(b"libc.so")));
    let other = Machine { number: 0xffff, ..object.machine };
    assert_eq!(parse(&program, Some(other)), Err(Defect::OtherMachine));
}

#[test]
fn what_is_no_elf_file_is_said_to_be_none() {
    assert_eq!(parse(&b"#!/bin/sh\n".to_vec(), None), Err(Defect::NotElf));
    assert_eq!(parse(&Vec::new(), None), Err(Defect::NotElf));
    assert!(matches!(parse(&b"\x7fELF".to_vec(), None), Err(Defect::Broken(_))));
}

#[test]
fn hostile_files_are_refused_or_read_but_do_no_harm() {
    let good = std::fs::read("/bin/sh").unwrap();
    let dynamic = good.windows(7).position(|window| window == b"libc.so").unwrap();
    for length in (0..6000).step_by(7) {
        let _ = parse(&good[..length].to_vec(), None);
    }
    for at in (0..1100).chain(dynamic - 64..dynamic + 64) {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            let _ = parse(&bad, None);
        }
    }
}

/// An object of one segment, whose string table is `strings`, with `entries` that point into it.
fn object(strings: &[u8], entries: &[(u64, u64)]) -> Vec<u8> {
    with_notes(strings, entries, &[])
}

/// The same with a segment of notes.
pub(crate) fn with_notes(strings: &[u8], entries: &[(u64, u64)], notes: &[u8]) -> Vec<u8> {
    let (headers, dynamic) = (64, 64 + 3 * 56);
    let table = dynamic + (entries.len() as u64 + 3) * 16;
    let end = table + strings.len() as u64;
    let size = end + notes.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend([3, 0, 62, 0, 1, 0, 0, 0]);
    for word in [0, headers, 0] {
        file.extend(u64::to_le_bytes(word));
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
    let note = (4, end, notes.len() as u64);
    for (kind, offset, size) in [(1_u64, 0, size), (2, dynamic, table - dynamic), note] {
        for word in [kind, offset, offset, offset, size, size, 1] {
            file.extend(u64::to_le_bytes(word));
        }
    }
    let own = [(DT_STRTAB, table), (DT_STRSZ, strings.len() as u64), (0, 0)];
    for (tag, value) in entries.iter().chain(&own) {
        file.extend(tag.to_le_bytes().iter().chain(&value.to_le_bytes()));
    }
    [file.as_slice(), strings, notes].concat()
}

#[test]
fn names_are_read_wherever_they_lie_and_however_long_they_are() {
    let long = [b"/x".repeat(100_000).as_slice(), b"\0"].concat();
    let strings = [b"\0liba\0".as_slice(), &long, b"libb\0"].concat();
    let at = 6 + long.len() as u64;
    let file = object(&strings, &[(DT_NEEDED, 1), (DT_RPATH, 6), (DT_NEEDED, at), (DT_SONAME, 1)]);
    let parsed = parse(&file, None).unwrap();
    let names: Vec<&[u8]> = parsed.needed.iter().map(|need| need.name.as_slice()).collect();
    assert_eq!(names, [b"liba", b"libb"]);
    assert_eq!(parsed.soname.as_deref(), Some(&b"liba"[..]));
    assert_eq!(parsed.rpath.map(|path| path.len()), Some(200_000));
    let broken = Err(Defect::Broken("a name in its dynamic section is broken"));
    // Past the end of the table; a name that does not end; more names than anybody means.
    assert_eq!(parse(&object(b"\0a\0", &[(DT_NEEDED, 3)]), None), broken);
    assert_eq!(parse(&object(b"\0a", &[(DT_NEEDED, 1)]), None), broken);
    assert_eq!(parse(&object(&b"x".repeat(3 << 20), &[(DT_NEEDED, 0)]), None), broken);
    assert_eq!(parse(&object(&long, &[(DT_NEEDED, 0); 100]), None), broken);
}

#[test]
fn chance_does_no_harm() {
    let good = object(b"\0liba.so\0/a:/b\0", &[(DT_NEEDED, 1), (DT_RUNPATH, 9), (DT_SONAME, 1)]);
    let mut number = crate::chance::numbers();
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bad = good.clone();
        for _ in 0..=number(6) {
            let at = number(bad.len());
            bad[at] = [0, 1, 2, 0x7f, 0x80, 0xff, 0x41, 0x10][number(8)];
        }
        bad.truncate(bad.len() - number(10) * number(10));
        refused += usize::from(parse(&bad, None).is_err());
    }
    assert!((1000..19_000).contains(&refused), "{refused} refused: not much of a test");
}
