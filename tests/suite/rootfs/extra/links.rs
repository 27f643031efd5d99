//! Symlinks in a tree, and one that leads to it.

use super::super::files_in;
use super::{copy_of, with};
use hc_tests::{Cmd, Dir, require};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

#[test]
fn a_link_of_somebody_else_s_brings_no_file_of_a_third() {
    require!(hc_tests::is_root(), "takes files of several owners");
    let dir = Dir::new();
    dir.file("secret", "");
    dir.file("his", "");
    dir.directory("t");
    let path = dir.path().display().to_string();
    for name in ["secret", "his"] {
        symlink(format!("{path}/{name}"), dir.join("t").join(name)).unwrap();
        std::os::unix::fs::lchown(dir.join("t").join(name), Some(65534), Some(65534)).unwrap();
    }
    std::os::unix::fs::chown(dir.join("his"), Some(65534), Some(65534)).unwrap();
    for how in ["auto", "hard"] {
        let box_ = dir.join(how);
        let line = Cmd::tool("hc-rootfs").arg(format!("--link={how}")).args(["-f", "t"]).arg(&box_);
        line.dir(dir.path()).run().ok().complains(format!(
            "hc-rootfs: {path}/t/secret: note: it leads to {path}/secret, another owner's, outside of the tree, \
             which is not copied\n"
        ));
        let found: Vec<_> = files_in(&box_).into_iter().collect();
        assert_eq!(found, [PathBuf::from(format!("{path}/his"))], "{how}");
    }
}

#[test]
fn a_link_that_leads_out_of_a_tree_brings_the_file_but_no_directory() {
    let dir = Dir::new();
    dir.file("out/file", "content");
    dir.file("out/directory/more", "");
    dir.file("t/own", "");
    let path = dir.path().display().to_string();
    for (name, target) in [
        ("file", "../out/link".to_owned()),
        ("absolute", format!("{path}/out/file")),
        ("directory", "../out/directory".to_owned()),
        ("null", "/dev/null".to_owned()),
        ("proc", "/proc/self/exe".to_owned()),
        ("out-and-in", "../t/own".to_owned()),
    ] {
        symlink(target, dir.join("t").join(name)).unwrap();
    }
    symlink("file", dir.join("out/link")).unwrap();
    let note = |name: &str, target: &str, what: &str| {
        format!(
            "hc-rootfs: {path}/t/{name}: note: it leads to {target}, {what} outside of the tree, which is not copied\n"
        )
    };
    let of_proc =
        "note: /proc/self/exe: its way leads over /proc/self, which the kernel makes anew for each process";
    let output = with(&dir, &["t"]).run().ok();
    let directory = note("directory", "../out/directory", "a directory");
    output.complains(format!("{directory}hc-rootfs: {of_proc}\n"));
    assert_eq!(fs::read(copy_of(&dir, "t/file")).unwrap(), b"content", "by way of the other link");
    assert!(copy_of(&dir, "out/link").is_symlink() && copy_of(&dir, "t/null").is_symlink());
    assert!(copy_of(&dir, "t/directory").is_symlink() && !copy_of(&dir, "out/directory").exists());
    // Somewhere else, only absolute ones lead where they did.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let output = with(&dir, &["t:/opt"]).run().ok();
    let (file, own) = (note("file", "../out/link", "a file"), note("out-and-in", "../t/own", "a file"));
    output.complains(format!("{directory}{file}{own}hc-rootfs: {of_proc}\n"));
    assert_eq!(fs::read(copy_of(&dir, "out/file")).unwrap(), b"content");
    // Asked for as well, it is there.
    fs::remove_file(dir.join("t/proc")).unwrap();
    with(&dir, &["t", "out"]).run().ok().quiet();
}

#[test]
fn a_tree_that_changes_leads_nobody_out_of_it() {
    let dir = Dir::new();
    dir.file("secret/file", "secret");
    dir.file("t/sub/file", "public");
    symlink(dir.join("secret"), dir.join("t/link")).unwrap();
    let exchange = || {
        let at = nix::fcntl::AT_FDCWD;
        let flags = nix::fcntl::RenameFlags::RENAME_EXCHANGE;
        let _ = nix::fcntl::renameat2(at, &dir.join("t/sub"), at, &dir.join("t/link"), flags);
    };
    hc_tests::meanwhile(exchange, || {
        for _ in 0..100 {
            let _ = with(&dir, &["t:/t"]).run();
            for path in files_in_if_there(&dir.join("box/t")) {
                let content = fs::read(&path).unwrap();
                assert_eq!(content, b"public", "{}", path.display());
            }
            let _ = fs::remove_dir_all(dir.join("box"));
        }
    });
}

fn files_in_if_there(root: &Path) -> Vec<PathBuf> {
    if !root.is_dir() {
        return Vec::new();
    }
    files_in(root).into_iter().map(|path| root.join(path.strip_prefix("/").unwrap())).collect()
}

#[test]
fn where_dir_has_a_directory_for_a_link_the_tree_goes_there() {
    let dir = Dir::new();
    dir.file("real/f", "content");
    symlink("real", dir.join("l")).unwrap();
    dir.directory(format!("box{}", dir.join("l").display()));
    for _ in 0..2 {
        with(&dir, &["l"]).run().ok().quiet();
        assert_eq!(files_in(&dir.join("box")).into_iter().collect::<Vec<_>>(), [dir.join("l/f")]);
    }
    fs::remove_dir_all(dir.join("box")).unwrap();
    with(&dir, &["l"]).run().ok().quiet();
    assert_eq!(files_in(&dir.join("box")).into_iter().collect::<Vec<_>>(), [dir.join("real/f")]);
    assert_eq!(fs::read_link(copy_of(&dir, "l")).unwrap(), Path::new("real"));
}

#[test]
fn a_moved_link_leads_to_what_another_f_puts_there() {
    let dir = Dir::new();
    dir.file("b/f", "content");
    dir.directory("a");
    symlink("../b/f", dir.join("a/f")).unwrap();
    symlink("../b", dir.join("a/d")).unwrap();
    with(&dir, &["a:/x/a", "b:/x/b"]).run().ok().quiet();
    assert_eq!(fs::read(dir.join("box/x/a/f")).unwrap(), b"content");
}

#[test]
fn a_directory_where_a_link_belongs_is_an_error() {
    let dir = Dir::new();
    dir.file("t/f", "");
    symlink("f", dir.join("t/l")).unwrap();
    dir.directory("box/x/l");
    let message = with(&dir, &["t:/x"]).run().fails("hc-rootfs", 125);
    assert_eq!(message, "box/x/l: is a directory, and a file or a link belongs there");
}

#[test]
fn a_program_by_way_of_somebody_else_s_link_is_asked_for() {
    require!(hc_tests::is_root(), "takes files of several owners");
    let dir = Dir::new();
    dir.directory("t");
    symlink("/usr/bin/echo", dir.join("t/p")).unwrap();
    std::os::unix::fs::lchown(dir.join("t/p"), Some(65534), Some(65534)).unwrap();
    with(&dir, &["t"]).arg("./t/p").run().ok().quiet();
    assert!(dir.join("box/usr/bin/echo").is_file());
}
