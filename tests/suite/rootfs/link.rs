//! --link: what a copy has in common with the host's file.

use super::rootfs;
use hc_tests::{Cmd, Dir, Host, can_make_hosts, is_root, require};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A file system that shares blocks, in `m` of `dir`, with a statically linked program `p` in it.
#[track_caller]
fn with_file_system(dir: &Dir, host: &Host, mkfs: &str) {
    let (tool, script) = (hc_tests::tool("hc-env"), "truncate -s 400M image; mkdir m; mount -o loop image m");
    let copy = format!("cp --sparse=never {} m/p; sync -f m", tool.display());
    let script = script.replace("; mkdir", &format!("; {mkfs} image; mkdir"));
    Cmd::sh(format!("set -e; {script}; {copy}")).dir(dir.path()).on(host).run().ok();
}

fn below(root: &str, path: &Path) -> String {
    format!("{root}{}", path.display())
}

#[test]
fn where_the_file_system_can_blocks_are_shared() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    for mkfs in ["mkfs.btrfs -q", "mkfs.xfs -q"] {
        let (dir, host) = (Dir::new(), Host::new());
        with_file_system(&dir, &host, mkfs);
        for (link, shared) in [("auto", true), ("reflink", true), ("copy", false)] {
            let box_ = format!("m/{link}");
            let copy = below(&box_, &dir.join("m/p"));
            let script = format!(
                "set -e; hc-rootfs --link={link} {box_} m/p; sync -f m; cmp m/p {copy}
                 test $(stat -c %i m/p) != $(stat -c %i {copy}); filefrag -v {copy}"
            );
            let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
            let extents: Vec<&str> =
                output.text().lines().filter(|line| line.contains(": ") && line.contains("..")).collect();
            assert!(!extents.is_empty(), "{output:?}");
            assert!(
                extents.iter().all(|line| line.contains("shared") == shared),
                "{mkfs}, {link}: {output:?}"
            );
        }
        // A file with holes, larger than the file system.
        let copy = below("m/holes", &dir.join("m/p"));
        let script = format!(
            "set -e; truncate -s 1G m/p; hc-rootfs m/holes m/p; sync -f m; filefrag -v {copy} | grep -c shared
             stat -c %s {copy}; cmp -n 10000000 m/p {copy}"
        );
        let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
        assert!(output.text().ends_with("\n1073741824\n"), "{output:?}");
        Cmd::sh("umount m").dir(dir.path()).on(&host).run().ok();
    }
}

#[test]
fn where_it_cannot_reflink_says_why_and_leaves_nothing() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    let tool = hc_tests::tool("hc-env");
    let script = format!("mkdir t; mount -t tmpfs x t; cp {} t/p", tool.display());
    Cmd::sh(script).dir(dir.path()).on(&host).run().ok();
    let run = |program: &str| {
        let line =
            Cmd::tool("hc-rootfs").args(["--link=reflink", "t/box", program]).dir(dir.path()).on(&host);
        line.run().fails("hc-rootfs", 125)
    };
    let source = dir.join("t/p");
    assert_eq!(
        run("t/p"),
        format!(
            "{}: cannot share blocks with {}: the file system cannot do that",
            below("t/box", &source),
            source.display()
        )
    );
    let source = dir.program("p", fs::read(&tool).unwrap());
    assert_eq!(
        run("./p"),
        format!(
            "{}: cannot share blocks with {}: it is on another file system",
            below("t/box", &source),
            source.display()
        )
    );
    let left = Cmd::line(["ls", "-A", "t"]).dir(dir.path()).on(&host).run().ok();
    left.says("p\n");
    // What is a copy already is none to make.
    Cmd::sh("hc-rootfs t/box t/p && hc-rootfs --link=reflink t/box t/p")
        .dir(dir.path())
        .on(&host)
        .run()
        .ok()
        .quiet();
}

#[test]
fn a_hard_link_is_one_more_name_of_the_host_s_file() {
    let dir = Dir::new();
    let program = dir.program("p", fs::read(hc_tests::tool("hc-env")).unwrap());
    let copy = dir.join(below("box", &program));
    let hard = || Cmd::tool("hc-rootfs").args(["--link=hard", "-v", "box", "./p"]).dir(dir.path()).run();
    let inode = |path: &Path| path.metadata().unwrap().ino();
    // A copy is not enough.
    rootfs(&dir).arg("./p").run().ok().quiet();
    assert_ne!(inode(&copy), inode(&program));
    hard().ok().complains(format!("hc-rootfs: copied {}\n", program.display()));
    assert_eq!(inode(&copy), inode(&program));
    hard().ok().quiet();
    // And who wants no link takes what is there.
    rootfs(&dir).arg("./p").run().ok().quiet();
    assert_eq!(inode(&copy), inode(&program));
    // When it fails, the host's file has only its own name again.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let failing = Cmd::tool("hc-rootfs").args(["--link=hard", "box", "./p", "--", "nosuch"]).dir(dir.path());
    failing.run().fails("hc-rootfs", 127);
    assert_eq!(program.metadata().unwrap().nlink(), 1);
}

#[test]
fn a_hard_link_that_cannot_be_is_an_error() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::of_nobody(), Host::new());
    let program = dir.program("p", fs::read(hc_tests::tool("hc-env")).unwrap());
    Cmd::sh("mkdir t; mount -t tmpfs x t").dir(dir.path()).on(&host).run().ok();
    let elsewhere =
        Cmd::tool("hc-rootfs").args(["--link=hard", "t/box", "./p"]).dir(dir.path()).on(&host).run();
    let message =
        |root: &str| format!("{}: cannot be a hard link to {}", below(root, &program), program.display());
    assert_eq!(
        elsewhere.fails("hc-rootfs", 125),
        format!("{}: it is on another file system or mount", message("t/box"))
    );
    require!(
        is_root() && fs::read_to_string("/proc/sys/fs/protected_hardlinks").is_ok_and(|text| text == "1\n"),
        "fs.protected_hardlinks is off"
    );
    let other_s =
        Cmd::tool("hc-rootfs").args(["--link=hard", "box", "./p"]).dir(dir.path()).as_nobody().run();
    let why = "Operation not permitted (see fs.protected_hardlinks in proc(5))";
    assert_eq!(other_s.fails("hc-rootfs", 125), format!("{}: {why}", message("box")));
    assert!(!dir.join("box").exists());
}

#[test]
fn an_unknown_way_to_link_is_refused() {
    let dir = Dir::new();
    for value in ["", "soft", "Auto"] {
        let output = Cmd::tool("hc-rootfs")
            .arg(format!("--link={value}"))
            .args(["box", "/bin/echo"])
            .dir(dir.path())
            .run();
        let expected = format!("--link '{value}': not one of auto, reflink, copy, hard: try 'man hc-rootfs'");
        assert_eq!(output.fails("hc-rootfs", 125), expected);
        assert_eq!(dir.listing(), [""; 0]);
    }
}

#[test]
fn names_of_one_file_stay_so_on_each_file_system() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (host, dir) = (Host::new(), Dir::new());
    dir.file("t/x/1", "content");
    dir.directory("t/y");
    for name in ["x/2", "x/3", "y/1", "y/2"] {
        fs::hard_link(dir.join("t/x/1"), dir.join("t").join(name)).unwrap();
    }
    // x is a file system of its own. The second time other files are in the way.
    let script = "set -e; mkdir -p box/t/x; mount -t tmpfs x box/t/x
        look() { find box/t -links \"$1\" | sort; find box -name '.hc*'; }
        hc-rootfs -v -f t:/t box 2>&1; look 3; look 2
        for file in box/t/x/1 box/t/x/2 box/t/x/3 box/t/y/1 box/t/y/2; do
            echo another > new; cat new > $file.new; mv $file.new $file
        done
        hc-rootfs -v -f t:/t box 2>&1; look 3; look 2; cat box/t/x/3 box/t/y/2
        hc-rootfs -v -f t:/t box 2>&1";
    let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok().quiet();
    let copied: String =
        ["x/1", "x/2", "x/3", "y/1", "y/2"].map(|name| format!("hc-rootfs: copied /t/{name}\n")).concat();
    let linked = "box/t/x/1\nbox/t/x/2\nbox/t/x/3\nbox/t/y/1\nbox/t/y/2\n";
    let directories = "box/t/x\nbox/t/y\n";
    let text = output.text().replace(directories, "");
    assert_eq!(text, format!("{copied}{linked}{copied}{linked}contentcontent"));
}
