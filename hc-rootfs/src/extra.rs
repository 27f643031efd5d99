//! `-f`: files and directory trees that no program's headers name.
//!
//! A tree is walked from a descriptor of its top, with no look-up that follows a symlink: whoever may write to it
//! cannot make root copy another one.

mod libraries;
mod link;

use crate::host::{Examined, Host, Id, Owner, Source, Step, Ware, id_of};
use crate::programs::Closure;
use crate::sysroot::kind;
use hc::{Error, Result, show};
use libraries::Binary;
use nix::dir::Dir;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::{FileStat, SFlag, fstat, fstatat, stat};
use nix::sys::statfs::{PROC_SUPER_MAGIC, SYSFS_MAGIC, fstatfs};
use nix::unistd::{getegid, geteuid};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// `SRC[:DST]`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) source: PathBuf,
    /// Its place in the new root, absolute; the same if there is none.
    pub(crate) place: Option<PathBuf>,
}

/// What is to be copied besides the programs and their libraries.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) wares: Vec<Ware>,
    /// Those that end in a directory or a symlink.
    pub(crate) ways: Vec<Vec<Step>>,
    pub(crate) notes: Vec<Note>,
    binaries: Vec<Binary>,
}

/// A line about something that was left out.
pub(crate) struct Note {
    pub(crate) text: String,
    /// It holds only if this is not in the new root.
    pub(crate) unless: Option<PathBuf>,
}

/// Finds what `requests` ask for, all of it where `host` is; the libraries that they need join `closure`.
/// `directory` is the new root, if there is to be one, of which no copy is made in itself.
pub(crate) fn collect(
    requests: &[Request],
    directory: Option<&OsStr>,
    host: &Host,
    closure: &mut Closure,
) -> Result<Extras> {
    if requests.is_empty() {
        return Ok(Extras::default());
    }
    let target = directory.and_then(|directory| stat(directory).ok()).map(|status| id_of(&status));
    find(requests, target, host, closure).map_err(|error| Error::new(host.sysroot.about(error)))
}

fn find(requests: &[Request], target: Option<Id>, host: &Host, closure: &mut Closure) -> Result<Extras> {
    let mut extras = Extras::default();
    for Request { source, place } in requests {
        let name = host.sysroot.absolute(source)?;
        let status = host.sysroot.status(&name).map_err(|errno| Error::from_errno(show(&name), errno))?;
        match kind(&status) {
            SFlag::S_IFREG => extras.file(name, place.as_deref(), id_of(&status), host)?,
            SFlag::S_IFDIR => extras.directory(&name, place.as_deref(), target, host)?,
            _ => {
                let what = special(&status).unwrap_or("a device");
                return Err(Error::new(format!(
                    "{}: is {what}, neither a file nor a directory",
                    show(&name)
                )));
            }
        }
    }
    libraries::resolve(&mut extras, host, closure)?;
    Ok(extras)
}

/// What is there that cannot be copied.
fn special(status: &FileStat) -> Option<&'static str> {
    match kind(status) {
        SFlag::S_IFIFO => Some("a FIFO"),
        SFlag::S_IFSOCK => Some("a socket"),
        SFlag::S_IFCHR | SFlag::S_IFBLK => Some("a device"),
        _ => None,
    }
}

/// A way in the new root that need not be one on the host.
fn way_to(place: &Path) -> Vec<Step> {
    let owner = Owner { mode: 0o755, uid: geteuid().as_raw(), gid: getegid().as_raw() };
    let mut way = vec![Step::Root];
    way.extend(place.components().filter_map(|component| match component {
        Component::Normal(name) => Some(Step::Directory(name.to_owned(), owner)),
        _ => None,
    }));
    way
}

fn and(way: &[Step], last: Step) -> Vec<Step> {
    way.iter().cloned().chain([last]).collect()
}

impl Extras {
    fn file(&mut self, name: PathBuf, place: Option<&Path>, id: Id, host: &Host) -> Result<()> {
        let mut ware = host.ware(&Examined { name, id })?;
        let real = ware.source.path.clone();
        if let Some(place) = place {
            let (parent, name) = place.parent().zip(place.file_name()).ok_or_else(|| {
                Error::new(format!("{}: is a file, and cannot be copied to /", show(&ware.name)))
            })?;
            ware.source.place = Some(place.to_owned());
            ware.way = and(&way_to(parent), Step::File(name.to_owned(), ware.source.clone()));
            place.clone_into(&mut ware.name);
        }
        self.wares.push(ware);
        let opened = host.sysroot.open_regular(&real).ok();
        self.binaries.extend(opened.and_then(|(file, status)| Binary::of(&file, &status, real, None)));
        Ok(())
    }

    fn directory(
        &mut self,
        name: &Path,
        place: Option<&Path>,
        target: Option<Id>,
        host: &Host,
    ) -> Result<()> {
        let (way, real) = host.way(name)?;
        let failed = |errno| Error::from_errno(show(&real), errno);
        let top = host.sysroot.open_plain_directory(&real).map_err(failed)?;
        let status = fstat(&top).map_err(failed)?;
        if Some(id_of(&status)) == target {
            return Err(Error::new(format!("{}: is the directory to copy to", show(name))));
        }
        let start = match place {
            Some(place) => {
                let mut way = way_to(place);
                if let Some(Step::Directory(_, owner)) = way.last_mut() {
                    *owner = Owner::new(&status);
                }
                way
            }
            None => host.way(&real)?.0,
        };
        self.ways.push(if place.is_some() { start.clone() } else { way });
        let tree = Tree { top, device: status.st_dev, target, place: place.map(Path::to_owned), real, host };
        let mut todo = vec![(PathBuf::new(), start)];
        while let Some((below, way)) = todo.pop() {
            todo.extend(self.entries(&tree, &below, &way)?);
        }
        Ok(())
    }

    /// Adds what is in one directory of `tree`. Returns the directories in it.
    fn entries(&mut self, tree: &Tree<'_>, below: &Path, way: &[Step]) -> Result<Vec<(PathBuf, Vec<Step>)>> {
        let path = tree.real.join(below);
        let failed = |path: &Path, errno| Error::from_errno(show(path), errno);
        let directory = tree.open(below).map_err(|errno| failed(&path, errno))?;
        let mut directories = Vec::new();
        for name in names(&directory).map_err(|errno| failed(&path, errno))? {
            let (path, below) = (path.join(&name), below.join(&name));
            let status = fstatat(&directory, name.as_os_str(), AtFlags::AT_SYMLINK_NOFOLLOW)
                .map_err(|errno| failed(&path, errno))?;
            match kind(&status) {
                SFlag::S_IFDIR => {
                    let way = and(way, Step::Directory(name, Owner::new(&status)));
                    let left = tree.left_out(&below, &status);
                    if let Some(why) = left {
                        self.note(format!("{}: note: {why}", show(&path)));
                    } else {
                        self.ways.push(way.clone());
                        directories.push((below, way));
                    }
                }
                SFlag::S_IFREG => {
                    let mut source = Source::new(&tree.host.sysroot, path, &status);
                    source.place = tree.place.as_ref().map(|place| place.join(&below));
                    let binary =
                        Binary::at(&directory, &name, &status, &source.path, (tree.host, &tree.real));
                    self.binaries.extend(binary);
                    let way = and(way, Step::File(name, source.clone()));
                    self.wares.push(Ware { name: source.place().to_owned(), way, source });
                }
                SFlag::S_IFLNK => {
                    let step =
                        self.link(tree, &directory, name, &path).map_err(|errno| failed(&path, errno))?;
                    self.ways.push(and(way, step));
                }
                _ => {
                    let what = special(&status).unwrap_or("of no known kind");
                    self.note(format!("{}: note: is {what} and is not copied", show(&path)));
                }
            }
        }
        Ok(directories)
    }

    fn note(&mut self, text: String) {
        self.notes.push(Note { text, unless: None });
    }
}

/// A directory tree that is being walked.
struct Tree<'a> {
    top: OwnedFd,
    device: u64,
    /// The new root.
    target: Option<Id>,
    place: Option<PathBuf>,
    /// Where it is, without symlinks.
    real: PathBuf,
    host: &'a Host,
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
        let of_kernel = || {
            let about = self.open(below).and_then(fstatfs);
            about.is_ok_and(|about| [PROC_SUPER_MAGIC, SYSFS_MAGIC].contains(&about.filesystem_type()))
        };
        (status.st_dev != self.device && of_kernel())
            .then_some("is a file system of the kernel and is not copied")
    }
}

/// The names in a directory, sorted.
fn names(directory: &OwnedFd) -> nix::Result<Vec<OsString>> {
    let mut names = Vec::new();
    for entry in Dir::from_fd(directory.try_clone().map_err(|_| nix::errno::Errno::EMFILE)?)?.iter() {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(OsStr::from_bytes(name.to_bytes()).to_owned());
        }
    }
    names.sort();
    Ok(names)
}
