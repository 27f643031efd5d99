//! What may be given as a root directory and as a mount point, hostile ones included.

use super::{Root, unshare};
use hc_tests::{Cmd, Host, can_make_hosts, meanwhile, require};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Runs the probe with `value` as the root, from the directory above the root.
fn entering(root: &Root, value: impl AsRef<OsStr>) -> Cmd {
    unshare(&["-m", "--mount-proc", "--root"]).arg(value).arg("/hc-probe").dir(root.dir.path())
}

/// The mount point of proc in the new root, when it is given as `value`.
#[track_caller]
fn proc_at(root: &Root, value: &str) -> String {
    let seen =
        unshare(&["-m", "--mount-proc", "--tmpfs", value]).arg(root.option("--root")).arg("/hc-probe").view();
    let mounts = seen.mounts();
    let last = mounts.iter().find(|mount| mount.contains(" - tmpfs tmpfs rw,mode=755")).unwrap();
    last.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn a_root_may_be_named_in_any_way() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    symlink("root", root.dir.join("link")).unwrap();
    symlink(root.path(), root.dir.join("absolute")).unwrap();
    for value in ["root", "./root/", "root/a/..", "link", "link/", "absolute", "root/a/b/../../../link"] {
        let seen = entering(&root, value).view();
        assert_eq!((seen.get("cwd"), seen.mounts().len()), ("/", 2), "{value}");
    }
    let seen = entering(&root, ".").dir(root.path()).view();
    assert_eq!(seen.mounts().len(), 2);
    let odd = root.dir.join(OsStr::from_bytes(b"-odd \xff\n'\""));
    std::fs::rename(root.path(), &odd).unwrap();
    assert_eq!(entering(&root, odd.file_name().unwrap()).view().mounts().len(), 2);
}

#[test]
fn the_root_may_be_the_one_there_is_or_a_mount_or_a_tmpfs() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::new(), Root::new());
    let seen = unshare(&["-m", "--root=/"]).arg(hc_tests::probe()).on(&host).dir("/tmp").view();
    assert_eq!(seen.get("cwd"), "/");
    let plain = Cmd::probe().on(&host).view();
    assert_eq!(seen.mounts().len(), plain.mounts().len());
    let place = root.path();
    let script = format!(
        "mount -t tmpfs tmpfs {0} && mkdir {0}/proc && cp {1} {0}/ && mount --make-shared {0}",
        place.display(),
        hc_tests::probe().display()
    );
    Cmd::sh(script).on(&host).run().ok();
    let before = host.mounts();
    let seen = entering(&root, "root").on(&host).view();
    let mounts = seen.mounts();
    assert_eq!(mounts.len(), 2);
    assert!(mounts[0].starts_with("/ / rw,relatime - tmpfs"), "{mounts:?}");
    assert_eq!(host.mounts(), before);
}

#[test]
fn what_is_no_directory_is_no_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    root.dir.file("file", "");
    symlink("loop", root.dir.join("loop")).unwrap();
    symlink("file", root.dir.join("to-file")).unwrap();
    std::os::unix::fs::chown(root.dir.directory("closed/in"), Some(0), Some(0)).unwrap();
    std::fs::set_permissions(root.dir.join("closed"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
        .unwrap();
    let long = "x".repeat(5000);
    for (value, reason) in [
        ("file", "Not a directory"),
        ("to-file", "Not a directory"),
        ("nosuch", "No such file or directory"),
        ("root/nosuch/../..", "No such file or directory"),
        ("loop", "Too many levels of symbolic links"),
        (&long, "File name too long"),
    ] {
        let message = entering(&root, value).run().fails("hc-unshare", 125);
        assert_eq!(message, format!("root {value}: {reason}"));
        let message =
            unshare(&["-R", value, "/hc-probe"]).dir(root.dir.path()).run().fails("hc-unshare", 125);
        assert_eq!(message, format!("root {value}: {reason}"));
    }
    let closed = unshare(&["-rm", "--root=closed/in", "/hc-probe"]).dir(root.dir.path()).as_nobody();
    assert_eq!(closed.run().fails("hc-unshare", 125), "root closed/in: Permission denied");
    for words in [&["-rm"][..], &["-rm", "--tmpfs=in"]] {
        let closed = unshare(words).args(["--root=closed", "/hc-probe"]).dir(root.dir.path()).as_nobody();
        let message = closed.run().fails("hc-unshare", 125);
        assert!(message.ends_with("root closed: Permission denied"), "{message}");
    }
    let hostile = entering(&root, OsStr::from_bytes(b"a\n\x1b[31m\xff")).run().fails("hc-unshare", 125);
    assert_eq!(hostile, "root a\\n\\x1b[31m\\xff: No such file or directory");
    assert_eq!(
        entering(&root, "").run().fails("hc-unshare", 125),
        "an empty name is no directory: try 'man hc-unshare'"
    );
}

#[test]
fn links_in_the_root_lead_to_places_in_the_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let place = root.path();
    symlink("/a/b", place.join("absolute")).unwrap();
    symlink("../../../../../../a", place.join("climbing")).unwrap();
    symlink("climbing/../absolute", place.join("chain")).unwrap();
    for (value, point) in [
        ("/a", "/a"),
        ("a/b/", "/a/b"),
        ("/absolute", "/a/b"),
        ("climbing", "/a"),
        ("/chain", "/a/b"),
        ("/a/../../../../a/b", "/a/b"),
    ] {
        assert_eq!(proc_at(&root, value), point, "{value}");
    }
}

/// The kernel refuses to walk up while anything is renamed anywhere, and leaves it to the caller to try again.
#[test]
fn what_others_rename_meanwhile_does_not_matter() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let climbing = format!("{}a", "a/../".repeat(15));
    let (one, other) = (root.dir.file("one", ""), root.dir.join("other"));
    let rename = || {
        std::fs::rename(&one, &other).unwrap();
        std::fs::rename(&other, &one).unwrap();
    };
    meanwhile(rename, || {
        for _ in 0..40 {
            unshare(&["--tmpfs", &climbing]).arg(root.option("--root")).arg("/hc-probe").view();
        }
    });
}

#[test]
fn a_mount_point_that_exists_on_the_host_alone_is_missing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    symlink(root.dir.path(), root.path().join("outside")).unwrap();
    let place = root.path();
    for value in ["/usr", "/outside", "/outside/root"] {
        let line = unshare(&[&format!("--mount-proc={value}")]).arg(root.option("--root")).arg("/hc-probe");
        let expected = format!(
            "{value} in the root {}: No such file or directory (mkdir it; hc-rootfs makes /proc)",
            place.display()
        );
        assert_eq!(line.run().fails("hc-unshare", 125), expected);
    }
    // Another one is made, but not outside.
    let line = unshare(&["--tmpfs=/outside"]).arg(root.option("--root")).arg("/hc-probe");
    let expected = format!(
        "/outside in the root {}: File exists (a symbolic link there leads to nothing)",
        place.display()
    );
    assert_eq!(line.run().fails("hc-unshare", 125), expected);
    let message = unshare(&["--tmpfs=/hc-probe"]).arg(root.option("--root")).arg("/hc-probe").run();
    assert_eq!(
        message.fails("hc-unshare", 125),
        format!("/hc-probe in the root {}: Not a directory", place.display())
    );
    assert!(!place.join("usr").exists());
}

#[test]
fn a_link_of_proc_does_not_lead_a_mount_out_of_the_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let message = unshare(&["--mount-proc", "--tmpfs=/proc/self/cwd/tmp"])
        .dir("/")
        .arg(root.option("--root"))
        .arg("/hc-probe");
    let message = message.run().fails("hc-unshare", 125);
    assert!(message.starts_with("/proc/self/cwd/tmp in the root "), "{message}");
}

#[test]
fn mounts_are_made_in_the_order_of_the_options() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let seen = |words: &[&str]| {
        let run = unshare(words).arg("--mount-proc").arg(root.option("--root")).arg("/hc-probe").run();
        let text = String::from_utf8(run.stdout.clone()).unwrap();
        let points = text.lines().filter(|line| line.starts_with("mount="));
        (run, points.map(|line| line.split(' ').nth(4).unwrap().to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(seen(&["--tmpfs=/a/b", "--tmpfs=/a"]).1, ["/", "/a/b", "/a", "/proc"]);
    // In the first one it is missing, and is made.
    assert_eq!(seen(&["--tmpfs=/a", "--tmpfs=/a/b"]).1, ["/", "/a", "/a/b", "/proc"]);
    assert_eq!(seen(&["--tmpfs=/a", "--tmpfs=/a"]).1, ["/", "/a", "/a", "/proc"]);
    // The last --mount-proc counts, and stands where it was given.
    assert_eq!(seen(&["--mount-proc=/a", "--tmpfs=/tmp"]).1, ["/", "/tmp", "/proc"]);
}

#[test]
fn relative_mount_points_start_from_the_working_directory_of_the_program() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::new(), Root::new());
    let place = root.option("--root");
    for (words, point) in
        [(&[][..], "/tmp"), (&["-w", "/"], "/tmp"), (&["-w", "a/b/../.."], "/tmp"), (&["-wa"], "/a/b")]
    {
        let name = if point == "/tmp" { "tmp" } else { "b" };
        let seen = unshare(&["--mount-proc", &place, "--tmpfs", name]).args(words).arg("/hc-probe").view();
        assert!(seen.mounts().iter().any(|mount| mount.starts_with(&format!("/ {point} "))), "{words:?}");
    }
    // Without a root: from where the caller is, or -w leads.
    let at = |dir: &Path, words: &[&str]| unshare(words).arg(hc_tests::probe()).dir(dir).on(&host).view();
    let expected = format!("/ {} ", root.path().join("tmp").display());
    for seen in [
        at(&root.path(), &["--tmpfs=tmp"]),
        at(Path::new("/"), &["--tmpfs=tmp", "-w", root.path().to_str().unwrap()]),
    ] {
        assert!(seen.mounts().iter().any(|mount| mount.starts_with(&expected)), "{:?}", seen.mounts());
    }
}

#[test]
fn the_program_may_start_in_what_was_mounted() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let line = unshare(&["--tmpfs=/tmp", "--mount-proc", "--wd=/tmp"]).arg(root.option("--root"));
    assert_eq!(line.arg("/hc-probe").view().get("cwd"), "/tmp");
    // -w, too, is in the new root.
    let outside = root.dir.path();
    let message = unshare(&["-m", "-w"]).arg(outside).arg(root.option("--root")).arg("/hc-probe").run();
    let expected = format!("cannot change directory to '{}': No such file or directory", outside.display());
    assert_eq!(message.fails("hc-unshare", 125), expected);
}
