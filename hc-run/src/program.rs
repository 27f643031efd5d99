//! Which file the user means: found now, for inside there is nothing to search.

use crate::links::absolute;
use hc::{Environ, Error, Result};
use std::ffi::OsString;

/// The absolute path of the program in `argv`.
pub(crate) fn find(argv: &[OsString], env: &Environ) -> Result<OsString> {
    let name = argv.first().ok_or_else(|| Error::usage("no program to run"))?;
    absolute(hc::find_program(name, env.get(b"PATH"))?)
}
