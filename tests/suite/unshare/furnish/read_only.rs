//! --read-only: the root directory and what was mounted in it already, but not what these options mount.

use super::{Root, Who, attempt, furnished, furnished_in, options, own_cell, points};
use hc_tests::{Cmd, Host, can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// With a tmpfs on /a, which everybody may write to, and another one in it.
fn host_with_mounts(root: &Root) -> Host {
    let host = Host::shared();
    let place = root.path().join("a");
    let script = format!(
        "mount -t tmpfs -o mode=777 one {0} && mkdir {0}/b && mount -t tmpfs -o mode=777 two {0}/b",
        place.display()
    );
    Cmd::sh(script).on(&host).run().ok().quiet();
    host
}

#[test]
fn is_all_that_was_there() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = own_cell(who);
        let host = host_with_mounts(&root);
        let before = host.mounts();
        let create = |words: &[&str], file: &str| {
            attempt(furnished_in(who, &root, words).args(["/hc-attack", "create", file]).on(&host))
        };
        for place in ["", "/tmp", "/a", "/a/b"] {
            let file = format!("{place}/{who:?}");
            assert_eq!(create(&["--read-only"], &file), "open: EROFS", "{who:?}: {file}");
            assert_eq!(create(&[], &file), "works", "{who:?}: {file}");
        }
        let seen = furnished_in(who, &root, &["--read-only"]).arg("/hc-probe").on(&host).view();
        assert_eq!(points(&seen), ["/", "/a", "/a/b", "/proc"]);
        for point in ["/", "/a", "/a/b"] {
            assert!(options(&seen, point).starts_with("ro"), "{point}");
        }
        assert_eq!(host.mounts(), before, "the host's are as they were");
    }
}

#[test]
fn is_not_what_is_mounted() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = super::source();
    let bind = format!("--bind={}:/a", source.path().display());
    for who in Who::ALL {
        let root = own_cell(who);
        let words = ["--tmpfs=/tmp", "--dev", &bind];
        // Before and behind, and where the mount point has to be made.
        for (at, made) in [(0, "--tmpfs=/made"), (3, "--tmpfs=/made/too")] {
            let mut words = words.to_vec();
            words.insert(at, "--read-only");
            words.push(made);
            for place in ["/tmp", "/dev/shm", "/a", made.strip_prefix("--tmpfs=").unwrap()] {
                let file = format!("{place}/{who:?}{at}");
                let line = furnished_in(who, &root, &words).args(["/hc-attack", "create", &file]);
                assert_eq!(attempt(line), "works", "{who:?}: {file}");
            }
            let line = furnished_in(who, &root, &words).args(["/hc-attack", "create", "/new"]);
            assert_eq!(attempt(line), "open: EROFS");
        }
    }
}

/// Without a root directory of its own it is the caller's.
#[test]
fn is_the_caller_s_root_directory_if_there_is_no_other() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let host = Host::shared();
        let before = host.mounts();
        let script =
            "for place in / /tmp /run /var/tmp; do sh -c \": >$place/new\" 2>/dev/null && echo $place; done
            : >/mnt/new && echo done";
        let line = furnished(who, &["--read-only", "--tmpfs=/mnt"]).args(["sh", "-c", script]).on(&host);
        line.run().ok().says("done\n").quiet();
        assert_eq!(host.mounts(), before);
    }
}

#[test]
fn goes_with_an_overlay_and_in_a_jail() {
    require!(can_run(), "takes root, and user namespaces for others");
    let root = own_cell(Who::Root);
    for who in Who::ALL {
        for words in [&["--jail", "--read-only"][..], &["--jail", "--read-only", "--overlay-tmpfs"]] {
            let create = |file: &str| {
                let line =
                    super::unshare(words).arg(root.option("--root")).args(["/hc-attack", "create", file]);
                attempt(who.starts(line))
            };
            assert_eq!(create("/tmp/new"), "open: EROFS", "{who:?}: {words:?}");
            assert_eq!(create("/dev/shm/new"), "works");
        }
    }
}
