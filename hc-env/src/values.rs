//! Values of the environment before any change, for -S and for the files.

use hc::Environ;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Finds them by name. A string or a file may ask for thousands of thousands, most ask for none.
pub(crate) struct Values<'a> {
    environ: &'a Environ,
    by_name: OnceCell<BTreeMap<&'a [u8], &'a [u8]>>,
}

impl<'a> Values<'a> {
    pub(crate) fn of(environ: &'a Environ) -> Self {
        Values { environ, by_name: OnceCell::new() }
    }

    /// As getenv(3): of several the first.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.by_name.get_or_init(|| self.environ.values()).get(name).copied()
    }
}
