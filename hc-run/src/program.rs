//! Which file the user means: found now, for inside there is nothing to search.

use crate::links::absolute;
use hc::{Environ, Error, Result, Status};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The absolute path of the program in `argv`.
pub(crate) fn find(argv: &[OsString], env: &Environ) -> Result<OsString> {
    let name = argv.first().ok_or_else(|| Error::usage("no program to run"))?;
    let file = hc::find_program(name, env.get(b"PATH"))?;
    refuse_text(&file)?;
    absolute(file)
}

/// Refuses, with 126, what is neither an ELF file nor a script with a `#!` line. Outside of a container execvp(3)
/// gives such a file to /bin/sh; in it there is no /bin/sh. Not left to hc-rootfs, to which the program is an
/// operand like any other: it would end with 125.
fn refuse_text(file: &Path) -> Result<()> {
    let mut head = Vec::new();
    if File::open(file).and_then(|file| file.take(4).read_to_end(&mut head)).is_err() {
        // It can be a program all the same; hc-rootfs will say that it cannot copy it.
        return Ok(());
    }
    if head.starts_with(b"\x7fELF") || head.starts_with(b"#!") {
        return Ok(());
    }
    let why = "neither a program of this machine nor a script with a #! line";
    Err(Error::with_status(Status::NOT_EXECUTABLE, format!("{}: {why}", hc::show(file))))
}
