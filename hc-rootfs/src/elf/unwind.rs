//! Whether an object ends threads in a way for which the C library loads libgcc_s.so.1 when it happens.
//!
//! pthread_cancel(3), pthread_exit(3), thrd_exit(3) and backtrace(3) do (misc/unwind-link.c of glibc). It shows in the
//! object's undefined symbols.

use super::{Bytes, Defect, HEAD, dynamic, file_offset, headers, read};
use goblin::container::Container;
use goblin::elf::dynamic::{DT_GNU_HASH, DT_HASH, DT_STRSZ, DT_STRTAB, DT_SYMTAB};
use std::cell::Cell;

const NAMES: [&[u8]; 4] = [b"pthread_cancel", b"pthread_exit", b"thrd_exit", b"backtrace"];
/// Of a string or symbol table. The largest programs have some megabytes of each.
const MAX_TABLE: u64 = 16 << 20;

/// False when the first page of a file has all strings, and none is such a name.
pub(super) fn may(head: &[u8], start: u64, size: Option<u64>) -> bool {
    let range = || {
        let start = usize::try_from(start).ok()?;
        head.get(start..start.checked_add(usize::try_from(size?).ok()?)?)
    };
    range().is_none_or(|strings| !offsets(strings).is_empty())
}

/// Looks into the symbols of `file`, and tells how many bytes that were. What is broken there is so to the loader, too,
/// but not before it is used.
pub(crate) fn unwinds(file: &impl Bytes) -> (bool, usize) {
    let looked_at = Cell::new(0);
    let found = look(file, &looked_at).ok().flatten().unwrap_or(false);
    (found, looked_at.get())
}

fn look(file: &impl Bytes, looked_at: &Cell<usize>) -> Result<Option<bool>, Defect> {
    let mut buffer = [0; HEAD];
    let (head, machine, context, headers) = headers(file, &mut buffer, None)?;
    let Some(entries) = dynamic(file, head, &headers, context)? else { return Ok(None) };
    let value = |tag| entries.iter().rev().find(|entry| entry.d_tag == tag).map(|entry| entry.d_val);
    let table = |tag, offset: u64, size: Option<u64>| {
        let start = file_offset(&headers, value(tag)?)?.checked_add(offset)?;
        let size = usize::try_from(size.filter(|&size| size <= MAX_TABLE)?).ok()?;
        looked_at.set(looked_at.get() + size);
        read(file, head, start, size, "").ok()
    };
    let word = |bytes: &[u8]| {
        let bytes = *bytes.first_chunk::<4>()?;
        Some(if machine.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    };
    let names = table(DT_STRTAB, 0, value(DT_STRSZ)).map(|strings| offsets(&strings)).unwrap_or_default();
    if names.is_empty() {
        return Ok(Some(false));
    }
    // The index of the first symbol that is defined; before it are all that are not. Or, in the older kind of table,
    // the number of symbols.
    let end = [DT_GNU_HASH, DT_HASH].iter().find_map(|&tag| word(&table(tag, 4, Some(4))?));
    let wide = context.container == Container::Big;
    let (size, section) = if wide { (24, 6) } else { (16, 14) };
    let symbols = table(DT_SYMTAB, 0, end.map(|end| u64::from(end) * size as u64)).unwrap_or_default();
    Ok(Some(symbols.chunks_exact(size).any(|symbol| {
        let undefined = symbol.get(section..section + 2) == Some(&[0, 0]);
        undefined && word(symbol).is_some_and(|name| names.binary_search(&name).is_ok())
    })))
}

/// Where in `strings` such names are, in ascending order. They may be the ends of others, as the linker puts them together.
fn offsets(strings: &[u8]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut at = 0;
    for string in strings.split(|&byte| byte == 0) {
        at += string.len() + 1;
        for name in NAMES.iter().filter(|name| string.ends_with(name)) {
            found.extend(u32::try_from(at - 1 - name.len()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_a_table_of_strings() {
        assert_eq!(offsets(b"\0pthread_exit\0x_backtrace\0backtraces\0pthread_cancel"), [1, 16, 37]);
        assert!(may(b"..pthread_exit\0", 2, Some(13)) && !may(b"..pthread_exits\0", 2, Some(14)));
        assert!(may(b"..", 2, Some(1)) && may(b"..", 2, None));
    }

    #[test]
    fn symbols_of_this_machine_s_files_are_read() {
        let file = |path: &str| std::fs::File::open(path).unwrap();
        // It defines them all.
        assert!(!unwinds(&file("/lib/x86_64-linux-gnu/libc.so.6")).0);
        assert!(!unwinds(&file("/bin/sh")).0);
        assert_eq!(unwinds(&b"\x7fELF".to_vec()), (false, 0));
    }
}
