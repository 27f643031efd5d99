//! --etc: the files without which names mean nothing, and the mount points.

use super::{NO_CONTAINERS, can_look_inside, files_in, inside};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;

fn with_etc(dir: &Dir) -> Cmd {
    Cmd::tool("hc-rootfs").arg("--etc").arg("box").dir(dir.path())
}

#[test]
fn names_mean_something_inside() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    with_etc(&dir).args(["/usr/bin/id", "/usr/bin/getent"]).umask(0o077).run().ok().quiet();
    inside(&dir).args(["/usr/bin/id", "-un"]).run().ok().quiet().says("root\n");
    inside(&dir)
        .args(["/usr/bin/getent", "passwd", "65534"])
        .run()
        .ok()
        .quiet()
        .says("nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
    inside(&dir).args(["/usr/bin/getent", "group", "nogroup"]).run().ok().quiet().says("nogroup:x:65534:\n");
    let localhost = inside(&dir).args(["/usr/bin/getent", "hosts", "localhost"]).run().ok().quiet();
    assert!(localhost.text().split_whitespace().any(|word| word == "localhost"), "{localhost:?}");
    for name in ["passwd", "group", "hosts", "nsswitch.conf"] {
        let mode = dir.join("box/etc").join(name).metadata().unwrap().mode() & 0o7777;
        assert_eq!(mode, 0o644, "{name}, whatever the umask");
    }
}

#[test]
fn the_caller_s_resolver_is_asked() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    let run = |script: &str| {
        Cmd::sh(format!("{script}\nrm -rf box; exec hc-rootfs --etc box")).dir(dir.path()).on(&host).run()
    };
    let copied = || fs::read_to_string(dir.join("box/etc/resolv.conf")).ok();
    run("rm -f /etc/resolv.conf; echo nameserver 192.0.2.1 >/etc/resolv.conf").ok().quiet();
    assert_eq!(copied().as_deref(), Some("nameserver 192.0.2.1\n"));
    // systemd-resolved's stub cannot be reached from another network namespace.
    run(
        "mkdir -p /run/systemd/resolve; cd /run/systemd/resolve; printf 'nameserver\t127.0.0.53 \n' >stub-resolv.conf
         ln -sf $PWD/stub-resolv.conf /etc/resolv.conf; cd $OLDPWD",
    )
    .ok()
    .quiet();
    assert_eq!(copied().as_deref(), Some("nameserver\t127.0.0.53 \n"), "there is no other");
    run("echo nameserver 192.0.2.2 >/run/systemd/resolve/resolv.conf").ok().quiet();
    assert_eq!(copied().as_deref(), Some("nameserver 192.0.2.2\n"));
    run("rm /etc/resolv.conf").ok().quiet();
    assert_eq!(copied(), None);
    assert!(dir.join("box/etc/hosts").is_file());
}

#[test]
fn what_is_there_stays() {
    let dir = Dir::new();
    dir.file("own", "mine");
    dir.file("box/etc/passwd", "own");
    dir.directory("box/etc/group");
    symlink("/nowhere", dir.join("box/etc/hosts")).unwrap();
    let before: Vec<_> = dir.listing();
    Cmd::tool("hc-rootfs")
        .args(["--etc", "-f", "own:/etc/nsswitch.conf", "box"])
        .dir(dir.path())
        .run()
        .ok()
        .quiet();
    assert_eq!(fs::read(dir.join("box/etc/nsswitch.conf")).unwrap(), b"mine");
    let expected = ["proc", "dev", "sys", "run", "tmp", "etc/nsswitch.conf", "etc/resolv.conf"];
    let after: Vec<_> = dir
        .listing()
        .into_iter()
        .filter(|line| !expected.iter().any(|new| line.starts_with(&format!("box/{new} "))))
        .collect();
    let without_times = |lines: Vec<String>| {
        lines.into_iter().filter(|line| !line.starts_with("box/etc ")).collect::<Vec<_>>()
    };
    assert_eq!(without_times(after), without_times(before));
    // And again; and what is gone comes back.
    let before = dir.listing();
    with_etc(&dir).run().ok().quiet();
    assert_eq!(dir.listing(), before);
    fs::remove_file(dir.join("box/etc/passwd")).unwrap();
    with_etc(&dir).run().ok().quiet();
    assert!(fs::read_to_string(dir.join("box/etc/passwd")).unwrap().starts_with("root:x:0:0:"));
    // Undone when NEXT does not start.
    fs::remove_dir_all(dir.join("box")).unwrap();
    with_etc(&dir).args(["--", "nosuch"]).run().fails("hc-rootfs", 127);
    assert!(!dir.join("box").exists());
}

#[test]
fn etc_that_leads_out_is_an_error() {
    let dir = Dir::new();
    dir.directory("out");
    dir.directory("box");
    symlink("../out", dir.join("box/etc")).unwrap();
    let before = dir.listing();
    let message = with_etc(&dir).run().fails("hc-rootfs", 125);
    assert_eq!(message, "box/etc: leads to ../out, which is no directory in the new root");
    assert_eq!(dir.listing(), before);
    fs::create_dir(dir.join("box/out")).unwrap();
    with_etc(&dir).run().ok().quiet();
    assert!(files_in(&dir.join("box")).contains(&PathBuf::from("/out/passwd")));
    assert_eq!(fs::read_dir(dir.join("out")).unwrap().count(), 0);
}

#[test]
fn there_are_five_places_to_mount() {
    let dir = Dir::new();
    Cmd::tool("hc-rootfs").args(["box", "/bin/true"]).dir(dir.path()).umask(0o077).run().ok().quiet();
    for (name, mode) in [("proc", 0o755), ("dev", 0o755), ("sys", 0o755), ("run", 0o755), ("tmp", 0o1777)] {
        assert_eq!(dir.join("box").join(name).metadata().unwrap().mode() & 0o7777, mode, "{name}");
    }
    assert!(!dir.join("box/etc").exists(), "only when asked for");
}
