//! --root with -m: what is left of the host afterwards.

use super::{Root, unshare};
use hc_tests::{Cmd, Dir, Host, View, can_make_hosts, require, user_namespaces};

/// What the probe in the new root sees.
#[track_caller]
fn inside(root: &Root, words: &[&str]) -> View {
    unshare(words).arg(root.option("--root")).arg("/hc-probe").view()
}

/// Mount points and kinds, without what the directory of the root is mounted from.
fn table(view: &View) -> Vec<String> {
    let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let after_dash = |words: &[String]| words.iter().skip_while(|word| *word != "-").nth(1).cloned();
    view.all("mount")
        .into_iter()
        .map(|line| {
            let words = words(line);
            format!("{} {}", words[4], after_dash(&words).unwrap_or_default())
        })
        .collect()
}

#[test]
fn the_mount_table_has_the_root_and_what_was_asked_for() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    for words in [
        &["-m", "--mount-proc", "--tmpfs=/tmp"][..],
        &["-fpiumn", "--mount-proc", "--tmpfs=/tmp"],
        &["-rfpm", "--mount-proc", "--tmpfs=/tmp"],
    ] {
        let seen = inside(&root, words);
        let mounts = seen.mounts();
        let [own, proc, tmp] = mounts.as_slice() else { panic!("{mounts:?}") };
        assert_eq!(own.split(' ').nth(1), Some("/"), "{own}");
        assert_eq!(proc, "/ /proc rw,nosuid,nodev,noexec,relatime - proc proc rw");
        assert!(tmp.starts_with("/ /tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw,mode=755"), "{tmp}");
        assert_eq!(seen.get("cwd"), "/");
        assert_eq!(seen.descriptors(), [0, 1, 2]);
    }
}

#[test]
fn process_1_sees_itself_alone_and_itself_at_the_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let seen = inside(&root, &["-fpium", "--mount-proc"]);
    assert_eq!((seen.get("pid"), seen.get("ppid"), seen.get("processes")), ("1", "0", "1"));
    // Links of proc that lead out of a root directory do not lead out of this one.
    let script = "for link in root cwd; do for pid in /proc/[0-9]*; do \
                  test ! -e $pid/$link/marker -a ! -e $pid/$link/../marker || echo $pid/$link; done; done; echo done";
    let place = Dir::new();
    Cmd::tool("hc-rootfs").arg(place.path()).args(["/bin/sh"]).run().ok();
    place.directory("proc");
    let option = format!("--root={}", place.path().display());
    unshare(&["-fpm", "--mount-proc", &option, "/bin/sh", "-c", script])
        .dir(root.dir.path())
        .run()
        .ok()
        .says("done\n");
}

#[test]
fn nor_does_the_waiting_parent_show_the_host_to_who_can_see_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    Cmd::tool("hc-rootfs").arg(root.path()).args(["/bin/sh"]).run().ok();
    // It leaves its working directory while the child is on its way already.
    let script =
        "while test -e /proc/$PPID/cwd/marker; do :; done; test -e /proc/$PPID/root/marker || echo no";
    let line = unshare(&["-fm", "--mount-proc"]).arg(root.option("--root")).args(["/bin/sh", "-c", script]);
    line.dir(root.dir.path()).run().ok().says("no\n");
}

#[test]
fn nobody_climbs_out_of_a_pivoted_root() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let marker = root.marker();
    let escape =
        |words: &[&str]| unshare(words).arg(root.option("--root")).args(["/hc-probe", "escape"]).arg(&marker);
    for words in [&["-m"][..], &["-fpium", "--mount-proc"], &["--tmpfs=/a"], &["--tmpfs=/"], &["-rm"]] {
        escape(words).dir(root.dir.path()).run().exits(1).quiet();
    }
    // That the probe knows how: chroot(2) is no door.
    escape(&[]).run().ok().quiet();
    escape(&["-fpu"]).run().ok().quiet();
}

/// A chroot's own directory is not all that has to go.
#[test]
fn nobody_climbs_out_of_a_root_that_was_pivoted_in_a_chroot() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::new(), Root::new());
    let outer = root.dir.path().display();
    // Once a plain directory, once a mount point, which the kernel lets be pivoted.
    for prepare in ["true".to_owned(), format!("mount --bind {outer}/root {outer}/root")] {
        let chroot = |next: &str| {
            let script =
                format!("{prepare}; exec chroot {outer}/root {next} /hc-probe escape {outer}/marker");
            Cmd::sh(script).on(&host).run()
        };
        std::fs::create_dir_all(root.path().join("a/tmp")).unwrap();
        root.dir.program("root/a/hc-probe", std::fs::read(hc_tests::probe()).unwrap());
        chroot("/hc-unshare -m --root=/a").exits(1).quiet();
        chroot("/hc-unshare -fpm --mount-proc=b --root=a -w /").exits(1).quiet();
        chroot("/hc-unshare --root=/a").ok().quiet();
    }
}

#[test]
fn an_ordinary_user_gets_the_same_root() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let root = Root::new();
    let words = ["-rfpiumnC", "--mount-proc", "--tmpfs=/tmp"];
    let run = |next: &[&str]| unshare(&words).arg(root.option("--root")).args(next).as_nobody();
    let seen = run(&["/hc-probe"]).view();
    assert_eq!(table(&seen)[1..], ["/proc proc", "/tmp tmpfs"]);
    assert_eq!((seen.get("uids"), seen.get("pid"), seen.get("processes")), ("0 0 0", "1", "1"));
    assert_eq!((seen.get("uid_map"), seen.get("setgroups")), ("0 65534 1", "deny"));
    run(&["/hc-probe", "escape"]).arg(root.marker()).run().exits(1).quiet();
}

#[test]
fn what_is_mounted_below_the_root_comes_along() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, root) = (Host::shared(), Root::new());
    let below = root.path().join("a");
    let script =
        format!("mount -t tmpfs tmpfs {0} && mkdir {0}/b && mount --bind /usr {0}/b", below.display());
    Cmd::sh(script).on(&host).run().ok();
    let before = host.mounts();
    for words in [&["-m", "--mount-proc"][..], &["-rfpm", "--mount-proc"]] {
        let seen = unshare(words).arg(root.option("--root")).arg("/hc-probe").on(&host).view();
        let points: Vec<String> =
            table(&seen).iter().map(|row| row.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(points, ["/", "/a", "/a/b", "/proc"]);
        assert!(!seen.mounts().iter().any(|mount| mount.contains("shared")), "{:?}", seen.mounts());
    }
    assert_eq!(host.mounts(), before);
}

#[test]
fn nothing_of_it_is_left_on_the_host() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::shared(), Dir::new());
    let root = Root::new();
    let before = (host.mounts(), root.dir.listing());
    let place = root.option("--root");
    for (next, status) in [("/hc-probe", 0), ("/nosuch", 127)] {
        for (words, status) in [
            (&["-m", &place][..], status),
            (&["-fpium", "--mount-proc", "--tmpfs=/a", &place], status),
            (&["--mount-proc=/nosuch", &place], 125),
        ] {
            unshare(words).arg(next).on(&host).dir(dir.path()).run().exits(status);
            assert_eq!((host.mounts(), root.dir.listing()), before);
        }
    }
    // Not busy: neither the directory nor the one that was the root of a mount.
    Cmd::sh(format!("rm -r {0} && mkdir {0} && rmdir {0}", root.path().display()))
        .on(&host)
        .run()
        .ok()
        .quiet();
}

#[test]
fn a_hundred_at_once_do_not_disturb_each_other() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    let place = root.option("--root");
    let running: Vec<_> = (0..100)
        .map(|_| unshare(&["-fpium", "--mount-proc", "--tmpfs=/tmp", &place, "/hc-probe"]).start())
        .collect();
    for one in running {
        assert_eq!(View::parse(one.wait().ok().quiet().text()).get("processes"), "1");
    }
}

#[test]
fn one_root_may_be_made_in_another() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let root = Root::new();
    root.dir.program("root/a/hc-probe", std::fs::read(hc_tests::probe()).unwrap());
    std::fs::create_dir(root.path().join("a/proc")).unwrap();
    std::fs::create_dir(root.path().join("a/tmp")).unwrap();
    for outer in [&["-m", "--mount-proc"][..], &["-fpm", "--mount-proc"], &["-rfpm", "--mount-proc"]] {
        for inner in [&["-m", "--mount-proc"][..], &["-fpm", "--mount-proc"], &["-rfpm", "--mount-proc"]] {
            let line =
                || unshare(outer).arg(root.option("--root")).arg("/hc-unshare").args(inner).arg("--root=/a");
            assert_eq!(table(&line().arg("/hc-probe").view())[1..], ["/proc proc"]);
            line().args(["/hc-probe", "escape"]).arg(root.marker()).run().exits(1);
            line().args(["/hc-probe", "escape", "/hc-unshare"]).run().exits(1);
        }
    }
}
