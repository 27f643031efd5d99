//! What a copy is like, and where it goes.

use super::{NO_CONTAINERS, can_look_inside, files_in, inside, rootfs};
use hc_tests::{Cmd, Dir, Host, NOBODY, can_make_hosts, eventually, is_root, require};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A program with an owner, mode and time of its own.
fn odd_program(dir: &Dir, mode: u32) -> std::path::PathBuf {
    let program = dir.program("a/p", "#!/bin/sh\n");
    let time = SystemTime::UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_789);
    fs::File::options().write(true).open(&program).unwrap().set_modified(time).unwrap();
    if is_root() {
        chown(&program, Some(1234), Some(2345)).unwrap();
    }
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    program
}

fn below(root: impl AsRef<Path>, path: &Path) -> std::path::PathBuf {
    root.as_ref().join(path.strip_prefix("/").expect("absolute"))
}

/// Owner, mode and time.
fn about(path: &Path) -> (u32, u32, u32, i64, i64) {
    let about = path.symlink_metadata().expect("it is there");
    (about.uid(), about.gid(), about.mode() & 0o7777, about.mtime(), about.mtime_nsec())
}

#[test]
fn root_keeps_owner_mode_and_time_whatever_the_umask() {
    require!(is_root(), "root keeps owners");
    let dir = Dir::new();
    let program = odd_program(&dir, 0o6751);
    chown(dir.join("a"), Some(77), Some(88)).unwrap();
    fs::set_permissions(dir.join("a"), fs::Permissions::from_mode(0o2511)).unwrap();
    let view = rootfs(&dir).args(["a/p", "--"]).umask(0o777).next_view();
    assert_eq!(view.get("umask"), "777", "NEXT has the caller's");
    assert_eq!(about(&below(dir.join("box"), &program)), about(&program));
    let (uid, gid, mode, ..) = about(&below(dir.join("box"), &dir.join("a")));
    assert_eq!((uid, gid, mode), (77, 88, 0o2711), "of a directory, in which its owner may write");
    for (name, mode) in [("", 0o755), ("proc", 0o755), ("dev", 0o755), ("sys", 0o755), ("tmp", 0o1777)] {
        assert_eq!(about(&dir.join("box").join(name)).2, mode, "{name}");
    }
}

#[test]
fn a_user_owns_the_copy_and_a_privilege_is_not_handed_on() {
    require!(is_root(), "a file of another user is needed");
    let dir = Dir::of_nobody();
    let program = odd_program(&dir, 0o6755);
    rootfs(&dir).arg("a/p").as_nobody().umask(0o077).run().ok().quiet();
    let (_, _, _, seconds, nanoseconds) = about(&program);
    let copy = below(dir.join("box"), &program);
    assert_eq!(about(&copy), (NOBODY, NOBODY, 0o755, seconds, nanoseconds));
    // His own he may give to himself.
    chown(&program, Some(NOBODY), Some(NOBODY)).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).unwrap();
    rootfs(&dir).arg("a/p").as_nobody().run().ok().quiet();
    assert_eq!(about(&copy).2, 0o4755);
}

#[test]
fn a_second_run_writes_nothing() {
    let dir = Dir::new();
    let programs = ["/bin/sh", "/usr/bin/awk", "/usr/bin/env"];
    rootfs(&dir).args(programs).run().ok().quiet();
    let before = dir.listing();
    let changed =
        |path: &str| dir.join(path).metadata().map(|about| (about.ctime(), about.ctime_nsec())).unwrap();
    let times = ["box", "box/usr/bin", "box/tmp"].map(changed);
    Cmd::tool("hc-rootfs").dir(dir.path()).args(["-v", "box"]).args(programs).run().ok().quiet();
    assert_eq!(dir.listing(), before);
    assert_eq!(["box", "box/usr/bin", "box/tmp"].map(changed), times);
    // Also in one that nobody can write to, and for a file of which only a link is missing.
    fs::remove_file(dir.join("box/usr/bin/awk")).unwrap();
    Cmd::tool("hc-rootfs").dir(dir.path()).args(["-v", "box", "awk"]).run().ok().quiet();
    assert!(dir.join("box/usr/bin/awk").is_symlink());
}

#[test]
fn a_file_that_changed_is_replaced_at_once() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\necho old\n");
    rootfs(&dir).arg("./p").run().ok().quiet();
    let copy = below(dir.join("box"), &program);
    let old = fs::File::open(&copy).unwrap();
    let inode = copy.metadata().unwrap().ino();
    dir.program("p", "#!/bin/sh\necho newer\n");
    let verbose = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--verbose", "box", "./p"]).run();
    verbose.ok().says("").complains(format!("hc-rootfs: copied {}\n", program.display()));
    inside(&dir).arg(&program).run().ok().says("newer\n");
    // Whoever had the old one open has the old one still: it was not written to.
    assert_ne!(copy.metadata().unwrap().ino(), inode);
    assert_eq!(std::io::read_to_string(old).unwrap(), "#!/bin/sh\necho old\n");
    // The same size, but another time; the same time, but another mode.
    for change in ["touch -d @1 p", "chmod 700 p"] {
        Cmd::sh(change).dir(dir.path()).run().ok();
        rootfs(&dir).arg("./p").run().ok().quiet();
        assert_eq!(about(&copy), about(&program), "{change}");
    }
}

#[test]
fn dir_is_made_with_its_parents_whatever_its_form() {
    let dir = Dir::new();
    let expected = files_in_box(&dir, "plain");
    symlink("real", dir.join("link")).unwrap();
    fs::create_dir(dir.join("real")).unwrap();
    let absolute = dir.join("absolute");
    for form in
        ["a/b/c", "slash/", "./dot/.", "x/../up", "link", "-dash", absolute.to_str().unwrap(), "b\u{e9} '\n"]
    {
        assert_eq!(files_in_box(&dir, form), expected, "{form}");
    }
    assert!(dir.join("link").is_symlink());
    // The umask is for the parents alone.
    Cmd::tool("hc-rootfs").args(["m/n", "/bin/echo"]).dir(dir.path()).umask(0o027).run().ok();
    assert_eq!((about(&dir.join("m")).2, about(&dir.join("m/n")).2), (0o750, 0o755));
}

fn files_in_box(dir: &Dir, form: &str) -> std::collections::BTreeSet<std::path::PathBuf> {
    Cmd::tool("hc-rootfs").args(["--", form, "/bin/echo"]).dir(dir.path()).run().ok().quiet();
    files_in(&dir.join(form))
}

#[test]
fn a_dir_that_cannot_be_one_is_refused() {
    require!(is_root(), "another user's directory is needed");
    let dir = Dir::new();
    dir.file("file", "");
    symlink("nowhere", dir.join("dangling")).unwrap();
    symlink("/", dir.join("root")).unwrap();
    fs::create_dir(dir.join("closed")).unwrap();
    fs::set_permissions(dir.join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let before = dir.listing();
    let root = "is the root directory, where the programs come from: name a directory to copy them to";
    for (form, reason) in [
        ("file", "Not a directory"),
        ("file/x", "Not a directory"),
        ("dangling", "is a link to nowhere, which does not exist"),
        ("new", "Permission denied"),
        ("closed", "Permission denied"),
        ("closed/x", "Permission denied"),
        ("/proc/nosuch", "No such file or directory"),
        ("/", root),
        ("root", root),
        ("/usr/..", root),
        ("/proc/self/root", root),
    ] {
        let output = Cmd::tool("hc-rootfs").args([form, "/bin/echo"]).dir(dir.path()).as_nobody().run();
        assert_eq!(output.fails("hc-rootfs", 125), format!("{form}: {reason}"));
    }
    let empty = Cmd::tool("hc-rootfs").args(["", "/bin/echo"]).dir(dir.path()).run();
    assert_eq!(empty.fails("hc-rootfs", 125), "'': No such file or directory");
    assert_eq!(dir.listing(), before);
}

#[test]
fn dir_may_be_on_any_file_system_and_have_others_in_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let program = fs::canonicalize("/bin/echo").unwrap();
    let run =
        |script: &str| Cmd::sh(format!("set -e\n{script}")).dir(dir.path()).on(&host).run().ok().quiet();
    // A tmpfs; one in it; and the host's own /usr, whose files must stay what they are.
    run("mkdir t b; mount -t tmpfs x t; hc-rootfs t /bin/echo; hc-unshare -m --root=t /bin/echo hi")
        .says("hi\n");
    run("mkdir t/u u; mount -t tmpfs x u; mkdir -p t/etc t/u/usr/bin; mount -t tmpfs x t/u/usr/bin; mkdir t/u/usr/bin/x
         rmdir t/u/usr/bin/x; hc-rootfs t/u /bin/echo; hc-unshare -m --root=t/u /bin/echo hi; ls -A t/u t/u/usr/bin")
        .says("hi\nt/u:\nbin\ndev\nlib\nlib64\nproc\nrun\nsys\ntmp\nusr\n\nt/u/usr/bin:\necho\n");
    let inode = || Cmd::sh("stat -L -c '%i %z' /usr/bin/awk /usr/bin/echo").on(&host).run().ok().stdout;
    let before = inode();
    run("mkdir b/usr; mount --bind /usr b/usr; hc-rootfs b awk /bin/echo; hc-unshare -m --root=b awk 'BEGIN { print 7 }'")
        .says("7\n");
    assert_eq!(inode(), before, "the files of the host are as they were");
    // Read-only, and complete.
    run(
        "mkdir r; hc-rootfs r /bin/echo; mount --bind r r; mount -o remount,bind,ro r; hc-rootfs r /bin/echo",
    );
    let refused = Cmd::sh("exec hc-rootfs r /bin/cat").dir(dir.path()).on(&host).run();
    assert_eq!(refused.fails("hc-rootfs", 125), "r: Read-only file system");
    assert!(program.exists());
}

#[test]
fn on_a_file_system_below_dir_links_and_files_are_replaced() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let run = |script: &str| Cmd::sh(format!("set -e\n{script}")).dir(dir.path()).on(&host).run();
    let script = "mkdir -p b/usr; mount -t tmpfs x b/usr; hc-rootfs b /bin/echo
                  ln -sfn nowhere b/usr/lib64/ld-linux-x86-64.so.2; echo >b/usr/bin/echo
                  touch b/usr/bin/.hc-rootfs.tmp; hc-rootfs b /bin/echo
                  hc-unshare -m --root=b /bin/echo hi; ls -A b/usr/bin b/usr/lib64 b";
    let expected = "hi\nb:\nbin\ndev\nlib\nlib64\nproc\nrun\nsys\ntmp\nusr\n\nb/usr/bin:\necho
\nb/usr/lib64:\nld-linux-x86-64.so.2\n";
    run(script).ok().quiet().says(expected);
    // What goes there needs no room elsewhere.
    run("mkdir s; mount -t tmpfs -o size=64k x s; mkdir s/usr; mount -t tmpfs x s/usr; hc-rootfs s /bin/echo
         hc-unshare -m --root=s /bin/echo hi")
    .ok()
    .says("hi\n");
    // A directory under the temporary name is somebody's.
    let script = "mkdir -p c/usr; mount -t tmpfs x c/usr; mkdir -p c/usr/bin/.hc-rootfs.tmp
                  hc-rootfs c /bin/echo";
    let why = "is in the way of the files being written: remove it";
    assert_eq!(run(script).fails("hc-rootfs", 125), format!("c/usr/bin/.hc-rootfs.tmp: {why}"));
}

#[test]
fn on_a_full_disk_nothing_is_left() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    // First for bytes, then for names.
    for options in ["size=1m", "nr_inodes=13"] {
        let script = format!(
            "mkdir -p small; mount -t tmpfs -o {options} x small; touch small/own; hc-rootfs small/box /bin/echo
             code=$?; ls -A small; umount small; exit $code"
        );
        let output = Cmd::sh(script).dir(dir.path()).on(&host).run().exits(125).says("own\n");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.starts_with("hc-rootfs: small/box") && message.ends_with(": No space left on device\n")
        );
        assert_eq!(message.lines().count(), 1);
    }
}

#[test]
fn holes_stay_holes() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let program = dir.program("p", fs::read("/bin/echo").unwrap());
    let file = fs::File::options().write(true).open(&program).unwrap();
    // Data, a hole, data, and a hole larger than the disk.
    std::os::unix::fs::FileExt::write_all_at(&file, b"data", 1 << 32).unwrap();
    file.set_len(1 << 41).unwrap();
    rootfs(&dir).arg("./p").run().ok().quiet();
    let copy = below(dir.join("box"), &program);
    assert_eq!(copy.metadata().unwrap().len(), 1 << 41);
    assert!(copy.metadata().unwrap().blocks() < 1000);
    let data = "dd status=none bs=4 count=1 skip=1073741824 if=";
    Cmd::sh(format!("{data}{}", copy.display())).run().ok().says("data");
    inside(&dir).arg(&program).arg("hi").run().ok().says("hi\n");
}

#[test]
fn runs_in_one_dir_take_turns() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let start = |program: &str| rootfs(&dir).args([program, "--", "/bin/true"]).start();
    let running: Vec<_> =
        ["/bin/sh", "/bin/cat", "/bin/sh", "/bin/ls", "/bin/mv", "/bin/sh"].map(start).into();
    for one in running {
        one.wait().ok().quiet().says("");
    }
    inside(&dir).args(["/bin/sh", "-c", "ls / | cat"]).env("PATH", "/bin").run().ok().quiet();
    assert!(!dir.join("box/.hc-rootfs").exists());
    // Who holds the lock is waited for.
    let lock = Cmd::line(["flock", "box", "sh", "-c", "echo locked; cat"]).dir(dir.path()).hold_input();
    let mut holder = lock.start();
    holder.expect("locked\n");
    let log = dir.join("log");
    let strace = Cmd::line(["strace", "-e", "trace=flock", "-o"]).arg(&log).dir(dir.path());
    let mut waiting = strace.args(["hc-rootfs", "box", "/bin/rm"]).start();
    eventually("it waits", || fs::read_to_string(&log).is_ok_and(|text| text.contains("EAGAIN")));
    assert!(!waiting.has_ended() && !dir.join("box/usr/bin/rm").exists());
    holder.write(b"", true);
    holder.wait().ok();
    waiting.wait().ok().quiet();
    assert!(dir.join("box/bin/rm").exists());
}
