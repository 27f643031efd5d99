//! --sysroot with a directory that somebody else has filled, and still fills.

use super::made::{ARM64, Elf};
use super::sysroot::{LOADER, refuses_within, tree, within};
use super::{build, files_in};
use hc_tests::{Cmd, Dir, Ended, Host, can_make_hosts, is_root, meanwhile, require};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

/// The system calls of `line`, none of which looks at a file by an absolute name of the host's.
#[track_caller]
fn calls_inside(dir: &Dir, line: &Cmd) -> String {
    let log = dir.join("log");
    Cmd::line(["strace", "-f", "-o"]).arg(&log).chain(line).dir(dir.path()).run().ok();
    let log = fs::read_to_string(log).unwrap();
    // Of calls that take a path, those whose path is absolute; not the C library's own, before main().
    let calls = log.lines().skip(1).filter(|line| line.contains("(AT_FDCWD, \"/") || line.contains("(\"/"));
    let known = [
        "readlink(\"/proc/self/exe\"",
        "(\"/proc/self/fd/",
        "(AT_FDCWD, \"/proc/self/fd/",
        "(AT_FDCWD, \"/\"",
        "symlinkat(",
    ];
    let others: Vec<&str> = calls.filter(|line| !known.iter().any(|known| line.contains(known))).collect();
    assert!(others.is_empty(), "{others:#?}");
    log
}

#[test]
fn nothing_outside_is_looked_at() {
    let dir = Dir::new();
    tree(&dir);
    dir.program("tree/usr/bin/s", "#!/usr/bin/env p\n");
    dir.program("tree/usr/bin/env", Elf::new(ARM64).loader(LOADER).needs("libc.so").bytes());
    symlink("/usr/lib/liba.so", dir.join("tree/usr/lib/libc.so")).unwrap();
    let log = calls_inside(&dir, &within(&dir).arg("s"));
    let within =
        log.lines().filter(|line| line.contains("openat2(") && line.contains("\"/usr/lib/liba.so\""));
    assert!(within.clone().count() > 0, "{log}");
    assert!(within.into_iter().all(|line| line.contains("RESOLVE_IN_ROOT")), "{log}");
}

#[test]
fn what_is_opened_later_comes_out_of_the_tree_too() {
    let dir = Dir::new();
    let extras = ["--nss", "--gconv", "--locale=C.UTF-8"];
    let copy = |options: &[&str], directory: &str| {
        let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(options).args(extras);
        line.args([directory, "/bin/sh"])
    };
    copy(&[], "tree").run().ok().quiet();
    calls_inside(&dir, &copy(&["--sysroot=tree"], "box"));
    assert!(dir.join("box/etc/nsswitch.conf").exists() && dir.join("box/usr/lib/locale").exists());
    assert_eq!(files_in(&dir.join("box")), files_in(&dir.join("tree")));
}

#[test]
fn files_that_are_none_are_not_opened() {
    let dir = Dir::new();
    let kinds: &[(&str, &str)] = &[("FIFO", "mkfifo -m 755"), ("device", "mknod -m 755")];
    for (kind, make) in kinds.iter().filter(|(kind, _)| *kind == "FIFO" || is_root()) {
        let end = if *kind == "device" { " c 1 5" } else { "" };
        for place in ["usr/bin/p", "usr/lib/liba.so", &LOADER[1..], "etc/ld.so.cache"] {
            tree(&dir);
            dir.directory("tree/etc");
            let _ = fs::remove_file(dir.join("tree").join(place));
            build(&dir, &format!("{make} tree/{place}{end}"));
            let log = dir.join("log");
            let line = within(&dir).arg("p");
            let output = Cmd::line(["strace", "-f", "-o"]).arg(&log).chain(&line).dir(dir.path()).run();
            let is = format!("is a {kind}, not a regular file");
            match place {
                "usr/bin/p" => {
                    output.exits(125).complains("hc-rootfs: in tree: /usr/bin/p: is not a regular file\n")
                }
                // No cache is as good as this.
                "etc/ld.so.cache" => output.ok().quiet(),
                "usr/lib/liba.so" => output.exits(125).complains(format!(
                    "hc-rootfs: in tree: /usr/bin/p: liba.so, which it needs: /usr/lib/liba.so {is}\n"
                )),
                _ => output
                    .exits(125)
                    .complains(format!("hc-rootfs: in tree: /usr/bin/p: its loader {LOADER} {is}\n")),
            };
            let log = fs::read_to_string(&log).unwrap();
            let opened = log.lines().filter(|line| line.contains(&format!("\"/{place}\"")));
            assert!(opened.clone().count() > 0, "{log}");
            assert!(opened.into_iter().all(|line| line.contains("O_PATH")), "{place}: {log}");
            fs::remove_dir_all(dir.join("tree")).unwrap();
            let _ = fs::remove_dir_all(dir.join("box"));
        }
    }
}

#[test]
fn links_that_lead_round_are_errors() {
    let dir = Dir::of_nobody();
    tree(&dir);
    symlink("loop", dir.join("tree/usr/bin/loop")).unwrap();
    refuses_within(&dir, "loop", "/usr/bin/loop: Too many levels of symbolic links");
    fs::remove_file(dir.join("tree/usr/lib/liba.so")).unwrap();
    symlink("/lib/x/../liba.so", dir.join("tree/usr/lib/liba.so")).unwrap();
    symlink("/usr/lib/liba.so", dir.join("tree/lib/liba.so")).unwrap();
    dir.directory("tree/lib/x");
    let looked = "/usr/bin/p: liba.so, which it needs, is in none of: /usr/lib /etc/ld.so.cache \
                  (/usr/lib/liba.so cannot be opened: Too many levels of symbolic links)";
    refuses_within(&dir, "p", looked);
    // As many links as the kernel takes, and one more.
    dir.file("tree/lib/0", Elf::new(ARM64).bytes());
    for number in 1..=40 {
        symlink((number - 1).to_string(), dir.join("tree/lib").join(number.to_string())).unwrap();
    }
    fs::remove_file(dir.join("tree/usr/lib/liba.so")).unwrap();
    symlink("/lib/40", dir.join("tree/usr/lib/liba.so")).unwrap();
    refuses_within(&dir, "p", looked);
    fs::remove_file(dir.join("tree/usr/lib/liba.so")).unwrap();
    symlink("/lib/39", dir.join("tree/usr/lib/liba.so")).unwrap();
    within(&dir).arg("p").as_nobody().run().ok().quiet();
    assert_eq!(fs::read_link(dir.join("box/lib/39")).unwrap(), Path::new("38"));
}

#[test]
fn a_link_of_a_proc_in_the_tree_is_not_followed() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    tree(&dir);
    dir.directory("tree/proc");
    Cmd::line(["mount", "-t", "proc", "proc"]).arg(dir.join("tree/proc")).on(&host).run().ok();
    // Both lead out: to the host's root directory, and to a file of the host's.
    for (name, target) in [("root", "/proc/self/root/bin/echo"), ("exe", "/proc/self/exe")] {
        symlink(target, dir.join("tree/usr/bin").join(name)).unwrap();
        let message = within(&dir).arg(name).on(&host).run().fails("hc-rootfs", 125);
        assert_eq!(message, format!("in tree: /usr/bin/{name}: Too many levels of symbolic links"));
    }
    assert!(!dir.join("box").exists());
}

#[test]
fn a_link_that_comes_and_goes_leads_nobody_out() {
    let dir = Dir::new();
    let secret = Elf::new(ARM64).soname("secret").bytes();
    dir.file("out/liba.so", &secret);
    // A file and a link to one outside, and then a directory and a link to one outside.
    for (one, other, target) in [
        ("usr/lib/liba.so", "usr/lib/other", "../../../out/liba.so"),
        ("usr/lib", "usr/other", "../../out"),
        ("usr/lib/liba.so", "usr/lib/other", "OUT/liba.so"),
        ("usr", "other", "OUT"),
    ] {
        tree(&dir);
        let target = target.replace("OUT", dir.join("out").to_str().unwrap());
        symlink(target, dir.join("tree").join(other)).unwrap();
        let (one, other) = (dir.join("tree").join(one), dir.join("tree").join(other));
        let exchange = || {
            let (at, flags) = (nix::fcntl::AT_FDCWD, nix::fcntl::RenameFlags::RENAME_EXCHANGE);
            let _ = nix::fcntl::renameat2(at, &one, at, &other, flags);
        };
        let before: Vec<String> = dir.listing().into_iter().filter(|line| line.starts_with("out")).collect();
        let run = |_| {
            let ended = within(&dir).arg("p").run().ended;
            let whole = ended == Ended::Exit(0);
            assert!(whole || ended == Ended::Exit(125), "{ended:?}");
            for file in whole.then(|| files_in(&dir.join("box"))).into_iter().flatten() {
                let copy = dir.join("box").join(file.strip_prefix("/").unwrap());
                assert!(fs::read(copy).unwrap() != secret, "{} came from outside", file.display());
            }
            let _ = fs::remove_dir_all(dir.join("box"));
        };
        meanwhile(exchange, || (0..40).for_each(run));
        let after: Vec<String> = dir.listing().into_iter().filter(|line| line.starts_with("out")).collect();
        assert_eq!(after, before);
        fs::remove_dir_all(dir.join("tree")).unwrap();
    }
}

#[test]
fn neither_the_tree_nor_this_machine_is_filled_from_the_tree() {
    let dir = Dir::new();
    tree(&dir);
    symlink("tree", dir.join("link")).unwrap();
    let before = dir.listing();
    for name in ["tree", "tree/usr/..", "link"] {
        let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", name, "/usr/bin/p"]);
        let expected =
            format!("{name}: is the sysroot, where the programs come from: name a directory to copy them to");
        assert_eq!(line.run().fails("hc-rootfs", 125), expected);
    }
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", "/", "/usr/bin/p"]);
    let expected = "/: is the root directory of this machine: name a directory to copy them to";
    assert_eq!(line.run().fails("hc-rootfs", 125), expected);
    assert_eq!(dir.listing(), before);
    // In the tree is a place like any other.
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", "tree/box", "/usr/bin/p"]);
    line.run().ok().quiet();
    assert_eq!(files_in(&dir.join("tree/box")).len(), 3);
}
