//! System calls that a test asks for, and what came of each.

use crate::sys::call;
use std::ffi::CStr;
use std::fmt::Write;

/// A line for each of `calls`: the result, or the name of the error.
pub(crate) fn make(calls: &[&CStr]) -> Vec<u8> {
    let mut lines = String::new();
    for text in calls {
        let _cannot_fail = match text.to_str().ok().and_then(made) {
            Some(Ok(value)) => writeln!(lines, "{value}"),
            Some(Err(errno)) => writeln!(lines, "{errno:?}"),
            None => writeln!(lines, "no call: {}", text.to_bytes().escape_ascii()),
        };
    }
    lines.into_bytes()
}

fn made(text: &str) -> Option<nix::Result<i64>> {
    let mut words = text.split(':');
    let make = match words.next()? {
        "x86_64" => call::x86_64,
        "i386" => call::i386,
        _ => return None,
    };
    let mut next = || words.next().map(number);
    let number = i64::try_from(next()??).ok()?;
    let mut arguments = [0; 5];
    for argument in &mut arguments {
        *argument = next().unwrap_or(Some(0))?;
    }
    Some(make(number, arguments))
}

/// Decimal, or with `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
