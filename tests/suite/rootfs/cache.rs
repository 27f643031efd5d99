//! Libraries that are found by a file in /etc alone, and that file in the new root.

use super::{GLIBC, build, inside, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::fs;

const ROOT: &str = "takes root with CAP_SYS_ADMIN";

/// A host on which ld.so.cache leads to libhctest.so.1 in /opt/hctest, which `p` needs, and to libother.so.1 in
/// /opt/other, which `q` needs.
fn host_with_cache(dir: &Dir) -> Host {
    let host = Host::new();
    dir.file("l.c", "int l(void) { return 42; }\n");
    dir.file("m.c", "int l(void); int main(void) { return l(); }\n");
    for (program, name) in [("p", "hctest"), ("q", "other")] {
        build(dir, &format!("cc -shared -fPIC -o lib{name}.so.1 l.c -Wl,-soname,lib{name}.so.1"));
        build(dir, &format!("cc -o {program} m.c lib{name}.so.1"));
        let install = format!("mkdir -p /opt/{name} && cp lib{name}.so.1 /opt/{name}");
        Cmd::sh(install).dir(dir.path()).on(&host).run().ok().quiet();
    }
    let configure = "printf '/opt/hctest\\n/opt/other\\n' >/etc/ld.so.conf.d/hctest.conf && ldconfig";
    Cmd::sh(configure).on(&host).run().ok().quiet();
    for program in ["p", "q"] {
        Cmd::new(dir.join(program)).on(&host).run().exits(42);
    }
    host
}

/// What ldconfig reads in the cache of `box`, without the lines around it.
fn listed(dir: &Dir) -> Vec<String> {
    let ldconfig = Cmd::line(["/sbin/ldconfig", "-p", "-C"]).arg(dir.join("box/etc/ld.so.cache"));
    let output = ldconfig.run().ok();
    let lines = output.text().lines().filter(|line| line.contains(" => "));
    lines.map(|line| line.trim().to_owned()).collect()
}

const OF_P: &str = "libhctest.so.1 (libc6,x86-64) => /opt/hctest/libhctest.so.1";
const OF_Q: &str = "libother.so.1 (libc6,x86-64) => /opt/other/libother.so.1";

#[test]
fn a_library_that_only_the_cache_leads_to_is_in_the_new_root_s_cache() {
    require!(can_make_hosts(), ROOT);
    let dir = Dir::new();
    let host = host_with_cache(&dir);
    // A program that does without makes none.
    rootfs(&dir).arg("/bin/echo").on(&host).run().ok().quiet();
    assert!(!dir.join("box/etc").exists(), "{GLIBC} needs no cache");
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    assert_eq!(listed(&dir), [OF_P]);
    // The next one is added, and a third run has nothing to write.
    rootfs(&dir).arg("./q").on(&host).run().ok().quiet();
    for program in ["p", "q"] {
        inside(&dir).arg(dir.join(program)).run().exits(42).quiet();
    }
    assert_eq!(listed(&dir), [OF_Q, OF_P]);
    let all = dir.listing();
    rootfs(&dir).args(["./p", "./q"]).on(&host).run().ok().quiet();
    assert_eq!(dir.listing(), all);
    // When NEXT does not start, the old one is back.
    fs::remove_file(dir.join("box/etc/ld.so.cache")).unwrap();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    rootfs(&dir).args(["./q", "--", "/no/such"]).on(&host).run().fails("hc-rootfs", 127);
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    // A cache of random bytes is none, and the library not found.
    Cmd::sh("head -c 40000 /dev/urandom >/etc/ld.so.cache").on(&host).run().ok();
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = rootfs(&dir).arg("./p").on(&host).run().fails("hc-rootfs", 125);
    assert!(message.contains("p: libhctest.so.1, which it needs, is in none of: /lib"), "{message}");
    rootfs(&dir).arg("/bin/echo").on(&host).run().ok().quiet();
}

#[test]
fn a_cache_of_somebody_else_is_left_as_it_is() {
    require!(can_make_hosts(), ROOT);
    let dir = Dir::new();
    let host = host_with_cache(&dir);
    let cache = dir.file("box/etc/ld.so.cache", "theirs");
    let note = "hc-rootfs: box/etc/ld.so.cache: note: it is not from here, and does not lead to every library in \
         /opt/hctest /opt/other: ldconfig -r box /opt/hctest /opt/other\n";
    let copy = || rootfs(&dir).args(["./p", "./q"]).on(&host).run().ok();
    copy().complains(note);
    assert_eq!(fs::read(&cache).unwrap(), b"theirs");
    // The note helps, and then there is no other.
    Cmd::sh("mkdir -p box/var/cache/ldconfig && exec ldconfig -r box /opt/hctest /opt/other")
        .dir(dir.path())
        .on(&host)
        .run()
        .ok();
    copy().quiet();
    for program in ["p", "q"] {
        inside(&dir).arg(dir.join(program)).run().exits(42).quiet();
    }
    // A link out of the box is in it, as everywhere.
    fs::remove_file(&cache).unwrap();
    dir.file("precious", "precious");
    std::os::unix::fs::symlink(dir.join("precious"), &cache).unwrap();
    copy().quiet();
    assert_eq!(fs::read(dir.join("precious")).unwrap(), b"precious");
    assert_eq!(listed(&dir).len(), 2);
}

#[test]
fn a_library_that_only_musl_s_list_leads_to_comes_with_the_list() {
    require!(can_make_hosts(), ROOT);
    let (host, dir) = (Host::new(), Dir::new());
    dir.file("l.c", "int l(void) { return 42; }\n");
    dir.file("m.c", "int l(void); int main(void) { return l(); }\n");
    build(&dir, "musl-gcc -shared -fPIC -o libhctest.so l.c");
    build(&dir, "musl-gcc -o p m.c libhctest.so");
    let install = "mkdir -p /opt/hctest && cp libhctest.so /opt/hctest
                   printf /opt/none:/opt/hctest >/etc/ld-musl-x86_64.path; ./p; test $? = 42";
    Cmd::sh(install).dir(dir.path()).on(&host).run().ok().quiet();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    // Not when it is where musl looks anyway.
    Cmd::sh("mv /opt/hctest/libhctest.so /usr/local/lib; rm /etc/ld-musl-x86_64.path").on(&host).run().ok();
    fs::remove_dir_all(dir.join("box")).unwrap();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    assert!(!dir.join("box/etc").exists());
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
}

#[test]
fn a_list_says_that_it_lacks_the_cache_and_a_dry_run_names_it() {
    require!(can_make_hosts(), ROOT);
    let dir = Dir::new();
    let host = host_with_cache(&dir);
    let run = |options: &[&str]| Cmd::tool("hc-rootfs").args(options).dir(dir.path()).on(&host).run().ok();
    let output = run(&["-l", "./p"]);
    assert!(!output.text().contains("ld.so.cache"), "{output:?}");
    let command = "mkdir -p DIR/etc && ldconfig -r DIR /opt/hctest";
    let lacks = "it is not listed, and without one nothing leads to every library in /opt/hctest";
    let note = format!("hc-rootfs: /etc/ld.so.cache: note: {lacks}: {command}\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), note);
    // What the note says is so.
    let make = format!(
        "hc-rootfs -l0 ./p | rsync -lpt --from0 --files-from=- / box 2>/dev/null; {}",
        command.replace("DIR", "box")
    );
    Cmd::sh(make).dir(dir.path()).on(&host).run().ok();
    fs::create_dir_all(dir.join("box/proc")).unwrap();
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    fs::remove_dir_all(dir.join("box")).unwrap();
    // One that is asked for is a file like others.
    let output = run(&["-l", "-f", "/etc/ld.so.cache", "./p"]).quiet();
    assert!(output.text().contains("/etc/ld.so.cache\n"), "{output:?}");
    let dry = || run(&["-n", "box", "./p"]).quiet().text().to_owned();
    let named = dry();
    assert!(named.ends_with("/etc/ld.so.cache\n") && !dir.join("box").exists(), "{named}");
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    assert_eq!(dry(), "");
    fs::remove_file(dir.join("box/etc/ld.so.cache")).unwrap();
    assert_eq!(dry(), "/etc/ld.so.cache\n");
}
