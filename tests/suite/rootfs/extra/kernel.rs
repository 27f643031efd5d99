//! What is no file, and what the kernel makes.

use super::super::{build, files_in};
use super::{copy_of, with};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::fs;

#[test]
fn what_is_no_file_is_left_out_of_a_tree_and_refused_by_name() {
    let dir = Dir::new();
    dir.file("t/file", "");
    build(&dir, "mkfifo t/fifo");
    let socket = std::os::unix::net::UnixListener::bind(dir.join("t/socket")).unwrap();
    let path = dir.join("t").display().to_string();
    let note =
        |name: &str, what: &str| format!("hc-rootfs: {path}/{name}: note: is {what} and is not copied\n");
    with(&dir, &["t"]).run().ok().complains(note("fifo", "a FIFO") + &note("socket", "a socket"));
    assert_eq!(fs::read_dir(copy_of(&dir, "t")).unwrap().count(), 1);
    drop(socket);
    fs::remove_dir_all(dir.join("box")).unwrap();
    for (name, message) in [
        ("t/fifo", format!("{path}/fifo: is a FIFO, neither a file nor a directory")),
        ("/dev/null", "/dev/null: is a device, neither a file nor a directory".to_owned()),
        ("t/nosuch", format!("{path}/nosuch: No such file or directory")),
        ("t/file/x", format!("{path}/file/x: Not a directory")),
        ("t/file:/", format!("{path}/file: is a file, and cannot be copied to /")),
    ] {
        assert_eq!(with(&dir, &[name]).run().fails("hc-rootfs", 125), message);
        assert!(!dir.join("box").exists());
    }
}

#[test]
fn what_the_kernel_makes_is_not_copied() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    let script =
        "mkdir -p t/proc t/other; >t/version; mount --bind /proc/version t/version; mount -t proc x t/proc; mount -t tmpfs x t/other; echo x >t/other/file
                  exec hc-rootfs -f t box";
    let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok();
    let path = dir.join("t").display().to_string();
    output.complains(format!(
        "hc-rootfs: {path}/proc: note: is a file system of the kernel and is not copied
hc-rootfs: {path}/version: note: is a file of the kernel and is not copied\n"
    ));
    assert_eq!(files_in(&dir.join("box")).into_iter().collect::<Vec<_>>(), [dir.join("t/other/file")]);
}

#[test]
fn a_file_of_the_kernel_s_is_copied_as_it_is_now() {
    let dir = Dir::new();
    let (version, scaps) = (fs::read("/proc/version").unwrap(), fs::read("/sys/kernel/fscaps").unwrap());
    for how in ["--link=auto", "--link=copy", "--link=hard"] {
        for _ in 0..2 {
            Cmd::tool("hc-rootfs")
                .dir(dir.path())
                .args([how, "-f", "/proc/version:/etc/version", "-f", "/sys/kernel/fscaps", "box"])
                .run()
                .ok()
                .quiet();
            assert_eq!(fs::read(dir.join("box/etc/version")).unwrap(), version);
            assert_eq!(fs::read(dir.join("box/sys/kernel/fscaps")).unwrap(), scaps);
        }
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
    let list = Cmd::tool("hc-rootfs").args(["-l", "-f", "/proc/version"]).run().fails("hc-rootfs", 125);
    assert_eq!(list, "/proc/version: a list cannot say what the kernel has in it: copy it");
    for (name, message) in [
        (
            "/proc/self/status:/s",
            "/proc/self/status: its way leads over /proc/self, which the kernel makes anew for each process",
        ),
        (
            "/proc/sys/kernel",
            "/proc/sys/kernel: is of a file system of the kernel, which has no files before they are read: name one",
        ),
    ] {
        assert_eq!(with(&dir, &[name]).run().fails("hc-rootfs", 125), message);
        assert!(!dir.join("box").exists());
    }
}

#[test]
fn a_path_that_is_too_long_is_an_error() {
    let dir = Dir::new();
    let script = "d=$(printf %0250d 0); mkdir t; cd t; for i in $(seq 20); do mkdir $d; cd $d; done";
    Cmd::new("bash").args(["-c", script]).dir(dir.path()).run().ok();
    let message = with(&dir, &["t"]).run().fails("hc-rootfs", 125);
    assert!(
        message.ends_with("/: File name too long") || message.ends_with("0: File name too long"),
        "{message}"
    );
    assert!(!dir.join("box").exists());
}
