//! What is refused, in whole messages.

use super::{Who, furnished, furnished_in, own_cell, source};
use crate::unshare::causes::as_example;
use crate::unshare::diagnostics::says;
use crate::unshare::unshare;
use hc_tests::{Cmd, Host, can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn what_is_mounted_below_is_not_uncovered_for_a_user() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let place = source.path().display().to_string();
    let host = Host::new();
    Cmd::sh(format!("mount -t tmpfs tmpfs {place}/below")).on(&host).run().ok();
    let line = "bind /x: Invalid argument (...)";
    {
        let who = Who::Nobody;
        let output = furnished(who, &[&format!("--bind={place}:/mnt"), "true"]).on(&host).run();
        let message = says(as_example(output, &place), 125, line);
        assert_eq!(message, line.replace("...", "what is mounted below it cannot be left out here: add rec"));
        furnished(who, &[&format!("--bind={place}:/mnt:rec"), "true"]).on(&host).run().ok().quiet();
    }
}

#[test]
fn an_overlay_that_is_none() {
    require!(can_run(), "takes root, and user namespaces for others");
    let dir = source();
    let place = dir.path().display().to_string();
    for name in ["upper", "work"] {
        std::os::unix::fs::chown(dir.directory(name), Some(65534), Some(65534)).unwrap();
    }
    let line = "overlay on /x: Invalid argument (...)";
    for who in Who::ALL {
        let root = own_cell(who);
        let overlay = format!("--overlay={place}:{place}/upper:{place}/upper:/x");
        let message = says(furnished_in(who, &root, &[&overlay, "/hc-probe"]).run(), 125, line);
        assert!(message.contains("have to be on one file system"), "{message}");
    }
}

#[test]
fn sources_and_targets_that_are_missing() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let place = source.path().display().to_string();
    for who in Who::ALL {
        let root = own_cell(who);
        let message = |option: String| {
            let output = furnished_in(who, &root, &[&option, "/hc-probe"]).run();
            output.fails("hc-unshare", 125).replace(&place, "/x").replace(root.path().to_str().unwrap(), "/r")
        };
        assert_eq!(message(format!("--bind={place}/none:/a")), "/x/none: No such file or directory");
        assert_eq!(message(format!("--bind={place}/file/x:/a")), "/x/file/x: Not a directory");
        assert_eq!(message(format!("--bind={place}:/hc-probe")), "/hc-probe in the root /r: Not a directory");
        assert_eq!(
            message(format!("--bind={place}/file:/a")),
            "bind /x/file to /a: Invalid argument (a file and a directory)"
        );
        assert_eq!(
            message(format!("--bind={place}:/hc-probe/x")),
            "/hc-probe/x in the root /r: Not a directory"
        );
        let long = "x".repeat(256);
        assert_eq!(
            message(format!("--tmpfs=/{long}")),
            format!("/{long} in the root /r: File name too long")
        );
    }
    // A target without a root directory of its own has no root to be in.
    let message = furnished(Who::Root, &["--tmpfs=/dev/null", "true"]).run().fails("hc-unshare", 125);
    assert!(message.contains("/dev/null: Not a directory"), "{message}");
}

/// In a root directory that is not his a user cannot make mount points; and nobody in one that cannot be written.
#[test]
fn targets_that_cannot_be_made() {
    require!(can_run(), "takes root, and user namespaces for others");
    let root = super::cell();
    let shown = root.path().display().to_string();
    let message =
        furnished_in(Who::Nobody, &root, &["--tmpfs=/new", "/hc-probe"]).run().fails("hc-unshare", 125);
    assert_eq!(message, format!("/new in the root {shown}: Permission denied"));
    let host = Host::new();
    Cmd::sh(format!("mount -t tmpfs tmpfs {shown} && mount -o remount,ro {shown}")).on(&host).run().ok();
    let line = unshare(&["-m", "--tmpfs=/new"]).arg(root.option("--root")).arg("/hc-probe");
    assert_eq!(
        line.on(&host).run().fails("hc-unshare", 125),
        format!(
            "/new in the root {shown}: Read-only file system (it has to be there, for the file system is read-only)"
        )
    );
    let link = root.path().join("link");
    std::os::unix::fs::symlink("/nowhere", &link).unwrap();
    let message =
        furnished_in(Who::Root, &root, &["--tmpfs=/link", "/hc-probe"]).run().fails("hc-unshare", 125);
    assert_eq!(
        message,
        format!("/link in the root {shown}: File exists (a symbolic link there leads to nothing)")
    );
}

#[test]
fn words_that_are_no_mounts() {
    for (option, expected) in [
        ("--bind=/a", "--bind '/a': not SRC:DST[:OPTIONS]"),
        ("--bind=", "--bind '': not SRC:DST[:OPTIONS]"),
        ("--bind=/a:/b:ro:x", "--bind '/a:/b:ro:x': not SRC:DST[:OPTIONS]"),
        ("--bind=:/b", "--bind ':/b': an empty name"),
        ("--bind=/a::ro", "--bind '/a::ro': an empty name"),
        (
            "--bind=/a:/b:suid",
            "--bind '/a:/b:suid': an option that is not ro, rw, nosuid, nodev, noexec, rec or idmap",
        ),
        ("--tmpfs=", "an empty name is no directory"),
        ("--overlay=/a:/b", "--overlay '/a:/b': not LOWER[:LOWER...]:UPPER:WORK:DST"),
    ] {
        let message = unshare(&[option, "true"]).run().fails("hc-unshare", 125);
        assert!(message.starts_with(expected), "{option}: {message}");
    }
}

/// Refused before anything is done.
#[test]
fn nothing_is_made_when_the_words_are_wrong() {
    require!(can_run(), "takes root, and user namespaces for others");
    let root = own_cell(Who::Root);
    let before = root.dir.listing();
    for words in
        [["--tmpfs=/new", "--bind=/x"], ["--tmpfs=/new", "--tmpfs=/y:z"], ["--tmpfs=/new", "--nosuch"]]
    {
        furnished_in(Who::Root, &root, &words).arg("/hc-probe").run().fails("hc-unshare", 125);
        assert_eq!(root.dir.listing(), before);
    }
    // Nor when a source is missing.
    furnished_in(Who::Root, &root, &["--tmpfs=/new", "--bind=/nosuch:/x"])
        .arg("/hc-probe")
        .run()
        .fails("hc-unshare", 125);
    assert_eq!(root.dir.listing(), before);
}
