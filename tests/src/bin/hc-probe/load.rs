//! What a NEXT does that is to be limited.

use crate::sys;
use std::ffi::CStr;
use std::fmt::Write;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

/// A disk reads whole blocks, into memory that begins at one.
const BLOCK: usize = 4096;
/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// What came of it; nothing if `words` ask for something else.
pub(crate) fn put(words: &[&CStr]) -> Option<String> {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str().ok()).collect();
    match words.as_slice() {
        ["allocate", mib] => Some(allocate(mib.parse().ok()?)),
        ["fork", number] => Some(fork(number.parse().ok()?)),
        ["burn", milliseconds] => Some(burn(milliseconds.parse().ok()?)),
        ["read", file, bytes] => Some(read(file, bytes.parse().ok()?)),
        _ => None,
    }
}

/// Every byte is written to: memory that nobody has touched is none.
fn allocate(mib: usize) -> String {
    let filled = vec![1_u8; mib << 20];
    let sum: usize = std::hint::black_box(&filled).iter().step_by(BLOCK).map(|byte| usize::from(*byte)).sum();
    format!("allocated {}\n", (sum * BLOCK) >> 20)
}

fn fork(number: usize) -> String {
    let mut children = Vec::new();
    let mut error = None;
    while children.len() < number && error.is_none() {
        match sys::waiting_child() {
            Ok(child) => children.push(child),
            Err(errno) => error = Some(errno),
        }
    }
    let mut text = format!("{} children\n", children.len());
    if let Some(errno) = error {
        let _cannot_fail = writeln!(text, "{errno:?}");
    }
    children.into_iter().for_each(sys::end);
    text
}

fn burn(milliseconds: i64) -> String {
    let end = sys::milliseconds(libc::CLOCK_MONOTONIC) + milliseconds;
    while sys::milliseconds(libc::CLOCK_MONOTONIC) < end {}
    format!("{}\n", sys::milliseconds(libc::CLOCK_PROCESS_CPUTIME_ID))
}

fn read(file: &str, bytes: u64) -> String {
    let opened = std::fs::OpenOptions::new().read(true).custom_flags(libc::O_DIRECT).open(file);
    let Ok(opened) = opened else { return "cannot open it\n".to_owned() };
    let memory = vec![0_u8; PIECE + BLOCK];
    let skip = memory.as_ptr().align_offset(BLOCK);
    let mut memory = memory;
    let Some(piece) = memory.get_mut(skip..skip + PIECE) else { return "no memory\n".to_owned() };
    let start = sys::milliseconds(libc::CLOCK_MONOTONIC);
    let mut at = 0;
    while at < bytes {
        match opened.read_at(piece, at) {
            Ok(length) if length > 0 => at += u64::try_from(length).unwrap_or(0),
            _ => return format!("cannot read beyond {at}\n"),
        }
    }
    format!("{}\n", sys::milliseconds(libc::CLOCK_MONOTONIC) - start)
}
