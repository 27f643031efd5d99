//! Objects that stand before those that name them.

use super::*;

#[test]
fn a_filtee_comes_before_the_filter_s_other_needs() {
    let mut host = Fake::new();
    // liba's own need c is found by what its filtee f brings, for f's turn is before b's.
    let filter = Object { needed: vec![need("f", Role::Filter), need("n", Role::Auxiliary)], ..object(&[]) };
    host.add("/usr/lib/a", filter).add("/usr/lib/b", object(&["/y/c"])).add("/usr/lib/f", object(&["/x/c"]));
    host.add("/x/c", Object { soname: Some("c".into()), ..object(&[]) }).add("/y/c", object(&[]));
    assert_eq!(
        host.libraries(object(&["a", "b"])),
        ["/usr/lib/a", "/usr/lib/b", "/usr/lib/f", "/x/c", "/y/c"]
    );
    host.objects.remove(Path::new("/usr/lib/f"));
    assert_eq!(
        host.error(object(&["a"])),
        "/bin/p: f, needed by /usr/lib/a, is in none of: /usr/lib /etc/ld.so.cache"
    );
    // What is bad is as good as missing to DT_AUXILIARY, and no longer so to DT_NEEDED.
    host.bad.insert("/usr/lib/n".into());
    host.add("/usr/lib/a", Object { needed: vec![need("n", Role::Auxiliary)], ..object(&[]) });
    assert_eq!(host.libraries(object(&["a"])), ["/usr/lib/a"]);
    assert_eq!(host.error(object(&["a", "n"])), "/bin/p: n, which it needs: /usr/lib/n is no ELF file");
}

#[test]
fn a_filtee_that_waits_is_moved_forward() {
    let mut host = Fake::new();
    host.add("/usr/lib/a", Object { needed: vec![need("f", Role::Filter)], ..object(&[]) });
    host.add("/usr/lib/b", Object { runpath: Some("/y".into()), ..object(&["c"]) });
    host.add("/usr/lib/f", Object { runpath: Some("/x".into()), ..object(&["c"]) });
    host.add("/x/c", object(&[])).add("/y/c", object(&[]));
    let names = ["/usr/lib/a", "/usr/lib/b", "/usr/lib/f", "/x/c"];
    assert_eq!(host.libraries(object(&["a", "b", "f"])), names);
}
