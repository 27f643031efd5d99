//! What of the mounts in a new mount namespace reaches the other ones: mount_namespaces(7).

use crate::causes;
use hc::{Error, Result};
use nix::mount::{MsFlags, mount};
use std::ffi::OsStr;

/// How all mounts of the new namespace are marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Propagation {
    /// What is mounted here does not appear outside, nor the other way round.
    #[default]
    Private,
    /// What is mounted outside appears here too.
    Slave,
    /// And the other way round.
    Shared,
    /// As they were.
    Unchanged,
}

impl Propagation {
    /// The mode that is called `name`.
    pub(crate) fn called(name: &OsStr) -> Option<Self> {
        match name.as_encoded_bytes() {
            b"private" => Some(Propagation::Private),
            b"slave" => Some(Propagation::Slave),
            b"shared" => Some(Propagation::Shared),
            b"unchanged" => Some(Propagation::Unchanged),
            _ => None,
        }
    }

    fn flag(self) -> Option<(MsFlags, &'static str)> {
        match self {
            Propagation::Private => Some((MsFlags::MS_PRIVATE, "private")),
            Propagation::Slave => Some((MsFlags::MS_SLAVE, "a slave")),
            Propagation::Shared => Some((MsFlags::MS_SHARED, "shared")),
            Propagation::Unchanged => None,
        }
    }

    /// True where what is mounted in the new namespace may appear outside.
    pub(crate) fn reaches_outside(self) -> bool {
        matches!(self, Propagation::Shared | Propagation::Unchanged)
    }

    /// Marks all mounts.
    pub(crate) fn set(self) -> Result<()> {
        let Some((flag, shown)) = self.flag() else { return Ok(()) };
        let none = None::<&OsStr>;
        mount(none, "/", none, MsFlags::MS_REC | flag, none).map_err(|errno| {
            let because = causes::of_refused_propagation(errno);
            Error::new(format!("make / {shown}: {}{because}", hc::reason(errno)))
        })
    }
}
