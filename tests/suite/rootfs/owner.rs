//! Whose the copies are.

use super::rootfs;
use hc_tests::{Cmd, Dir, Host, is_root, require, user_namespaces};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

/// Owner and mode.
fn owner(path: impl AsRef<Path>) -> (u32, u32, u32) {
    let about = path.as_ref().symlink_metadata().expect("it is there");
    (about.uid(), about.gid(), about.mode() & 0o7777)
}

fn set(path: &Path, uid: u32, gid: u32, mode: u32) {
    chown(path, Some(uid), Some(gid)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_set_group_id_directory_gives_its_group_to_nothing_below_it() {
    require!(is_root(), "root keeps owners");
    let dir = Dir::new();
    dir.program("s/t/p", "#!/bin/sh\n");
    set(&dir.join("s"), 0, 8, 0o2755);
    set(&dir.join("s/t"), 0, 0, 0o755);
    set(&dir.join("s/t/p"), 0, 0, 0o755);
    let copied = dir.join("box").join(dir.path().strip_prefix("/").unwrap());
    let check = |what: &str| {
        for name in ["s", "s/t", "s/t/p"] {
            assert_eq!(owner(copied.join(name)), owner(dir.join(name)), "{name}, {what}");
        }
    };
    rootfs(&dir).arg("s/t/p").run().ok().quiet();
    check("of a set-group-ID directory of the host");
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.directory("box");
    set(&dir.join("box"), 0, 8, 0o2755);
    set(&dir.join("s/t/p"), 0, 0, 0o6755);
    rootfs(&dir).arg("s/t/p").run().ok().quiet();
    check("in a set-group-ID DIR");
    // Another one below DIR, where the file is renamed to or written.
    let host = Host::new();
    for mount in ["", "mount -t tmpfs x box/tmp/x; "] {
        fs::remove_dir_all(dir.join("box")).unwrap();
        let (copied, path) = (copied.join("s"), dir.path().display());
        let script = format!(
            "set -e; mkdir -p box/tmp/x {0}; {mount}mkdir -p box/tmp/x/s; mount --bind box/tmp/x/s {0}
             chown 0:8 {0}; chmod 2755 {0}; hc-rootfs box {path}/s/t/p; stat -c '%u:%g %a' {0}/t {0}/t/p",
            copied.display()
        );
        let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
        output.says("0:0 755\n0:0 6755\n");
    }
}

#[test]
fn what_root_of_a_user_namespace_cannot_give_away_is_copied_once() {
    require!(is_root() && user_namespaces(), "a file of another user is needed");
    let dir = Dir::of_nobody();
    dir.program("p", "#!/bin/sh\n");
    let copy = dir.join("box").join(dir.join("p").strip_prefix("/").unwrap());
    for mode in [0o4755, 0o2755, 0o755] {
        set(&dir.join("p"), 1234, 2345, mode);
        let run = || {
            let tool = Cmd::tool("hc-rootfs").args(["-v", "box", "./p"]);
            Cmd::tool("hc-unshare").arg("-r").chain(&tool).dir(dir.path()).as_nobody().run().ok()
        };
        assert!(!run().stderr.is_empty(), "{mode:o}: copied");
        run().quiet();
        assert_eq!(owner(&copy).2, 0o755, "{mode:o}");
        // Root of the host does give it away.
        fs::remove_file(&copy).unwrap();
        rootfs(&dir).arg("./p").run().ok();
        assert_eq!(owner(&copy), (1234, 2345, mode));
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}
