//! Trees that lead out of DIR, and programs that are none.

use super::{NO_CONTAINERS, build, can_look_inside, files_in, inside, refuses, rootfs};
use hc_tests::{Cmd, Dir, Ended, eventually, is_root, meanwhile, require};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::Path;

/// A place outside of DIR that would be noticed if it changed.
fn outside(dir: &Dir) -> Vec<String> {
    dir.listing().into_iter().filter(|line| !line.starts_with("box")).collect()
}

#[test]
fn a_link_in_dir_means_what_it_means_inside() {
    require!(can_look_inside(), NO_CONTAINERS);
    let links: &[(&str, &str)] = &[
        ("usr", "OUT"),
        ("usr", "../out"),
        ("usr", "../../../../../../../OUT"),
        ("usr/bin", "OUT"),
        ("usr/bin", "../../out"),
        ("usr/lib64", "OUT"),
        ("lib64", "OUT"),
        ("lib", "../out"),
        ("lib", "/"),
        ("bin", "../../out"),
    ];
    for (name, target) in links {
        let dir = Dir::new();
        dir.file("out/file", "");
        dir.directory("box").join(name).parent().map(fs::create_dir_all).unwrap().unwrap();
        let target = target.replace("OUT", dir.join("out").to_str().unwrap());
        symlink(&target, dir.join("box").join(name)).unwrap();
        let (before, all) = (outside(&dir), dir.listing());
        let output = rootfs(&dir).arg("/bin/echo").run();
        assert_eq!(outside(&dir), before, "{name} -> {target}");
        if *target == *"/" {
            output.ok().quiet();
            inside(&dir).args(["/bin/echo", "hi"]).run().ok().quiet().says("hi\n");
        } else {
            // Inside there is no such place, and what is in DIR is not thrown away.
            let expected = format!("box/{name}: leads to {target}, which is no directory in the new root");
            assert_eq!(output.fails("hc-rootfs", 125), expected);
            assert_eq!(dir.listing(), all);
        }
        // With the place it leads to, inside, it is used.
        let place = target.trim_start_matches("../").trim_start_matches('/');
        fs::create_dir_all(dir.join("box").join(place)).unwrap();
        rootfs(&dir).arg("/bin/echo").run().ok().quiet();
        inside(&dir).args(["/bin/echo", "hi"]).run().ok().quiet().says("hi\n");
        assert_eq!(outside(&dir), before, "{name} -> {target}");
    }
}

#[test]
fn a_link_that_leads_round_or_over_a_file_is_an_error() {
    let dir = Dir::new();
    for (name, target, reason) in [
        ("usr", "usr", "box/usr: Too many levels of symbolic links"),
        ("usr", "lib", "box/usr: Too many levels of symbolic links"),
        ("usr", "proc/self/root", "box/usr: leads to proc/self/root, which is no directory in the new root"),
        ("lib64", "file/..", "box/file: Not a directory"),
        ("bin", "file", "box/file: Not a directory"),
    ] {
        dir.file("box/file", "");
        symlink("usr", dir.join("box/lib")).unwrap();
        symlink(target, dir.join("box").join(name)).unwrap();
        let before = dir.listing();
        assert_eq!(rootfs(&dir).arg("/bin/echo").run().fails("hc-rootfs", 125), reason);
        assert_eq!(dir.listing(), before, "{name} -> {target}");
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn what_stands_where_a_file_belongs_is_replaced_and_not_written_to() {
    require!(can_look_inside(), NO_CONTAINERS);
    let dir = Dir::new();
    let file = dir.file("out", "precious");
    let places = ["usr/bin/echo", "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/lib64/ld-linux-x86-64.so.2"];
    for place in places.map(|place| dir.join("box").join(place)) {
        for kind in ["link", "dangling link", "loop", "hard link", "FIFO", "device", "socket"] {
            if kind == "device" && !is_root() {
                continue;
            }
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            match kind {
                "link" => symlink(&file, &place).unwrap(),
                "dangling link" => symlink(dir.join("new"), &place).unwrap(),
                "loop" => symlink(place.file_name().unwrap(), &place).unwrap(),
                "hard link" => fs::hard_link(&file, &place).unwrap(),
                "FIFO" => build(&dir, &format!("mkfifo {}", place.display())),
                "device" => build(&dir, &format!("mknod {} c 1 3", place.display())),
                _ => drop(std::os::unix::net::UnixListener::bind(&place).unwrap()),
            }
            rootfs(&dir).arg("/bin/echo").run().ok().quiet();
            inside(&dir).args(["/bin/echo", "hi"]).run().ok().quiet().says("hi\n");
            assert_eq!(fs::read(&file).unwrap(), b"precious", "{kind}");
            let kind_now = place.symlink_metadata().unwrap().file_type();
            assert!(kind_now.is_file() || kind_now.is_symlink() && !kind_now.is_fifo(), "{kind}");
            assert!(!dir.join("new").exists() && !dir.join("box/.hc-rootfs").exists(), "{kind}");
            fs::remove_dir_all(dir.join("box")).unwrap();
        }
    }
}

#[test]
fn a_directory_where_a_file_belongs_is_an_error() {
    let dir = Dir::new();
    for place in ["usr/bin/echo", "usr/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu/libc.so.6"] {
        dir.directory(format!("box/{place}"));
        let before = dir.listing();
        let message = rootfs(&dir).arg("/bin/echo").run().fails("hc-rootfs", 125);
        assert_eq!(message, format!("box/{place}: is a directory, and a file or a link belongs there"));
        assert_eq!(dir.listing(), before);
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn what_is_in_the_way_of_the_files_being_written_is_not_removed() {
    let dir = Dir::new();
    dir.file("out/file", "");
    for (kind, files) in ["link", "file", "directory", "somebody's file"]
        .into_iter()
        .flat_map(|kind| [(kind, "20000"), (kind, "200")])
    {
        fs::create_dir_all(dir.join("box")).unwrap();
        let place = dir.join("box/.hc-rootfs");
        match kind {
            "link" => symlink("../out", &place).unwrap(),
            "file" => fs::write(&place, "").unwrap(),
            "somebody's file" => drop(dir.file("box/.hc-rootfs/notes", "dear diary")),
            _ => fs::create_dir_all(place.join("deep/er")).unwrap(),
        }
        let before = dir.listing();
        let output =
            Cmd::new("prlimit").arg(format!("--nofile={files}")).chain(&rootfs(&dir).arg("/bin/echo"));
        let output = output.dir(dir.path()).run();
        if matches!(kind, "link" | "file") && files == "20000" {
            // Nobody needs the place.
            output.ok().quiet();
            let kept = dir.listing().into_iter().filter(|line| before.contains(line)).count();
            assert!(kept >= before.len() - 1 && place.symlink_metadata().is_ok(), "{kind}");
        } else {
            let why = "is in the way of the files being written: remove it";
            let message = output.fails("hc-rootfs", 125);
            assert_eq!(message, format!("box/.hc-rootfs: {why}"), "{kind}, {files} files");
            assert_eq!(dir.listing(), before);
        }
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}

#[test]
fn a_link_that_comes_and_goes_leads_nobody_out() {
    let dir = Dir::new();
    dir.directory("out/bin");
    dir.directory("box/usr");
    let before = outside(&dir);
    // The directory and the link change places as fast as they can.
    symlink(dir.join("out"), dir.join("box/link")).unwrap();
    let exchange = || {
        let _ = nix::fcntl::renameat2(
            nix::fcntl::AT_FDCWD,
            &dir.join("box/usr"),
            nix::fcntl::AT_FDCWD,
            &dir.join("box/link"),
            nix::fcntl::RenameFlags::RENAME_EXCHANGE,
        );
    };
    let run = |_| rootfs(&dir).arg("/bin/echo").run().ended;
    let outcomes: Vec<_> = meanwhile(exchange, || (0..60).map(run).collect());
    assert_eq!(outside(&dir), before);
    let expected = [Ended::Exit(0), Ended::Exit(125)];
    assert!(outcomes.iter().all(|ended| expected.contains(ended)), "{outcomes:?}");
}

#[test]
fn a_directory_that_comes_where_a_file_is_being_replaced_is_not_lost() {
    let dir = Dir::new();
    let diary = dir.file("box/mine/diary", "dear diary");
    let place = dir.file("box/usr/bin/echo", "another");
    // It has been looked at, and is exchanged two seconds later.
    let inject = "inject=renameat2:delay_enter=2000000:when=1";
    let strace = Cmd::line(["strace", "-qq", "-o", "/dev/null", "-e", "trace=renameat2", "-e", inject]);
    let running = strace.chain(&rootfs(&dir).arg("/bin/echo")).dir(dir.path()).start();
    let staged = dir.join("box/.hc-rootfs/0");
    eventually("the file is about to be replaced", || staged.exists());
    std::thread::sleep(std::time::Duration::from_millis(200));
    fs::rename(&place, dir.join("box/other")).unwrap();
    fs::rename(diary.parent().unwrap(), &place).unwrap();
    let message = running.wait().fails("hc-rootfs", 125);
    assert_eq!(message, "box/usr/bin/echo: is a directory, and a file or a link belongs there");
    assert_eq!(fs::read(place.join("diary")).unwrap(), b"dear diary");
    assert!(!dir.join("box/.hc-rootfs").exists());
}

#[test]
fn what_is_no_program_is_refused_in_one_line() {
    let dir = Dir::new();
    let path = dir.path().display();
    build(&dir, "mkfifo -m 755 fifo");
    let echo = fs::read("/bin/echo").unwrap();
    dir.program("empty", "");
    dir.program("text", "echo hi\n");
    dir.program("header", &echo[..16]);
    dir.program("cut", &echo[..200]);
    dir.program("cut2", &echo[..5000]);
    dir.program("wide", [&echo[..4], &[9], &echo[5..]].concat());
    for (name, reason) in [
        ("./nosuch", "./nosuch: No such file or directory".to_owned()),
        ("nosuch", "nosuch: not found in PATH".to_owned()),
        ("", "'': an empty name is no program".to_owned()),
        (".", "/usr/local/sbin/.: is a directory".to_owned()),
        ("/", "/: is a directory".to_owned()),
        ("/dev/zero", "/dev/zero: is not a regular file".to_owned()),
        ("./fifo", "./fifo: is not a regular file".to_owned()),
        ("/etc/passwd", "/etc/passwd: not executable (its mode is 0644)".to_owned()),
        ("./empty", format!("{path}/empty: is neither an ELF program nor a script with a #! line")),
        ("./text", format!("{path}/text: is neither an ELF program nor a script with a #! line")),
        ("./header", format!("{path}/header: is broken: it ends within its ELF header")),
        ("./cut", format!("{path}/cut: is broken: its program headers are cut off")),
        ("./cut2", format!("{path}/cut2: is broken: its dynamic section is cut off")),
        ("./wide", format!("{path}/wide: is broken: its ELF class or byte order is unknown")),
    ] {
        let output = rootfs(&dir).arg(name).env("PATH", "/usr/local/sbin:/usr/bin:/bin").run();
        assert_eq!(output.fails("hc-rootfs", 125), reason);
        assert!(!dir.join("box").exists(), "{name}");
    }
    let bytes = OsStr::from_bytes(b"./\xff\n\x1b[31m");
    refuses(&dir, bytes, "./\\xff\\n\\x1b[31m: No such file or directory");
    let searched = rootfs(&dir).arg("x".repeat(5000)).env("PATH", "/bin").run().fails("hc-rootfs", 125);
    assert_eq!(searched, format!("/bin/{}: File name too long", "x".repeat(5000)));
    refuses(&dir, format!("/{}", "x".repeat(300)), &format!("/{}: File name too long", "x".repeat(300)));
}

#[test]
fn a_program_that_cannot_be_read_is_refused() {
    require!(is_root(), "a file of another user is needed");
    let dir = Dir::of_nobody();
    let program = dir.program("p", fs::read("/bin/echo").unwrap());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o711)).unwrap();
    let message = rootfs(&dir).arg("./p").as_nobody().run().fails("hc-rootfs", 125);
    assert_eq!(message, format!("{}: cannot be read: Permission denied", program.display()));
    assert!(!dir.join("box").exists());
}

#[test]
fn a_closed_standard_error_or_output_does_no_harm() {
    let dir = Dir::new();
    for closed in [0, 1, 2] {
        Cmd::tool("hc-rootfs").args(["-v", "box", "/bin/echo"]).dir(dir.path()).closing(closed).run().ok();
        let written = files_in(&dir.join("box"));
        let read = |path: &Path| fs::read(path).unwrap();
        for path in &written {
            let copy = dir.join("box").join(path.strip_prefix("/").unwrap());
            assert!(read(&copy) == read(path), "{}, with {closed} closed", path.display());
        }
        assert!(!written.is_empty());
        fs::remove_dir_all(dir.join("box")).unwrap();
    }
}
