//! Every name that a copy would make: a list for tar(1), cpio(1) and rsync(1).

use crate::copy::Goods;
use crate::host::{Host, Step};
use crate::skeleton::MOUNT_POINTS;
use hc::show;
use std::collections::HashSet;
use std::io::IsTerminal;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// How a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Null,
    Newline,
    /// A line that cannot upset a terminal.
    Shown,
}

impl End {
    pub(super) fn new(null: bool) -> Self {
        match null {
            true => End::Null,
            false if std::io::stdout().is_terminal() => End::Shown,
            false => End::Newline,
        }
    }
}

/// The names on the way to all `goods`, each once; they have no texts. With a slash in front none looks like an option or a comment. The
/// directories on the way and those to mount on are there too if the `host` is, before what is in them: tar(1) and
/// cpio(1) make them unasked, but the kernel, from an initramfs, does not; and tar would take all that is in them.
pub(super) fn list(goods: &Goods, end: End, host: Option<&Host>) -> Vec<u8> {
    let mut list = List { known: HashSet::new(), text: Vec::new(), end, directories: host.is_some() };
    for way in goods.wares.iter().map(|ware| &ware.way).chain(&goods.ways) {
        list.follow(way, &mut PathBuf::from("/"));
    }
    let mount_points = MOUNT_POINTS.map(|(name, _)| Path::new("/").join(name));
    for path in mount_points.iter().filter(|path| host.is_some_and(|host| host.has_directory(path))) {
        list.add(path);
    }
    list.text
}

struct List {
    known: HashSet<PathBuf>,
    text: Vec<u8>,
    end: End,
    directories: bool,
}

impl List {
    fn follow(&mut self, way: &[Step], at: &mut PathBuf) {
        for step in way {
            match step {
                Step::Root => *at = PathBuf::from("/"),
                Step::Up => drop(at.pop()),
                Step::Common(steps) => self.follow(steps, at),
                Step::Directory(name, _) => {
                    at.push(name);
                    if self.directories {
                        self.add(at);
                    }
                }
                Step::File(name, _) | Step::Symlink { name, .. } => {
                    at.push(name);
                    self.add(at);
                }
                Step::Link { name, then, .. } => {
                    at.push(name);
                    self.add(at);
                    at.pop();
                    self.follow(then, at);
                }
            }
        }
    }

    fn add(&mut self, path: &Path) {
        if self.known.contains(path) {
            return;
        }
        self.known.insert(path.to_owned());
        match self.end {
            End::Shown => self.text.extend(format!("{}\n", show(path)).bytes()),
            end => {
                self.text.extend(path.as_os_str().as_bytes());
                self.text.push(if end == End::Null { 0 } else { b'\n' });
            }
        }
    }
}
