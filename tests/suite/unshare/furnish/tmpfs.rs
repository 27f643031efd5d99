//! --tmpfs: empty, and gone with the namespace.

use super::{Who, attempt, furnished_in, options, own_cell, row};
use hc_tests::{can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn has_the_options_that_are_given() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = own_cell(who);
        for (words, expected) in [
            ("", "mode=755"),
            (":", "mode=755"),
            (":size=1m", "size=1024k,mode=755"),
            (":size=64k,mode=1777", "size=64k"),
            (":nr_inodes=10", "nr_inodes=10,mode=755"),
            (":mode=0700,size=8k,nr_inodes=9", "size=8k,nr_inodes=9,mode=700"),
        ] {
            let seen = furnished_in(who, &root, &[&format!("--tmpfs=/a{words}")]).arg("/hc-probe").view();
            assert_eq!(options(&seen, "/a"), "rw,nosuid,nodev,relatime");
            let line = row(&seen, "/a");
            // A user's have the ids of his namespace as well.
            assert!(line.contains(&format!("tmpfs tmpfs rw,{expected}")), "{who:?}: {words}: {line}");
        }
    }
}

#[test]
fn is_as_large_as_it_was_made() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let line = super::furnished(who, &["--tmpfs=/mnt:size=64k"]);
        let script = "head -c 65536 /dev/zero >/mnt/full && head -c 1 /dev/zero >/mnt/more";
        let output = line.args(["sh", "-c", script]).run();
        assert!(String::from_utf8_lossy(&output.stderr).contains("No space left on device"), "{output:?}");
    }
}

#[test]
fn takes_programs() {
    require!(can_run(), "takes root, and user namespaces for others");
    let program = hc_tests::attack().display().to_string();
    for who in Who::ALL {
        let script = format!("cp {program} /mnt/p && exec /mnt/p read /mnt/p");
        assert_eq!(attempt(super::furnished(who, &["--tmpfs=/mnt"]).args(["sh", "-c", &script])), "works");
    }
}

#[test]
fn leaves_what_it_covers_as_it_was() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = own_cell(who);
        root.dir.file("root/a/file", "below");
        let before = root.dir.listing();
        let line = furnished_in(who, &root, &["--tmpfs=/a"]);
        assert_eq!(attempt(line.args(["/hc-attack", "create", "/a/file"])), "works");
        assert_eq!(root.dir.listing(), before);
    }
}

#[test]
fn has_no_other_options() {
    for value in ["/t:uid=1", "/t:size", "/t:size=", "/t:exec", "/t:size=1,x=2", "/t:mode=0755,huge=always"] {
        let message = super::unshare(&[&format!("--tmpfs={value}"), "true"]).run().fails("hc-unshare", 125);
        let expected = format!("--tmpfs '{value}': an option that is not size=, mode= or nr_inodes=");
        assert!(message.starts_with(&expected), "{message}");
    }
    let message = super::unshare(&["--tmpfs=/t:size=1:x", "true"]).run().fails("hc-unshare", 125);
    assert!(message.starts_with("--tmpfs '/t:size=1:x': not DST[:OPTIONS]"), "{message}");
    // What only the kernel knows to be wrong.
    require!(can_run(), "takes root, and user namespaces for others");
    for value in ["size=x", "mode=9", "nr_inodes=z"] {
        let message =
            furnished_in(Who::Root, &own_cell(Who::Root), &[&format!("--tmpfs=/a:{value}"), "true"]).run();
        assert_eq!(message.fails("hc-unshare", 125), "mount tmpfs on /a: Invalid argument");
    }
}
