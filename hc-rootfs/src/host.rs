//! The host's files: read as the loader reads them, and the way to each of them as the kernel walks it.

use crate::elf::{self, Defect, Machine};
use crate::resolver::{Files, Found, Unusable};
use crate::sysroot::{Entry, Refusal, Sysroot, kind};
use hc::{Error, Result, reason, show};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::sys::stat::{FileStat, SFlag};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

/// As many symlinks the kernel follows in one path: MAXSYMLINKS.
pub(crate) const MAX_LINKS: usize = 40;
/// Loaders and caches are a tenth of this.
const MAX_CONTENT: usize = 16 << 20;
/// In a directory that is read. That of gconv has three hundred.
const MAX_NAMES: usize = 1 << 16;

/// What is looked at once is remembered: libraries share their directories.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) sysroot: Sysroot,
    library_path: Vec<PathBuf>,
    objects: RefCell<HashMap<PathBuf, Found>>,
    nodes: RefCell<HashMap<PathBuf, Node>>,
}

/// Device and inode.
pub(crate) type Id = (u64, u64);

pub(crate) fn id_of(status: &FileStat) -> Id {
    (status.st_dev, status.st_ino)
}

/// A file that was looked into, by the kernel's own walk to it.
pub(crate) struct Examined {
    /// Absolute.
    pub(crate) name: PathBuf,
    pub(crate) id: Id,
}

/// What stands at a path, symlinks not followed.
#[derive(Clone)]
pub(crate) enum Node {
    Directory(Owner),
    Link {
        target: PathBuf,
        /// It may lead elsewhere than its text says, and there is none like it to make.
        of_proc: bool,
    },
    File(Rc<Source>),
}

/// Mode bits and owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// A file to copy.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// What `path` is in.
    pub(crate) sysroot: Sysroot,
    /// Without symlinks in it.
    pub(crate) path: PathBuf,
    /// Where it belongs in the new root, if not there.
    pub(crate) place: Option<PathBuf>,
    pub(crate) id: Id,
    pub(crate) size: i64,
    /// Fewer blocks than its size takes: there may be holes in it.
    pub(crate) has_holes: bool,
    /// It is a hard link.
    pub(crate) has_names: bool,
    pub(crate) owner: Owner,
    /// Seconds and nanoseconds.
    pub(crate) modified: (i64, i64),
    /// What is to be written in its place, for a file that is the host's only by name.
    pub(crate) content: Option<Rc<OwnedFd>>,
}

/// A name that is to work in the new root, and what it takes.
pub(crate) struct Ware {
    /// As the program or its loader will use it: absolute.
    pub(crate) name: PathBuf,
    pub(crate) way: Vec<Step>,
    pub(crate) source: Rc<Source>,
}

/// One step of the way to a file, to be taken again below the new root.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// To the root directory (an absolute symlink).
    Root,
    /// To `..`.
    Up,
    /// Several, which many ways have in common: a way of a tree begins with them.
    Common(Rc<[Step]>),
    /// Into the directory of this name.
    Directory(OsString, Owner),
    /// Over the symlink of this name to where it leads.
    Link { name: OsString, target: PathBuf, then: Vec<Step> },
    /// To the file of this name, where every way ends, but for those of a tree.
    File(OsString, Rc<Source>),
    /// To the symlink of this name, and not over it.
    Symlink { name: OsString, target: PathBuf, to_directory: bool },
}

impl Source {
    pub(crate) fn new(sysroot: &Sysroot, path: PathBuf, status: &FileStat) -> Self {
        Source {
            sysroot: sysroot.clone(),
            path,
            id: id_of(status),
            size: status.st_size,
            place: None,
            has_names: status.st_nlink > 1,
            has_holes: status.st_blocks < status.st_size / 512,
            owner: Owner::new(status),
            modified: (status.st_mtime, status.st_mtime_nsec),
            content: None,
        }
    }
}

impl Source {
    /// Its path in the new root.
    pub(crate) fn place(&self) -> &Path {
        self.place.as_deref().unwrap_or(&self.path)
    }
}

impl Owner {
    pub(crate) fn new(status: &FileStat) -> Self {
        Owner { mode: status.st_mode & 0o7777, uid: status.st_uid, gid: status.st_gid }
    }
}

impl Host {
    /// `library_path`: where libraries are looked for as in `LD_LIBRARY_PATH`.
    pub(crate) fn new(sysroot: Sysroot, library_path: &[OsString]) -> Result<Self> {
        let library_path =
            library_path.iter().map(|path| sysroot.absolute(Path::new(path))).collect::<Result<_>>()?;
        Ok(Host { sysroot, library_path, ..Host::default() })
    }

    /// The way from the root directory to each of `files`.
    pub(crate) fn wares(&self, files: &[Examined]) -> Result<Vec<Ware>> {
        let ware = |file| self.ware(file).map_err(|error| Error::new(self.sysroot.about(error)));
        files.iter().map(ware).collect()
    }

    /// The way to `file`, which must end at the one that was looked into.
    pub(crate) fn ware(&self, file: &Examined) -> Result<Ware> {
        let failed = |why: &str| Error::new(format!("{}: {why}", show(&file.name)));
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        let way = self.walk(&file.name, &mut at, &mut links).map_err(|why| failed(&why))?;
        match file_at_end(&way).cloned() {
            Some(source) if source.id == file.id => Ok(Ware { name: file.name.clone(), way, source }),
            Some(_) => Err(failed("was changed while it was looked at")),
            None => Err(failed("is not a regular file")),
        }
    }

    /// The way to `path`, and where that ends: a path without symlinks.
    pub(crate) fn way(&self, path: &Path) -> Result<(Vec<Step>, PathBuf)> {
        let (mut at, mut links) = (PathBuf::from("/"), 0);
        let way = self.walk(path, &mut at, &mut links);
        way.map(|way| (way, at)).map_err(|why| Error::new(format!("{}: {why}", show(path))))
    }

    /// The symlinks on the way to `path`, and where it ends; each as a path without symlinks on the way.
    pub(crate) fn trail(&self, path: &Path) -> Option<Vec<PathBuf>> {
        let (way, at) = self.way(path).ok()?;
        let mut trail = Vec::new();
        leave_trail(&way, &mut PathBuf::from("/"), &mut trail);
        trail.push(at);
        Some(trail)
    }

    /// True for a directory that no symlink leads to.
    pub(crate) fn has_directory(&self, path: &Path) -> bool {
        matches!(self.node(path), Ok(Node::Directory(_)))
    }

    /// Walks `path` from the directory `at` on, and leaves `at` where it ends.
    fn walk(&self, path: &Path, at: &mut PathBuf, links: &mut usize) -> Walked<Vec<Step>> {
        let mut steps = Vec::new();
        for component in path.components() {
            match component {
                Component::RootDir => {
                    *at = PathBuf::from("/");
                    steps.push(Step::Root);
                }
                Component::ParentDir => {
                    at.pop();
                    steps.push(Step::Up);
                }
                Component::Normal(name) => steps.push(self.step(name, at, links)?),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
        Ok(steps)
    }

    fn step(&self, name: &OsStr, at: &mut PathBuf, links: &mut usize) -> Walked<Step> {
        at.push(name);
        let name = name.to_owned();
        Ok(match self.node(at).map_err(reason)? {
            Node::Directory(owner) => Step::Directory(name, owner),
            Node::File(source) => Step::File(name, source),
            Node::Link { of_proc: true, .. } => {
                return Err(over_proc(at));
            }
            Node::Link { target, .. } => {
                *links += 1;
                if *links > MAX_LINKS {
                    return Err(reason(Errno::ELOOP));
                }
                at.pop();
                let then = self.walk(&target, at, links)?;
                Step::Link { name, target, then }
            }
        })
    }

    /// What stands at `path`, which has no symlinks on the way.
    pub(crate) fn node(&self, path: &Path) -> nix::Result<Node> {
        if let Some(node) = self.nodes.borrow().get(path) {
            return Ok(node.clone());
        }
        let Entry { status, target, of_proc } = self.sysroot.entry(path)?;
        let node = match (kind(&status), target) {
            (_, Some(target)) => Node::Link { target, of_proc },
            (SFlag::S_IFDIR, None) => Node::Directory(Owner::new(&status)),
            (SFlag::S_IFREG, None) => {
                Node::File(Rc::new(Source::new(&self.sysroot, path.to_owned(), &status)))
            }
            _ => return Err(Errno::EINVAL),
        };
        self.nodes.borrow_mut().insert(path.to_owned(), node.clone());
        Ok(node)
    }
}

/// What came of a walk, or why it failed.
pub(crate) type Walked<T> = std::result::Result<T, String>;

impl Files for Host {
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable> {
        if let Some(found) = self.objects.borrow().get(path) {
            let fits = found.object.machine == wanted;
            return if fits { Ok(found.clone()) } else { Err(Unusable::OtherMachine) };
        }
        let (file, status) = self.sysroot.open_regular(path).map_err(|refusal| match refusal {
            Refusal::Errno(
                Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::ELOOP | Errno::ENAMETOOLONG,
            ) => Unusable::Absent,
            refusal => Unusable::Bad(refusal.to_string()),
        })?;
        let object = elf::parse(&file, Some(wanted)).map_err(|defect| match defect {
            Defect::OtherMachine => Unusable::OtherMachine,
            defect => Unusable::Bad(defect.to_string()),
        })?;
        let found = Found { object: Rc::new(object), id: id_of(&status) };
        self.objects.borrow_mut().insert(path.to_owned(), found.clone());
        Ok(found)
    }

    fn library_path(&self) -> &[PathBuf] {
        &self.library_path
    }

    fn content(&self, path: &Path) -> Vec<u8> {
        let Ok((file, status)) = self.sysroot.open_regular(path) else { return Vec::new() };
        let size = usize::try_from(status.st_size).ok().filter(|&size| size <= MAX_CONTENT);
        let mut content = vec![0; size.unwrap_or(0)];
        // One that shrinks meanwhile is as good as none.
        if file.read_exact_at(&mut content, 0).is_err() {
            content.clear();
        }
        content
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let Ok(directory) = self.sysroot.open_directory(directory).and_then(Dir::from_fd) else {
            return Vec::new();
        };
        let entries = directory.into_iter().filter_map(nix::Result::ok).take(MAX_NAMES);
        let names = entries.map(|entry| OsStr::from_bytes(entry.file_name().to_bytes()).to_owned());
        let mut names: Vec<OsString> = names.filter(|name| name != "." && name != "..").collect();
        names.sort();
        names
    }

    fn unwinds(&self, path: &Path) -> bool {
        self.sysroot.open_regular(path).is_ok_and(|(file, _)| elf::unwinds(&file))
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.sysroot.is_directory(path)
    }
}

/// Why no way leads over the link at `path`.
pub(crate) fn over_proc(path: &Path) -> String {
    format!("its way leads over {}, which the kernel makes anew for each process", show(path))
}

/// The file at the end of a way.
pub(crate) fn file_at_end(way: &[Step]) -> Option<&Rc<Source>> {
    match way.last()? {
        Step::File(_, source) => Some(source),
        Step::Link { then, .. } => file_at_end(then),
        Step::Root | Step::Up | Step::Common(_) | Step::Directory(..) | Step::Symlink { .. } => None,
    }
}

/// Takes the steps of `way` from `at` on, and notes the links.
pub(crate) fn leave_trail(way: &[Step], at: &mut PathBuf, trail: &mut Vec<PathBuf>) {
    for step in way {
        match step {
            Step::Root => *at = PathBuf::from("/"),
            Step::Up => drop(at.pop()),
            Step::Common(steps) => leave_trail(steps, at, trail),
            Step::Directory(name, _) | Step::File(name, _) | Step::Symlink { name, .. } => at.push(name),
            Step::Link { name, then, .. } => {
                trail.push(at.join(name));
                leave_trail(then, at, trail);
            }
        }
    }
}

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Defect::NotElf => f.write_str("is no ELF file"),
            Defect::OtherMachine => f.write_str("is for another machine"),
            Defect::Broken(why) => write!(f, "is broken: {why}"),
            Defect::Unreadable(errno) => write!(f, "cannot be read: {}", reason(*errno)),
        }
    }
}
