//! `-f`: files and directory trees that no program's headers name.

mod kernel;
mod layers;
mod libraries;
mod link;
mod loaders;
mod tree;
mod view;

use crate::host::{self, Examined, Host, Id, MAX_LINKS, NoWay, Source, Step, Ware, id_of};
use crate::programs::Closure;
use crate::script;
use crate::sysroot::kind;
use hc::{Error, Result, reason, show};
use layers::{BaseId, Layers, Node};
use libraries::Binary;
use nix::errno::Errno;
use nix::sys::stat::{FileStat, SFlag, stat};
use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use view::View;

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
    pub(crate) notes: Vec<Note>,
    layers: Layers,
    /// Files outside of the trees that links in there lead to,
    outside: Vec<Examined>,
    /// and what the binaries need.
    needed: Vec<Ware>,
    binaries: Vec<Binary>,
}

/// A line about something that was left out.
pub(crate) struct Note {
    pub(crate) text: String,
    /// It holds only if this is not in the new root.
    pub(crate) unless: Option<PathBuf>,
}

/// Finds what `requests` ask for, all of it where `host` is, with the libraries that they need; what `closure` tells
/// about those is told of these as well.
/// `directory` is the new root, if there is to be one, of which no copy is made in itself.
pub(crate) fn collect(
    requests: &[Request],
    directory: Option<&OsStr>,
    host: &Host,
    closure: &mut Closure,
) -> Result<Extras> {
    let mut extras = Extras::default();
    let target = directory.and_then(|directory| stat(directory).ok()).map(|status| id_of(&status));
    let mut find = || {
        requests.iter().try_for_each(|request| extras.request(request, target, host))?;
        libraries::resolve(&mut extras, host, closure)
    };
    find().map_err(|error| Error::new(host.sysroot.about(error)))?;
    Ok(extras)
}

impl Extras {
    /// All that is copied, with the `files` that the PROGRAMs need: wares, and ways that end in a directory or a
    /// symlink.
    pub(crate) fn goods(&mut self, files: &[Examined], host: &Host) -> Result<(Vec<Ware>, Vec<Vec<Step>>)> {
        if self.layers.is_empty() {
            return Ok((host.wares(files)?, Vec::new()));
        }
        let layers = std::mem::take(&mut self.layers);
        let (mut wares, ways) = layers.goods();
        let view = View::over_any(host, &layers);
        for Examined { name, id } in std::mem::take(&mut self.outside) {
            match view.ware(name, id) {
                Ok(ware) => wares.push(ware),
                Err(error) => self.note(format!("note: {error}")),
            }
        }
        let known: HashSet<&Path> = self.needed.iter().map(|ware| ware.name.as_path()).collect();
        let others = files.iter().filter(|file| !known.contains(file.name.as_path()));
        let others: Result<Vec<Ware>> = others.map(|file| view.ware(file.name.clone(), file.id)).collect();
        let hidden = |error| format!("{error}, by way of what -f puts there");
        wares.extend(others.map_err(|error| Error::new(host.sysroot.about(hidden(error))))?);
        wares.append(&mut self.needed);
        Ok((wares, ways))
    }

    fn request(&mut self, request: &Request, target: Option<Id>, host: &Host) -> Result<()> {
        let name = host.sysroot.absolute(&request.source)?;
        let status = host.sysroot.status(&name).map_err(|errno| Error::from_errno(show(&name), errno))?;
        match kind(&status) {
            SFlag::S_IFREG => self.file(&Examined { name, id: id_of(&status) }, request, host),
            SFlag::S_IFDIR => self.directory(&name, request, target, host),
            _ => {
                let what = special(&status).unwrap_or("a device");
                Err(Error::new(format!("{}: is {what}, neither a file nor a directory", show(&name))))
            }
        }
    }

    fn file(&mut self, file: &Examined, request: &Request, host: &Host) -> Result<()> {
        let mut source = Source::clone(&host.ware(file)?.source);
        let (base, place) = self.place(&file.name, request, host)?;
        if place == Path::new("/") {
            return Err(Error::new(format!("{}: is a file, and cannot be copied to /", show(&file.name))));
        }
        source.place = (place != source.path).then(|| place.clone());
        if let Ok((opened, status)) = host.sysroot.open_regular(&source.path) {
            if let Some(content) = kernel::content(&opened, &status, &file.name)? {
                source = kernel::source(&source, &content, &file.name)?;
            } else if let Some(binary) = Binary::of(&opened, &status, source.path.clone(), &place, None) {
                self.binaries.push(binary);
            } else if status.st_mode & 0o111 != 0 {
                self.note_interpreter(&opened, &file.name);
            }
        }
        self.layers.put(base, place, Node::File(Rc::new(source)));
        Ok(())
    }

    /// Notes whose interpreter a script is for: it may be there already, and it may be data.
    fn note_interpreter(&mut self, script: &std::fs::File, name: &Path) {
        let mut head = [0; script::HEAD];
        let length = script.read_at(&mut head, 0).unwrap_or(0);
        let line = script::parse(head.get(..length).unwrap_or_default());
        if let Some(interpreter) =
            line.map(|line| PathBuf::from(line.interpreter)).filter(|path| path.is_absolute())
        {
            let (name, shown) = (show(name), show(&interpreter).to_string());
            let text = format!(
                "{name}: note: its interpreter {shown} is not copied: name that as a PROGRAM as well"
            );
            self.notes.push(Note { text, unless: Some(interpreter) });
        }
    }

    /// Where `name`, of `request`, is to be in the new root, without symlinks; those that lead to it on the host are
    /// put where they are unless it gets a name of its own.
    fn place(&mut self, name: &Path, request: &Request, host: &Host) -> Result<(BaseId, PathBuf)> {
        let failed = |why: String| Error::new(format!("{}: {why}", show(name)));
        let mut to = request.place.clone().unwrap_or_else(|| name.to_owned());
        let mut from = name.to_owned();
        for links in 0..=MAX_LINKS {
            if request.place.is_none() && from.file_name().is_none() {
                (_, from) = host.way(&from)?;
                to.clone_from(&from);
            }
            let (parent, last) = (to.parent().unwrap_or(Path::new("/")), to.file_name());
            let way = View::new(host, &self.layers).way_to(parent);
            let parent_place = way.place.clone();
            let base = self.layers.base(parent.to_owned(), way);
            let Some(last) = last else { return Ok((base, parent_place)) };
            let place = parent_place.join(last);
            if request.place.is_some() {
                return Ok((base, place));
            }
            let (_, real) = host.way(from.parent().unwrap_or(Path::new("/")))?;
            match host.node(&real.join(last)).map_err(|errno| failed(reason(errno)))? {
                host::Node::Link { of_proc: true, .. } => {
                    return Err(failed(NoWay::OfProc(real.join(last)).to_string()));
                }
                host::Node::Link { target, .. } => {
                    let to_directory = host.sysroot.is_directory(&real.join(last));
                    (from, to) = (real.join(&target), parent_place.join(&target));
                    self.layers.put(base, place, Node::Link { target, to_directory, is_whole: true });
                }
                host::Node::Directory(_) if links > 0 => {
                    // What is in it has the link's name, whatever the new root has there.
                    return Ok(self.behind(name, host));
                }
                host::Node::Directory(_) | host::Node::File(_) => return Ok((base, place)),
            }
        }
        Err(failed(reason(Errno::ELOOP)))
    }

    /// Where `name`, of a link to a directory, leads in the new root.
    fn behind(&mut self, name: &Path, host: &Host) -> (BaseId, PathBuf) {
        let way = View::new(host, &self.layers).way_to(name);
        let place = way.place.clone();
        (self.layers.base(name.to_owned(), way), place)
    }

    fn note(&mut self, text: String) {
        self.notes.push(Note { text, unless: None });
    }
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
