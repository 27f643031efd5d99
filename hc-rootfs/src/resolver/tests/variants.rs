//! What other processors find.

use super::*;

#[test]
fn every_variant_is_taken_and_the_plain_search_is_as_without() {
    let mut host = Fake::new();
    host.add("/r/glibc-hwcaps/x86-64-v2/a", object(&["b", "v"])).add("/r/haswell/avx512_1/a", object(&[]));
    host.add("/usr/lib/a", object(&["b"])).add("/usr/lib/glibc-hwcaps/x86-64-v4/a", object(&[]));
    host.add("/usr/lib/b", object(&[])).add("/usr/lib/v", object(&[]));
    // To a variant a name can mean another file.
    host.add("/usr/lib/glibc-hwcaps/x86-64-v3/a", Object { runpath: Some("/v3".into()), ..object(&["b"]) });
    host.add("/v3/b", object(&[]));
    let program = Object { rpath: Some("/r".into()), ..object(&["a"]) };
    let names = [
        "/usr/lib/a",
        "/r/glibc-hwcaps/x86-64-v2/a",
        "/r/haswell/avx512_1/a",
        "/usr/lib/glibc-hwcaps/x86-64-v3/a",
        "/usr/lib/glibc-hwcaps/x86-64-v4/a",
        "/usr/lib/b",
        "/usr/lib/v",
        "/v3/b",
    ];
    assert_eq!(host.libraries(program.clone()), names);
    // All there is.
    host.objects.remove(Path::new("/usr/lib/a"));
    host.objects.remove(Path::new("/usr/lib/v"));
    assert_eq!(
        host.error(program),
        "/bin/p: v, needed by /r/glibc-hwcaps/x86-64-v2/a, is in none of: /r /usr/lib /etc/ld.so.cache"
    );
}

#[test]
fn every_platform_counts() {
    let mut host = Fake::new();
    host.add("/r/haswell/a", object(&["b"])).add("/r/x86_64/a", object(&["c"])).add("/s/a", object(&[]));
    host.add("/usr/lib/b", object(&[])).add("/usr/lib/c", object(&[]));
    let program = Object { rpath: Some("/r/$PLATFORM:/s".into()), ..object(&["a"]) };
    let names = ["/s/a", "/r/haswell/a", "/r/x86_64/a", "/usr/lib/b", "/usr/lib/c"];
    assert_eq!(host.libraries(program), names);
    let program = Object { needed: vec![need("/r/${PLATFORM}/a", Role::Needed)], ..object(&[]) };
    assert_eq!(host.libraries(program), ["/r/haswell/a", "/r/x86_64/a", "/usr/lib/b", "/usr/lib/c"]);
}
