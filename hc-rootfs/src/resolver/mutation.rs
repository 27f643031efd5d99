//! Ten thousand programs, each with its libraries, loader and cache spoilt: the search ends in time and in memory,
//! whatever it says.

use super::*;
use crate::dlopen::Priority;
use crate::elf::{self, Bytes, tests::with_notes};
use crate::room::Room;
use crate::{chance, ldcache};
use goblin::elf::dynamic::{DT_FLAGS_1, DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME};
use std::ffi::OsString;
use std::time::{Duration, Instant};

const ROUNDS: usize = 10_000;
/// What the whole process may have used at most.
const MEMORY: usize = 256 << 20;
/// For one search, as slow as these machines are.
const PATIENCE: Duration = Duration::from_secs(10);
const EXTRAS: Extras = Extras { dlopen: Some(Priority::Suggested), nss: true, gconv: true };
const VALUES: [u8; 10] = [0, 1, 2, 8, 0x24, 0x2f, 0x3a, 0x7f, 0x80, 0xff];

/// A file that differs from another in a few bytes, or ends early.
struct Mutant {
    file: Rc<Vec<u8>>,
    changes: Vec<(usize, u8)>,
    length: usize,
}

impl Mutant {
    /// Most changes go where the headers are.
    fn new(file: &Rc<Vec<u8>>, number: &mut impl FnMut(usize) -> usize) -> Self {
        let mut changes = Vec::new();
        for _ in 0..number(6) {
            let places = if number(3) == 0 { file.len() } else { file.len().min(1200) };
            let (at, value) = (number(places), VALUES[number(VALUES.len())]);
            // Numbers have several bytes.
            changes.extend((0..=number(4)).map(|next| (at + next, value)));
        }
        let length = if number(8) == 0 { number(file.len()) } else { file.len() };
        Mutant { file: Rc::clone(file), changes, length }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.length];
        let length = self.read_at(&mut bytes, 0).unwrap();
        assert_eq!(length, self.length);
        bytes
    }
}

impl Bytes for Mutant {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> nix::Result<usize> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.length);
        let length = buffer.len().min(self.length - start);
        buffer[..length].copy_from_slice(&self.file[start..start + length]);
        for (at, value) in &self.changes {
            if let Some(byte) = at.checked_sub(start).and_then(|at| buffer[..length].get_mut(at)) {
                *byte = *value;
            }
        }
        Ok(length)
    }
}

/// A host where every name is one of these files.
struct Spoilt {
    files: Vec<Mutant>,
    loader: Vec<u8>,
    cache: Vec<u8>,
    room: Room,
}

impl Files for Spoilt {
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable> {
        let number = path.as_os_str().as_bytes().iter().fold(0, |sum, byte| sum + usize::from(*byte));
        if number % 3 == 0 && !path.ends_with("ld.so") {
            return Err(Unusable::Absent);
        }
        let index = number % self.files.len();
        let object = elf::parse(&self.files[index], Some(wanted)).map_err(|defect| match defect {
            elf::Defect::OtherMachine => Unusable::OtherMachine,
            defect => Unusable::Bad(defect.to_string()),
        })?;
        Ok(Found { object: Rc::new(object), id: (1, index as u64) })
    }

    fn content(&self, path: &Path) -> Rc<Vec<u8>> {
        Rc::new(if path == Path::new(CACHE) { self.cache.clone() } else { self.loader.clone() })
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let deep = directory.components().count() > 6;
        if deep { Vec::new() } else { ["a", "b.so", "gconv.so"].map(OsString::from).to_vec() }
    }

    fn unwinds(&self, path: &Path) -> (bool, usize) {
        let length = path.as_os_str().len();
        elf::unwinds(&self.files[length % self.files.len()])
    }

    fn steps(&self, path: &Path) -> usize {
        path.components().count()
    }

    fn room(&self) -> &Room {
        &self.room
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.components().count() < 6
    }
}

/// An object that has one of everything.
fn sample() -> Vec<u8> {
    let text = br#"[{"soname": ["libx.so.9", "libz.so.1"], "feature": "f", "priority": "suggested"}]"#;
    let mut note = [&4_u32.to_le_bytes()[..], &[u8::try_from(text.len()).unwrap(), 0, 0, 0]].concat();
    note.extend(0x407c_0c0a_u32.to_le_bytes().iter().chain(b"FDO\0").chain(text).chain(&[0; 8]));
    let strings = b"\0libz.so.1\0$ORIGIN/r:/s/$PLATFORM\0libc.so.6\0libx.so.9\0pthread_cancel\0";
    let entries = [
        (DT_NEEDED, 1),
        (DT_NEEDED, 35),
        (DT_RPATH, 11),
        (DT_RUNPATH, 11),
        (DT_SONAME, 35),
        (0x7fff_ffff, 45),
        (0x7fff_fffd, 1),
        (DT_FLAGS_1, 0x800),
    ];
    with_notes(strings, &entries, &note)
}

/// The most memory that this process has had.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn check(program: Object, origin: &str, host: &impl Files) -> bool {
    let start = Instant::now();
    let found = Found { object: Rc::new(program), id: (0, 0) };
    let needs = needs(Path::new("/p"), Path::new(origin), &found, host, EXTRAS);
    assert!(start.elapsed() < PATIENCE, "a search takes {:?}", start.elapsed());
    needs.is_ok()
}

#[test]
fn mutants_do_no_harm() {
    let real = ["/bin/sh", "/bin/echo", "/lib/x86_64-linux-gnu/libc.so.6"];
    let mut seeds: Vec<Rc<Vec<u8>>> = real.map(|path| Rc::new(std::fs::read(path).unwrap())).into();
    seeds.extend([sample(), sample()].map(Rc::new));
    let caches = [Rc::new(ldcache::tests::sample()), Rc::new(std::fs::read("/etc/ld.so.cache").unwrap())];
    let loader = Rc::new(b"\0/lib/a/\0/usr/lib/\0\0 release version 2.36.\0passwd: files db\n".to_vec());
    let mut number = chance::numbers();
    let (mut found, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let files: Vec<Mutant> = seeds.iter().map(|seed| Mutant::new(seed, &mut number)).collect();
        let cache = Mutant::new(&caches[usize::from(round % 50 == 0)], &mut number).bytes();
        let loader = Mutant::new(&loader, &mut number).bytes();
        let program = elf::parse(&Mutant::new(&seeds[round % seeds.len()], &mut number), None);
        let host = Spoilt { files, loader, cache, room: Room::default() };
        match program {
            Ok(program) => {
                let names: [&str; 2] = ["/lib64/ld.so", "/lib/ld-musl-x/ld.so"];
                let interpreter = Some(names[number(2)].into());
                found += usize::from(check(Object { interpreter, ..program }, "/opt/p/bin/p", &host));
            }
            Err(_) => refused += 1,
        }
        // The one in DIR is hostile, too.
        let wanted = Line { name: b"libq.so".to_vec(), flags: 0x303, path: b"/q/libq.so".to_vec(), hwcap: 0 };
        let _ = ldcache::merge(Some(host.cache), &[wanted], true);
    }
    assert!(peak() <= MEMORY, "{} bytes of memory", peak());
    assert!(
        found > ROUNDS / 50 && refused > ROUNDS / 10,
        "{found} found, {refused} refused: not much of a test"
    );
}

/// A host where all directories are there, and nothing but a loader in them.
#[derive(Default)]
struct Empty(Room);

impl Files for Empty {
    fn object(&self, path: &Path, _: Machine) -> std::result::Result<Found, Unusable> {
        if !path.ends_with("ld.so") {
            return Err(Unusable::Absent);
        }
        Ok(Found { object: Rc::new(elf::parse(&sample(), None).unwrap()), id: (1, 1) })
    }

    fn content(&self, _: &Path) -> Rc<Vec<u8>> {
        Rc::default()
    }

    fn names(&self, _: &Path) -> Vec<OsString> {
        Vec::new()
    }

    fn unwinds(&self, _: &Path) -> (bool, usize) {
        (false, 0)
    }

    fn steps(&self, path: &Path) -> usize {
        path.components().count()
    }

    fn room(&self) -> &Room {
        &self.0
    }

    fn is_directory(&self, _: &Path) -> bool {
        true
    }
}

#[test]
fn a_short_text_makes_no_long_list() {
    // A hundred thousand directories of four thousand bytes each.
    let origin = format!("{}/p", "/x".repeat(2000));
    let list = "$ORIGIN/a:".repeat(100_000).into_bytes();
    let mut program = elf::parse(&sample(), None).unwrap();
    program = Object { interpreter: Some(b"/ld.so".to_vec()), runpath: Some(list), ..program };
    assert!(!check(program, &origin, &Empty::default()));
    assert!(peak() <= MEMORY, "{} bytes of memory", peak());
}
