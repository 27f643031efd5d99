//! What CONTRIBUTING.md shows of the harness; a test there holds it to this file.

use hc_tests::{Cmd, Dir, Host, can_make_hosts, compare, require};

#[test]
fn what_is_mounted_inside_stays_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    // The same line under unshare(1) and under ours: hc-probe, as NEXT, has to see the same.
    let seen = compare::views("unshare", "hc-unshare", &["-m"], |cmd| cmd);
    // That is a View: keys and values. Beside one from outside it tells what is new.
    assert_eq!(seen.new_namespaces(&Cmd::probe().view()), ["mnt"]);
    // A Host is a machine for this test: whatever happens to it, it is gone afterwards.
    let host = Host::new();
    let before = host.mounts();
    let line = Cmd::tool("hc-unshare").args(["-m", "mount", "-t", "tmpfs", "x", "/mnt"]);
    line.on(&host).run().ok().quiet();
    assert_eq!(host.mounts(), before);
}

#[test]
fn a_file_is_no_directory_to_change_to() {
    // A Dir is removed with its value. As uid 65534, who owns nothing of it:
    let dir = Dir::new();
    let file = dir.file("file", "content");
    let line = Cmd::tool("hc-env").arg("-C").arg(&file).arg("true").as_nobody();
    // This status, nothing on standard output, and one line of hc-env on standard error, which comes back.
    let message = line.run().fails("hc-env", 125);
    assert_eq!(message, format!("cannot change directory to '{}': Not a directory", file.display()));
}
