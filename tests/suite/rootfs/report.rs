//! What is printed instead of copied: the list, the tree, JSON.

use super::{NO_CONTAINERS, build, can_look_inside, inside, library, on_terminal, program, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A program behind a link, in directories whose names are meant to break a list, with a library beside it.
fn odd_program(dir: &Dir) -> PathBuf {
    library(dir, "libodd.so", "", "-soname libodd.so");
    program(dir, "p", "libodd.so", "-Wl,-rpath,$ORIGIN");
    let place = dir.directory("-rf\n *\t#\\/;' \"$x");
    fs::rename(dir.join("libodd.so"), place.join("libodd.so")).unwrap();
    fs::rename(dir.join("p"), place.join("-p\n")).unwrap();
    symlink(place.join("-p\n"), dir.join("--\nlink")).unwrap();
    dir.join("--\nlink")
}

/// `hc-rootfs OPTIONS`.
fn shown(dir: &Dir, options: &[&str]) -> Cmd {
    Cmd::tool("hc-rootfs").dir(dir.path()).args(options)
}

/// Names, types and targets of all that is below `box`, with the directories or without.
fn tree_of_box(dir: &Dir, directories: bool) -> String {
    let which = if directories { "" } else { "! -type d" };
    let find = format!("cd box && find . -mindepth 1 {which} -printf '%P\\0%y\\0%l\\0\\n' | sort -z");
    Cmd::sh(find).dir(dir.path()).run().ok().quiet().text().to_owned()
}

#[test]
fn the_list_makes_the_same_root_directory_by_way_of_tar_cpio_and_rsync() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let program = odd_program(&dir);
    rootfs(&dir).arg(&program).run().ok().quiet();
    let expected = [false, true].map(|directories| tree_of_box(&dir, directories));
    let unpack = "(cd box; cpio -i -m --quiet --no-absolute-filenames";
    let (tar, cpio) = ("| tar -x -C box", "| cpio -0 -o -H newc --quiet");
    for (pipeline, directories) in [
        (format!("-l -0 \"$0\" | tar --null -T - -c {tar}"), false),
        (format!("-l -0 \"$0\" {cpio} | {unpack} -d)"), false),
        ("-l -0 \"$0\" | cpio -0 -p -d -m --quiet box".to_owned(), false),
        ("-l -0 \"$0\" | rsync -lpt --from0 --files-from=- / box".to_owned(), false),
        (format!("-l0 --directories \"$0\" | tar -c --null --no-recursion -T - {tar}"), true),
        (format!("-l0 --directories \"$0\" {cpio} | {unpack})"), true),
        ("-l0 --directories \"$0\" | rsync -lpt --from0 --files-from=- / box".to_owned(), true),
    ] {
        fs::remove_dir_all(dir.join("box")).unwrap();
        let script = format!("mkdir box; hc-rootfs {pipeline}");
        let output = Cmd::sh(script).arg(&program).dir(dir.path()).run().ok();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.lines().all(|line| line.contains("Removing leading `/' from")), "{pipeline}: {said}");
        assert_eq!(tree_of_box(&dir, directories), expected[usize::from(directories)], "{pipeline}");
        fs::create_dir_all(dir.join("box/proc")).unwrap();
        inside(&dir).arg(&program).run().ok().quiet().says("");
    }
}

#[test]
fn the_list_has_every_name_once_and_a_directory_before_what_is_in_it() {
    let dir = Dir::new();
    let program = odd_program(&dir);
    let output = shown(&dir, &["-l0", "--directories", "awk", "env", "awk"])
        .arg(&program)
        .as_nobody()
        .run()
        .ok()
        .quiet();
    let text = output.stdout.strip_suffix(b"\0").expect("the last one ends too");
    let names: Vec<&Path> =
        text.split(|&byte| byte == 0).map(|name| Path::new(OsStr::from_bytes(name))).collect();
    for (place, name) in names.iter().enumerate() {
        let before = &names[..place];
        assert!(!before.contains(name), "{} is there twice", name.display());
        let parent = name.parent().expect("not the root directory");
        assert!(parent == Path::new("/") || before.contains(&parent), "{}: its directory", name.display());
    }
    for name in ["/usr/bin/awk", "/etc/alternatives", "/usr/bin/mawk", "/lib64", "/proc", "/tmp"] {
        assert!(names.contains(&Path::new(name)), "{name}");
    }
    // Without the directories, and without NULs, it is the same.
    let lines = shown(&dir, &["--list", "awk", "env", "awk"]).arg(&program).as_nobody().run().ok().quiet();
    let files = names.iter().filter(|name| name.is_symlink() || !name.is_dir());
    let expected: Vec<u8> = files.flat_map(|name| [name.as_os_str().as_bytes(), b"\n"].concat()).collect();
    assert_eq!(lines.stdout, expected);
    let terminal = on_terminal(&dir, "hc-rootfs -l ./--?link").run().ok();
    let link = format!("{}/--\\nlink\r\n", dir.path().display());
    assert!(terminal.text().contains(&link) && !terminal.text().contains('\t'), "{terminal:?}");
}

#[test]
fn the_tree_says_who_needs_whom_and_by_what_it_was_found() {
    let dir = Dir::new();
    let path = dir.path().display();
    library(&dir, "libb.so", "", "-soname libb.so");
    library(&dir, "libn.so", "libb.so", &format!("-soname {path}/libn.so"));
    library(
        &dir,
        "liba.so",
        "libb.so libn.so",
        &format!("-soname liba.so --disable-new-dtags -rpath {path}"),
    );
    program(&dir, "p", "liba.so", &format!("-Wl,--enable-new-dtags,-rpath-link,{path},-rpath,{path}"));
    dir.program("s", format!("#!{path}/p\n"));
    dir.program("e\n", format!("#!/usr/bin/env {path}/s\n"));
    let libc = "/lib/x86_64-linux-gnu/libc.so.6";
    let of_p = format!(
        "/lib64/ld-linux-x86-64.so.2 [loader]
liba.so => {path}/liba.so [runpath]
    libb.so => {path}/libb.so [rpath]
    {path}/libn.so [name]
        libb.so => {path}/libb.so [rpath] (above)
libc.so.6 => {libc} [cache]
    ld-linux-x86-64.so.2 => /lib64/ld-linux-x86-64.so.2 [loader] (above)"
    );
    let indented = |depth: usize, text: &str| {
        text.lines().map(|line| "    ".repeat(depth) + line + "\n").collect::<Vec<_>>().concat()
    };
    let of_s = format!("{path}/p [interpreter]\n{}", indented(1, &of_p));
    let of_env = format!(
        "/usr/bin/env [interpreter]
    /lib64/ld-linux-x86-64.so.2 [loader]
    libc.so.6 => {libc} [cache]
        ld-linux-x86-64.so.2 => /lib64/ld-linux-x86-64.so.2 [loader] (above)
{path}/s [env]"
    );
    // As a program of its own it is there already.
    let again = format!(
        "/lib64/ld-linux-x86-64.so.2 [loader] (above)
liba.so => {path}/liba.so [runpath] (above)
libc.so.6 => {libc} [cache] (above)"
    );
    let (of_env, of_s, again) = (indented(1, &of_env), indented(2, &of_s), indented(1, &again));
    let output = shown(&dir, &["--tree", "./e\n", "./p"]).as_nobody().run().ok().quiet();
    output.says(format!("{path}/e\\n\n{of_env}{of_s}{path}/p\n{again}"));
}

#[test]
fn the_tree_tells_the_cache_from_the_loader_s_own_directories() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    for name in ["libhc1.so", "libhc2.so"] {
        library(&dir, name, "", &format!("-soname {name}"));
    }
    program(&dir, "p", "libhc1.so libhc2.so", "");
    let script = "cp libhc1.so /usr/lib; ldconfig; cp libhc2.so /usr/lib; hc-rootfs --tree ./p | grep libhc";
    let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
    output.says("    libhc1.so => /lib/libhc1.so [cache]\n    libhc2.so => /lib/libhc2.so [default]\n");
}

#[test]
fn the_tree_is_coloured_on_a_terminal_that_wants_it() {
    let dir = Dir::new();
    let tree = |variables: &str| {
        let output = on_terminal(&dir, &format!("{variables} hc-rootfs --tree echo")).run().ok();
        output.text().replace('\r', "")
    };
    let plain = shown(&dir, &["--tree", "echo"]).run().ok().quiet().text().to_owned();
    for variables in ["NO_COLOR=1", "TERM=dumb", "NO_COLOR=0 TERM=xterm"] {
        assert_eq!(tree(variables), plain, "{variables}");
    }
    let coloured = tree("NO_COLOR= TERM=xterm");
    assert!(coloured.starts_with("\x1b[1m/usr/bin/echo\x1b[m\n"), "{coloured}");
    let codes = ["\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[m"];
    assert_eq!(codes.iter().fold(coloured, |text, code| text.replace(code, "")), plain);
}

#[test]
fn a_tree_of_any_depth_is_drawn() {
    let dir = Dir::new();
    let count = 300;
    library(&dir, &format!("lib{count}.so"), "", &format!("-soname {}/lib{count}.so", dir.path().display()));
    for number in (0..count).rev() {
        let soname = format!("-soname {}/lib{number}.so", dir.path().display());
        build(&dir, &format!("ld -shared -o lib{number}.so lib{}.so {soname} empty.o", number + 1));
    }
    program(&dir, "p", "lib0.so", &format!("-Wl,-rpath-link,{}", dir.path().display()));
    let output = shown(&dir, &["--tree", "./p"]).run().ok().quiet();
    let last = format!("{}{}/lib{count}.so [name]\n", "    ".repeat(32), dir.path().display());
    assert!(output.text().contains(&last), "{output:?}");
}

/// What `--json` prints, by serde_json, and by python's notion of JSON as well.
fn object(dir: &Dir, programs: &[&OsStr]) -> Value {
    let output = shown(dir, &["--json"]).args(programs).run().ok().quiet();
    assert!(output.stdout.is_ascii());
    Cmd::line(["python3", "-m", "json.tool"]).input(&output.stdout).run().ok().quiet();
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn the_object_has_programs_files_and_who_needs_them() {
    let dir = Dir::new();
    let path = dir.path().to_str().unwrap();
    library(&dir, "liba.so", "", "-soname liba.so");
    program(&dir, "p", "liba.so", &format!("-nostdlib -e 0 -Wl,--enable-new-dtags,-rpath,{path}"));
    program(&dir, "q", "liba.so", &format!("-nostdlib -e 0 -Wl,--enable-new-dtags,-rpath,{path}"));
    dir.program("s", format!("#!{path}/p\n"));
    symlink("s", dir.join("l\"\\\u{e9}\u{1f600}\n")).unwrap();
    let size = |name: &str| dir.join(name).metadata().unwrap().len();
    let loader = fs::canonicalize(super::GLIBC).unwrap();
    let needs = |name: &str, found: &str, file: &str| json!({ "file": format!("{path}/{file}"), "as": name, "found": found });
    let program = format!("{path}/l\"\\\u{e9}\u{1f600}\n");
    let expected = json!({
        "programs": [program, format!("{path}/q")],
        "files": [
            { "name": program, "source": format!("{path}/s"), "size": size("s"), "needed_by": [] },
            { "name": format!("{path}/p"), "source": format!("{path}/p"), "size": size("p"),
              "needed_by": [needs(&format!("{path}/p"), "interpreter", "l\"\\\u{e9}\u{1f600}\n")] },
            { "name": super::GLIBC, "source": loader, "size": loader.metadata().unwrap().len(),
              "needed_by": [needs(super::GLIBC, "loader", "p"), needs(super::GLIBC, "loader", "q")] },
            { "name": format!("{path}/liba.so"), "source": format!("{path}/liba.so"), "size": size("liba.so"),
              "needed_by": [needs("liba.so", "runpath", "p"), needs("liba.so", "runpath", "q")] },
            { "name": format!("{path}/q"), "source": format!("{path}/q"), "size": size("q"), "needed_by": [] },
        ],
    });
    assert_eq!(object(&dir, &[OsStr::new(&program), OsStr::new("./q")]), expected);
    let all = object(&dir, &["awk", "perl", "ldd", "python3"].map(OsStr::new));
    assert!(all["files"].as_array().unwrap().len() > 10);
}

#[test]
fn a_name_that_is_no_text_is_an_array_of_bytes() {
    let dir = Dir::new();
    let name = OsStr::from_bytes(b"./p\xff\xc3\n\x00".strip_suffix(b"\0").unwrap());
    dir.program(name, "#!/bin/sh\n");
    let object = object(&dir, &[name]);
    let bytes: Vec<u8> = serde_json::from_value(object["programs"][0].clone()).expect("bytes");
    assert_eq!(bytes, [dir.path().as_os_str().as_bytes(), b"/p\xff\xc3\n"].concat());
    assert_eq!(object["files"][0]["source"], json!(bytes));
    assert_eq!(
        object["files"][1]["needed_by"][0],
        json!({ "file": bytes, "as": "/bin/sh", "found": "interpreter" })
    );
}

#[test]
fn what_cannot_be_printed_or_is_missing_is_a_failure() {
    let dir = Dir::new();
    for options in ["-l", "-l0", "--tree", "--json", "-n box"] {
        let line = Cmd::sh(format!("exec hc-rootfs {options} echo >/dev/full")).dir(dir.path()).run();
        assert_eq!(line.fails("hc-rootfs", 125), "write error: No space left on device");
        let missing = Cmd::sh(format!("exec hc-rootfs {options} echo ./nosuch")).dir(dir.path()).run();
        assert_eq!(missing.fails("hc-rootfs", 125), "./nosuch: No such file or directory");
    }
    for (args, message) in [
        (&["-l"][..], "no PROGRAM to show"),
        (&["--tree"], "no PROGRAM to show"),
        (&["-n"], "no DIR to copy to"),
        (&["-n", "box"], "no PROGRAM to copy"),
        (&["-0", "box", "echo"], "-0 is for --list"),
        (&["--tree", "-0", "echo"], "-0 is for --list"),
        (&["--directories", "box", "echo"], "--directories is for --list"),
        (&["-l", "--tree", "echo"], "--dry-run, --list, --tree and --json exclude each other"),
        (&["-nl", "box", "echo"], "--dry-run, --list, --tree and --json exclude each other"),
        (&["-l", "echo", "--", "true"], "NEXT is for when something was copied"),
        (&["-n", "box", "echo", "--", "true"], "NEXT is for when something was copied"),
        (&["-l", "--etc"], "--etc is for a copy: its files are made, and no others are like them"),
        (
            &["--json", "--etc", "echo"],
            "--etc is for a copy: its files are made, and no others are like them",
        ),
        (
            &["-l", "--sysroot=/", "echo"],
            "--list is without --sysroot: its readers would take the host's files",
        ),
        (
            &["--tree", "-f/bin/sh", "echo"],
            "--file does not go with --tree and --json, which are about programs",
        ),
        (
            &["-l", "-f/bin/sh:/bin/bash"],
            "-f '/bin/sh': a list cannot say that it gets another name in the new root",
        ),
        (&["-l", "--no-xattrs", "echo"], "--link and --no-xattrs are for a copy"),
        (&["--tree", "--link=hard", "echo"], "--link and --no-xattrs are for a copy"),
        (&["-l", "echo", "-0"], "-0: options come before PROGRAM (and a program of that name is ./-0)"),
    ] {
        let output = shown(&dir, args).run();
        assert_eq!(output.fails("hc-rootfs", 125), format!("{message}: try 'man hc-rootfs'"), "{args:?}");
    }
    assert_eq!(dir.listing(), [""; 0]);
}
