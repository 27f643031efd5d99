//! Programs of this machine: as many as a test has time for, each against the real loader.

use super::{
    GLIBC, NO_CONTAINERS, can_look_inside, files_in, files_of, inside, inside_as_nobody, loaded,
    loads_the_same, rootfs,
};
use hc_tests::{Cmd, Dir, require, user_namespaces};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The dynamically linked programs in `directory`, links to them included, in the order of their names.
fn programs(directory: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect(directory).map(|entry| entry.expect("an entry").path());
    let mut found: Vec<PathBuf> = entries.filter(|path| is_dynamic(path)).collect();
    found.sort();
    found
}

fn is_dynamic(path: &Path) -> bool {
    use std::io::Read;
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    let executable =
        path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o5 == 0o5);
    let names = |text: &str| head.windows(text.len()).any(|part| part == text.as_bytes());
    read.is_ok() && executable && head.starts_with(b"\x7fELF") && names(GLIBC)
}

#[test]
fn forty_programs_get_what_their_loader_loads() {
    let programs = programs("/usr/bin");
    assert!(programs.len() >= 40, "too few programs to tell: {}", programs.len());
    let dir = Dir::of_nobody();
    for program in programs.iter().step_by(programs.len() / 40) {
        let outside = loaded(Cmd::new(program));
        let mut expected = files_of(&outside);
        expected.insert(fs::canonicalize(program).unwrap());
        rootfs(&dir).arg(program).as_nobody().run().ok();
        let copied = files_in(&dir.join("box"));
        // It is loaded later, by what ends threads.
        expected.extend(copied.iter().filter(|path| path.ends_with("libgcc_s.so.1")).cloned());
        assert_eq!(copied, expected, "{}", program.display());
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn every_program_s_list_is_what_its_loader_loads() {
    let programs = [programs("/usr/bin"), programs("/usr/sbin")].concat();
    assert!(programs.len() >= 100, "too few programs to tell: {}", programs.len());
    for program in programs {
        // By the loader itself: one with privileges of its own would not be asked, but run.
        let real = fs::canonicalize(&program).unwrap();
        let outside = loaded(Cmd::new(GLIBC).arg(&real));
        let mut expected = files_of(&outside);
        expected.extend([real, fs::canonicalize(GLIBC).unwrap()]);
        let output = Cmd::tool("hc-rootfs")
            .args(["-l0", "--dlopen=none"])
            .arg(&program)
            .as_nobody()
            .run()
            .ok()
            .quiet();
        let names = output.stdout.split(|&byte| byte == 0).map(|name| Path::new(OsStr::from_bytes(name)));
        let listed: BTreeSet<PathBuf> = names
            .filter(|name| name.symlink_metadata().is_ok_and(|about| about.is_file()))
            .map(Path::to_owned)
            .collect();
        // As above.
        expected.extend(listed.iter().filter(|path| path.ends_with("libgcc_s.so.1")).cloned());
        assert_eq!(listed, expected, "{}", program.display());
    }
}

#[test]
fn fifty_libraries_bring_what_their_loader_loads() {
    let directory = fs::canonicalize("/lib/x86_64-linux-gnu").unwrap();
    let entries = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let mut libraries: Vec<PathBuf> = entries
        .filter(|path| path.symlink_metadata().unwrap().is_file() && path.to_str().unwrap().contains(".so."))
        .collect();
    libraries.sort();
    assert!(libraries.len() >= 50, "too few libraries to tell: {}", libraries.len());
    let base = loaded(Cmd::new("/bin/true"));
    for library in libraries.iter().step_by(libraries.len() / 50) {
        // The loader lists what it finds, and fails in the end when something is missing.
        let output = Cmd::new(GLIBC).arg("--list").arg(library).run();
        let text = String::from_utf8_lossy(&output.stdout);
        let names = text.lines().map(|line| line.split(" (0x").next().unwrap_or(line).trim());
        let names: Vec<String> = names
            .filter(|name| !name.contains("linux-vdso") && *name != "statically linked")
            .map(str::to_owned)
            .collect();
        let line = ["-l0", "--dlopen=none", "-f"];
        let ours = Cmd::tool("hc-rootfs").args(line).arg(library).arg("/bin/true").run();
        if output.ended != hc_tests::Ended::Exit(0) {
            ours.fails("hc-rootfs", 125);
            continue;
        }
        let mut expected = files_of(&[base.clone(), names].concat());
        expected.extend(["/bin/true", GLIBC].map(|path| fs::canonicalize(path).unwrap()));
        expected.insert(library.clone());
        let ours = ours.ok().quiet();
        let names = ours.stdout.split(|&byte| byte == 0).map(|name| Path::new(OsStr::from_bytes(name)));
        let listed: BTreeSet<PathBuf> = names
            .filter(|name| name.symlink_metadata().is_ok_and(|about| about.is_file()))
            .map(Path::to_owned)
            .collect();
        expected.extend(listed.iter().filter(|path| path.ends_with("libgcc_s.so.1")).cloned());
        assert_eq!(listed, expected, "{}", library.display());
    }
}

#[test]
fn a_program_behind_links_is_loaded_inside_as_outside() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    for program in ["/bin/echo", "/usr/bin/awk", "/sbin/ip", "/usr/bin/cc"] {
        loads_the_same(&dir, Path::new(program));
    }
    rootfs(&dir).arg("awk").run().ok().quiet();
    inside(&dir).args(["/usr/bin/awk", "BEGIN { print 6 * 7 }"]).run().ok().quiet().says("42\n");
    for link in ["lib", "lib64", "usr/bin/awk", "etc/alternatives/awk"] {
        let outside = fs::read_link(Path::new("/").join(link));
        assert_eq!(fs::read_link(dir.join("box").join(link)).ok(), outside.ok(), "{link}");
    }
}

#[test]
fn several_programs_share_what_they_need() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let dir = Dir::of_nobody();
    let programs = ["/bin/sh", "/bin/cat", "/usr/bin/env", "/bin/sh"];
    rootfs(&dir).args(programs).as_nobody().run().ok().quiet();
    let script = "exec 3</proc/self/status; cat <&3 >/dev/null && env A=b sh -c 'echo $A $$'";
    inside_as_nobody(&dir).args(["/bin/sh", "-c", script]).run().ok().quiet().says("b 3\n");
}
