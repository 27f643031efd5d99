//! A search ends, however much there is to look at, and whatever is far away.

use super::*;
use crate::resolver::effort::MAX_TRIES;
use std::cell::Cell;

/// A host where every directory is there, so many steps away, with so many names in it, but no library.
#[derive(Default)]
struct Wide {
    steps: usize,
    names: usize,
    symbols: usize,
    /// All names are those of libraries, which may unwind.
    is_full: bool,
    room: Room,
    looks: Cell<usize>,
    lists: Cell<usize>,
    reads: Cell<usize>,
}

impl Files for Wide {
    fn object(&self, path: &Path, _: Machine) -> std::result::Result<Found, Unusable> {
        self.looks.set(self.looks.get() + 1);
        if !self.is_full && path != Path::new(GLIBC) {
            return Err(Unusable::Absent);
        }
        let is_libc = path.ends_with("libc.so.6");
        let soname = is_libc.then(|| b"libc.so.6".to_vec());
        let object = Object { may_unwind: !is_libc, soname, ..object(&[]) };
        Ok(Found { object: Rc::new(object), id: (1, self.looks.get() as u64) })
    }

    fn content(&self, _: &Path) -> Rc<Vec<u8>> {
        Rc::new(b"\0/usr/lib/\0".to_vec())
    }

    fn names(&self, _: &Path) -> Vec<OsString> {
        self.lists.set(self.lists.get() + 1);
        (0..self.names).map(|number| format!("n{number}").into()).collect()
    }

    fn unwinds(&self, _: &Path) -> (bool, usize) {
        self.reads.set(self.reads.get() + 1);
        (false, self.symbols)
    }

    fn is_directory(&self, _: &Path) -> bool {
        true
    }

    fn steps(&self, _: &Path) -> usize {
        self.steps
    }

    fn room(&self) -> &Room {
        &self.room
    }
}

fn closure(program: Object, host: &Wide, extras: Extras) -> Result<Needs> {
    let found = Found { object: Rc::new(Object { interpreter: Some(GLIBC.into()), ..program }), id: (0, 0) };
    needs(Path::new("/p"), Path::new("/p"), &found, host, extras)
}

/// A search path of ten thousand directories.
fn path() -> Vec<u8> {
    (0..10_000).flat_map(|number| format!("/d{number}:").into_bytes()).collect()
}

#[track_caller]
fn gives_up(program: Object, host: &Wide) {
    let error = closure(program, host, EXTRAS).unwrap_err().to_string();
    assert!(error.ends_with(" is one of more than 262144 places to look at"), "{error}");
}

#[test]
fn what_is_far_away_is_not_looked_at_often() {
    let near = Wide { steps: 5, ..Wide::default() };
    gives_up(Object { runpath: Some(path()), ..object(&["a"]) }, &near);
    assert!(near.looks.get() > MAX_TRIES / 4, "{}", near.looks.get());
    // Forty symlinks of two thousand steps each.
    let far = Wide { steps: 80_000, ..Wide::default() };
    gives_up(Object { runpath: Some(path()), ..object(&["a"]) }, &far);
    assert!(far.looks.get() < 1000, "{}", far.looks.get());
    let names: Vec<String> = (0..4000).map(|number| format!("/l/{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let far = Wide { steps: 80_000, is_full: true, ..Wide::default() };
    gives_up(object(&names), &far);
    assert!(far.looks.get() < 1000, "{}", far.looks.get());
}

#[test]
fn names_of_processors_are_not_read_for_ever() {
    let host = Wide { names: 65_536, ..Wide::default() };
    gives_up(Object { runpath: Some(path()), ..object(&["a"]) }, &host);
    assert!(host.lists.get() < 100, "{}", host.lists.get());
}

#[test]
fn symbols_are_not_read_for_ever() {
    let host = Wide { symbols: 16 << 20, is_full: true, ..Wide::default() };
    let mut names: Vec<String> = (0..1000).map(|number| format!("l{number}")).collect();
    names.push("libc.so.6".to_owned());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let needs = closure(object(&names), &host, EXTRAS).unwrap();
    assert!(needs.files.iter().any(|(path, _)| path.ends_with("libgcc_s.so.1")));
    assert!(host.reads.get() < 20, "{}", host.reads.get());
}

#[test]
fn there_is_no_room_for_a_directory_of_directories_without_end() {
    let host = Wide { names: 65_536, is_full: true, ..Wide::default() };
    let extras = Extras { gconv: true, ..EXTRAS };
    let error = closure(object(&["/c/libc.so.6"]), &host, extras).unwrap_err().to_string();
    assert_eq!(error, "/p: takes more than 128 MiB to remember, with all before it");
    assert!(host.lists.get() < 20, "{}", host.lists.get());
}

#[test]
fn a_long_row_of_needers_does_no_harm() {
    let object = Rc::new(Object { rpath: Some("/r".into()), ..object(&[]) });
    let mut last = None;
    for number in 0..200_000 {
        let found = Found { object: Rc::clone(&object), id: (0, number) };
        last =
            Some(Loaded::new(Kind::Glibc, "/r/l".into(), Path::new("/r/l"), found, last.as_ref(), Some(0)));
    }
    let last = last.unwrap();
    assert_eq!(last.search_paths(Kind::Glibc).count(), 200_000);
    drop(last);
    // Those without a path of their own are not in the row.
    let found = |object: &Object| Found { object: Rc::new(object.clone()), id: (0, 0) };
    let plain = Object { rpath: None, ..Object::clone(&object) };
    let mut last = Loaded::new(Kind::Glibc, "/p".into(), Path::new("/p"), found(&object), None, None);
    for _ in 0..100 {
        last =
            Loaded::new(Kind::Glibc, "/r/l".into(), Path::new("/r/l"), found(&plain), Some(&last), Some(0));
    }
    let paths: Vec<_> =
        last.search_paths(Kind::Glibc).map(|(owner, path)| (owner.path.clone(), path)).collect();
    assert_eq!(paths, [(PathBuf::from("/p"), &b"/r"[..])]);
}
