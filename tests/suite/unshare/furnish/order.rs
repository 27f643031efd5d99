//! Mounts are made in the order of the options, the later over the earlier.

use super::{Who, furnished, furnished_in, own_cell, points, source};
use hc_tests::{Host, can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn is_that_of_the_command_line() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let bind = |target: &str| format!("--bind={}:{target}", source.path().display());
    for who in Who::ALL {
        let root = own_cell(who);
        let line =
            [&bind("/tmp"), "--tmpfs=/a", "--dev", &bind("/a/x"), "--tmpfs=/dev/y", "--tmpfs=/a/x/below"];
        let seen = furnished_in(who, &root, &line).arg("/hc-probe").view();
        let expected =
            ["/", "/proc", "/tmp", "/a", "/dev", "/dev/pts", "/dev/shm", "/a/x", "/dev/y", "/a/x/below"];
        // For a user each device is the host's.
        let seen: Vec<String> = points(&seen).into_iter().filter(|point| !is_device(point)).collect();
        assert_eq!(seen, expected, "{who:?}");
    }
}

fn is_device(point: &str) -> bool {
    ["null", "zero", "full", "random", "urandom", "tty"].iter().any(|name| point == format!("/dev/{name}"))
}

#[test]
fn has_the_later_over_the_earlier() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let bind = format!("--bind={}:/a", source.path().display());
    for who in Who::ALL {
        let root = own_cell(who);
        let said = |words: &[&str]| {
            super::attempt(furnished_in(who, &root, words).args(["/hc-attack", "read", "/a/file"]))
        };
        assert_eq!(said(&[&bind]), "works");
        assert_eq!(said(&["--tmpfs=/a", &bind]), "works");
        assert_eq!(said(&[&bind, "--tmpfs=/a"]), "open: ENOENT");
        // proc is one of them: the last --mount-proc counts.
        let seen = furnished_in(who, &root, &["--tmpfs=/a", "--mount-proc=/a/b", "--tmpfs=/tmp"]);
        seen.args(["/hc-attack", "read", "/proc/self/status"]).run().fails("hc-unshare", 125);
        let line = furnished_in(who, &root, &["--tmpfs=/tmp", "--mount-proc=/a/b"]);
        assert_eq!(super::attempt(line.args(["/hc-attack", "read", "/a/b/self/status"])), "works");
    }
}

/// What is not a root directory's is the caller's: a relative target starts where NEXT will be.
#[test]
fn looks_for_targets_where_next_will_be() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let bind = format!("--bind={}:x/y", source.path().display());
    for who in Who::ALL {
        let root = own_cell(who);
        let seen = furnished_in(who, &root, &["--tmpfs=/a", "--wd=/a", &bind]).arg("/hc-probe").view();
        assert_eq!(points(&seen), ["/", "/proc", "/a", "/a/x/y"]);
        assert_eq!(seen.get("cwd"), "/a");
        // A working directory that is made by a mount.
        let seen = furnished_in(who, &root, &["--wd=/tmp/made", "--tmpfs=/tmp/made"]).arg("/hc-probe").view();
        assert_eq!(seen.get("cwd"), "/tmp/made");
    }
}

/// Sources are the caller's, whatever is mounted over them, and wherever he is.
#[test]
fn looks_for_sources_where_the_caller_is() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    for who in Who::ALL {
        let root = own_cell(who);
        let over = format!("--tmpfs={}", source.path().display());
        for words in [&["--bind=.:/a"][..], &[&over, "--bind=.:/a"], &["--bind=below/..:/a", "--wd=/a"]] {
            let line =
                furnished_in(who, &root, words).args(["/hc-attack", "read", "/a/file"]).dir(source.path());
            assert_eq!(super::attempt(line), "works", "{who:?}: {words:?}");
        }
        // Without a root directory of its own it is where NEXT sees it.
        let line = furnished(who, &["--tmpfs=/mnt", "--bind=.:/mnt/x"]);
        let seen = line.arg(hc_tests::probe()).dir(source.path()).view();
        let points = points(&seen);
        assert_eq!(points[points.len() - 2..], ["/mnt", "/mnt/x"]);
    }
}

/// None of it is seen outside, on a machine whose mounts are shared as well; and mount points are all that is left.
#[test]
fn is_nothing_to_the_host() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let bind = format!("--bind={}:/tmp/made/by/bind", source.path().display());
    for who in Who::ALL {
        let (host, root) = (Host::shared(), own_cell(who));
        let before = host.mounts();
        let line =
            furnished_in(who, &root, &[&bind, "--tmpfs=/tmp/made/by/tmpfs", "--dev", "--sys", "--mask"]);
        line.arg("/hc-probe").on(&host).view();
        assert_eq!(host.mounts(), before);
        let made: Vec<String> = root
            .dir
            .listing()
            .iter()
            .filter(|line| line.contains("made"))
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        let expected = [
            "root/tmp/made 40755",
            "root/tmp/made/by 40755",
            "root/tmp/made/by/bind 40755",
            "root/tmp/made/by/tmpfs 40755",
        ];
        assert_eq!(made, expected);
    }
}
