//! The host's files, as the loader reads them.

use super::{Host, id_of};
use crate::elf::{self, Defect, Machine};
use crate::resolver::{Files, Found, Unusable};
use crate::room::{FULL, Room};
use crate::sysroot::Refusal;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::sys::stat::FileStat;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Loaders and caches are a tenth of this.
const MAX_CONTENT: usize = 16 << 20;
/// How many of these are remembered: a loader, what it reads, and those of programs for another machine.
const MAX_CONTENTS: usize = 4;
/// In a directory that is read. That of gconv has three hundred.
const MAX_NAMES: usize = 1 << 16;

type Looked<T> = std::result::Result<T, Unusable>;

impl Files for Host {
    fn object(&self, path: &Path, wanted: Machine) -> Looked<Found> {
        self.remembered(path, wanted).unwrap_or_else(|| self.opened(path, wanted).map(|(found, ..)| found))
    }

    fn loader(&self, path: &Path, wanted: Machine) -> Looked<Found> {
        self.remembered(path, wanted).unwrap_or_else(|| {
            let (found, file, status) = self.opened(path, wanted)?;
            *self.loader.borrow_mut() = Some((path.to_owned(), file, status));
            Ok(found)
        })
    }

    fn library_path(&self) -> &[PathBuf] {
        &self.library_path
    }

    fn content(&self, path: &Path) -> Rc<Vec<u8>> {
        if let Some(content) = self.contents.borrow().get(path) {
            return Rc::clone(content);
        }
        let content = Rc::new(self.read(path));
        let mut contents = self.contents.borrow_mut();
        if contents.len() < MAX_CONTENTS {
            contents.insert(path.to_owned(), Rc::clone(&content));
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

    fn unwinds(&self, path: &Path) -> (bool, usize) {
        self.sysroot.open_regular(path).map_or((false, 0), |(file, _)| elf::unwinds(&file))
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.sysroot.is_directory(path)
    }

    fn steps(&self, path: &Path) -> usize {
        self.steps_to(path)
    }

    fn room(&self) -> &Room {
        &self.room
    }
}

impl Host {
    /// The object at a path that was looked at before.
    fn remembered(&self, path: &Path, wanted: Machine) -> Option<Looked<Found>> {
        let found = self.objects.borrow().get(path).cloned()?;
        Some(if found.object.machine == wanted { Ok(found) } else { Err(Unusable::OtherMachine) })
    }

    fn opened(&self, path: &Path, wanted: Machine) -> Looked<(Found, File, FileStat)> {
        let (file, status) = self.sysroot.open_regular(path).map_err(|refusal| match refusal {
            Refusal::Errno(errno) => Unusable::from_errno(errno),
            Refusal::Socket => Unusable::from_errno(Errno::ENXIO),
            refusal => Unusable::Bad(refusal.to_string()),
        })?;
        let id = id_of(&status);
        let same = self.files.borrow().get(&id).cloned();
        let object = match same {
            Some(object) if object.machine == wanted => object,
            Some(_) => return Err(Unusable::OtherMachine),
            None => {
                let object = elf::parse(&file, Some(wanted)).map_err(|defect| match defect {
                    Defect::OtherMachine => Unusable::OtherMachine,
                    defect => Unusable::Bad(defect.to_string()),
                })?;
                self.keep(object.size())?;
                let object = Rc::new(object);
                self.files.borrow_mut().insert(id, Rc::clone(&object));
                object
            }
        };
        let found = Found { object, id };
        self.keep(path.as_os_str().len() + size_of::<(PathBuf, Found)>())?;
        self.objects.borrow_mut().insert(path.to_owned(), found.clone());
        Ok((found, file, status))
    }

    fn keep(&self, bytes: usize) -> Looked<()> {
        if self.room.take(bytes) { Ok(()) } else { Err(Unusable::Bad(FULL.to_owned())) }
    }

    fn read(&self, path: &Path) -> Vec<u8> {
        let held = self.loader.borrow_mut().take_if(|(held, ..)| held == path);
        let opened = match held {
            Some((_, file, status)) => Ok((file, status)),
            None => self.sysroot.open_regular(path),
        };
        let Ok((file, status)) = opened else { return Vec::new() };
        let size = usize::try_from(status.st_size).ok().filter(|&size| size <= MAX_CONTENT);
        let mut content = vec![0; size.unwrap_or(0)];
        // One that shrinks meanwhile is as good as none.
        if file.read_exact_at(&mut content, 0).is_err() {
            content.clear();
        }
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loader_is_opened_once() {
        let place = std::env::temp_dir().join(format!("hc-rootfs-{}-loader", std::process::id()));
        let real = std::fs::read("/lib64/ld-linux-x86-64.so.2").unwrap();
        std::fs::write(&place, &real).unwrap();
        let machine = elf::parse(&real, None).unwrap().machine;
        let host = Host::default();
        let found = host.loader(&place, machine).unwrap();
        // Whoever opens it again sees that it is gone.
        std::fs::remove_file(&place).unwrap();
        assert_eq!(*host.content(&place), real);
        assert_eq!(*host.content(&place), real);
        assert_eq!(host.object(&place, machine).unwrap().id, found.id);
    }
}
