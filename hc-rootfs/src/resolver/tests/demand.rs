//! What is loaded only when something is done.

use super::*;

fn note(text: &str) -> Object {
    Object { notes: vec![text.into()], ..object(&[]) }
}

#[test]
fn what_is_opened_later_is_found_as_from_the_one_that_opens_it() {
    let mut host = Fake::new();
    // The first alternative lacks what it needs.
    let a = note(r#"[{"soname": ["f2", "f1"], "feature": "f"}, {"soname": ["s"], "priority": "suggested"}]"#);
    host.add("/usr/lib/a", Object { runpath: Some("/r".into()), ..a });
    host.add("/r/f2", object(&["n", "missing"])).add("/r/f1", object(&["n"])).add("/usr/lib/n", object(&[]));
    host.add("/usr/lib/s", object(&[]));
    assert_eq!(host.libraries(object(&["a"])), ["/usr/lib/a", "/r/f1", "/usr/lib/n"]);
    host.objects.remove(Path::new("/r/f1"));
    let needs = host.closure(object(&["a"]), GLIBC).unwrap();
    assert_eq!(needs.files.len(), 2);
    let absent: Vec<_> = needs.absent.iter().map(|absent| absent.wish.names.len()).collect();
    assert_eq!(absent, [2]);
    // The same wish once more is no other.
    let wish = r#"{"soname": ["q"], "feature": "f"}"#;
    host.add("/usr/lib/a", note(&format!("[{wish}, {wish}]")));
    assert_eq!(host.closure(object(&["a"]), GLIBC).unwrap().absent.len(), 1);
    host.add("/usr/lib/a", note(r#"[{"soname": ["q"], "feature": "f", "priority": "required"}]"#));
    assert_eq!(
        host.error(object(&["a"])),
        "/bin/p: q, needed by /usr/lib/a, is in none of: /usr/lib /etc/ld.so.cache \
         (required for the feature f)"
    );
}

#[test]
fn the_unwinder_comes_with_what_ends_threads() {
    let mut host = Fake::new();
    let libc = Object { soname: Some("libc.so.6".into()), may_unwind: true, ..object(&[]) };
    host.add("/usr/lib/libc.so.6", libc).add("/usr/lib/libgcc_s.so.1", object(&[]));
    assert_eq!(host.libraries(object(&["libc.so.6"])), ["/usr/lib/libc.so.6"]);
    host.add("/usr/lib/a", Object { may_unwind: true, ..object(&["libc.so.6"]) });
    let names = ["/usr/lib/a", "/usr/lib/libc.so.6", "/usr/lib/libgcc_s.so.1"];
    assert_eq!(host.libraries(object(&["a"])), names);
}

#[test]
fn what_was_found_for_nothing_is_forgotten() {
    let mut host = Fake::new();
    host.add("/usr/lib/a", note(r#"[{"soname": ["x"]}, {"soname": ["n"]}, {"soname": ["y"]}]"#));
    // Of x, all but the last is there; n, and what y is by its name, were found for it.
    host.add("/usr/lib/x", Object { soname: Some("y".into()), ..object(&["n", "missing"]) });
    host.add("/usr/lib/n", object(&["m"])).add("/usr/lib/m", object(&[])).add("/usr/lib/y", object(&[]));
    let names = ["/usr/lib/a", "/usr/lib/n", "/usr/lib/m", "/usr/lib/y"];
    assert_eq!(host.libraries(object(&["a"])), names);
}
