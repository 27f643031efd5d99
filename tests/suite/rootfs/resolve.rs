//! The search for libraries, held against what the real loader does with programs built for the purpose.

use super::{
    GLIBC, NO_CONTAINERS, build, can_look_inside, files_in, inside, inside_as_nobody, library, loaded,
    loads_the_same, program, refuses, rootfs,
};
use hc_tests::{Cmd, Dir, Ended, require};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

#[test]
fn an_rpath_is_inherited() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "r/libb.so", "", "-soname libb.so");
    library(&dir, "r/liba.so", "r/libb.so", "-soname liba.so");
    program(&dir, "p", "r/liba.so", &format!("-Wl,--disable-new-dtags,-rpath,{path}/nosuch:{path}/r"));
    loads_the_same(&dir, &dir.join("p"));
}

#[test]
fn a_runpath_is_not_inherited() {
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "r/libb.so", "", "-soname libb.so");
    library(&dir, "r/liba.so", "r/libb.so", "-soname liba.so");
    program(&dir, "p", "r/liba.so", &format!("-Wl,-rpath-link,r,--enable-new-dtags,-rpath,{path}/r"));
    assert!(loaded(Cmd::new(dir.join("p"))).contains(&"libb.so => not found".to_owned()), "to the loader");
    let system = "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib /etc/ld.so.cache";
    refuses(
        &dir,
        "./p",
        &format!("{path}/p: libb.so, needed by {path}/r/liba.so, is in none of: /etc/ld.so.cache {system}")
            .replace("/etc/ld.so.cache /lib", "/lib"),
    );
}

#[test]
fn an_rpath_does_not_count_beside_a_runpath() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "x/libb.so", "", "-soname libb.so");
    library(&dir, "r/libb.so", "", "-soname libb.so");
    // Its own RUNPATH hides the program's RPATH, which has another libb.so.
    library(&dir, "x/liba.so", "r/libb.so", &format!("-soname liba.so --enable-new-dtags -rpath {path}/r"));
    program(&dir, "p", "x/liba.so", &format!("-Wl,-rpath-link,r,--disable-new-dtags,-rpath,{path}/x"));
    loads_the_same(&dir, &dir.join("p"));
}

#[test]
fn origin_and_lib_mean_what_they_mean_to_the_loader() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    library(&dir, "opt/lib/x86_64-linux-gnu/libb.so", "", "-soname libb.so");
    // The library's own $ORIGIN is where it is, not where the program is.
    library(
        &dir,
        "opt/deep/liba.so",
        "opt/lib/x86_64-linux-gnu/libb.so",
        "-soname liba.so --enable-new-dtags -rpath ${ORIGIN}/../${LIB}",
    );
    let options = "-Wl,-rpath-link,opt/lib/x86_64-linux-gnu,-rpath,$ORIGIN/../deep";
    program(&dir, "opt/bin/p", "opt/deep/liba.so", options);
    loads_the_same(&dir, &dir.join("opt/bin/p"));
    // Of a program it is where the links lead to.
    symlink(dir.join("opt/bin/p"), dir.join("q")).unwrap();
    symlink("q", dir.join("r")).unwrap();
    loads_the_same(&dir, &dir.join("r"));
}

#[test]
fn platform_means_what_it_means_to_the_loader() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    let found = ["xeon_phi", "haswell", "x86_64"].iter().find(|platform| {
        library(&dir, &format!("{platform}/liba.so"), "", "-soname liba.so");
        program(&dir, "p", &format!("{platform}/liba.so"), &format!("-Wl,-rpath,{path}/$PLATFORM"));
        let found = !loaded(Cmd::new(dir.join("p"))).contains(&"liba.so => not found".to_owned());
        if !found {
            fs::remove_file(dir.join(platform).join("liba.so")).unwrap();
        }
        found
    });
    assert!(found.is_some(), "the loader knows this machine by none of the names");
    loads_the_same(&dir, &dir.join("p"));
}

#[test]
fn a_library_for_another_machine_is_passed_over() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    dir.directory("a");
    build(&dir, "as --32 -o 32.o /dev/null");
    build(&dir, "ld -shared -m elf_i386 -soname liba.so -o a/liba.so 32.o");
    library(&dir, "b/liba.so", "", "-soname liba.so");
    program(&dir, "p", "b/liba.so", &format!("-Wl,-rpath,{path}/a:{path}/b"));
    loads_the_same(&dir, &dir.join("p"));
    fs::remove_file(dir.join("b/liba.so")).unwrap();
    let message = rootfs(&dir).arg("./p").run().fails("hc-rootfs", 125);
    assert!(
        message.starts_with(&format!(
            "{path}/p: liba.so, which it needs, is in none of: {path}/a {path}/b /lib"
        ))
    );
    assert!(message.ends_with(&format!("/etc/ld.so.cache ({path}/a/liba.so is for another machine)")));
}

#[test]
fn a_file_that_is_no_library_ends_the_search() {
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "b/liba.so", "", "-soname liba.so");
    program(&dir, "p", "b/liba.so", &format!("-Wl,-rpath,{path}/a:{path}/b"));
    dir.file("a/liba.so", "INPUT(liba.so.1)\n");
    let real = Cmd::new(dir.join("p")).run();
    assert_eq!(real.ended, Ended::Exit(127), "the loader stops, too");
    refuses(&dir, "./p", &format!("{path}/p: liba.so, which it needs: {path}/a/liba.so is no ELF file"));
}

#[test]
fn a_name_with_a_slash_is_that_file() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    library(&dir, "x/liba.so", "", "");
    program(&dir, "p", &dir.join("x/liba.so").display().to_string(), "");
    assert!(loaded(Cmd::new(dir.join("p")))[0].starts_with(&dir.join("x/liba.so").display().to_string()));
    loads_the_same(&dir, &dir.join("p"));
    fs::remove_file(dir.join("x/liba.so")).unwrap();
    let path = dir.path().display();
    refuses(&dir, "./p", &format!("{path}/p: {path}/x/liba.so, which it needs, is not there"));
}

#[test]
fn the_link_of_a_library_is_copied_with_the_file() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "x/deep/liba.so.1.2", "", "-soname liba.so.1");
    symlink("deep/liba.so.1.2", dir.join("x/liba.so.1")).unwrap();
    program(&dir, "p", "x/liba.so.1", &format!("-Wl,-rpath,{path}/x"));
    rootfs(&dir).arg("./p").run().ok().quiet();
    let copy = dir.join("box").join(dir.join("x/liba.so.1").strip_prefix("/").unwrap());
    assert_eq!(fs::read_link(copy).unwrap(), Path::new("deep/liba.so.1.2"));
    fs::remove_dir_all(dir.join("box")).unwrap();
    loads_the_same(&dir, &dir.join("p"));
}

#[test]
fn the_first_file_for_a_name_serves_all_who_need_it() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    for place in ["x", "y"] {
        library(&dir, &format!("{place}/libc1.so"), "", "-soname libc1.so");
        let options = format!("-soname lib{place}.so --enable-new-dtags -rpath {path}/{place}");
        library(&dir, &format!("{place}/lib{place}.so"), &format!("{place}/libc1.so"), &options);
    }
    program(&dir, "p", "y/liby.so x/libx.so", &format!("-Wl,-rpath-link,y,-rpath,{path}/x:{path}/y"));
    loads_the_same(&dir, &dir.join("p"));
    // A DT_SONAME is such a name as well.
    library(&dir, "z/anything.so", "", "-soname libx.so");
    program(&dir, "q", "z/anything.so x/libx.so", &format!("-Wl,-rpath-link,x,-rpath,{path}/x:{path}/z"));
    fs::remove_file(dir.join("x/libx.so")).unwrap();
    fs::copy(dir.join("z/anything.so"), dir.join("z/libx.so")).unwrap();
    loads_the_same(&dir, &dir.join("q"));
}

#[test]
fn a_search_path_may_be_longer_than_a_path() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let path = dir.path().display();
    let many: Vec<String> = (0..600).map(|number| format!("{path}/no/such/directory/{number}")).collect();
    library(&dir, "a/liba.so", "", "-soname liba.so");
    program(&dir, "p", "a/liba.so", &format!("-Wl,-rpath,{}:{path}/a", many.join(":")));
    loads_the_same(&dir, &dir.join("p"));
    fs::remove_file(dir.join("a/liba.so")).unwrap();
    let message = rootfs(&dir).arg("./p").run().fails("hc-rootfs", 125);
    assert!(message.ends_with("/no/such/directory/19 (585 more) /etc/ld.so.cache"), "{message}");
}

#[test]
fn a_program_may_do_without_the_system_directories() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    program(&dir, "p", "", "-Wl,-z,nodefaultlib");
    let path = dir.path().display();
    assert_eq!(loaded(Cmd::new(dir.join("p")))[0], "libc.so.6 => not found");
    refuses(&dir, "./p", &format!("{path}/p: libc.so.6, which it needs, is in none of: /etc/ld.so.cache"));
    program(&dir, "p", "", "-Wl,-z,nodefaultlib,-rpath,/lib/x86_64-linux-gnu");
    loads_the_same(&dir, &dir.join("p"));
}

#[test]
fn what_is_static_needs_nothing_else() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::of_nobody();
    dir.file("main.c", "int main(void) { return 42; }\n");
    for option in ["-static", "-static-pie"] {
        build(&dir, &format!("cc {option} -o p main.c"));
        rootfs(&dir).arg("./p").run().ok().quiet();
        assert_eq!(files_in(&dir.join("box")), [dir.join("p")].into(), "{option}");
        inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn a_program_of_musl_has_musl_s_rules() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::of_nobody();
    let path = dir.path().display();
    // A RUNPATH is inherited, and an empty element of it is nothing.
    dir.file("b.c", "int b(void) { return 40; }\n");
    dir.file("a.c", "int b(void); int a(void) { return b() + 2; }\n");
    dir.file("m.c", "int a(void); int main(void) { return a(); }\n");
    build(&dir, "musl-gcc -shared -fPIC -o libb.so b.c -Wl,-soname,libb.so");
    build(&dir, "musl-gcc -shared -fPIC -o liba.so a.c libb.so -Wl,-soname,liba.so");
    let options = "-Wl,-rpath-link,.,--enable-new-dtags,-rpath";
    build(&dir, &format!("musl-gcc -o p m.c liba.so {options},:/nosuch:{path}"));
    let (loader, real) = ("/lib/ld-musl-x86_64.so.1", fs::canonicalize("/lib/ld-musl-x86_64.so.1").unwrap());
    rootfs(&dir).arg("./p").as_nobody().run().ok().quiet();
    assert_eq!(
        files_in(&dir.join("box")),
        [dir.join("p"), dir.join("liba.so"), dir.join("libb.so"), real].into()
    );
    assert!(dir.join("box").join(&loader[1..]).is_symlink());
    inside(&dir).arg(dir.join("p")).run().exits(42).quiet();
    inside_as_nobody(&dir).arg(dir.join("p")).run().exits(42).quiet();
    // For any other token than $ORIGIN musl gives up the whole path.
    build(&dir, &format!("musl-gcc -o q m.c liba.so {options},{path}:/$LIB"));
    Cmd::new(dir.join("q")).run().exits(127);
    assert!(
        rootfs(&dir)
            .arg("./q")
            .run()
            .fails("hc-rootfs", 125)
            .contains("q: liba.so, which it needs, is in none")
    );
}

#[test]
fn a_missing_loader_is_said() {
    let dir = Dir::new();
    let path = dir.path().display();
    program(&dir, "p", "", "-Wl,--dynamic-linker,/lib/ld-nosuch.so");
    refuses(&dir, "./p", &format!("{path}/p: its loader /lib/ld-nosuch.so is not there, or not readable"));
    program(&dir, "p", "", "-Wl,--dynamic-linker,/etc/passwd");
    refuses(&dir, "./p", &format!("{path}/p: its loader /etc/passwd is no ELF file"));
}

#[test]
fn nothing_is_executed_and_the_caller_s_loader_variables_have_no_part_in_it() {
    let dir = Dir::new();
    let mark = dir.join("executed");
    // creat(2), then exit(2).
    let source = format!(
        "void _start(void) {{ long r; asm volatile(\"syscall\" : \"=a\"(r) : \"a\"(85), \"D\"(\"{}\"), \"S\"(384) \
         : \"rcx\", \"r11\", \"memory\"); asm volatile(\"syscall\" :: \"a\"(60), \"D\"(0)); }}\n",
        mark.display()
    );
    dir.file("evil.c", source);
    build(&dir, "cc -static -nostdlib -o evil evil.c");
    program(&dir, "p", "", &format!("-Wl,--dynamic-linker,{}/evil", dir.path().display()));
    Cmd::new(dir.join("p")).run();
    assert!(mark.exists(), "the kernel would execute it as the loader, and ldd too");
    fs::remove_file(&mark).unwrap();
    let libraries = ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT"];
    library(&dir, "v/libc.so.6", "", "-soname libc.so.6");
    let copy = |cmd: Cmd| {
        cmd.env(libraries[0], dir.join("v/libc.so.6")).env(libraries[1], dir.join("v")).env(libraries[2], "v")
    };
    copy(rootfs(&dir)).arg("./p").run().ok().quiet();
    assert!(!mark.exists());
    fs::remove_dir_all(dir.join("box")).unwrap();
    copy(rootfs(&dir)).arg("/bin/echo").run().ok().quiet();
    assert!(!files_in(&dir.join("box")).contains(&dir.join("v/libc.so.6")));
    assert!(dir.join("box").join(&GLIBC[1..]).is_symlink());
}
