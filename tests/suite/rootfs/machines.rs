//! Programs of other machines, out of a root directory of theirs.

use super::made::{AMD64, ARM, ARM64, Elf, I386, Machine, PPC32, S390X};
use super::{build, files_in, refuses, rootfs};
use hc_tests::{Cmd, Dir};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

/// `hc-rootfs --sysroot=tree box` in `dir`.
fn within(dir: &Dir) -> Cmd {
    Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", "box"])
}

fn names(names: &[&str]) -> BTreeSet<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

/// Each machine, its loader, and the first directory that is compiled into it.
const MACHINES: [(Machine, &str, &str); 6] = [
    (ARM64, "/lib/ld-linux-aarch64.so.1", "/lib/aarch64-linux-gnu"),
    (ARM, "/lib/ld-linux-armhf.so.3", "/lib/arm-linux-gnueabihf"),
    (S390X, "/lib/ld64.so.1", "/lib/s390x-linux-gnu"),
    (PPC32, "/lib/ld.so.1", "/lib/powerpc-linux-gnu"),
    (I386, "/lib/ld-linux.so.2", "/lib/i386-linux-gnu"),
    (AMD64, "/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu"),
];

#[test]
fn a_program_of_any_machine_gets_the_libraries_of_its_own() {
    for (machine, loader, directory) in MACHINES {
        let dir = Dir::of_nobody();
        let library = |name: &str, elf: Elf| dir.file(format!("tree{name}"), elf.bytes());
        dir.program(format!("tree{loader}"), Elf::new(machine).directories(&[directory, "/usr/lib"]).bytes());
        library(&format!("{directory}/libc.so.6"), Elf::new(machine).soname("libc.so.6").needs("ld.so"));
        library(&format!("{directory}/ld.so"), Elf::new(machine));
        library(
            "/usr/lib/liba.so.1",
            Elf::new(machine).soname("liba.so.1").runpath("$ORIGIN/a").needs("libb.so"),
        );
        library("/usr/lib/a/libb.so", Elf::new(machine).needs("libc.so.6"));
        // Of the same name, for each other machine, in the directories before.
        for (place, (other, ..)) in MACHINES
            .iter()
            .enumerate()
            .filter(|(_, (other, ..))| (other.number, other.wide) != (machine.number, machine.wide))
        {
            library(&format!("/decoy/{place}/liba.so.1"), Elf::new(*other).soname("liba.so.1"));
        }
        let swapped = Machine { little_endian: !machine.little_endian, ..machine };
        library("/decoy/order/liba.so.1", Elf::new(swapped).soname("liba.so.1"));
        let rpath = ["0", "1", "2", "3", "4", "5", "order"].map(|place| format!("/decoy/{place}")).join(":");
        let program = Elf::new(machine).loader(loader).rpath(&rpath).needs("liba.so.1").needs("libc.so.6");
        dir.program("tree/usr/bin/p", program.bytes());
        within(&dir).arg("p").as_nobody().run().ok().quiet();
        let (c, ld) = (format!("{directory}/libc.so.6"), format!("{directory}/ld.so"));
        let expected = names(&[
            "/usr/bin/p",
            loader,
            "/usr/lib/liba.so.1",
            "/usr/lib/a/libb.so",
            c.as_str(),
            ld.as_str(),
        ]);
        assert_eq!(files_in(&dir.join("box")), expected, "{machine:?}");
        for file in expected {
            let file = file.strip_prefix("/").unwrap();
            assert!(
                fs::read(dir.join("box").join(file)).unwrap()
                    == fs::read(dir.join("tree").join(file)).unwrap()
            );
        }
    }
}

#[test]
fn a_program_that_is_static_in_any_way_needs_nothing_else() {
    for (machine, ..) in MACHINES {
        let dir = Dir::of_nobody();
        // A static-pie has a dynamic section, and no loader.
        dir.program("tree/bin/p", Elf::new(machine).needs("libnosuch.so").bytes());
        within(&dir).arg("/bin/p").as_nobody().run().ok().quiet();
        assert_eq!(files_in(&dir.join("box")), names(&["/bin/p"]), "{machine:?}");
    }
}

#[test]
fn the_real_libraries_of_arm64_are_found_where_their_loader_looks() {
    const REAL: &str = "/usr/aarch64-linux-gnu/lib";
    let dir = Dir::of_nobody();
    let lib = "tree/usr/lib/aarch64-linux-gnu";
    for name in
        ["libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-aarch64.so.1", "libdl.so.2"]
    {
        let content = fs::read(format!("{REAL}/{name}")).expect("libc6-arm64-cross, of tests/require");
        dir.program(format!("{lib}/{name}"), content);
    }
    symlink("/usr/lib", dir.join("tree/lib")).unwrap();
    symlink("aarch64-linux-gnu/ld-linux-aarch64.so.1", dir.join("tree/usr/lib/ld-linux-aarch64.so.1"))
        .unwrap();
    let program =
        Elf::new(ARM64).loader("/lib/ld-linux-aarch64.so.1").needs("libstdc++.so.6").needs("libc.so.6");
    dir.program("tree/usr/bin/p", program.bytes());
    within(&dir).arg("p").as_nobody().run().ok().quiet();
    let libraries = ["libstdc++.so.6", "libm.so.6", "libgcc_s.so.1", "libc.so.6", "ld-linux-aarch64.so.1"];
    let mut expected: BTreeSet<PathBuf> =
        libraries.iter().map(|name| format!("/usr/lib/aarch64-linux-gnu/{name}").into()).collect();
    expected.insert("/usr/bin/p".into());
    assert_eq!(files_in(&dir.join("box")), expected);
    assert_eq!(fs::read_link(dir.join("box/lib")).unwrap(), PathBuf::from("/usr/lib"));
    // The host's directory of them is a root directory as well.
    dir.program("p", program.bytes());
    let other = "/usr/aarch64-linux-gnu";
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args([&format!("--sysroot={other}"), "other", "./p"]);
    assert_eq!(line.run().fails("hc-rootfs", 125), format!("in {other}: ./p: No such file or directory"));
}

#[test]
fn a_program_of_32_bits_is_resolved_on_the_host_too() {
    let dir = Dir::new();
    let path = dir.path().display();
    build(&dir, "as --32 -o 32.o /dev/null");
    build(&dir, "ld -shared -m elf_i386 -soname liba.so -o liba.so 32.o");
    dir.program("ld.so", Elf::new(I386).bytes());
    let program = Elf::new(I386).loader(&format!("{path}/ld.so")).runpath("$ORIGIN").needs("liba.so");
    dir.program("p", program.bytes());
    rootfs(&dir).arg("./p").run().ok().quiet();
    assert_eq!(files_in(&dir.join("box")), [dir.join("p"), dir.join("ld.so"), dir.join("liba.so")].into());
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.program("ld.so", Elf::new(AMD64).bytes());
    refuses(&dir, "./p", &format!("{path}/p: its loader {path}/ld.so is for another machine"));
}
