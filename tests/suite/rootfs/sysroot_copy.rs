//! --sysroot with -f, --etc, --link and extended attributes: it is the files in there that are meant.

use super::files_in;
use super::made::{ARM64, Elf};
use super::sysroot::{LOADER, tree, within};
use hc_tests::{Cmd, Dir, Ended, meanwhile};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// `hc-rootfs --sysroot=tree OPTION... box` in `dir`.
fn with(dir: &Dir, options: &[&str]) -> Cmd {
    Cmd::tool("hc-rootfs").dir(dir.path()).arg("--sysroot=tree").args(options).arg("box")
}

/// The lines of strace(1) about calls with an absolute path of the host's, but for those before main().
fn absolute_paths(dir: &Dir, line: &Cmd) -> Vec<String> {
    let log = dir.join("log");
    Cmd::line(["strace", "-f", "-o"]).arg(&log).chain(line).dir(dir.path()).run().ok();
    let log = fs::read_to_string(log).unwrap();
    let calls = log.lines().skip(1).filter(|line| line.contains("(AT_FDCWD, \"/") || line.contains("(\"/"));
    let own = ["readlink(\"/proc/self/exe\"", "(AT_FDCWD, \"/\"", "symlinkat("];
    calls.filter(|line| !own.iter().any(|own| line.contains(own))).map(str::to_owned).collect()
}

fn set_attribute(dir: &Dir, name: &str, value: &str) {
    let line = Cmd::line(["setfattr", "-n", "user.note", "-v", value, name]);
    line.dir(dir.path()).run().ok().quiet();
}

fn attribute(dir: &Dir, name: &str) -> String {
    let line = Cmd::line(["getfattr", "--only-values", "-n", "user.note", name]);
    line.dir(dir.path()).run().ok().quiet().text().to_owned()
}

/// The tree of [`tree`], with one to copy in /srv/t, whose links lead to what the host does not have there.
fn tree_within(dir: &Dir) {
    tree(dir);
    dir.program("tree/srv/t/p", Elf::new(ARM64).loader(LOADER).needs("liba.so").bytes());
    dir.file("tree/srv/t/sub/file", "content");
    dir.file("tree/srv/out", "outside of the tree");
    dir.directory("tree/data");
    for (name, target) in [
        ("absolute", "/srv/out"),
        ("up", "../../../../../../../srv/out"),
        ("directory", "/data"),
        // These would be something if they led out of the sysroot.
        ("host", "/bin/echo"),
        ("self", "/proc/self/exe"),
        ("inside", "sub/file"),
    ] {
        symlink(target, dir.join("tree/srv/t").join(name)).unwrap();
    }
}

#[test]
fn files_and_trees_are_those_of_the_sysroot() {
    // A relative name counts from the root, wherever the caller is.
    for name in ["/srv/t", "srv/t", "/../srv/../srv/t/", "link"] {
        let dir = Dir::of_nobody();
        tree_within(&dir);
        symlink("/srv/t", dir.join("tree/link")).unwrap();
        let output = with(&dir, &["-f", name]).as_nobody().run().ok();
        output.complains(
            "hc-rootfs: in tree: /srv/t/directory: note: it leads to /data, a directory outside of the tree, which is \
             not copied\n",
        );
        let expected = ["/srv/t/p", "/srv/t/sub/file", "/srv/out", "/usr/lib/liba.so", LOADER];
        assert_eq!(files_in(&dir.join("box")), expected.map(PathBuf::from).into(), "{name}");
        for link in ["absolute", "up", "directory", "host", "self", "inside"] {
            let target = |root: &str| fs::read_link(dir.join(root).join("srv/t").join(link)).unwrap();
            assert_eq!(target("box"), target("tree"));
        }
        assert_eq!(fs::read_to_string(dir.join("box/srv/out")).unwrap(), "outside of the tree");
        let before = dir.listing();
        with(&dir, &["-v", "-f", name]).as_nobody().run().ok();
        assert_eq!(dir.listing(), before);
    }
}

#[test]
fn a_place_is_one_in_the_new_root() {
    let dir = Dir::of_nobody();
    tree_within(&dir);
    let files = ["-f", "/srv/t/sub:/opt/", "-f", "srv/t/absolute:/etc/motd"];
    with(&dir, &files).as_nobody().run().ok().quiet();
    let expected = ["/etc/motd", "/opt/sub/file"].map(PathBuf::from);
    assert_eq!(files_in(&dir.join("box")), expected.into());
    assert_eq!(fs::read_to_string(dir.join("box/etc/motd")).unwrap(), "outside of the tree");
}

#[test]
fn what_the_sysroot_lacks_is_not_the_host_s_file() {
    let dir = Dir::new();
    tree_within(&dir);
    let socket = std::os::unix::net::UnixListener::bind(dir.join("tree/srv/socket")).unwrap();
    dir.program("tree/srv/q", Elf::new(ARM64).loader(LOADER).needs("libb.so").bytes());
    for (name, why) in [
        ("/etc/passwd", "/etc/passwd: No such file or directory"),
        ("/srv/t/host", "/srv/t/host: No such file or directory"),
        ("/srv/socket", "/srv/socket: is a socket, neither a file nor a directory"),
        ("/srv/q", "/srv/q: libb.so, which it needs, is in none of: /usr/lib /etc/ld.so.cache"),
    ] {
        let message = with(&dir, &["-f", name]).run().fails("hc-rootfs", 125);
        assert_eq!(message, format!("in tree: {why}"));
        assert!(!dir.join("box").exists());
    }
    drop(socket);
    dir.directory("tree/box");
    let line = Cmd::tool("hc-rootfs").dir(dir.path()).args(["--sysroot=tree", "-f", "/box", "tree/box"]);
    let message = line.run().fails("hc-rootfs", 125);
    assert_eq!(message, "in tree: /box: is the directory to copy to");
}

#[test]
fn nothing_of_the_host_is_looked_at_for_any_of_it() {
    let dir = Dir::new();
    tree_within(&dir);
    set_attribute(&dir, "tree/srv/t/p", "kept");
    for options in [&["-f", "/srv/t"][..], &["--link=hard", "-f", "/srv/t"]] {
        // From nothing, and with copies to compare with.
        for _ in 0..2 {
            let looked = absolute_paths(&dir, &with(&dir, options).arg("/usr/bin/p"));
            let others: Vec<&String> =
                looked.iter().filter(|line| !line.contains("\"/proc/self/fd/")).collect();
            assert!(others.is_empty(), "{others:#?}");
        }
    }
}

#[test]
fn a_program_that_is_asked_for_by_name_may_need_proc() {
    let dir = Dir::of_nobody();
    tree(&dir);
    let program = Elf::new(ARM64).loader(LOADER).runpath("$ORIGIN/../lib").needs("liba.so");
    dir.program("tree/srv/p", program.bytes());
    dir.file("tree/srv/l.so", Elf::new(ARM64).runpath("$ORIGIN").needs("liba.so").bytes());
    let output = with(&dir, &["-v", "-f", "/srv/p", "-f", "/srv/l.so"]).as_nobody().run().ok();
    let text = String::from_utf8(output.stderr).unwrap();
    let notes: Vec<&str> = text.lines().filter(|line| line.contains("$ORIGIN")).collect();
    assert_eq!(notes, ["hc-rootfs: in tree: /srv/p uses $ORIGIN: /proc must be mounted in box"]);
}

#[test]
fn attributes_are_those_of_the_file_in_the_sysroot() {
    let dir = Dir::of_nobody();
    tree(&dir);
    let copied = "hc-rootfs: copied /usr/bin/p\n";
    for value in ["one", "other"] {
        set_attribute(&dir, "tree/usr/bin/p", value);
        let verbose = || with(&dir, &["-v"]).arg("/usr/bin/p").run().ok();
        let text = String::from_utf8(verbose().stderr).unwrap();
        assert!(text.contains(copied), "{text}");
        assert_eq!(attribute(&dir, "box/usr/bin/p"), value);
        verbose().quiet();
    }
    set_attribute(&dir, "tree/usr/bin/p", "new");
    with(&dir, &["-v", "--no-xattrs"]).arg("/usr/bin/p").run().ok().quiet();
}

#[test]
fn a_hard_link_is_one_more_name_of_the_file_in_the_sysroot() {
    let dir = Dir::new();
    tree(&dir);
    let inode = |name: &str| dir.join(name).metadata().unwrap().ino();
    within(&dir).arg("p").run().ok().quiet();
    assert_ne!(inode("box/usr/bin/p"), inode("tree/usr/bin/p"));
    let hard = || with(&dir, &["--link=hard"]).arg("/usr/bin/p").run();
    hard().ok().quiet();
    let before = dir.listing();
    for name in ["/usr/bin/p", "/usr/lib/liba.so", LOADER] {
        assert_eq!(inode(&format!("box{name}")), inode(&format!("tree{name}")));
    }
    hard().ok().quiet();
    assert_eq!(dir.listing(), before);
}

#[test]
fn a_copy_that_cannot_be_says_where_its_file_is() {
    let dir = Dir::of_nobody();
    tree(&dir);
    let why = "box/usr/bin/p: cannot be a hard link to /usr/bin/p in tree: Operation not permitted \
               (see fs.protected_hardlinks in proc(5))";
    let immutable = |sign: &str| {
        let line = Cmd::line(["chattr", &format!("{sign}i"), "tree/usr/bin/p"]).dir(dir.path());
        line.run().ended == Ended::Exit(0)
    };
    hc_tests::require!(hc_tests::is_root() && immutable("+"), "takes a file system with chattr(1)");
    let output = with(&dir, &["--link=hard"]).arg("/usr/bin/p").run();
    assert!(immutable("-"));
    assert_eq!(output.fails("hc-rootfs", 125), why);
    assert!(!dir.join("box").exists());
}

#[test]
fn the_resolv_conf_is_the_caller_s() {
    let dir = Dir::of_nobody();
    tree(&dir);
    for name in ["resolv.conf", "passwd"] {
        dir.file(format!("tree/etc/{name}"), "of the tree\n");
    }
    with(&dir, &["--etc"]).as_nobody().run().ok().quiet();
    Cmd::tool("hc-rootfs").dir(dir.path()).args(["--etc", "host"]).as_nobody().run().ok().quiet();
    let read = |root: &Path, name: &str| fs::read(root.join("etc").join(name)).ok();
    for name in ["resolv.conf", "passwd", "group", "hosts", "nsswitch.conf"] {
        assert_eq!(read(&dir.join("box"), name), read(&dir.join("host"), name), "{name}");
    }
}

#[test]
fn a_tree_that_is_exchanged_for_a_link_leads_nobody_out() {
    let dir = Dir::new();
    let secret = "the secret that is outside";
    dir.file("out/t/file", secret);
    dir.file("out/file", secret);
    let count = dir.join("out/file").metadata().unwrap().nlink();
    for (one, other, target) in [
        ("srv", "other", "OUT"),
        ("srv/t", "srv/other", "../../out/t"),
        ("srv/t/file", "srv/other", "OUT/file"),
        ("srv/t/file", "srv/t/other", "../../../out/file"),
    ] {
        let target = target.replace("OUT", dir.join("out").to_str().unwrap());
        dir.file("tree/srv/t/file", "content");
        symlink(target, dir.join("tree").join(other)).unwrap();
        let (first, second) = (dir.join("tree").join(one), dir.join("tree").join(other));
        let exchange = || {
            let (at, flags) = (nix::fcntl::AT_FDCWD, nix::fcntl::RenameFlags::RENAME_EXCHANGE);
            let _ = nix::fcntl::renameat2(at, &first, at, &second, flags);
        };
        let run = |number: usize| {
            let link = ["--link=auto", "--link=hard"][number % 2];
            let ended = with(&dir, &[link, "-f", "/srv/t", "-f", "/srv/t/file:/file"]).run().ended;
            assert!(matches!(ended, Ended::Exit(0 | 125)), "{ended:?}");
            let copies = if dir.join("box").exists() { files_in(&dir.join("box")) } else { BTreeSet::new() };
            for file in copies {
                let copy = dir.join("box").join(file.strip_prefix("/").unwrap());
                assert!(fs::read_to_string(copy).unwrap() != secret, "{} came from outside", file.display());
            }
            let _ = fs::remove_dir_all(dir.join("box"));
        };
        meanwhile(exchange, || (0..40).for_each(run));
        assert_eq!(dir.join("out/file").metadata().unwrap().nlink(), count);
        fs::remove_dir_all(dir.join("tree")).unwrap();
    }
}
