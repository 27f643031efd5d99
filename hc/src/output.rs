//! Standard output and standard error, with their errors noticed.

use crate::error::{Context, Result};
use crate::sys;

/// Writes `bytes` to standard output; a full disk or a closed descriptor is an error (125), as GNU tools
/// have it: `write error: No space left on device`.
pub fn print(bytes: &[u8]) -> Result<()> {
    sys::write_all(sys::STDOUT, bytes).context("write error")
}

/// Writes whole lines to standard error, in one piece. Where it fails there is nobody to tell; but the tools whose manner is
/// that of the coreutils make it their status (125).
pub fn complain(lines: &[u8]) -> Result<()> {
    sys::write_all(sys::STDERR, lines).context("write error")
}

/// Tells the user, on standard error, what is no failure but will matter: `TOOL: TEXT`. `text` is one line, with
/// names from outside passed through [`crate::show()`].
pub fn note(tool: &str, text: &str) {
    let _ = complain(format!("{tool}: {text}\n").as_bytes());
}
