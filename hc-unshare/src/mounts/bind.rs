//! A file or directory of the caller's in another place.

use super::place::{Kind, View, is_directory, open_source};
use super::{Sources, copy_of};
use crate::causes;
use crate::sys::mount::{self as call, Depth};
use hc::{Context, Error, Result};
use nix::errno::Errno;
use std::ffi::OsString;
use std::os::fd::OwnedFd;

/// What `--bind` says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bind {
    pub(crate) source: OsString,
    pub(crate) target: OsString,
    /// As of mount_setattr(2).
    pub(crate) attributes: u64,
    /// Whether what is mounted below `source` comes along.
    pub(crate) depth: Depth,
    /// With the ids of the new user namespace, where the root directory has those.
    pub(crate) idmap: bool,
}

impl Bind {
    /// All that is there, for reading.
    pub(super) fn read_only(source: &str, target: &str) -> Self {
        let attributes = call::RDONLY | call::NOSUID | call::NODEV | call::NOEXEC;
        Bind { source: source.into(), target: target.into(), attributes, depth: Depth::All, idmap: false }
    }

    pub(super) fn open(&self) -> Result<Sources> {
        Ok(vec![open_source(&self.source)?])
    }

    pub(super) fn make(&self, view: &View<'_>, sources: &Sources) -> Result<()> {
        let source = sources.first().ok_or_else(|| Error::new("a bind mount without a source"))?;
        let shown = hc::show(&self.source);
        let tree = copy_of(source, self.depth, self.attributes).map_err(|errno| {
            let because = match (errno, self.depth) {
                (Errno::EINVAL, Depth::One) => " (what is mounted below it cannot be left out here: add rec)",
                (errno, _) => causes::of_refused_copy(errno),
            };
            Error::new(format!("bind {shown}: {}{because}", hc::reason(errno)))
        })?;
        self.put(view, &tree)
    }

    /// Attaches the source, which has been mounted with other ids.
    pub(super) fn attach(&self, view: &View<'_>, tree: &OwnedFd) -> Result<()> {
        let attributes = call::Attributes { set: self.attributes, ..call::Attributes::default() };
        call::set_attributes(tree, self.depth, attributes)
            .context(format_args!("bind {}", hc::show(&self.source)))?;
        self.put(view, tree)
    }

    fn put(&self, view: &View<'_>, tree: &OwnedFd) -> Result<()> {
        let (shown, target) = (hc::show(&self.source), &self.target);
        let kind = if is_directory(tree).context(&shown)? { Kind::Directory } else { Kind::File };
        let place = view.open_or_make(target, kind)?;
        call::attach_tree(tree, &place).map_err(|errno| {
            let hint = if errno == Errno::EINVAL { " (a file and a directory)" } else { "" };
            Error::new(format!("bind {shown} to {}: {}{hint}", hc::show(target), hc::reason(errno)))
        })
    }
}
