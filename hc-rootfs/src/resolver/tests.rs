//! The rules of the search, on a host made of values.

mod bounds;
mod demand;
mod filters;
mod variants;

use super::*;
use crate::dlopen::Priority;
use crate::room::Room;
use std::collections::HashMap;
use std::ffi::OsString;

const AMD64: Machine = Machine { wide: true, little_endian: true, number: 62 };
const I386: Machine = Machine { wide: false, little_endian: true, number: 3 };
const GLIBC: &str = "/lib64/ld-linux-x86-64.so.2";
const MUSL: &str = "/lib/ld-musl-x86_64.so.1";

const EXTRAS: Extras = Extras { dlopen: Some(Priority::Recommended), nss: false, gconv: false };

#[derive(Default)]
struct Fake {
    objects: HashMap<PathBuf, (Object, u64)>,
    bad: HashSet<PathBuf>,
    room: Room,
}

/// An object that needs `needed`, written as the tests can read it.
fn object(needed: &[&str]) -> Object {
    Object {
        machine: AMD64,
        interpreter: None,
        soname: None,
        rpath: None,
        runpath: None,
        needed: needed.iter().map(|name| need(name, Role::Needed)).collect(),
        no_default: false,
        notes: Vec::new(),
        may_unwind: false,
    }
}

fn need(name: &str, role: Role) -> Need {
    Need { name: name.as_bytes().to_vec(), role }
}

impl Fake {
    /// A host with both loaders; glibc's knows one system directory.
    fn new() -> Self {
        let mut fake = Fake::default();
        fake.add(GLIBC, object(&[]));
        fake.add(MUSL, object(&[]));
        fake
    }

    fn add(&mut self, path: &str, object: Object) -> &mut Self {
        let inode = self.objects.len() as u64;
        self.objects.insert(path.into(), (object, inode));
        self
    }

    fn closure(&self, program: Object, loader: &str) -> Result<Needs> {
        let object = Object { interpreter: Some(loader.into()), ..program };
        let found = Found { object: Rc::new(object), id: (0, 999) };
        needs(Path::new("/bin/p"), Path::new("/opt/p/bin/p"), &found, self, EXTRAS)
    }

    /// What a glibc program gets, without the loader.
    fn libraries(&self, program: Object) -> Vec<String> {
        let names = self.closure(program, GLIBC).unwrap().files;
        assert_eq!(names[0].0, Path::new(GLIBC));
        names[1..].iter().map(|(path, _)| path.to_str().unwrap().to_owned()).collect()
    }

    fn error(&self, program: Object) -> String {
        self.closure(program, GLIBC).unwrap_err().to_string()
    }
}

impl Files for Fake {
    fn object(&self, path: &Path, wanted: Machine) -> std::result::Result<Found, Unusable> {
        if self.bad.contains(path) {
            return Err(Unusable::Bad("is no ELF file".into()));
        }
        let (object, inode) = self.objects.get(path).ok_or(Unusable::Absent)?;
        if object.machine != wanted {
            return Err(Unusable::OtherMachine);
        }
        Ok(Found { object: Rc::new(object.clone()), id: (0, *inode) })
    }

    fn content(&self, path: &Path) -> Rc<Vec<u8>> {
        Rc::new(if path == Path::new(GLIBC) { b"\0/usr/lib/\0".to_vec() } else { Vec::new() })
    }

    fn unwinds(&self, path: &Path) -> (bool, usize) {
        (self.objects.get(path).is_some_and(|(object, _)| object.may_unwind), 0)
    }

    fn steps(&self, _: &Path) -> usize {
        0
    }

    fn room(&self) -> &Room {
        &self.room
    }

    fn names(&self, directory: &Path) -> Vec<OsString> {
        let below = self.objects.keys().filter_map(|path| path.strip_prefix(directory).ok());
        let names = below.filter_map(|path| path.iter().next().map(OsString::from));
        names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.objects.keys().chain(&self.bad).any(|known| known != path && known.starts_with(path))
    }
}

#[test]
fn the_search_is_breadth_first_and_the_first_of_a_name_wins() {
    let mut host = Fake::new();
    host.add("/usr/lib/a", object(&["c"])).add("/usr/lib/b", object(&[])).add("/usr/lib/c", object(&["b"]));
    assert_eq!(host.libraries(object(&["a", "b"])), ["/usr/lib/a", "/usr/lib/b", "/usr/lib/c"]);
}

#[test]
fn a_static_program_needs_nothing() {
    let found = Found { object: Rc::new(object(&["a"])), id: (0, 1) };
    let needs = needs(Path::new("/bin/p"), Path::new("/bin/p"), &found, &Fake::new(), EXTRAS).unwrap();
    assert_eq!(needs, Needs::default());
}

#[test]
fn a_soname_already_loaded_satisfies_a_name() {
    let mut host = Fake::new();
    host.add("/x/liba.so", Object { soname: Some("a".into()), ..object(&[]) }).add("/usr/lib/a", object(&[]));
    assert_eq!(host.libraries(object(&["/x/liba.so", "a"])), ["/x/liba.so"]);
}

#[test]
fn runpath_is_the_needer_s_alone_and_rpath_is_inherited() {
    let mut host = Fake::new();
    host.add("/r/a", object(&["b"])).add("/r/b", object(&[])).add("/usr/lib/b", object(&[]));
    let runpath = Object { runpath: Some("/r".into()), ..object(&["a"]) };
    assert_eq!(host.libraries(runpath), ["/r/a", "/usr/lib/b"]);
    let rpath = Object { rpath: Some("/nosuch:/r".into()), ..object(&["a"]) };
    assert_eq!(host.libraries(rpath.clone()), ["/r/a", "/r/b"]);
    // A needer with a RUNPATH does not look at the RPATH of those before it.
    host.add("/r/a", Object { runpath: Some("/s".into()), ..object(&["b"]) });
    assert_eq!(host.libraries(rpath), ["/r/a", "/usr/lib/b"]);
}

#[test]
fn origin_is_where_the_object_really_is() {
    let mut host = Fake::new();
    host.add("/opt/p/bin/../lib/a", Object { runpath: Some("${ORIGIN}/deep".into()), ..object(&["b"]) });
    host.add("/opt/p/bin/../lib/deep/b", object(&[]));
    let program = Object { runpath: Some("$ORIGIN/../$LIB".into()), ..object(&["a"]) };
    assert_eq!(host.libraries(program), ["/opt/p/bin/../lib/a", "/opt/p/bin/../lib/deep/b"]);
}

#[test]
fn what_is_for_another_machine_is_passed_over() {
    let mut host = Fake::new();
    host.add("/r/a", Object { machine: I386, ..object(&[]) }).add("/usr/lib/a", object(&[]));
    let program = Object { rpath: Some("/r".into()), ..object(&["a"]) };
    assert_eq!(host.libraries(program.clone()), ["/usr/lib/a"]);
    host.objects.remove(Path::new("/usr/lib/a"));
    assert_eq!(
        host.error(program),
        "/bin/p: a, which it needs, is in none of: /r /usr/lib /etc/ld.so.cache (/r/a is for another machine)"
    );
}

#[test]
fn what_is_missing_is_named_with_its_needer() {
    let mut host = Fake::new();
    host.add("/usr/lib/a", object(&["b", "/x/c"]));
    assert_eq!(
        host.error(object(&["a"])),
        "/bin/p: b, needed by /usr/lib/a, is in none of: /usr/lib /etc/ld.so.cache"
    );
    assert_eq!(host.error(object(&["/x/c"])), "/bin/p: /x/c, which it needs, is not there");
    let strict = Object { no_default: true, runpath: Some("/r".into()), ..object(&["a"]) };
    assert_eq!(host.error(strict), "/bin/p: a, which it needs, is in none of: /r /etc/ld.so.cache");
}

#[test]
fn a_bad_file_ends_the_search() {
    let mut host = Fake::new();
    host.bad.insert("/r/a".into());
    host.add("/usr/lib/a", object(&[]));
    let program = Object { rpath: Some("/r".into()), ..object(&["a"]) };
    assert_eq!(host.error(program), "/bin/p: a, which it needs: /r/a is no ELF file");
    assert_eq!(
        host.closure(object(&[]), "/nosuch/ld.so").unwrap_err().to_string(),
        "/bin/p: its loader /nosuch/ld.so is not there, or not readable"
    );
}

#[test]
fn musl_has_its_c_library_built_in_and_inherits_both_paths() {
    let mut host = Fake::new();
    host.add("/r/a", object(&["b", "libc.so"])).add("/r/b", object(&[])).add("/usr/local/lib/c", object(&[]));
    let program = Object { runpath: Some("/r".into()), ..object(&["a", "c"]) };
    let files = host.closure(program, MUSL).unwrap().files;
    let names: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    assert_eq!(names, [MUSL, "/r/a", "/usr/local/lib/c", "/r/b"].map(PathBuf::from));
    let odd = Object { runpath: Some("/r:$LIB".into()), ..object(&["a"]) };
    assert!(host.closure(odd, MUSL).is_err());
}

#[test]
fn each_need_is_noted_with_what_led_to_the_file() {
    let mut host = Fake::new();
    host.add("/r/a", Object { soname: Some("s".into()), ..object(&["b", "/x/c", "d"]) });
    host.add("/r/b", object(&["s"])).add("/x/c", object(&["a"])).add("/usr/lib/d", object(&[]));
    let program = Object { rpath: Some("/r".into()), ..object(&["a"]) };
    let needs = host.closure(program, GLIBC).unwrap();
    let links = needs.links.iter().map(|link| {
        (
            link.needer,
            std::str::from_utf8(&link.name).unwrap(),
            needs.files[link.file].0.to_str().unwrap(),
            link.how,
        )
    });
    let expected = [
        (None, GLIBC, GLIBC, How::Loader),
        (None, "a", "/r/a", How::Rpath),
        (Some(1), "b", "/r/b", How::Rpath),
        (Some(1), "/x/c", "/x/c", How::Name),
        (Some(1), "d", "/usr/lib/d", How::Default),
        (Some(2), "s", "/r/a", How::Rpath),
        (Some(3), "a", "/r/a", How::Rpath),
    ];
    assert_eq!(links.collect::<Vec<_>>(), expected);
    let many: Vec<String> = (0..70).map(|number| format!("e{number}")).collect();
    for name in &many {
        host.add(&format!("/r/{name}"), object(&vec!["d"; 4000]));
    }
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let program = Object { rpath: Some("/r".into()), ..object(&names) };
    assert_eq!(host.error(program), "/bin/p: its libraries need others more than 262144 times");
}

#[test]
fn loops_end() {
    let mut host = Fake::new();
    host.add("/usr/lib/a", object(&["b"])).add("/usr/lib/b", object(&["a", "b"]));
    assert_eq!(host.libraries(object(&["a"])), ["/usr/lib/a", "/usr/lib/b"]);
}
