//! Names from the outside, made fit for one line of a message.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;

/// Shows a file name or argument as it is, except what would break the line, reach the terminal or reorder
/// what is read there: control characters and bytes that are not UTF-8 appear as `\n`, `\t`, `\x1b`, `\xff`,
/// characters that separate lines or turn the direction of writing as `\u{202e}`.
#[must_use]
pub fn show<S: AsRef<OsStr> + ?Sized>(name: &S) -> impl fmt::Display {
    Shown(name.as_ref().as_bytes())
}

struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for character in chunk.valid().chars() {
                match character {
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    '\t' => f.write_str("\\t")?,
                    c if c.is_control() => write!(f, "\\x{:02x}", u32::from(c))?,
                    c if is_layout(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                    c => write!(f, "{c}")?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Line and paragraph separators, and the bidirectional marks, embeddings, overrides and isolates of Unicode.
fn is_layout(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_one_line_and_away_from_the_terminal() {
        assert_eq!(show("plain é").to_string(), "plain é");
        assert_eq!(show("a\nb\tc\x1b[31m").to_string(), "a\\nb\\tc\\x1b[31m");
        assert_eq!(show(OsStr::from_bytes(b"x\xff\x80y")).to_string(), "x\\xff\\x80y");
        assert_eq!(show("a\u{202e}cod.exe\u{2028}b").to_string(), "a\\u{202e}cod.exe\\u{2028}b");
        // U+009B is a control sequence introducer too.
        assert_eq!(show("\u{9b}31m").to_string(), "\\x9b31m");
    }
}
