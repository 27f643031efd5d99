//! The libraries of ELF files that -f names.

use super::super::{NO_CONTAINERS, build, can_look_inside, files_in, inside, library, program};
use super::{copy_of, with};
use hc_tests::{Cmd, Dir, require};
use std::fs;

#[test]
fn a_python_runs_with_its_library() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let python = fs::canonicalize("/usr/bin/python3").unwrap();
    let library = format!("/usr/lib/{}", python.file_name().unwrap().to_str().unwrap());
    with(&dir, &[&library]).arg("/usr/bin/python3").run().ok();
    // Modules with libraries of their own.
    let script =
        "import ssl, bz2, lzma, hashlib, ctypes, sqlite3; print(ssl.OPENSSL_VERSION.split()[0], 6 * 7)";
    inside(&dir).args(["/usr/bin/python3", "-B", "-c", script]).run().ok().quiet().says("OpenSSL 42\n");
    // And once more there is nothing to do.
    let again = Cmd::tool("hc-rootfs")
        .args(["-v", "-f", &library, "box", "/usr/bin/python3"])
        .dir(dir.path())
        .run()
        .ok();
    assert!(!String::from_utf8_lossy(&again.stderr).contains("copied"), "{again:?}");
}

#[test]
fn elf_files_bring_their_libraries() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    library(&dir, "elsewhere/libb.so", "", "-soname libb.so");
    let runpath = format!("-rpath {}", dir.join("elsewhere").display());
    library(&dir, "t/modules/m.so", "elsewhere/libb.so", &runpath);
    library(&dir, "gone/libgone.so", "", "-soname libgone.so");
    library(&dir, "t/modules/optional.so", "gone/libgone.so", "");
    dir.file(
        "t/modules/broken.so",
        b"\x7fELF and no more, whatever that may be worth to the ones who look for it",
    );
    let output = with(&dir, &["t"]).arg("/bin/true").run().ok();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let missing =
        |name: &str| format!("{}: libgone.so, which it needs, is in none of: ", dir.join(name).display());
    let optional = missing("t/modules/optional.so");
    assert!(said.starts_with(&format!("hc-rootfs: note: {optional}")) && said.lines().count() == 1, "{said}");
    assert!(copy_of(&dir, "elsewhere/libb.so").is_file() && copy_of(&dir, "t/modules/broken.so").is_file());
    // One that is asked for by name has to be complete.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = with(&dir, &["t/modules/optional.so"]).arg("/bin/true").run().fails("hc-rootfs", 125);
    assert!(message.starts_with(&optional), "{message}");
    assert!(!dir.join("box").exists());
    with(&dir, &["t/modules/m.so:/m.so"]).arg("/bin/true").run().ok().quiet();
    assert!(copy_of(&dir, "elsewhere/libb.so").is_file() && dir.join("box/m.so").is_file());
    // A program in a tree runs.
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.program("programs/p", fs::read("/bin/echo").unwrap());
    with(&dir, &["programs"]).run().ok().quiet();
    inside(&dir).arg(dir.join("programs/p")).arg("hi").run().ok().quiet().says("hi\n");
}

#[test]
fn a_library_outside_of_a_tree_is_found_by_way_of_the_tree() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    library(&dir, "out/libb.so", "", "-soname libb.so");
    program(&dir, "t/bin/p", "out/libb.so", "-Wl,--enable-new-dtags,-rpath,$ORIGIN/../../out");
    with(&dir, &["t"]).run().ok().quiet();
    assert!(copy_of(&dir, "out/libb.so").is_file());
    inside(&dir).arg(dir.join("t/bin/p")).run().ok().quiet();
}

#[test]
fn a_library_needs_no_program() {
    let dir = Dir::new();
    build(&dir, "cp /bin/true true");
    dir.file("x.c", "#include <stdio.h>\nint f(void) { return puts(\"x\"); }\n");
    build(&dir, "cc -shared -fPIC -o l.so x.c");
    let has_libc = || files_in(&dir.join("box")).iter().any(|path| path.ends_with("libc.so.6"));
    with(&dir, &["l.so:/l.so"]).run().ok().quiet();
    assert!(has_libc(), "{:?}", files_in(&dir.join("box")));
    fs::remove_dir_all(dir.join("box")).unwrap();
    // And none for a machine of which nothing is here.
    let mut content = fs::read(dir.join("l.so")).unwrap();
    content[18] = 0xf3;
    dir.file("t/riscv.so", &content);
    let path = dir.join("t/riscv.so").display().to_string();
    let why = "its libraries are not known without a PROGRAM or a C library for its machine";
    let message = with(&dir, &["t/riscv.so"]).run().fails("hc-rootfs", 125);
    assert_eq!(message, format!("{path}: {why}"));
    assert!(!dir.join("box").exists());
    with(&dir, &["t"]).run().ok().complains(format!("hc-rootfs: {path}: note: {why}\n"));
    dir.file("t/s.so", &content);
    let tree = dir.join("t").display().to_string();
    let note = format!(
        "hc-rootfs: {tree}: note: the libraries of 2 files in it, as {path}, are not known without a PROGRAM or a C library for their machine\n"
    );
    with(&dir, &["t"]).run().ok().complains(note);
}

#[test]
fn a_script_s_interpreter_is_named() {
    let dir = Dir::new();
    dir.program("s", "#!/bin/cat\n");
    let path = dir.join("s").display().to_string();
    with(&dir, &["s:/s"]).run().ok().complains(format!(
        "hc-rootfs: {path}: note: its interpreter /bin/cat is not copied: name that as a PROGRAM as well\n"
    ));
    with(&dir, &["s:/s"]).arg("/bin/cat").run().ok().quiet();
    // Data.
    dir.file("d", "#!/bin/nosuch\n");
    with(&dir, &["d:/d"]).run().ok().quiet();
}
