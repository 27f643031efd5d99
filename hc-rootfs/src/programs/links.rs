//! Who needs whom, from the PROGRAMs on.

use super::Closure;
use crate::resolver::{self, How};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One file's need for another; numbers are places in [`Closure::files`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The script, or the program for which its loader goes by this: for another it can find another file.
    pub(crate) on_behalf_of: usize,
    pub(crate) needer: usize,
    /// What it asks for.
    pub(crate) name: Vec<u8>,
    pub(crate) file: usize,
    pub(crate) why: Why,
}

/// Why a file is needed, and by what it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// By a script, which names it after `#!`.
    Interpreter,
    /// By a script, whose interpreter env(1) starts it.
    ByEnv,
    /// By an object.
    Object(How),
    /// By the loader or the C library of a program, to be read.
    Config,
}

/// The script that asks for a file.
pub(super) struct Asker {
    pub(super) script: usize,
    pub(super) name: Vec<u8>,
    pub(super) why: Why,
}

impl Closure {
    /// Notes that a script needs `file`, which is known by now.
    pub(super) fn link_script(&mut self, asker: Option<Asker>, file: &Path) {
        let (Some(Asker { script, name, why }), Some(&file)) = (asker, self.known.get(file)) else { return };
        let link = Link { on_behalf_of: script, needer: script, name, file, why };
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    /// Takes over the `links` of `program`, to files that are at these `places`.
    pub(super) fn link_objects(&mut self, program: usize, places: &[usize], links: Vec<resolver::Link>) {
        let link = |link: resolver::Link| {
            let needer = link.needer.map_or(Some(&program), |needer| places.get(needer));
            Some(Link {
                on_behalf_of: program,
                needer: *needer?,
                name: link.name,
                file: *places.get(link.file)?,
                why: Why::Object(link.how),
            })
        };
        self.links.extend(links.into_iter().filter_map(link));
    }

    /// Notes which other files are read for `program`.
    pub(super) fn link_others(&mut self, program: usize, others: &[PathBuf]) {
        let places = others.iter().filter_map(|path| Some((path, *self.known.get(path)?)));
        self.links.extend(places.map(|(path, file)| Link {
            on_behalf_of: program,
            needer: program,
            name: path.as_os_str().as_bytes().to_vec(),
            file,
            why: Why::Config,
        }));
    }
}
