//! From the PROGRAMs of the command line to the names of all files that they need.

mod links;

use crate::elf::{self, Machine, Object};
use crate::host::{Examined, Host, Id, id_of};
use crate::ldcache::Line;
use crate::locale;
use crate::resolver::{self, Absent, Extras, Found, Needs};
use crate::script::{
    self,
    env::{Search, Starts},
};
use hc::{Environ, Error, Result, show};
use links::Asker;
pub(crate) use links::{Link, Why};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The kernel follows `#!` from script to script this far (exec_binprm() in fs/exec.c).
const MAX_SCRIPTS: usize = 5;
/// Scripts that start each other through env(1) begin anew each time; nobody means this many.
const MAX_PROGRAMS: usize = 64;

/// All that the PROGRAMs need.
#[derive(Default)]
pub(crate) struct Closure {
    /// In the order in which they were met, each name once.
    pub(crate) files: Vec<Examined>,
    /// Where in there are the PROGRAMs, in the order of the command line,
    pub(crate) programs: Vec<usize>,
    /// and the files of the locales, which no program names.
    pub(crate) locales: Vec<usize>,
    /// Who needs whom.
    pub(crate) links: Vec<Link>,
    /// The programs that are no scripts.
    pub(crate) binaries: Vec<Binary>,
    /// Those that use `$ORIGIN`, which both C libraries read out of /proc/self/exe, though only for the program:
    /// _dl_get_origin() in glibc, fixup_rpath() in musl.
    pub(crate) needing_proc: Vec<PathBuf>,
    /// The scripts of which it is not known what env(1) starts for them.
    pub(crate) unclear: Vec<PathBuf>,
    /// What the new root's ld.so.cache has to say.
    pub(crate) cached: Vec<Line>,
    /// Its byte order is the machine's.
    pub(crate) little_endian: bool,
    /// What could be opened by those, and is not there.
    pub(crate) absent: Vec<Rc<Absent>>,
    /// What else is wanted of each program.
    pub(crate) extras: Extras,
    known: HashMap<PathBuf, usize>,
    known_absent: HashSet<Rc<Absent>>,
    known_needing_proc: HashSet<PathBuf>,
    /// The programs that were looked into.
    opened: HashSet<PathBuf>,
}

/// A program that is no script.
pub(crate) struct Binary {
    /// With its symlinks resolved.
    pub(crate) path: PathBuf,
    pub(crate) machine: Machine,
}

/// Looks up each PROGRAM as a shell would, and what it needs. Whatever is wrong with one is a failure of
/// this tool (125): NEXT is another program.
pub(crate) fn closure(
    programs: &[OsString],
    locales: &[OsString],
    extras: Extras,
    host: &Host,
    env: &Environ,
) -> Result<Closure> {
    let mut closure = Closure { extras, ..Closure::default() };
    for program in programs {
        let added = host.sysroot.find_program(program, env.get(b"PATH"));
        let added = added.and_then(|file| closure.add_program(&file, host, env).map(|()| file));
        let file = added.map_err(|error| Error::new(host.sysroot.about(error)))?;
        closure.programs.extend(closure.known.get(&file));
    }
    for name in locales {
        let files = locale::files(name, host);
        let mut add = |file| closure.add_other(file, host);
        let added = files.and_then(|files| files.into_iter().map(&mut add).collect::<Result<Vec<_>>>());
        closure.locales.extend(added.map_err(|error| Error::new(host.sysroot.about(error)))?);
    }
    Ok(closure)
}

impl Closure {
    /// Adds one program; through env(1) that can be a row of them.
    fn add_program(&mut self, file: &Path, host: &Host, env: &Environ) -> Result<()> {
        let mut next = Some((file.to_owned(), None));
        for _ in 0..MAX_PROGRAMS {
            let Some((file, asker)) = next.take() else { return Ok(()) };
            if self.opened.contains(&file) {
                self.link_script(asker, &file);
                return Ok(());
            }
            next = self.add_chain(&file, asker, host, env)?;
        }
        Err(Error::new(format!("{}: starts a row of scripts that does not end", show(file))))
    }

    /// Adds a program and, when it is a script, the interpreters down to the one that is none. Returns the
    /// program that the script starts through env(1).
    fn add_chain(
        &mut self,
        program: &Path,
        mut asker: Option<Asker>,
        host: &Host,
        env: &Environ,
    ) -> Result<Option<(PathBuf, Option<Asker>)>> {
        let mut file = program.to_owned();
        let mut by_env = None;
        for depth in 0..=MAX_SCRIPTS {
            let line = self.add_file(program, &file, host)?;
            self.link_script(asker.take(), &file);
            let Some(line) = line else { return Ok(by_env) };
            let asked = |name: &OsStr, why| {
                self.known.get(&file).map(|&script| Asker { script, name: name.as_bytes().to_vec(), why })
            };
            match script::env::starts(&line) {
                Starts::Nothing => {}
                Starts::Unknown => self.unclear.push(file.clone()),
                Starts::Program { name, path } => {
                    let path = match &path {
                        Search::Inherited => env.get(b"PATH"),
                        Search::Unset => None,
                        Search::Value(value) => Some(value.as_slice()),
                    };
                    let found = host.sysroot.find_program(&name, path).map_err(|error| {
                        Error::new(format!("{}: its program, by way of env: {error}", show(&file)))
                    })?;
                    by_env = Some((found, asked(&name, Why::ByEnv)));
                }
            }
            if depth == MAX_SCRIPTS {
                break;
            }
            // As the kernel looks for it: no search in PATH, and relative to the current directory.
            let interpreter = line.interpreter.as_bytes();
            let within = if interpreter.contains(&b'/') { Path::new("") } else { Path::new(".") };
            let found = host.sysroot.find_program(within.join(&line.interpreter).as_os_str(), None);
            let hint = if interpreter.ends_with(b"\r") { " (its first line ends in CR LF)" } else { "" };
            asker = asked(&line.interpreter, Why::Interpreter);
            file = found
                .map_err(|error| Error::new(format!("{}: its interpreter {error}{hint}", show(&file))))?;
        }
        Err(Error::new(format!(
            "{}: more than {MAX_SCRIPTS} scripts are each other's interpreters",
            show(program)
        )))
    }

    /// Adds one file and its libraries. Returns its `#!` line if it is a script.
    fn add_file(&mut self, program: &Path, file: &Path, host: &Host) -> Result<Option<script::Line>> {
        let refused = |why: String| {
            let whose =
                if file == program { String::new() } else { format!("its interpreter {} ", show(file)) };
            Error::new(format!("{}: {whose}{why}", show(program)))
        };
        let (opened, status) =
            host.sysroot.open_regular(file).map_err(|refusal| refused(refusal.to_string()))?;
        let id = id_of(&status);
        let object = match elf::parse(&opened, None) {
            Ok(object) => object,
            Err(elf::Defect::NotElf) => {
                let mut head = [0; script::HEAD];
                let length = opened.read_at(&mut head, 0).unwrap_or(0);
                let line = script::parse(head.get(..length).unwrap_or_default());
                let line = line.ok_or_else(|| {
                    refused("is neither an ELF program nor a script with a #! line".to_owned())
                })?;
                self.opened.insert(file.to_owned());
                self.add(file.to_owned(), id);
                return Ok(Some(line));
            }
            Err(defect) => return Err(refused(defect.to_string())),
        };
        let this = self.add(file.to_owned(), id);
        if self.opened.insert(file.to_owned()) {
            let real = host.ware(&Examined { name: file.to_owned(), id })?.source.path.clone();
            let little_endian = object.machine.little_endian;
            let found = Found { object: Rc::new(object), id };
            let needs = resolver::needs(file, &real, &found, host, self.extras)?;
            self.note_origin(&found.object, &real);
            self.binaries.push(Binary { path: real, machine: found.object.machine });
            self.little_endian = little_endian;
            self.add_needs(this, needs, host)?;
        }
        Ok(None)
    }

    /// Adds what one program needs.
    fn add_needs(&mut self, this: usize, mut needs: Needs, host: &Host) -> Result<()> {
        let (links, others) = (std::mem::take(&mut needs.links), needs.others.clone());
        self.add_opened(needs.cached, needs.absent);
        needs.others.into_iter().try_for_each(|file| self.add_other(file, host).map(drop))?;
        let mut places = Vec::with_capacity(needs.files.len());
        for (name, id) in needs.files {
            places.push(self.add(host.sysroot.absolute(&name)?, id));
        }
        self.link_objects(this, &places, links);
        self.link_others(this, &others);
        Ok(())
    }

    /// Notes that the program at `path` reads its `$ORIGIN`, if it does.
    pub(crate) fn note_origin(&mut self, object: &Object, path: &Path) {
        if resolver::names_origin(object) && self.known_needing_proc.insert(path.to_owned()) {
            self.needing_proc.push(path.to_owned());
        }
    }

    /// Notes what a search tells besides files.
    pub(crate) fn add_opened(&mut self, cached: Vec<Line>, absent: Vec<Absent>) {
        self.cached.extend(cached);
        let absent = absent.into_iter().map(Rc::new);
        self.absent.extend(absent.filter(|absent| self.known_absent.insert(Rc::clone(absent))));
    }

    /// Adds a file that is no object.
    fn add_other(&mut self, file: PathBuf, host: &Host) -> Result<usize> {
        let opened = host.sysroot.open_regular(&file);
        let (_, status) = opened.map_err(|why| Error::new(format!("{}: {why}", show(&file))))?;
        Ok(self.add(file, id_of(&status)))
    }

    /// Where it is in `files`.
    fn add(&mut self, name: PathBuf, id: Id) -> usize {
        let place = *self.known.entry(name.clone()).or_insert(self.files.len());
        if place == self.files.len() {
            self.files.push(Examined { name, id });
        }
        place
    }
}
