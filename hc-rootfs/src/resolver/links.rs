//! Who needs whom, and by what it was found: kept for those who ask.

use super::{Files, Loaded, Search};
use crate::host::Id;
use hc::{Error, Result, show};

/// Two hundred libraries need each other two thousand times.
const MAX_LINKS: usize = 1 << 18;

/// One object's need for another.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Where it is in [`super::Needs::files`]; `None` for the program.
    pub(crate) needer: Option<usize>,
    /// What it asks for.
    pub(crate) name: Vec<u8>,
    pub(crate) file: usize,
    pub(crate) how: How,
}

/// By what a file was found, or on what occasion it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// PT_INTERP
    Loader,
    /// A name with a slash.
    Name,
    /// What stands for `LD_LIBRARY_PATH`.
    LibraryPath,
    /// DT_RPATH of the needer or of one before it; musl's either path.
    Rpath,
    Runpath,
    Cache,
    /// The loader's own directories.
    Default,
    /// Not on each processor.
    Variant,
    /// A note in the needer.
    Dlopen,
    /// The C library opens it, by what nsswitch.conf says,
    Nss,
    /// for a character set,
    Gconv,
    /// or to end a thread.
    Unwinder,
}

/// Where a file is in [`super::Needs::files`], and by what it got there.
pub(super) type Spot = (usize, How);

/// The file behind a name.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) id: Id,
    /// `None` for the program.
    pub(super) spot: Option<Spot>,
}

impl<F: Files> Search<'_, F> {
    /// Notes the need; nobody needs the program. `how` is on what occasion, if there is one.
    pub(super) fn link(
        &mut self,
        needer: &Loaded,
        name: &[u8],
        spot: Option<Spot>,
        how: Option<How>,
    ) -> Result<()> {
        let Some((file, found)) = spot else { return Ok(()) };
        if self.needs.links.len() >= MAX_LINKS {
            let program = show(self.program);
            return Err(Error::new(format!(
                "{program}: its libraries need others more than {MAX_LINKS} times"
            )));
        }
        if !self.files.room().take(name.len() + size_of::<Link>()) {
            return Err(self.full());
        }
        let link = Link { needer: needer.place, name: name.to_vec(), file, how: how.unwrap_or(found) };
        self.needs.links.push(link);
        Ok(())
    }
}
