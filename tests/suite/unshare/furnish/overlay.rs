//! --overlay and --overlay-tmpfs: directories one over the other.

use super::{Root, Who, attempt, furnished, furnished_in, own_cell, points, row};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require, user_namespaces};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// Directories for an overlay that belong to who starts it. (Not the lower ones.)
fn layers(who: Who, lower: &[&str]) -> Dir {
    let dir = Dir::new();
    for (number, name) in lower.iter().enumerate() {
        dir.file(format!("{name}/in-all"), format!("{number}\n"));
        dir.file(format!("{name}/only-{number}"), format!("{number}\n"));
    }
    for name in ["upper", "work"] {
        let made = dir.directory(name);
        if who == Who::Nobody {
            std::os::unix::fs::chown(made, Some(65534), Some(65534)).unwrap();
        }
    }
    dir
}

fn option(dir: &Dir, lower: &[&str], target: &str) -> String {
    let names: Vec<String> = lower
        .iter()
        .copied()
        .chain(["upper", "work"])
        .map(|name| dir.join(name).display().to_string())
        .collect();
    format!("--overlay={}:{target}", names.join(":"))
}

#[test]
fn has_the_topmost_first_and_writes_to_the_upper_one() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        for lower in [
            &["one"][..],
            &["one", "two", "three"],
            &["a,b", "c\\d", "e f"],
            &["lowerdir=x,upperdir=y", "ü\n"],
        ] {
            let dir = layers(who, lower);
            let script = "cat /mnt/in-all /mnt/only-*; echo changed >/mnt/in-all && rm /mnt/only-0";
            let line = furnished(who, &[&option(&dir, lower, "/mnt")]).args(["sh", "-c", script]);
            let all = (0..lower.len()).map(|number| number.to_string() + "\n").collect::<Vec<_>>().concat();
            if who == Who::Nobody {
                // A file of root's is not his to change; that of the directory, which is his, he can remove.
                let script = "cat /mnt/in-all /mnt/only-*; rm /mnt/only-0 && echo changed >/mnt/changed";
                let line = furnished(who, &[&option(&dir, lower, "/mnt")]).args(["sh", "-c", script]);
                line.run().ok().says(format!("0\n{all}")).quiet();
                assert_eq!(std::fs::read(dir.join("upper/changed")).unwrap(), b"changed\n");
            } else {
                line.run().ok().says(format!("0\n{all}")).quiet();
                assert_eq!(std::fs::read(dir.join("upper/in-all")).unwrap(), b"changed\n");
            }
            for (number, name) in lower.iter().enumerate() {
                assert_eq!(
                    std::fs::read(dir.join(name).join("in-all")).unwrap(),
                    format!("{number}\n").as_bytes()
                );
                assert!(dir.join(name).join(format!("only-{number}")).exists());
            }
            // What was removed is so the next time, too.
            furnished(who, &[&option(&dir, lower, "/mnt")])
                .args(["test", "!", "-e", "/mnt/only-0"])
                .run()
                .ok()
                .quiet();
        }
    }
}

#[test]
fn may_be_the_root_directory() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let (dir, root) = (layers(who, &[]), own_cell(who));
        let words = format!(
            "--overlay={}:{}:{}:/a",
            root.path().display(),
            dir.join("upper").display(),
            dir.join("work").display()
        );
        let seen = furnished_in(who, &root, &[&words]).arg("/hc-probe").view();
        assert!(
            row(&seen, "/a").starts_with("/ /a rw,nosuid,nodev,relatime - overlay overlay rw"),
            "{}",
            row(&seen, "/a")
        );
        let line = furnished_in(who, &root, &[&words]).args(["/a/hc-attack", "read", "/a/hc-probe"]);
        assert_eq!(attempt(line), "works");
    }
}

#[test]
fn is_told_what_is_missing_or_does_not_go_together() {
    require!(can_run(), "takes root, and user namespaces for others");
    let (host, dir) = (Host::new(), layers(Who::Root, &["one"]));
    let place = dir.path().display().to_string();
    Cmd::sh(format!("mkdir {place}/other && mount -t tmpfs tmpfs {place}/other")).on(&host).run().ok();
    let run = |value: String| {
        let message = furnished(Who::Root, &[&format!("--overlay={value}"), "true"])
            .on(&host)
            .run()
            .fails("hc-unshare", 125);
        message.replace(&place, "/x")
    };
    let together = "overlay on /mnt: Invalid argument (the upper and the work directory have to be on one file system, which \
                    takes extended attributes, and not in one another; dmesg says more)";
    assert_eq!(run(format!("{place}/one:{place}/upper:{place}/other:/mnt")), together);
    assert_eq!(run(format!("{place}/one:{place}/upper:{place}/upper:/mnt")), together);
    assert_eq!(
        run(format!("{place}/none:{place}/upper:{place}/work:/mnt")),
        "/x/none: No such file or directory"
    );
    for value in ["", "/l", "/u:/w:/t", "/l:/u:/w:", "/l::/w:/t"] {
        assert!(
            run(value.to_owned())
                .starts_with(&format!("--overlay '{value}': not LOWER[:LOWER...]:UPPER:WORK:DST"))
        );
    }
}

/// The root directory as it was, and another one to whoever is in it.
#[test]
fn of_a_tmpfs_keeps_the_root_as_it_was() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = own_cell(who);
        root.dir.file("root/a/file", "below");
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(0o751)).unwrap();
        if who == Who::Nobody {
            std::os::unix::fs::chown(root.path().join("a/file"), Some(65534), Some(65534)).unwrap();
        }
        let before = root.dir.listing();
        let line = |words: &[&str]| furnished_in(who, &root, &["--overlay-tmpfs"]).args(words);
        for words in [["create", "/new"], ["write", "/a/file"], ["create", "/tmp/new"], ["read", "/a/file"]] {
            assert_eq!(attempt(line(&["/hc-attack"]).args(words)), "works", "{who:?}: {words:?}");
        }
        // Mount points are made in it as well.
        line(&["--tmpfs=/made", "--bind=/etc:/made/etc", "--dev", "/hc-probe"]).view();
        assert_eq!(root.dir.listing(), before);
        let seen = line(&["/hc-probe"]).view();
        assert!(row(&seen, "/").contains(" - overlay "), "{}", row(&seen, "/"));
        assert_eq!(points(&seen), ["/", "/proc"]);
    }
}

/// Also the root of a jail, whose files have other ids.
#[test]
fn of_a_tmpfs_goes_with_other_ids() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = own_cell(who);
        root.dir.file("root/tmp/file", "below");
        let before = root.dir.listing();
        for words in
            [["read", "/tmp/file"], ["create", "/tmp/new"], ["create", "/new"], ["create", "/a/b/new"]]
        {
            let line = super::unshare(&["--jail", "--overlay-tmpfs"]).arg(root.option("--root"));
            assert_eq!(
                attempt(who.starts(line.arg("/hc-attack").args(words))),
                "works",
                "{who:?}: {words:?}"
            );
        }
        assert_eq!(root.dir.listing(), before);
    }
}

/// The new root has the mode and the owner of the old one.
#[test]
fn of_a_tmpfs_has_the_mode_of_the_root() {
    require!(can_run(), "takes root, and user namespaces for others");
    let root = Root::new();
    for mode in [0o755, 0o1777, 0o751, 0o2775] {
        std::fs::set_permissions(root.path(), PermissionsExt::from_mode(mode)).unwrap();
        let host = Host::new();
        Cmd::tool("hc-rootfs").arg(root.path()).arg("/bin/stat").on(&host).run().ok();
        assert_eq!(root.path().metadata().unwrap().mode() & 0o7777, mode);
        for who in Who::ALL {
            let output =
                furnished_in(who, &root, &["--overlay-tmpfs"]).args(["/bin/stat", "-c", "%a", "/"]).run();
            output.ok().says(format!("{mode:o}\n")).quiet();
        }
    }
}
