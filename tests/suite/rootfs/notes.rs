//! What is not copied is said, and what is said helps.

use super::{GLIBC, NO_CONTAINERS, build, can_look_inside, inside, rootfs};
use hc_tests::{Cmd, Dir, Host, Output, can_make_hosts, require, user_namespaces};
use std::fs;

/// The command in the only line that hc-rootfs has said: what follows the last colon.
#[track_caller]
fn advice(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    let mut notes = text.lines().filter(|line| line.starts_with("hc-rootfs: ") && line.contains(": note: "));
    let note = notes.next().unwrap_or_else(|| panic!("expected a note in {output:?}"));
    assert_eq!(notes.next(), None, "one note");
    note.rsplit(": ").next().expect("a command").to_owned()
}

#[test]
fn a_python_runs_when_the_advice_is_followed() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = Dir::of_nobody();
    let run = |options: &[&str]| {
        let python = ["/usr/bin/python3", "-c", "import os; print(os.getpid())"];
        Cmd::tool("hc-run").args(options).args(python).dir(dir.path()).as_nobody().run()
    };
    // Without a directory of one's own there is nothing to copy to.
    let first = run(&[]);
    assert!(first.stdout.is_empty());
    let (text, command) = (String::from_utf8_lossy(&first.stderr).into_owned(), advice(&first));
    assert!(
        text.contains("; with a root directory that stays (hc-run --root=DIR) copy it by: cp "),
        "{text}"
    );
    assert!(command.ends_with(" DIR"), "{command}");
    // Word by word.
    assert_eq!(
        advice(&run(&["--root=DIR"])),
        command.replace(" DIR", &format!(" {}", dir.join("DIR").display()))
    );
    Cmd::sh(&command).dir(dir.path()).as_nobody().run().ok().quiet();
    run(&["--root=DIR"]).ok().quiet().says("1\n");
}

#[test]
fn a_perl_runs_when_the_advice_is_followed() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    // A name that a shell would take apart.
    let name = "b o'x\n$HOME\n";
    let copy = || Cmd::tool("hc-rootfs").args([name, "/usr/bin/perl"]).dir(dir.path()).run().ok();
    // What is there already is not in the note, and this is most of it.
    for library in ["lib/x86_64-linux-gnu/perl", "share/perl"] {
        dir.directory(format!("{name}/usr/{library}"));
    }
    let command = advice(&copy());
    assert!(command.contains(" /usr/lib/x86_64-linux-gnu/perl-base "), "{command}");
    Cmd::sh(&command).dir(dir.path()).run().ok().quiet();
    copy().quiet();
    let perl = Cmd::tool("hc-unshare").args(["-rm", &format!("--root={name}"), "/usr/bin/perl"]);
    // Not -e, for which perl opens /dev/null.
    dir.file(format!("{name}/s.pl"), "use POSIX; use List::Util 'sum'; print sum(40, 2)");
    perl.arg("/s.pl").dir(dir.path()).run().ok().quiet().says("42");
}

#[test]
fn a_library_that_only_the_cache_leads_to_is_found_when_the_advice_is_followed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    dir.file("l.c", "int l(void) { return 42; }\n");
    dir.file("m.c", "int l(void); int main(void) { return l(); }\n");
    build(&dir, "cc -shared -fPIC -o libhctest.so.1 l.c -Wl,-soname,libhctest.so.1");
    build(&dir, "cc -o p m.c libhctest.so.1");
    let install = "mkdir -p /opt/hctest && cp libhctest.so.1 /opt/hctest
                   echo /opt/hctest >/etc/ld.so.conf.d/hctest.conf && ldconfig && ./p; test $? = 42";
    Cmd::sh(install).dir(dir.path()).on(&host).run().ok().quiet();
    let output = rootfs(&dir).arg("./p").on(&host).run().ok();
    let note =
        "hc-rootfs: /opt/hctest/libhctest.so.1: note: it is found by /etc/ld.so.cache, which is not copied: ";
    assert!(String::from_utf8_lossy(&output.stderr).starts_with(note), "{output:?}");
    inside(&dir).arg(dir.join("p")).run().exits(127);
    Cmd::sh(advice(&output)).dir(dir.path()).on(&host).run().ok().quiet();
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    // A cache of random bytes is none, and the library not found.
    let spoilt = Cmd::sh("head -c 40000 /dev/urandom >/etc/ld.so.cache").on(&host).run();
    spoilt.ok();
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = rootfs(&dir).arg("./p").on(&host).run().fails("hc-rootfs", 125);
    assert!(message.contains("p: libhctest.so.1, which it needs, is in none of: /lib"), "{message}");
    assert!(rootfs(&dir).arg("/bin/echo").on(&host).run().ok().stderr.is_empty(), "{GLIBC} needs no cache");
}

#[test]
fn a_library_that_only_musl_s_list_leads_to_is_found_when_the_advice_is_followed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    dir.file("l.c", "int l(void) { return 42; }\n");
    dir.file("m.c", "int l(void); int main(void) { return l(); }\n");
    build(&dir, "musl-gcc -shared -fPIC -o libhctest.so l.c");
    build(&dir, "musl-gcc -o p m.c libhctest.so");
    let install = "mkdir -p /opt/hctest && cp libhctest.so /opt/hctest
                   printf /opt/none:/opt/hctest >/etc/ld-musl-x86_64.path; ./p; test $? = 42";
    Cmd::sh(install).dir(dir.path()).on(&host).run().ok().quiet();
    let output = rootfs(&dir).arg("./p").on(&host).run().ok();
    inside(&dir).arg(dir.join("p")).run().exits(127);
    Cmd::sh(advice(&output)).dir(dir.path()).on(&host).run().ok().quiet();
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
    // Nothing to say when it is where musl looks anyway.
    Cmd::sh("mv /opt/hctest/libhctest.so /usr/local/lib; rm /etc/ld-musl-x86_64.path").on(&host).run().ok();
    rootfs(&dir).arg("./p").on(&host).run().ok().quiet();
}
