//! Files of the new root that are not the host's: their content is made here, and what is left to copy.rs is a
//! file without a name that holds it.

use crate::copy::Root;
use crate::host::{Examined, Host, Source, Step, Ware, id_of};
use crate::ldcache::{Merged, merge};
use crate::programs::Closure;
use crate::resolver::CACHE;
use hc::{Context, Error, Result, show};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::stat::{fstat, futimens};
use nix::sys::time::TimeSpec;
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

/// The ld.so.cache that `root` is to have, which need not be there yet, if it needs another than it has. One that is not ours is left alone;
/// then there is a note.
pub(crate) fn cache(closure: &Closure, host: &Host, root: Option<&Root>) -> Result<Option<Ware>> {
    match look(closure, root) {
        Merged::New(content) => {
            let made = ware(Path::new(CACHE), &content, host);
            made.map(Some).map_err(|error| Error::new(host.sysroot.about(error)))
        }
        Merged::Complete | Merged::Foreign => Ok(None),
    }
}

/// True when `root` has a cache of somebody else's which lacks something.
pub(crate) fn lacks_in_cache(closure: &Closure, root: &Root) -> bool {
    look(closure, Some(root)) == Merged::Foreign
}

fn look(closure: &Closure, root: Option<&Root>) -> Merged {
    if closure.cached.is_empty() {
        return Merged::Complete;
    }
    merge(root.and_then(|root| root.content(Path::new(CACHE))), &closure.cached, closure.little_endian)
}

/// A file like the host's `name` in all but its content.
fn ware(name: &Path, content: &[u8], host: &Host) -> Result<Ware> {
    let opened = host.sysroot.open_regular(name);
    let (_, status) = opened.map_err(|why| Error::new(format!("{}: {why}", show(name))))?;
    let mut ware = host.ware(&Examined { name: name.to_owned(), id: id_of(&status) })?;
    ware.source = Rc::new(written(&ware.source, content).context(show(name))?);
    set_source(&mut ware.way, &ware.source);
    Ok(ware)
}

/// A file like `like` in all but its content.
pub(crate) fn written(like: &Source, content: &[u8]) -> nix::Result<Source> {
    let mut file = File::from(memfd_create(c"hc-rootfs", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(content).map_err(|_| nix::errno::Errno::ENOMEM)?;
    // So that the file is the same in the next run, and the day after.
    let (seconds, nanoseconds) = like.modified;
    futimens(&file, &TimeSpec::UTIME_OMIT, &TimeSpec::new(seconds, nanoseconds))?;
    let status = fstat(&file)?;
    Ok(Source {
        id: id_of(&status),
        size: status.st_size,
        has_holes: false,
        content: Some(Rc::new(OwnedFd::from(file))),
        ..like.clone()
    })
}

fn set_source(way: &mut [Step], to: &Rc<Source>) {
    match way.last_mut() {
        Some(Step::File(_, source)) => *source = Rc::clone(to),
        Some(Step::Link { then, .. }) => set_source(then, to),
        Some(Step::Root | Step::Up | Step::Common(_) | Step::Directory(..) | Step::Symlink { .. }) | None => {
        }
    }
}
