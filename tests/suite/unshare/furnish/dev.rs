//! --dev: the devices that every program may use, and no others.

use super::{Who, furnished, options, row};
use hc_tests::{Cmd, Host, can_make_hosts, docs, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

/// Names, and what each has to be: major and minor number, or where a link leads.
const NODES: [(&str, &str); 6] = [
    ("full", "1:7"),
    ("null", "1:3"),
    ("random", "1:8"),
    ("tty", "5:0"),
    ("urandom", "1:9"),
    ("zero", "1:5"),
];
const LINKS: [(&str, &str); 5] = [
    ("fd", "/proc/self/fd"),
    ("ptmx", "pts/ptmx"),
    ("stderr", "/proc/self/fd/2"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
];

#[track_caller]
fn said(who: Who, words: &[&str], script: &str) -> String {
    furnished(who, words).args(["sh", "-c", script]).run().ok().quiet().text().to_owned()
}

#[test]
fn has_what_the_page_lists() {
    require!(can_run(), "takes root, and user namespaces for others");
    let page = docs::text("man/hc-unshare.1");
    let text = page.split(".It Fl -dev\n").nth(1).unwrap().split(".It Fl").next().unwrap();
    let mut expected: Vec<&str> =
        NODES.iter().chain(&LINKS).map(|(name, _)| *name).chain(["pts", "shm"]).collect();
    expected.sort_unstable();
    for name in &expected {
        assert!(
            text.split(|c: char| !c.is_alphanumeric()).any(|word| word == *name),
            "{name} is not in the page"
        );
    }
    for who in Who::ALL {
        assert_eq!(said(who, &["--dev"], "ls -A /dev").lines().collect::<Vec<_>>(), expected, "{who:?}");
        for (name, number) in NODES {
            let about = said(who, &["--dev"], &format!("stat -c '%F %a %Hr:%Lr' /dev/{name}"));
            assert_eq!(about, format!("character special file 666 {number}\n"), "{who:?}: {name}");
        }
        for (name, target) in LINKS {
            assert_eq!(said(who, &["--dev"], &format!("readlink /dev/{name}")), format!("{target}\n"));
        }
        assert_eq!(said(who, &["--dev"], "stat -c %a /dev /dev/shm /dev/pts"), "755\n1777\n755\n");
    }
}

#[test]
fn is_mounted_with_no_more_than_it_takes() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let seen = furnished(who, &["--dev"]).next_view();
        assert_eq!(options(&seen, "/dev"), "rw,nosuid,noexec,relatime");
        assert_eq!(options(&seen, "/dev/shm"), "rw,nosuid,nodev,noexec,relatime");
        assert_eq!(options(&seen, "/dev/pts"), "rw,nosuid,noexec,relatime");
        assert!(row(&seen, "/dev/shm").contains("size=65536k"), "{}", row(&seen, "/dev/shm"));
        assert!(row(&seen, "/dev/pts").contains("ptmxmode=666"), "{}", row(&seen, "/dev/pts"));
    }
}

#[test]
fn has_devices_that_do_what_they_do() {
    require!(can_run(), "takes root, and user namespaces for others");
    let script = "echo lost >/dev/null && cat /dev/null
        head -c 3 /dev/zero | od -An -tx1
        head -c 3 /dev/full | od -An -tx1
        sh -c 'echo x >/dev/full' 2>/dev/null || echo full
        head -c 8 /dev/random | wc -c
        head -c 8 /dev/urandom | wc -c
        sh -c ': </dev/tty' 2>/dev/null || echo no terminal
        echo kept >/dev/shm/file && cat /dev/shm/file
        sh -c 'echo out >/dev/stdout' | cat
        echo in | cat /dev/stdin
        test -e /dev/fd/0 && echo fd";
    let expected = " 00 00 00\n 00 00 00\nfull\n8\n8\nno terminal\nkept\nout\nin\nfd\n";
    for who in Who::ALL {
        let line = furnished(who, &["--dev"]).args(["sh", "-c", script]).session();
        line.run().ok().says(expected).quiet();
    }
}

/// Opens a pair, and says something from one end to the other.
#[test]
fn has_terminals_of_its_own() {
    require!(can_run(), "takes root, and user namespaces for others");
    let script = "ls /dev/pts; script -qec 'tty; ls /dev/pts' /dev/null </dev/null; ls /dev/pts";
    for who in Who::ALL {
        let line = furnished(who, &["--dev"]).args(["sh", "-c", script]).env("SHELL", "/bin/sh");
        let text = line.run().ok().quiet().text().replace('\r', "");
        let text = text.replace("^@", "").replace("^D\u{8}\u{8}", "");
        assert_eq!(
            text,
            "ptmx\n/dev/pts/0\n0\nptmx\nptmx\n".replace("0\nptmx\nptmx", "0  ptmx\nptmx"),
            "{who:?}"
        );
    }
}

/// In a root directory that has no /dev, or one with other things in it.
#[test]
fn hides_what_was_there() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let root = super::own_cell(who);
        root.dir.file("root/dev/null", "a file");
        let host = Host::new();
        Cmd::tool("hc-rootfs").arg(root.path()).args(["/bin/ls", "/bin/cat"]).on(&host).run().ok();
        let before = root.dir.listing();
        super::furnished_in(who, &root, &["--dev", "/bin/cat", "/dev/null"]).run().ok().says("").quiet();
        assert_eq!(root.dir.listing(), before);
        std::fs::remove_file(root.path().join("dev/null")).unwrap();
        std::fs::remove_dir(root.path().join("dev")).unwrap();
        let names = super::furnished_in(who, &root, &["--dev", "/bin/ls", "/dev"]).run().ok();
        assert_eq!(names.text().lines().count(), NODES.len() + LINKS.len() + 2);
        assert_eq!(
            root.path().join("dev").read_dir().unwrap().count(),
            0,
            "a mount point is left, and empty"
        );
    }
}

/// A umask of the caller's is not one of the devices'.
#[test]
fn has_its_modes_whatever_the_umask_is() {
    require!(can_run(), "takes root, and user namespaces for others");
    for who in Who::ALL {
        let script = "umask; stat -c %a /dev /dev/null /dev/shm /dev/pts";
        let line = furnished(who, &["--dev"]).args(["sh", "-c", script]).umask(0o077);
        line.run().ok().says("0077\n755\n666\n1777\n755\n").quiet();
    }
}

/// What is in the host's place of a device, and is not that, is not taken for it.
#[test]
fn takes_no_file_for_a_device() {
    require!(can_run(), "takes root, and user namespaces for others");
    let dir = hc_tests::Dir::new();
    let file = dir.file("planted", "");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
    let host = Host::new();
    Cmd::sh(format!("mount --bind {} /dev/zero", file.display())).on(&host).run().ok();
    // Root makes its own, a user has nothing else.
    furnished(Who::Root, &["--dev"])
        .args(["sh", "-c", "head -c 1 /dev/zero | od -An -tx1"])
        .on(&host)
        .run()
        .ok()
        .says(" 00\n");
    let message = furnished(Who::Nobody, &["--dev", "true"]).on(&host).run().fails("hc-unshare", 125);
    assert_eq!(message, "/dev/zero: the host's is not the device of that name");
}
