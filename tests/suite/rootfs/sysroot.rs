//! --sysroot: everything is found in that directory, as a process with that root would find it, and nothing else is
//! looked at.

use super::made::{ARM64, Elf};
use super::{NO_CONTAINERS, can_look_inside, files_in, inside, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

pub(super) const LOADER: &str = "/lib/ld-linux-aarch64.so.1";

/// `hc-rootfs --sysroot=tree box` in `dir`, which looks for programs in /usr/bin and /bin of `tree`.
pub(super) fn within(dir: &Dir) -> Cmd {
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", "box"]);
    line.env("PATH", "/usr/bin:/bin")
}

/// Expects that copying `program` fails with this message, and leaves nothing.
#[track_caller]
pub(super) fn refuses_within(dir: &Dir, program: &str, message: &str) {
    assert_eq!(within(dir).arg(program).run().fails("hc-rootfs", 125), format!("in tree: {message}"));
    assert!(!dir.join("box").exists(), "something was made");
}

/// `tree` in `dir`: a program that needs liba.so, which is in the system directory /usr/lib.
pub(super) fn tree(dir: &Dir) {
    dir.program(format!("tree{LOADER}"), Elf::new(ARM64).directories(&["/usr/lib"]).bytes());
    dir.file("tree/usr/lib/liba.so", Elf::new(ARM64).soname("liba.so").bytes());
    dir.program("tree/usr/bin/p", Elf::new(ARM64).loader(LOADER).needs("liba.so").bytes());
}

/// The lines of [`Dir::listing`] in `directory` of `dir`: names, modes and links.
fn shape(dir: &Dir, directory: &str) -> Vec<String> {
    let lines = dir.listing().into_iter();
    let below = lines.filter_map(|line| Some(line.strip_prefix(&format!("{directory}/"))?.to_owned()));
    below
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            // A link has one word behind its inode number, and that is where it leads.
            let target = if words[1].starts_with("12") { words[3] } else { "" };
            format!("{} {} {target}", words[0], words[1])
        })
        .collect()
}

#[test]
fn a_tree_is_copied_as_its_own_root_would_have_it() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    rootfs(&dir).args(["/bin/sh", "/bin/cat"]).run().ok().quiet();
    fs::rename(dir.join("box"), dir.join("tree")).unwrap();
    // Links as a root directory has them: absolute, upwards, one over the other.
    for name in ["bin", "lib", "lib64"] {
        let _ = fs::remove_file(dir.join("tree").join(name));
        symlink(format!("/usr/{name}"), dir.join("tree").join(name)).unwrap();
    }
    dir.directory("tree/etc/alternatives");
    symlink("../../../../../../usr/bin/dash", dir.join("tree/etc/alternatives/shell")).unwrap();
    symlink("/etc/alternatives/shell", dir.join("tree/usr/bin/shell")).unwrap();
    symlink("../bin/shell", dir.join("tree/usr/bin/s")).unwrap();
    within(&dir).args(["s", "/bin/cat"]).run().ok().quiet();
    let links =
        [("usr/bin/s", "../bin/shell"), ("usr/bin/shell", "/etc/alternatives/shell"), ("bin", "/usr/bin")];
    for (name, target) in links {
        assert_eq!(fs::read_link(dir.join("box").join(name)).unwrap(), Path::new(target));
    }
    assert_eq!(files_in(&dir.join("box")), files_in(&dir.join("tree")));
    inside(&dir)
        .args(["s", "-c", "echo ran | /bin/cat"])
        .env("PATH", "/usr/bin")
        .run()
        .ok()
        .quiet()
        .says("ran\n");
}

#[test]
fn whoever_it_is_gets_the_same() {
    let dir = Dir::of_nobody();
    tree(&dir);
    symlink("/usr/bin/../bin/p", dir.join("tree/q")).unwrap();
    // A relative name counts from the root, wherever the caller is.
    for name in ["p", "/usr/bin/p", "usr/bin/p", "./usr/../usr/bin/p", "/../../q", "q/../q"] {
        let output = within(&dir).arg(name).as_nobody().run();
        if name == "q/../q" {
            assert_eq!(output.fails("hc-rootfs", 125), "in tree: q/../q: Not a directory");
            continue;
        }
        output.ok().quiet();
        let expected = ["/usr/bin/p", LOADER, "/usr/lib/liba.so"].map(Into::into);
        assert_eq!(files_in(&dir.join("box")), expected.into(), "{name}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn a_program_behind_a_link_has_its_origin_where_it_is() {
    let dir = Dir::of_nobody();
    tree(&dir);
    let program = Elf::new(ARM64).loader(LOADER).runpath("$ORIGIN/../lib").needs("libo.so");
    dir.program("tree/opt/o/bin/p", program.bytes());
    dir.file("tree/opt/o/lib/libo.so", Elf::new(ARM64).bytes());
    for (name, target) in [("a", "/opt/o/bin/p"), ("b", "../../opt/o/bin/p"), ("c", "b"), ("d", "/bin/c")] {
        symlink(target, dir.join("tree/usr/bin").join(name)).unwrap();
    }
    symlink("/usr/bin", dir.join("tree/bin")).unwrap();
    for name in ["a", "b", "c", "d"] {
        let output = within(&dir).args(["-v", name]).as_nobody().run();
        // An option after DIR is none.
        output.fails("hc-rootfs", 125);
        let line = ["--sysroot=tree", "-v", "box", name];
        let output =
            Cmd::tool("hc-rootfs").dir(dir.path()).args(line).env("PATH", "/bin").as_nobody().run().ok();
        let text = String::from_utf8(output.stderr).unwrap();
        let last = "hc-rootfs: in tree: /opt/o/bin/p uses $ORIGIN: /proc must be mounted in box\n";
        assert!(text.ends_with(last), "{text}");
        let expected = ["/opt/o/bin/p", LOADER, "/opt/o/bin/../lib/libo.so"];
        assert_eq!(files_in(&dir.join("box")).len(), expected.len());
        assert!(expected.iter().all(|name| dir.join(format!("box{name}")).exists()), "{text}");
        assert!(dir.join("box/usr/bin").join(name).is_symlink());
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn what_the_tree_lacks_is_not_taken_from_the_host() {
    let dir = Dir::of_nobody();
    let path = dir.path().display();
    refuses_within_nothing(&dir);
    tree(&dir);
    refuses_within(&dir, "/bin/echo", "/bin/echo: No such file or directory");
    refuses_within(&dir, "echo", "echo: not found in PATH");
    refuses_within(&dir, "", "'': an empty name is no program");
    refuses_within(&dir, "/usr", "/usr: is a directory");
    let program = Elf::new(ARM64).loader("/lib64/ld-linux-x86-64.so.2");
    dir.program("tree/usr/bin/l", program.bytes());
    let missing = "/usr/bin/l: its loader /lib64/ld-linux-x86-64.so.2 is not there, or not readable";
    refuses_within(&dir, "l", missing);
    // A directory that only the host has.
    let place = dir.file("libb.so", Elf::new(ARM64).bytes());
    let program = Elf::new(ARM64).loader(LOADER).runpath(&path.to_string()).needs("libb.so");
    dir.program("tree/usr/bin/b", program.bytes());
    let looked =
        format!("/usr/bin/b: libb.so, which it needs, is in none of: {path} /usr/lib /etc/ld.so.cache");
    refuses_within(&dir, "b", &looked);
    dir.program("tree/usr/bin/n", Elf::new(ARM64).loader(LOADER).needs(place.to_str().unwrap()).bytes());
    refuses_within(&dir, "n", &format!("/usr/bin/n: {}, which it needs, is not there", place.display()));
    // Links that would be right outside.
    symlink(&place, dir.join("tree/usr/lib/libb.so")).unwrap();
    refuses_within(&dir, "b", &looked);
    fs::remove_file(dir.join("tree/usr/lib/libb.so")).unwrap();
    symlink("../../../libb.so", dir.join("tree/usr/lib/libb.so")).unwrap();
    refuses_within(&dir, "b", &looked);
    symlink("/bin/echo", dir.join("tree/usr/bin/echo")).unwrap();
    refuses_within(&dir, "echo", "/usr/bin/echo: is a link to /bin/echo, which does not exist");
    fs::set_permissions(dir.join("tree/usr/bin/b"), fs::Permissions::from_mode(0o644)).unwrap();
    refuses_within(&dir, "b", "/usr/bin/b: not executable (its mode is 0644)");
}

/// Without the tree.
#[track_caller]
fn refuses_within_nothing(dir: &Dir) {
    let output = within(dir).arg("p").run();
    assert_eq!(output.fails("hc-rootfs", 125), "--sysroot=tree: No such file or directory");
    let file = dir.file("tree", "");
    assert_eq!(within(dir).arg("p").run().fails("hc-rootfs", 125), "--sysroot=tree: Not a directory");
    fs::remove_file(file).unwrap();
}

#[test]
fn scripts_find_their_interpreters_inside() {
    let dir = Dir::of_nobody();
    tree(&dir);
    for name in ["sh", "env"] {
        dir.program(format!("tree/usr/bin/{name}"), Elf::new(ARM64).bytes());
    }
    dir.program("tree/opt/bin/tool", "#!/usr/bin/env -S -i PATH=/opt/bin other\n");
    dir.program("tree/opt/bin/other", "#!bin/relative\n");
    dir.program("tree/bin/relative", "#!/usr/bin/sh\n");
    within(&dir).arg("/opt/bin/tool").as_nobody().run().ok().quiet();
    let expected = ["/opt/bin/tool", "/usr/bin/env", "/opt/bin/other", "/bin/relative", "/usr/bin/sh"];
    assert_eq!(files_in(&dir.join("box")), expected.map(Into::into).into());
    fs::remove_dir_all(dir.join("box")).unwrap();
    // The host has these.
    dir.program("tree/usr/bin/s", "#!/bin/sh\n");
    refuses_within(&dir, "s", "/usr/bin/s: its interpreter /bin/sh: No such file or directory");
    dir.program("tree/usr/bin/s", "#!/usr/bin/env cat\n");
    refuses_within(&dir, "s", "/usr/bin/s: its program, by way of env: cat: not found in PATH");
}

#[test]
fn the_root_directory_is_a_sysroot_too() {
    let dir = Dir::of_nobody();
    rootfs(&dir).arg("/bin/sh").as_nobody().run().ok().quiet();
    let plain = shape(&dir, "box");
    fs::remove_dir_all(dir.join("box")).unwrap();
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=/", "box", "/bin/sh"]);
    line.as_nobody().run().ok().quiet();
    assert_eq!(shape(&dir, "box"), plain);
}

#[test]
fn the_advice_about_data_copies_it_out_of_the_tree() {
    let dir = Dir::new();
    tree(&dir);
    let python = Elf::new(ARM64).loader(LOADER).needs("liba.so");
    dir.program("tree/usr/bin/python3.12", python.bytes());
    dir.program("tree/opt/bin/perl", Elf::new(ARM64).bytes());
    // One is behind links that would lead out of the tree, the other where arm64 has it.
    dir.file("tree/data/lib/python3.12/os.py", "pass\n");
    symlink("/data/lib", dir.join("tree/usr/lib64")).unwrap();
    dir.directory("tree/opt/lib/x86_64-linux-gnu/perl-base");
    dir.file("tree/opt/lib/aarch64-linux-gnu/perl-base/a b.pm", "1;\n");
    dir.directory("b x");
    let line = ["--sysroot=tree", "b x", "/usr/bin/python3.12", "/opt/bin/perl"];
    let copy = || Cmd::tool("hc-rootfs").dir(dir.path()).args(line).run().ok();
    let text = String::from_utf8(copy().stderr).unwrap();
    let expected = [
        "hc-rootfs: in tree: /usr/bin/python3.12: note: its library /usr/lib64/python3.12 is data and is not copied: \
         hc-rootfs --sysroot=tree -f /usr/lib64/python3.12 'b x' /usr/bin/python3.12",
        "hc-rootfs: in tree: /opt/bin/perl: note: its library /opt/lib/aarch64-linux-gnu/perl-base is data and is not \
         copied: hc-rootfs --sysroot=tree -f /opt/lib/aarch64-linux-gnu/perl-base 'b x' /opt/bin/perl",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    for line in text.lines() {
        Cmd::sh(line.rsplit(": ").next().unwrap()).dir(dir.path()).run().ok().quiet();
    }
    copy().quiet();
    let read = |name: &str| fs::read_to_string(dir.join("b x").join(name)).unwrap();
    assert_eq!(read("data/lib/python3.12/os.py"), "pass\n");
    assert_eq!(read("opt/lib/aarch64-linux-gnu/perl-base/a b.pm"), "1;\n");
    assert_eq!(fs::read_link(dir.join("b x/usr/lib64")).unwrap(), Path::new("/data/lib"));
}

#[test]
fn a_tree_on_a_file_system_without_execution_is_as_good() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    tree(&dir);
    Cmd::line(["mount", "-o", "bind"]).args(["tree", "tree"]).dir(dir.path()).on(&host).run().ok();
    Cmd::line(["mount", "-o", "remount,bind,noexec"]).arg("tree").dir(dir.path()).on(&host).run().ok();
    within(&dir).arg("p").on(&host).run().ok().quiet();
    assert_eq!(files_in(&dir.join("box")).len(), 3);
}
