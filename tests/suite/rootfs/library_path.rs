//! -L: where libraries are looked for as if LD_LIBRARY_PATH named the directory.

use super::made::{ARM64, Elf};
use super::{build, files_in, library, loaded, program, refuses, rootfs};
use hc_tests::{Cmd, Dir, find, require};
use std::fs;

/// `hc-rootfs -L DIR... box` in `dir`.
fn with(dir: &Dir, directories: &[&str]) -> Cmd {
    let options = directories.iter().flat_map(|directory| ["-L", directory]);
    Cmd::tool("hc-rootfs").dir(dir.path()).args(options).arg("box")
}

/// Which of the directories a, b and c below `dir` the file `name` was copied from.
fn copied_from(dir: &Dir, name: &str) -> String {
    let ours = files_in(&dir.join("box")).into_iter().filter(|path| path.ends_with(name));
    let places = ours.map(|path| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned());
    places.collect::<Vec<_>>().join(" ")
}

#[test]
fn it_comes_where_the_loader_of_glibc_has_ld_library_path() {
    let dir = Dir::new();
    let path = dir.path().display().to_string();
    for place in ["a", "b", "c"] {
        library(&dir, &format!("{place}/libx.so"), "", "-soname libx.so");
    }
    let tags = [
        ("none", ""),
        ("RPATH", "-Wl,--disable-new-dtags,-rpath,PATH/a"),
        ("RUNPATH", "-Wl,--enable-new-dtags,-rpath,PATH/a"),
    ];
    for (tag, options) in tags {
        program(&dir, "p", "a/libx.so", &options.replace("PATH", &path));
        for directories in [&["b"][..], &["nosuch", "c", "b"]] {
            let absolute: Vec<String> = directories.iter().map(|name| format!("{path}/{name}")).collect();
            let real = loaded(Cmd::new(dir.join("p")).env("LD_LIBRARY_PATH", absolute.join(":")));
            let real = real.iter().find_map(|line| line.strip_prefix("libx.so => ")).unwrap().to_owned();
            with(&dir, directories).arg("./p").run().ok().quiet();
            let copied = format!("{path}/{}/libx.so", copied_from(&dir, "libx.so"));
            assert_eq!(copied, real, "{tag} {directories:?}");
            fs::remove_dir_all(dir.join("box")).unwrap();
        }
    }
    // An RPATH is before it, a RUNPATH behind it.
    let place = |options: &str| {
        program(&dir, "p", "a/libx.so", options);
        with(&dir, &["b"]).arg("./p").run().ok().quiet();
        let place = copied_from(&dir, "libx.so");
        fs::remove_dir_all(dir.join("box")).unwrap();
        place
    };
    assert_eq!(place(&format!("-Wl,--disable-new-dtags,-rpath,{path}/a")), "a");
    assert_eq!(place(&format!("-Wl,--enable-new-dtags,-rpath,{path}/a")), "b");
    // Only when it is asked for.
    program(&dir, "p", "a/libx.so", "");
    let message = rootfs(&dir).arg("./p").env("LD_LIBRARY_PATH", &path).run().fails("hc-rootfs", 125);
    assert!(
        message.starts_with(&format!("{path}/p: libx.so, which it needs, is in none of: /lib")),
        "{message}"
    );
    let message = with(&dir, &["nosuch", "./c/../nosuch2"]).arg("./p").run().fails("hc-rootfs", 125);
    let looked =
        format!("{path}/p: libx.so, which it needs, is in none of: {path}/nosuch {path}/c/../nosuch2 /lib");
    assert!(message.starts_with(&looked), "{message}");
}

#[test]
fn musl_looks_there_before_it_looks_anywhere() {
    require!(find("musl-gcc".as_ref()).is_some(), "musl-gcc is not installed: tests/require installs it");
    let dir = Dir::new();
    let path = dir.path().display().to_string();
    dir.file("m.c", "int x(void); int main(void) { return x(); }\n");
    for (place, number) in [("a", 1), ("b", 2)] {
        dir.file(format!("{place}.c"), format!("int x(void) {{ return {number}; }}\n"));
        dir.directory(place);
        build(&dir, &format!("musl-gcc -shared -fPIC -o {place}/libx.so {place}.c -Wl,-soname,libx.so"));
    }
    for tags in ["--disable-new-dtags", "--enable-new-dtags"] {
        build(&dir, &format!("musl-gcc -o p m.c a/libx.so -Wl,{tags},-rpath,{path}/a"));
        Cmd::new(dir.join("p")).run().exits(1);
        Cmd::new(dir.join("p")).env("LD_LIBRARY_PATH", format!("{path}/b")).run().exits(2);
        with(&dir, &["b"]).arg("./p").run().ok().quiet();
        assert_eq!(copied_from(&dir, "libx.so"), "b", "{tags}");
        fs::remove_dir_all(dir.join("box")).unwrap();
        rootfs(&dir).arg("./p").run().ok().quiet();
        assert_eq!(copied_from(&dir, "libx.so"), "a", "{tags}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn in_a_sysroot_it_is_a_directory_of_that() {
    let dir = Dir::of_nobody();
    let loader = "/lib/ld-linux-aarch64.so.1";
    dir.program(format!("tree{loader}"), Elf::new(ARM64).directories(&["/usr/lib"]).bytes());
    dir.program("tree/usr/bin/p", Elf::new(ARM64).loader(loader).needs("liba.so").bytes());
    dir.file("tree/opt/a b:c/liba.so", Elf::new(ARM64).bytes());
    dir.file("opt/a b:c/decoy", "");
    for directory in ["/opt/a b:c", "opt/a b:c", "/../usr/../opt/a b:c"] {
        let line = ["--sysroot=tree", "-L", directory, "box", "/usr/bin/p"];
        Cmd::tool("hc-rootfs").dir(dir.path()).args(line).as_nobody().run().ok().quiet();
        let expected = ["/usr/bin/p", loader, "/opt/a b:c/liba.so"].map(Into::into);
        assert_eq!(files_in(&dir.join("box")), expected.into(), "{directory}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn an_empty_name_is_no_directory() {
    let dir = Dir::new();
    let usage = |line: &[&str]| {
        let output = Cmd::tool("hc-rootfs").dir(dir.path()).args(line).run().exits(125);
        String::from_utf8(output.stderr).unwrap().lines().next().unwrap().to_owned()
    };
    assert_eq!(
        usage(&["-L", "", "box", "/bin/echo"]),
        "hc-rootfs: -L: '' is no directory: try 'man hc-rootfs'"
    );
    assert_eq!(
        usage(&["--sysroot=", "box", "/bin/echo"]),
        "hc-rootfs: --sysroot: '' is no directory: try 'man hc-rootfs'"
    );
    refuses(&dir, "./nosuch", "./nosuch: No such file or directory");
}
