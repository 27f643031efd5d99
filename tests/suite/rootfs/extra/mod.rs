//! -f: files and directory trees.

use super::{NO_CONTAINERS, build, can_look_inside, files_in, inside, library};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
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
fn a_python_runs_with_its_library() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let python = fs::canonicalize("/usr/bin/python3").unwrap();
    let library = format!("/usr/lib/{}", python.file_name().unwrap().to_str().unwrap());
    with(&dir, &[&library]).arg("/usr/bin/python3").run().ok();
    // Modules with libraries of their own.
    let script =
        "import ssl, bz2, lzma, hashlib, ctypes, sqlite3; print(ssl.OPENSSL_VERSION.split()[0], 6 * 7)";
    inside(&dir).args(["/usr/bin/python3", "-B", "-c", script]).run().ok().quiet().says("OpenSSL 42\n");
    // And once more there is nothing to do.
    let again = Cmd::tool("hc-rootfs")
        .args(["-v", "-f", &library, "box", "/usr/bin/python3"])
        .dir(dir.path())
        .run()
        .ok();
    assert!(!String::from_utf8_lossy(&again.stderr).contains("copied"), "{again:?}");
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
fn elf_files_bring_their_libraries() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    library(&dir, "elsewhere/libb.so", "", "-soname libb.so");
    let runpath = format!("-rpath {}", dir.join("elsewhere").display());
    library(&dir, "t/modules/m.so", "elsewhere/libb.so", &runpath);
    library(&dir, "gone/libgone.so", "", "-soname libgone.so");
    library(&dir, "t/modules/optional.so", "gone/libgone.so", "");
    dir.file(
        "t/modules/broken.so",
        b"\x7fELF and no more, whatever that may be worth to the ones who look for it",
    );
    let output = with(&dir, &["t"]).arg("/bin/true").run().ok();
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let missing =
        |name: &str| format!("{}: libgone.so, which it needs, is in none of: ", dir.join(name).display());
    let optional = missing("t/modules/optional.so");
    assert!(said.starts_with(&format!("hc-rootfs: note: {optional}")) && said.lines().count() == 1, "{said}");
    assert!(copy_of(&dir, "elsewhere/libb.so").is_file() && copy_of(&dir, "t/modules/broken.so").is_file());
    // One that is asked for by name has to be complete.
    fs::remove_dir_all(dir.join("box")).unwrap();
    let message = with(&dir, &["t/modules/optional.so"]).arg("/bin/true").run().fails("hc-rootfs", 125);
    assert!(message.starts_with(&optional), "{message}");
    assert!(!dir.join("box").exists());
    with(&dir, &["t/modules/m.so:/m.so"]).arg("/bin/true").run().ok().quiet();
    assert!(copy_of(&dir, "elsewhere/libb.so").is_file() && dir.join("box/m.so").is_file());
    // A program in a tree runs.
    fs::remove_dir_all(dir.join("box")).unwrap();
    dir.program("programs/p", fs::read("/bin/echo").unwrap());
    with(&dir, &["programs"]).run().ok().quiet();
    inside(&dir).arg(dir.join("programs/p")).arg("hi").run().ok().quiet().says("hi\n");
}

#[test]
fn what_is_no_file_is_left_out_of_a_tree_and_refused_by_name() {
    let dir = Dir::new();
    dir.file("t/file", "");
    build(&dir, "mkfifo t/fifo");
    let socket = std::os::unix::net::UnixListener::bind(dir.join("t/socket")).unwrap();
    let path = dir.join("t").display().to_string();
    let note =
        |name: &str, what: &str| format!("hc-rootfs: {path}/{name}: note: is {what} and is not copied\n");
    with(&dir, &["t"]).run().ok().complains(note("fifo", "a FIFO") + &note("socket", "a socket"));
    assert_eq!(fs::read_dir(copy_of(&dir, "t")).unwrap().count(), 1);
    drop(socket);
    fs::remove_dir_all(dir.join("box")).unwrap();
    for (name, message) in [
        ("t/fifo", format!("{path}/fifo: is a FIFO, neither a file nor a directory")),
        ("/dev/null", "/dev/null: is a device, neither a file nor a directory".to_owned()),
        ("t/nosuch", format!("{path}/nosuch: No such file or directory")),
        ("t/file/x", format!("{path}/file/x: Not a directory")),
        ("t/file:/", format!("{path}/file: is a file, and cannot be copied to /")),
    ] {
        assert_eq!(with(&dir, &[name]).run().fails("hc-rootfs", 125), message);
        assert!(!dir.join("box").exists());
    }
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
fn what_the_kernel_makes_is_not_copied() {
    require!(can_make_hosts(), "mounts take root with CAP_SYS_ADMIN");
    let (dir, host) = (Dir::new(), Host::new());
    let script =
        "mkdir -p t/proc t/other; mount -t proc x t/proc; mount -t tmpfs x t/other; echo x >t/other/file
                  exec hc-rootfs -f t box";
    let output = Cmd::sh(script).dir(dir.path()).on(&host).run().ok();
    let path = dir.join("t/proc");
    output.complains(format!(
        "hc-rootfs: {}: note: is a file system of the kernel and is not copied\n",
        path.display()
    ));
    assert_eq!(files_in(&dir.join("box")).into_iter().collect::<Vec<_>>(), [dir.join("t/other/file")]);
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
