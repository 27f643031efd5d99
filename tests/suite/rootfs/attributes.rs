//! Extended attributes: file capabilities, ACLs, user.* and those that stay behind.

use super::{inside, rootfs};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, is_root, require};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Runs a shell script in `dir`.
#[track_caller]
fn sh(dir: &Dir, script: &str) {
    Cmd::sh(format!("set -e\n{script}")).dir(dir.path()).run().ok().quiet();
}

/// All attributes of a file, but for a label.
#[track_caller]
fn attributes(path: &Path) -> String {
    let output =
        Cmd::line(["getfattr", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names"]).arg(path).run().ok();
    let kept = |line: &&str| line.contains('=') && !line.starts_with("security.selinux");
    output.text().split_inclusive('\n').filter(kept).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").mode() & 0o7777
}

fn copy_of(dir: &Dir, path: &Path) -> PathBuf {
    dir.join("box").join(path.strip_prefix("/").expect("absolute"))
}

/// What a verbose run that copies `program` says.
fn copied(program: &Path) -> String {
    format!("hc-rootfs: copied {}\n", program.display())
}

fn verbose(dir: &Dir) -> Cmd {
    Cmd::tool("hc-rootfs").dir(dir.path()).args(["-v", "box", "./p"])
}

const EVERYTHING: &str = "setcap cap_net_raw,cap_net_admin+ep p; setfattr -n user.comment -v 'kept' p
    setfacl -m u:1234:r,g:2345:rx p; setfattr -n trusted.note -v 'not kept' p";

#[test]
fn capabilities_acls_and_user_attributes_are_kept() {
    require!(can_make_hosts(), "capabilities and trusted.* take root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, EVERYTHING);
    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o6751)).unwrap();
    rootfs(&dir).arg("./p").run().ok().quiet();
    let copy = copy_of(&dir, &program);
    let all = attributes(&program);
    let wanted: String = all.split_inclusive('\n').filter(|line| !line.starts_with("trusted.")).collect();
    assert_eq!(wanted.lines().count(), 3, "{wanted}");
    assert_eq!(attributes(&copy), wanted);
    assert_eq!(mode(&copy), mode(&program), "an ACL is part of the mode");
    verbose(&dir).run().ok().quiet();
}

#[test]
fn a_capability_works_inside() {
    require!(can_make_hosts(), "capabilities take root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let program = dir.program("p", fs::read("/bin/cat").unwrap());
    sh(&dir, "setcap cap_net_raw+ep p");
    rootfs(&dir).args(["./p", "/usr/bin/setpriv"]).run().ok().quiet();
    let line = ["/usr/bin/setpriv", "--reuid=1234", "--clear-groups"];
    let output = inside(&dir).args(line).arg(&program).arg("/proc/self/status").run().ok().quiet();
    let effective = output.text().lines().find(|line| line.starts_with("CapEff:"));
    assert_eq!(effective, Some("CapEff:\t0000000000002000"));
}

#[test]
fn a_changed_attribute_is_a_change() {
    require!(can_make_hosts(), "capabilities take root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    let copy = copy_of(&dir, &program);
    rootfs(&dir).arg("./p").run().ok().quiet();
    for change in [
        "setcap cap_net_raw+ep p",
        "setcap cap_net_admin+ep p",
        "setcap -r p",
        "setfattr -n user.a -v 1 p",
        "setfattr -n user.b -v 2 p",
        "setfattr -n user.b -v 3 p",
        "setfattr -x user.a p",
        "setfacl -m u:1234:r p",
        "setfacl -b p; chmod 755 p",
    ] {
        sh(&dir, change);
        verbose(&dir).run().ok().complains(copied(&program));
        assert_eq!(attributes(&copy), attributes(&program), "{change}");
        verbose(&dir).run().ok().quiet();
    }
    // Also one of the copy's.
    sh(&dir, &format!("setcap cap_sys_admin+ep {}", copy.display()));
    verbose(&dir).run().ok().complains(copied(&program));
    assert_eq!(attributes(&copy), attributes(&program));
}

#[test]
fn without_them_nothing_is_kept_and_nothing_compared() {
    require!(can_make_hosts(), "capabilities take root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, EVERYTHING);
    let without =
        || Cmd::tool("hc-rootfs").dir(dir.path()).args(["-v", "--no-xattrs", "box", "./p"]).run().ok();
    assert!(!without().stderr.is_empty());
    assert_eq!(attributes(&copy_of(&dir, &program)), "");
    without().quiet();
    // With them, they are missed.
    verbose(&dir).run().ok().complains(copied(&program));
    assert_eq!(attributes(&copy_of(&dir, &program)).lines().count(), 3);
    without().quiet();
}

#[test]
fn a_user_keeps_what_he_may_set_and_copies_once() {
    require!(can_make_hosts(), "capabilities take root with CAP_SYS_ADMIN");
    let dir = Dir::of_nobody();
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, EVERYTHING);
    assert!(!verbose(&dir).as_nobody().run().ok().stderr.is_empty());
    let found = attributes(&copy_of(&dir, &program));
    let names: Vec<_> = found.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["system.posix_acl_access", "user.comment"]);
    verbose(&dir).as_nobody().run().ok().quiet();
    // In a user namespace the ACL's users are unknown, and cannot be set; the capabilities are those of its root, who
    // is 65534 outside.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let in_namespace =
        || Cmd::tool("hc-unshare").arg("-r").chain(&verbose(&dir)).dir(dir.path()).as_nobody().run().ok();
    assert!(!in_namespace().stderr.is_empty());
    let namespaced = "security.capability=0x0100000300300000000000000000000000000000feff0000";
    assert_eq!(attributes(&copy_of(&dir, &program)), format!("{namespaced}\nuser.comment=0x6b657074\n"));
    in_namespace().quiet();
}

#[test]
fn an_acl_that_dir_hands_on_is_no_file_s() {
    require!(is_root(), "files of other users are needed");
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    dir.directory("box");
    sh(&dir, "setfacl -d -m u:1234:rwx box");
    for options in [&["--etc"][..], &["--etc", "--no-xattrs"]] {
        let tool =
            || Cmd::tool("hc-rootfs").dir(dir.path()).args(options).args(["-v", "box", "./p"]).run().ok();
        assert!(!tool().stderr.is_empty());
        for file in [copy_of(&dir, &program), dir.join("box/etc/passwd")] {
            assert_eq!(attributes(&file), "", "{} with {options:?}", file.display());
        }
        assert_eq!(mode(&dir.join("box/etc/passwd")), 0o644, "{options:?}");
        tool().quiet();
        sh(&dir, "rm -r box/*");
    }
}

#[test]
fn an_acl_that_is_not_kept_gives_its_rights_to_nobody() {
    require!(can_make_hosts(), "mounts and capabilities take root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, "setfacl -m u::rwx,g::rx,u:1234:rwx,o::- p; mkdir box plain");
    Cmd::line(["mount", "-t", "ramfs", "x"]).arg(dir.join("plain")).on(&host).run().ok();
    assert_eq!(mode(&program), 0o770, "the mask");
    // ramfs has no ACLs.
    for (root, options) in [("plain", &[][..]), ("plain", &["--no-xattrs"]), ("box", &["--no-xattrs"])] {
        let tool = || {
            let tool = Cmd::tool("hc-rootfs").dir(dir.path()).arg("-v").args(options).args([root, "./p"]);
            tool.on(&host).run().ok()
        };
        let in_root = format!("{root}{}", program.display());
        let mode_of_copy = || {
            Cmd::line(["stat", "-c", "%a", &in_root]).dir(dir.path()).on(&host).run().ok().text().to_owned()
        };
        tool();
        assert_eq!(mode_of_copy(), "750\n", "{root} {options:?}");
        tool().quiet();
        // As one that cp made.
        Cmd::line(["chmod", "770", &in_root]).dir(dir.path()).on(&host).run().ok();
        tool().complains(copied(&program));
        assert_eq!(mode_of_copy(), "750\n", "{root} {options:?}");
        Cmd::line(["rm", &in_root]).dir(dir.path()).on(&host).run().ok();
    }
}

#[test]
fn root_without_the_capability_to_set_them_copies_once() {
    require!(can_make_hosts(), "capabilities take root with CAP_SYS_ADMIN");
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, EVERYTHING);
    let without = || Cmd::new("setpriv").arg("--bounding-set=-setfcap").chain(&verbose(&dir)).dir(dir.path());
    assert!(!without().run().ok().stderr.is_empty());
    assert_eq!(attributes(&copy_of(&dir, &program)).lines().count(), 2, "without the capabilities");
    without().run().ok().quiet();
    // With it they are missed.
    verbose(&dir).run().ok().complains(copied(&program));
    verbose(&dir).run().ok().quiet();
}

#[test]
fn an_attribute_for_which_there_is_no_room_is_an_error() {
    let dir = Dir::new();
    let program = dir.program("p", "#!/bin/sh\n");
    sh(&dir, "setfattr -n user.a -v 1 p");
    let before = dir.listing();
    for (error, message) in
        [("ENOSPC", Some("No space left on device")), ("EPERM", None), ("EOPNOTSUPP", None)]
    {
        let inject = format!("inject=fsetxattr:error={error}");
        let strace = ["-qq", "-o", "/dev/null", "-e", "trace=fsetxattr", "-e", &inject];
        let tool = hc_tests::tool("hc-rootfs");
        let output = Cmd::new("strace").args(strace).arg(tool).args(["box", "./p"]).dir(dir.path()).run();
        let Some(message) = message else {
            output.ok().quiet();
            continue;
        };
        let expected = format!("box{}: its attribute user.a: {message}", program.display());
        assert_eq!(output.fails("hc-rootfs", 125), expected);
        assert_eq!(dir.listing(), before);
    }
}
