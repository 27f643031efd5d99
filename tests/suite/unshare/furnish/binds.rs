//! --bind: the caller's files and directories.

use super::{Who, attempt, furnished, furnished_in, options, own_cell, points, row, source};
use hc_tests::{Cmd, Host, can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn have_the_attributes_that_are_named() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    for who in Who::ALL {
        let root = own_cell(who);
        for (words, expected) in [
            ("", "rw,relatime"),
            (":", "rw,relatime"),
            (":ro", "ro,relatime"),
            (":rw", "rw,relatime"),
            (":ro,rw", "rw,relatime"),
            (":nosuid", "rw,nosuid,relatime"),
            (":nodev", "rw,nodev,relatime"),
            (":noexec", "rw,noexec,relatime"),
            (":ro,nosuid,nodev,noexec", "ro,nosuid,nodev,noexec,relatime"),
        ] {
            let bind = format!("--bind={}:/a{words}", source.path().display());
            let seen = furnished_in(who, &root, &[&bind]).arg("/hc-probe").view();
            assert_eq!(options(&seen, "/a"), expected, "{who:?}: {words}");
        }
    }
}

#[test]
fn do_as_their_attributes_say() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    for who in Who::ALL {
        let root = own_cell(who);
        let line = |words: &str| {
            furnished_in(who, &root, &[&format!("--bind={}:/a{words}", source.path().display())])
        };
        assert_eq!(attempt(line(":ro").args(["/hc-attack", "create", "/a/new"])), "open: EROFS");
        assert_eq!(attempt(line("").args(["/hc-attack", "create", "/a/new"])), "works");
        std::fs::remove_file(source.join("new")).unwrap();
        assert_eq!(attempt(line("").args(["/a/program", "read", "/a/file"])), "works");
        line(":noexec").args(["/a/program", "read", "/a/file"]).run().fails("hc-unshare", 126);
        // The source itself is as it was.
        assert_eq!(
            attempt(who.starts(Cmd::new(source.join("program")).arg("read").arg(source.join("file")))),
            "works"
        );
    }
}

/// A mount for reading is not one to which a privileged NEXT cannot write by another way, but by this one.
#[test]
fn are_with_rec_what_is_mounted_below_as_well() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let place = source.path().display();
    let host = Host::shared();
    let prepare = format!(
        "mount -t tmpfs -o mode=777 one {place}/below && mkdir {place}/below/x && mount -t tmpfs -o mode=777 two {place}/below/x"
    );
    Cmd::sh(prepare).on(&host).run().ok().quiet();
    for who in Who::ALL {
        let root = own_cell(who);
        let line = |words: &str| furnished_in(who, &root, &[&format!("--bind={place}:/a:{words}")]).on(&host);
        let seen = line("rec,ro,nosuid").arg("/hc-probe").view();
        assert_eq!(points(&seen), ["/", "/proc", "/a", "/a/below", "/a/below/x"]);
        for point in ["/a", "/a/below", "/a/below/x"] {
            assert!(options(&seen, point).starts_with("ro,nosuid"), "{who:?}: {}", row(&seen, point));
            assert!(!row(&seen, point).contains("shared"));
            let line = line("rec,ro").args(["/hc-attack", "create", &format!("{point}/new")]);
            assert_eq!(attempt(line), "open: EROFS", "{who:?}: {point}");
        }
        assert_eq!(
            attempt(line("rec").args(["/hc-attack", "create", &format!("/a/below/x/{who:?}")])),
            "works"
        );
    }
    // Without it, for root, what is mounted below is not there. (For a user it must not be uncovered: see messages.)
    let root = own_cell(Who::Root);
    let seen =
        furnished_in(Who::Root, &root, &[&format!("--bind={place}:/a")]).arg("/hc-probe").on(&host).view();
    assert_eq!(points(&seen), ["/", "/proc", "/a"]);
}

/// What is mounted on the host later does not appear.
#[test]
fn are_cut_off_from_the_host() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let place = source.path().display().to_string();
    let host = Host::shared();
    Cmd::sh(format!("mount --bind {place} {place} && mount --make-shared {place}")).on(&host).run().ok();
    for who in Who::ALL {
        let line = furnished(who, &["--propagation=slave", &format!("--bind={place}:/mnt:rec")]);
        let mut running =
            line.args(["sh", "-c", "echo ready; read go; ls /mnt/below"]).on(&host).hold_input().start();
        running.expect("ready\n");
        Cmd::sh(format!("mount -t tmpfs late {place}/below && : >{place}/below/late")).on(&host).run().ok();
        running.write(b"go\n", true);
        running.wait().ok().says("ready\n").quiet();
        Cmd::sh(format!("umount {place}/below")).on(&host).run().ok();
    }
}

#[test]
fn are_of_files_as_well() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    let file = source.join("file").display().to_string();
    for who in Who::ALL {
        let root = own_cell(who);
        root.dir.file("root/there", "below");
        let bind = |target: &str| format!("--bind={file}:{target}:ro");
        let words = [&bind("/there"), &bind("/made/parents/too"), &bind("/dev/null")];
        let words: Vec<&str> = words.into_iter().map(String::as_str).collect();
        let seen = furnished_in(who, &root, &words).arg("/hc-probe").view();
        assert_eq!(points(&seen), ["/", "/proc", "/there", "/made/parents/too", "/dev/null"]);
        let listing = root.dir.listing();
        let kind = |name: &str| {
            listing.iter().find_map(|line| Some(line.strip_prefix(name)?.split(' ').next()?.to_owned()))
        };
        assert_eq!(kind("root/made/parents/too ").as_deref(), kind("root/dev/null ").as_deref());
        let modes = ["root/made", "root/made/parents", "root/made/parents/too"]
            .map(|name| std::os::unix::fs::MetadataExt::mode(&root.dir.join(name).metadata().unwrap()));
        assert_eq!(modes, [0o40755, 0o40755, 0o100_644]);
        assert_eq!(std::fs::read(root.dir.join("root/there")).unwrap(), b"below");
    }
}

/// Sockets, FIFOs and devices are files to mount.
#[test]
fn are_of_whatever_is_no_directory() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    nix::unistd::mkfifo(&source.join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(source.join("socket")).unwrap();
    for who in Who::ALL {
        let root = own_cell(who);
        for name in ["fifo", "socket"] {
            let bind = format!("--bind={}:/{name}", source.join(name).display());
            let seen = furnished_in(who, &root, &[&bind]).arg("/hc-probe").view();
            assert_eq!(points(&seen), ["/", "/proc", &format!("/{name}")]);
        }
        let line =
            furnished_in(who, &root, &["--bind=/dev/zero:/zero"]).args(["/hc-attack", "read", "/zero"]);
        assert_eq!(attempt(line), "works");
    }
}

/// Names with what is special to shells and to mount(8), but no colon.
#[test]
fn have_names_with_anything_in_them() {
    require!(can_run(), "takes root, and user namespaces for others");
    let source = source();
    for name in ["a,b", "a b", "a\\040b", "a\nb", "ü", "\u{1b}[1m", "-x", "%s"] {
        source.directory(name);
        source.file(format!("{name}/in"), "");
        for who in Who::ALL {
            let root = own_cell(who);
            let bind = format!("--bind={}:/t/{name}", source.join(name).display());
            let line =
                furnished_in(who, &root, &[&bind]).args(["/hc-attack", "read"]).arg(format!("/t/{name}/in"));
            assert_eq!(attempt(line), "works", "{name}");
        }
    }
}
