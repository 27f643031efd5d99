//! A directory tree of -f.
//!
//! It is walked from a descriptor of its top, with no look-up that follows a symlink: whoever may write to it cannot
//! make root copy another one.

use super::layers::{BaseId, Node};
use super::libraries::Binary;
use super::{Extras, Request, kernel, special};
use crate::host::{Host, Id, Owner, Source, id_of};
use crate::sysroot::kind;
use hc::{Error, Result, show};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FileStat, SFlag, fstat, fstatat};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// A directory tree that is being walked.
pub(super) struct Tree<'a> {
    top: OwnedFd,
    device: u64,
    /// The new root.
    target: Option<Id>,
    /// Where it is, without symlinks.
    pub(super) real: PathBuf,
    pub(super) host: &'a Host,
}

/// Where a directory will be, without symlinks.
struct Spot {
    base: BaseId,
    place: PathBuf,
}

impl Extras {
    pub(super) fn directory(
        &mut self,
        name: &Path,
        request: &Request,
        target: Option<Id>,
        host: &Host,
    ) -> Result<()> {
        let (_, real) = host.way(name)?;
        let failed = |errno| Error::from_errno(show(&real), errno);
        let top = host.sysroot.open_plain_directory(&real).map_err(failed)?;
        let status = fstat(&top).map_err(failed)?;
        if Some(id_of(&status)) == target {
            return Err(Error::new(format!("{}: is the directory to copy to", show(name))));
        }
        if kernel::is_own(&top) {
            let why = "is of a file system of the kernel, which has no files before they are read: name one";
            return Err(Error::new(format!("{}: {why}", show(name))));
        }
        let (base, place) = self.place(name, request, host)?;
        let spot = self.spot(Spot { base, place }, host);
        self.layers.put(spot.base, spot.place.clone(), Node::Directory(Owner::new(&status)));
        let tree = Tree { top, device: status.st_dev, target, real, host };
        let mut todo = vec![(PathBuf::new(), spot)];
        while let Some((below, spot)) = todo.pop() {
            todo.extend(self.entries(&tree, &below, &spot)?);
        }
        Ok(())
    }

    /// Where a directory goes: over the link that is at its place if there is something behind that.
    fn spot(&mut self, spot: Spot, host: &Host) -> Spot {
        if !self.layers.is_passed(&spot.place) {
            return spot;
        }
        let (base, place) = self.behind(&spot.place, host);
        Spot { base, place }
    }

    /// Adds what is in one directory of `tree`, which goes to `spot`. Returns the directories in it.
    fn entries(&mut self, tree: &Tree<'_>, below: &Path, spot: &Spot) -> Result<Vec<(PathBuf, Spot)>> {
        let path = tree.real.join(below);
        let failed = |path: &Path, errno| Error::from_errno(show(path), errno);
        let directory = tree.open(below).map_err(|errno| failed(&path, errno))?;
        let mut directories = Vec::new();
        for name in names(&directory).map_err(|errno| failed(&path, errno))? {
            let (path, below) = (path.join(&name), below.join(&name));
            let status = fstatat(&directory, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
                .map_err(|errno| failed(&path, errno))?;
            let place = spot.place.join(&name);
            let node = match kind(&status) {
                SFlag::S_IFDIR => {
                    if let Some(why) = tree.left_out(&below, &status) {
                        self.note(format!("{}: note: {why}", show(&path)));
                        continue;
                    }
                    let spot = self.spot(Spot { base: spot.base, place }, tree.host);
                    self.layers.put(spot.base, spot.place.clone(), Node::Directory(Owner::new(&status)));
                    directories.push((below, spot));
                    continue;
                }
                SFlag::S_IFREG if tree.is_kernel_s(&directory, &name, &status, &path) => {
                    self.note(format!("{}: note: is a file of the kernel and is not copied", show(&path)));
                    continue;
                }
                SFlag::S_IFREG => {
                    let mut source = Source::new(&tree.host.sysroot, path, &status);
                    source.place = (place != source.path).then(|| place.clone());
                    self.binaries.extend(Binary::at(&directory, &name, &status, &source, tree));
                    Node::File(Rc::new(source))
                }
                SFlag::S_IFLNK => {
                    let node = self.link(tree, &directory, &name, (&path, &place));
                    node.map_err(|errno| failed(&path, errno))?
                }
                _ => {
                    let what = special(&status).unwrap_or("of no known kind");
                    self.note(format!("{}: note: is {what} and is not copied", show(&path)));
                    continue;
                }
            };
            self.layers.put(spot.base, place, node);
        }
        Ok(directories)
    }
}

impl Tree<'_> {
    fn open(&self, below: &Path) -> nix::Result<OwnedFd> {
        let below = if below.as_os_str().is_empty() { Path::new(".") } else { below };
        let how = OpenHow::new()
            .flags(OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_BENEATH);
        openat2(&self.top, below, how)
    }

    /// Why a directory is not entered, if it is not.
    fn left_out(&self, below: &Path, status: &FileStat) -> Option<&'static str> {
        if Some(id_of(status)) == self.target {
            return Some("is the directory to copy to, and not copied into itself");
        }
        let of_kernel = || self.open(below).is_ok_and(|directory| kernel::is_own(&directory));
        (status.st_dev != self.device && of_kernel())
            .then_some("is a file system of the kernel and is not copied")
    }

    /// True for a file that is mounted here out of a file system of the kernel: those take no blocks.
    fn is_kernel_s(&self, directory: &OwnedFd, name: &OsStr, status: &FileStat, path: &Path) -> bool {
        let opened = || self.host.sysroot.open_entry(directory, name, path);
        status.st_dev != self.device
            && status.st_blocks == 0
            && opened().is_ok_and(|file| kernel::is_own(&file))
    }
}

/// The names in a directory, sorted.
fn names(directory: &OwnedFd) -> nix::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(directory.try_clone().map_err(|_| Errno::EMFILE)?)?.iter() {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(OsStr::from_bytes(name.to_bytes()).to_owned());
        }
    }
    names.sort();
    Ok(names)
}
