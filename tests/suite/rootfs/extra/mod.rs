//! -f: files and directory trees.

mod kernel;
mod layers;
mod libraries;
mod links;
mod moved;

use super::files_in;
use hc_tests::{Cmd, Dir};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// `hc-rootfs -f FILE... box` in `dir`, and what follows.
fn with(dir: &Dir, files: &[&str]) -> Cmd {
    let options = files.iter().flat_map(|file| ["-f", file]);
    Cmd::tool("hc-rootfs").dir(dir.path()).args(options).arg("box")
}

/// Where a file of `dir` is copied to.
fn copy_of(dir: &Dir, name: &str) -> PathBuf {
    dir.join("box").join(dir.join(name).strip_prefix("/").expect("absolute"))
}

#[test]
fn a_tree_is_what_it_was() {
    let dir = Dir::new();
    let odd = dir.join("t").join(std::ffi::OsStr::from_bytes(b"a\n\xff:b"));
    dir.file("t/sub/deep/file", "content");
    fs::write(&odd, "odd").unwrap();
    dir.directory("t/empty");
    dir.program("t/p", "#!/nosuch\n");
    fs::hard_link(dir.join("t/p"), dir.join("t/sub/q")).unwrap();
    fs::set_permissions(dir.join("t/empty"), fs::Permissions::from_mode(0o2750)).unwrap();
    for (name, target) in
        [("l", "sub/deep"), ("sub/up", "../p"), ("loop", "loop"), ("dangling", "nowhere"), ("dot", ".")]
    {
        symlink(target, dir.join("t").join(name)).unwrap();
    }
    symlink(dir.join("t/p"), dir.join("t/absolute")).unwrap();
    with(&dir, &["t"]).run().ok().quiet();
    let compare = || {
        let copy = copy_of(&dir, "t");
        Cmd::line(["diff", "-r", "--no-dereference", "t"]).arg(&copy).dir(dir.path()).run().ok().quiet();
        let list = |root: &Path| {
            let find = "find . -type f -printf '%p %m %Ts\\0' -o -type l -printf '%p %l\\0' | sort -z";
            Cmd::sh(find).dir(root).run().ok().quiet().stdout
        };
        assert_eq!(list(&copy), list(&dir.join("t")));
        assert_eq!(copy.join("empty").metadata().unwrap().mode() & 0o7777, 0o2750);
        assert_eq!(copy.join("p").metadata().unwrap().ino(), copy.join("sub/q").metadata().unwrap().ino());
    };
    compare();
    // The second time, nothing.
    let before = dir.listing();
    with(&dir, &["t"]).run().ok().quiet();
    assert_eq!(dir.listing(), before);
    // A file that was replaced by something else.
    let file = copy_of(&dir, "t/sub/deep/file");
    fs::remove_file(&file).unwrap();
    symlink("/etc/passwd", &file).unwrap();
    fs::remove_file(copy_of(&dir, "t/sub/up")).unwrap();
    with(&dir, &["t"]).run().ok().quiet();
    compare();
    // With NEXT that does not start, all of it goes again.
    fs::remove_dir_all(dir.join("box")).unwrap();
    with(&dir, &["t"]).args(["--", "nosuch"]).run().fails("hc-rootfs", 127);
    assert!(!dir.join("box").exists());
}

#[test]
fn it_may_have_another_place() {
    let dir = Dir::new();
    dir.file("t/sub/file", "content");
    dir.file("x:y", "colon");
    symlink("t", dir.join("link")).unwrap();
    symlink("sub", dir.join("t/l")).unwrap();
    let files = [
        "t:/opt/tree",
        "t/sub/file:/etc/motd",
        "x\\:y:/a\\:b",
        "t/sub:/srv/",
        "t/sub/file:/srv/",
        "link:/srv/x",
        "t:/",
    ];
    with(&dir, &files).run().ok().quiet();
    let expected = [
        "/a:b",
        "/etc/motd",
        "/opt/tree/sub/file",
        "/srv/file",
        "/srv/sub/file",
        "/srv/x/sub/file",
        "/sub/file",
    ];
    let found: Vec<_> = files_in(&dir.join("box")).into_iter().collect();
    assert_eq!(found, expected.map(PathBuf::from));
    assert_eq!(fs::read_link(dir.join("box/opt/tree/l")).unwrap(), Path::new("sub"));
    let before = dir.listing();
    with(&dir, &files).run().ok().quiet();
    assert_eq!(dir.listing(), before);
}

#[test]
fn dir_is_not_copied_into_itself() {
    let dir = Dir::new();
    dir.file("t/file", "");
    dir.directory("t/box");
    let note = format!(
        "hc-rootfs: {}: note: is the directory to copy to, and not copied into itself\n",
        dir.join("t/box").display()
    );
    let run = |source: &str| Cmd::tool("hc-rootfs").args(["-f", source, "t/box"]).dir(dir.path()).run();
    for _ in 0..2 {
        run("t").ok().complains(&note);
        assert_eq!(files_in(&dir.join("t/box")).into_iter().collect::<Vec<_>>(), [dir.join("t/file")]);
    }
    assert_eq!(
        run("t/box").fails("hc-rootfs", 125),
        format!("{}: is the directory to copy to", dir.join("t/box").display())
    );
    // What is in it has a place in it.
    dir.file("t/box/own", "x");
    run("t/box/own:/other").ok().quiet();
    assert_eq!(fs::read(dir.join("t/box/other")).unwrap(), b"x");
}

#[test]
fn ten_thousand_files_take_no_time() {
    let dir = Dir::new();
    for directory in 0..100 {
        dir.directory(format!("t/{directory}"));
        for file in 0..100 {
            fs::write(dir.join(format!("t/{directory}/{file}")), "x").unwrap();
        }
    }
    let start = std::time::Instant::now();
    with(&dir, &["t"]).run().ok().quiet();
    with(&dir, &["t"]).run().ok().quiet();
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(files_in(&dir.join("box")).len(), 10_000);
}

#[test]
fn without_programs_there_must_be_files() {
    let dir = Dir::new();
    dir.file("f", "");
    for (args, message) in [
        (&["-f", "", "box"][..], "-f '': no file to copy"),
        (&["-f", ":/x", "box"], "-f ':/x': no file to copy"),
        (&["-f", "f:x", "box"], "-f 'f:x': its place in the new root has to begin with a slash"),
        (&["-f", "f:", "box"], "-f 'f:': its place in the new root has to begin with a slash"),
        (&["-f", "f:/a/../b", "box"], "-f 'f:/a/../b': its place in the new root has a .. in it"),
        (&["-f", "f:/x:ro", "box"], "-f 'f:/x:ro': has two colons: \\: is one that belongs to a name"),
        (&["-f", "..:/x/", "box"], "-f '..:/x/': has no name of its own: give it one"),
        (&["-f", "f"], "no DIR to copy to"),
        (&["box"], "no PROGRAM to copy"),
    ] {
        let output = Cmd::tool("hc-rootfs").args(args).dir(dir.path()).run();
        assert_eq!(output.fails("hc-rootfs", 125), format!("{message}: try 'man hc-rootfs'"));
    }
    assert!(!dir.join("box").exists());
    Cmd::tool("hc-rootfs")
        .args(["--file=f:/x", "box", "--", "echo", "next"])
        .dir(dir.path())
        .run()
        .ok()
        .says("next\n");
    assert!(dir.join("box/x").is_file());
}
