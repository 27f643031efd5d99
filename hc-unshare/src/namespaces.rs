//! Leaving the caller's namespaces.

use crate::causes;
use hc::{Error, Result};
use nix::sched::CloneFlags;

/// Makes the namespaces in one call; a user namespace comes first then, and owns the others.
pub(crate) fn unshare(namespaces: CloneFlags) -> Result<()> {
    if namespaces.is_empty() {
        return Ok(());
    }
    nix::sched::unshare(namespaces).map_err(|errno| {
        let because = causes::of_refused_namespaces(errno, namespaces);
        Error::new(format!("unshare: {}{because}", hc::reason(errno)))
    })
}
