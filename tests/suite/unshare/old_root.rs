//! --root with -m: no way leads back, where chroot(2) leaves some; and where it has to be chroot(2) after all.

use super::{Root, unshare};
use hc_tests::{Cmd, Ended, Host, can_make_hosts, require, user_namespaces};

/// Process 1 of the namespace has the mount namespace; entering that by its file leads to its root.
#[test]
fn is_not_where_the_mount_namespace_of_process_1_leads() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let line = |tool: Cmd, options: &[&str]| {
        tool.args(options)
            .arg(root.option("--root"))
            .args(["/hc-probe", "rejoin"])
            .arg(root.marker())
            .run()
            .ended
    };
    for options in [
        &["-fpm", "--mount-proc"][..],
        &["-fpiumnC", "--mount-proc"],
        &["-fpm", "--mount-proc", "--propagation=slave"],
        &["-fpm", "--mount-proc", "--tmpfs=/tmp"],
    ] {
        assert_eq!(line(unshare(&[]), options), Ended::Exit(1), "{options:?}");
    }
    // The original's chroot is one that can be left so: the probe knows how.
    assert_eq!(line(Cmd::new("unshare"), &["-fpm", "--mount-proc"]), Ended::Exit(0));
    assert_eq!(line(Cmd::new("unshare"), &["-rfpm", "--mount-proc"]), Ended::Exit(0));
    assert_eq!(line(unshare(&[]), &["-rfpm", "--mount-proc"]), Ended::Exit(1));
    assert_eq!(line(unshare(&[]).as_nobody(), &["-rfpm", "--mount-proc"]), Ended::Exit(1));
}

/// The kernel makes no user namespace for whom chroot(2) has put in a root.
#[test]
fn does_not_stand_in_the_way_of_further_user_namespaces() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let root = Root::new();
    for options in [
        &["-m"][..],
        &["-fpm", "--mount-proc"],
        &["-rm"],
        &["-rfpm", "--mount-proc"],
        &["-rm", "--propagation=slave"],
    ] {
        let line = |tool: Cmd| {
            tool.args(options).arg(root.option("--root")).args(["/hc-unshare", "-U", "/hc-probe"])
        };
        line(unshare(&[])).run().ok().quiet();
        line(Cmd::new("unshare")).run().fails("hc-unshare", 125);
        if options[0].starts_with("-r") {
            line(unshare(&[])).as_nobody().run().ok().quiet();
        }
    }
    let nested = ["/hc-unshare", "-rm", "--root=/a", "/hc-probe", "escape", "/hc-unshare"];
    root.dir.program("root/a/hc-probe", std::fs::read(hc_tests::probe()).unwrap());
    let tmp = root.dir.directory("root/a/tmp");
    std::os::unix::fs::chown(&tmp, Some(65534), Some(65534)).unwrap();
    let output =
        unshare(&["-rfpm", "--mount-proc"]).arg(root.option("--root")).args(nested).as_nobody().run();
    output.exits(1).quiet();
}

/// What is shared with the host cannot be taken out of it: there it is chroot(2), as always with the original.
#[test]
fn is_left_by_chroot_where_mounts_are_shared_or_unchanged() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for host in [Host::shared(), Host::new()] {
        let root = Root::new();
        let escape = |options: &[&str]| {
            let line =
                unshare(options).arg(root.option("--root")).args(["/hc-probe", "escape"]).arg(root.marker());
            line.on(&host).run().ended
        };
        let before = host.mounts();
        for mode in ["shared", "unchanged"] {
            let option = format!("--propagation={mode}");
            assert_eq!(escape(&["-m", &option]), Ended::Exit(0), "{mode}");
        }
        for mode in ["private", "slave"] {
            let option = format!("--propagation={mode}");
            assert_eq!(escape(&["-m", &option]), Ended::Exit(1), "{mode}");
        }
        // Nothing came back to the host, and its mounts are marked as they were.
        assert_eq!(host.mounts(), before);
    }
}

#[test]
fn is_on_a_shared_machine_left_untouched() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::shared(), Root::new());
    let before = host.mounts();
    for options in [
        &["-fpm", "--mount-proc"][..],
        &["-fpm", "--mount-proc", "--propagation=slave"],
        &["-rfpm", "--mount-proc", "--propagation=slave"],
        &["-m", "--tmpfs=/tmp", "--propagation=slave"],
    ] {
        unshare(options).arg(root.option("--root")).arg("/hc-probe").on(&host).view();
        assert_eq!(host.mounts(), before, "{options:?}");
    }
}
