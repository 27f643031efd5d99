//! What is loaded only when something is done: by dlopen(3), and by the C library.

use super::{NO_CONTAINERS, build, can_look_inside, files_in, inside, library, refuses, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Builds `p`, which opens what its arguments name, in turn, and has these notes.
pub(super) fn opener(dir: &Dir, notes: &[&str]) {
    let source = "#include <dlfcn.h>\n#include <stdio.h>\nint main(int n, char **v) {
        for (int i = 1; i < n; i++) if (!dlopen(v[i], RTLD_NOW)) return puts(dlerror()), i; return 0; }\n";
    dir.file("opener.c", source);
    let note = |text: &&str| {
        let text = text.replace('"', "\\\"");
        format!(
            ".section .note.dlopen, \"a\", %note\n.balign 4\n.long 4, 2f - 1f, 0x407c0c0a\n.asciz \"FDO\"\n\
             1: .asciz \"{text}\"\n2: .balign 4\n"
        )
    };
    dir.file("notes.s", notes.iter().map(note).collect::<String>());
    let path = dir.path().display();
    build(dir, &format!("cc -o p opener.c notes.s -Wl,--enable-new-dtags,-rpath,{path}/r"));
}

/// What of `r` is in the box, which goes.
#[track_caller]
fn copied(dir: &Dir) -> BTreeSet<String> {
    let r = dir.join("r");
    let files = files_in(&dir.join("box"));
    fs::remove_dir_all(dir.join("box")).unwrap();
    files.iter().filter_map(|path| Some(path.strip_prefix(&r).ok()?.display().to_string())).collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

const NOTES: [&str; 2] = [
    r#"[{"feature": "new", "description": "a, b", "priority": "required", "soname": ["liba.so.2", "liba.so.1"]},
        {"feature": "recommended", "soname": ["libr.so"]}]"#,
    r#"[{"feature": "more", "priority": "suggested", "soname": ["libs.so"]}]"#,
];

#[test]
fn what_a_program_says_that_it_opens_is_copied() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    opener(&dir, &NOTES);
    // The first alternative is there, and lacks what it needs.
    library(&dir, "r/libnone.so", "", "-soname libnone.so");
    library(&dir, "r/liba.so.2", "r/libnone.so", "-soname liba.so.2");
    fs::remove_file(dir.join("r/libnone.so")).unwrap();
    library(&dir, "r/libn.so", "", "-soname libn.so");
    let runpath = format!("--enable-new-dtags -rpath {path}/r");
    library(&dir, "r/liba.so.1", "r/libn.so", &format!("-soname liba.so.1 {runpath}"));
    for name in ["libr.so", "libs.so"] {
        library(&dir, &format!("r/{name}"), "", &format!("-soname {name}"));
    }
    rootfs(&dir).arg("./p").run().ok().quiet();
    inside(&dir).arg(dir.join("p")).args(["liba.so.1", "libr.so"]).run().ok().quiet();
    assert_eq!(copied(&dir), names(&["liba.so.1", "libn.so", "libr.so"]));
    for (priority, expected) in [
        ("none", &[][..]),
        ("required", &["liba.so.1", "libn.so"]),
        ("recommended", &["liba.so.1", "libn.so", "libr.so"]),
        ("suggested", &["liba.so.1", "libn.so", "libr.so", "libs.so"]),
    ] {
        let option = format!("--dlopen={priority}");
        Cmd::tool("hc-rootfs").args([&option, "box", "./p"]).dir(dir.path()).run().ok().quiet();
        assert_eq!(copied(&dir), names(expected), "{priority}");
    }
    // What is absent is said by -v only, unless it is required.
    fs::remove_file(dir.join("r/libr.so")).unwrap();
    rootfs(&dir).arg("./p").run().ok().quiet();
    assert_eq!(copied(&dir), names(&["liba.so.1", "libn.so"]));
    let output = Cmd::tool("hc-rootfs").args(["-v", "box", "./p"]).dir(dir.path()).run().ok();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = format!(
        "hc-rootfs: {path}/p: cannot open libr.so for its feature recommended, which is recommended\n"
    );
    assert!(said.ends_with(&line), "{said}");
    fs::remove_dir_all(dir.join("box")).unwrap();
    for name in ["liba.so.1", "liba.so.2"] {
        fs::remove_file(dir.join("r").join(name)).unwrap();
    }
    let system = "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib /etc/ld.so.cache";
    let why = format!("liba.so.2, which it needs, is in none of: {path}/r {system}");
    refuses(&dir, "./p", &format!("{path}/p: {why} (required for the feature new)"));
}

#[test]
fn a_broken_note_is_none() {
    let dir = Dir::new();
    for note in ["", "[", "{}", r#"[{"soname": ["libx.so"], "priority": "required"}"#] {
        opener(&dir, &[note]);
        rootfs(&dir).arg("./p").run().ok().quiet();
        assert_eq!(copied(&dir), names(&[]), "{note}");
    }
}

#[test]
fn what_cancels_a_thread_brings_the_unwinder() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    dir.file(
        "m.c",
        "#include <pthread.h>\n#include <unistd.h>\nvoid *f(void *p) { for (;;) pause(); return p; }\n\
         int main(void) { pthread_t t; void *r; pthread_create(&t, 0, f, 0); pthread_cancel(t);\n\
         pthread_join(t, &r); return r == PTHREAD_CANCELED ? 42 : 1; }\n",
    );
    dir.file("e.c", "#include <pthread.h>\nvoid e(void) { pthread_exit(0); }\n");
    dir.file("n.c", "void e(void); int main(void) { e(); }\n");
    let unwinder = fs::canonicalize("/lib/x86_64-linux-gnu/libgcc_s.so.1").unwrap();
    for options in ["", "-Wl,--hash-style=sysv", "-Wl,--hash-style=gnu"] {
        build(&dir, &format!("cc -o p m.c {options} -pthread"));
        rootfs(&dir).arg("./p").run().ok().quiet();
        assert!(files_in(&dir.join("box")).contains(&unwinder), "{options}");
        inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
    // Also in a library.
    let path = dir.path().display();
    build(&dir, "cc -shared -fPIC -o libe.so e.c");
    build(&dir, &format!("cc -o q n.c libe.so -Wl,-rpath,{path}"));
    rootfs(&dir).arg("./q").run().ok().quiet();
    inside(&dir).arg(dir.join("q")).run().ok().quiet();
    fs::remove_dir_all(dir.join("box")).unwrap();
    rootfs(&dir).arg("/bin/cat").run().ok().quiet();
    assert!(!files_in(&dir.join("box")).contains(&unwinder), "cat has one thread");
}

#[test]
fn name_service_modules_are_those_of_the_configuration() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    dir.file("x.c", "int x;\n");
    build(&dir, "cc -shared -fPIC -o libnss_hctest.so.2 x.c -Wl,-soname,libnss_hctest.so.2");
    let install = "cp libnss_hctest.so.2 /usr/lib/x86_64-linux-gnu/ && ldconfig
                   echo 'passwd: files hctest [NOTFOUND=return] hcnone' >/etc/nsswitch.conf";
    Cmd::sh(install).dir(dir.path()).on(&host).run().ok().quiet();
    let module = Path::new("/usr/lib/x86_64-linux-gnu/libnss_hctest.so.2");
    rootfs(&dir).arg("/usr/bin/id").on(&host).run().ok().quiet();
    assert!(!files_in(&dir.join("box")).contains(module));
    let line = ["-v", "--nss", "box", "/usr/bin/id"];
    let output = Cmd::tool("hc-rootfs").args(line).dir(dir.path()).on(&host).run().ok();
    let files = files_in(&dir.join("box"));
    assert!(files.contains(module) && files.contains(Path::new("/etc/nsswitch.conf")), "{files:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let absent =
        "libc.so.6: cannot open libnss_hcnone.so.2 for its feature name service, which is recommended\n";
    assert!(said.ends_with(absent), "{said}");
    inside(&dir).args(["/usr/bin/id", "-u"]).run().ok().says("0\n");
}

#[test]
fn a_configuration_that_needs_no_module_is_copied_too() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let config = Path::new("/etc/nsswitch.conf");
    Cmd::sh("echo 'hosts: files dns' >/etc/nsswitch.conf").on(&host).run().ok().quiet();
    for (options, is_there) in [(&[][..], false), (&["--nss"][..], true)] {
        let tool = Cmd::tool("hc-rootfs").args(options).args(["box", "/usr/bin/id"]);
        tool.dir(dir.path()).on(&host).run().ok().quiet();
        assert_eq!(files_in(&dir.join("box")).contains(config), is_there, "{options:?}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn a_locale_in_an_archive_is_one_that_the_archive_has() {
    let dir = Dir::new();
    dir.directory("tree/usr/lib/locale");
    for line in [
        "localedef -i de_DE -f UTF-8 --prefix=tree de_DE.UTF-8",
        "localedef -i fr_FR -f ISO-8859-15 --prefix=tree fr_FR@euro",
        "localedef -i nl_NL -f UTF-8 --prefix=tree nl_NL.UTF-8",
        "localedef --delete-from-archive --prefix=tree nl_NL.utf8",
    ] {
        build(&dir, line);
    }
    // That of all locales has 220 MB.
    let archive = fs::OpenOptions::new().append(true).open(dir.join("tree/usr/lib/locale/locale-archive"));
    archive.unwrap().set_len(220 << 20).unwrap();
    dir.program("tree/p", super::made::Elf::new(super::made::AMD64).bytes());
    let listed = |name: &str| {
        let line = ["--sysroot=tree", "-n", &format!("--locale={name}"), "box", "/p"];
        Cmd::tool("hc-rootfs").args(line).dir(dir.path()).run()
    };
    for name in ["de_DE.UTF-8", "de_DE.utf8", "fr_FR@euro", "fr_FR.iso-8859-15@euro"] {
        listed(name).ok().quiet().says("/p\n/usr/lib/locale/locale-archive\n");
    }
    for name in ["nl_NL.UTF-8", "de_DE", "euro", "de_DE.UTF-16"] {
        let message = listed(name).fails("hc-rootfs", 125);
        let expected = format!("in tree: --locale '{name}': is not in /usr/lib/locale (see localedef(1))");
        assert_eq!(message, expected);
    }
}

#[test]
fn character_sets_and_locales_work_inside() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    dir.file(
        "conv.c",
        "#include <iconv.h>\nint main(void) { return iconv_open(\"UTF-16\", \"KOI8-R\") == (iconv_t)-1; }\n",
    );
    build(&dir, "cc -o conv conv.c");
    dir.file("loc.c", "#include <locale.h>\nint main(void) { return !setlocale(LC_ALL, \"C.UTF-8\"); }\n");
    build(&dir, "cc -o loc loc.c");
    for (program, option) in [("conv", "--gconv"), ("loc", "--locale=C.UTF-8")] {
        let program = dir.join(program).display().to_string();
        for (options, status) in [(&[][..], 1), (&[option][..], 0)] {
            let tool = Cmd::tool("hc-rootfs").args(options).args(["box", &program]).dir(dir.path());
            tool.run().ok().quiet();
            inside(&dir).arg(&program).run().exits(status).quiet();
            fs::remove_dir_all(dir.join("box")).unwrap();
        }
    }
    let line = ["--locale=xx_YY.UTF-8", "box", "/bin/true"];
    let message = Cmd::tool("hc-rootfs").args(line).dir(dir.path()).run().fails("hc-rootfs", 125);
    assert_eq!(message, "--locale 'xx_YY.UTF-8': is not in /usr/lib/locale (see localedef(1))");
    assert!(!dir.join("box").exists());
}
