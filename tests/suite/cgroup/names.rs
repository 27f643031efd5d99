//! Where a cgroup is made, and that it is never made elsewhere.

use super::{Hierarchy, Name, cgroup, read};
use hc_tests::{Cmd, Host, can_make_hosts, is_root, require};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn a_name_begins_here_at_a_parent_or_at_the_root() {
    require!(is_root(), ROOT);
    let own = Hierarchy::of("pids").unwrap();
    let top = Name::new();
    top.make(&["pids"]);
    let absolute = format!("{}/{}", own.own.trim_end_matches('/'), top.0);
    for (words, made) in [
        (vec!["--name=a".to_owned(), top.option("parent")], "a"),
        (vec!["--name=b/c".to_owned(), format!("--parent={absolute}/")], "b/c"),
        (vec![format!("--name={}/d", top.0)], "d"),
        (vec![format!("--name={absolute}/e/f/g")], "e/f/g"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output =
            cgroup(&["--pids-limit=7"]).args(&words).args(["cat", "/proc/self/cgroup"]).run().ok().quiet();
        assert!(output.text().contains(&format!("{absolute}/{made}\n")), "{output:?}");
        assert_eq!(read(&top.directory("pids").join(made).join("pids.max")), "7");
        // With a parent that stays, also what was made above goes.
        cgroup(&["--delete", &format!("{}/{made}", top.0)]).run().ok().quiet();
        cgroup(&["--pids-limit=7", "--wait"]).args(&words).arg("true").run().ok().quiet();
        assert!(!top.directory("pids").join(made).exists());
    }
    assert!(!top.directory("pids").join("e").join("f").join("g").exists());
}

#[test]
fn a_name_is_given_once() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let words = [&name.option("name"), "--pids-limit=7", "true"];
    cgroup(&words).run().ok().quiet();
    let before = name.directories();
    let said = cgroup(&words).run().fails("hc-cgroup", 125);
    let path = format!("/{}", name.0);
    assert!(said.contains(&format!("{path}: there is such a cgroup already (hc-cgroup --delete=")), "{said}");
    assert_eq!(name.directories(), before);
}

/// A name that is made up is not that of a cgroup that was left behind.
#[test]
fn a_name_that_is_taken_is_passed_over() {
    require!(is_root(), ROOT);
    let hierarchy = Hierarchy::of("pids").unwrap();
    let script = "mkdir \"$1/hc-$$\" && exec hc-cgroup --pids-limit=7 --wait cat /proc/self/cgroup";
    let running = Cmd::sh(script).arg("sh").arg(hierarchy.own_directory()).start();
    let pid = running.pid();
    let output = running.wait().ok().quiet();
    assert!(output.text().contains(&format!("/hc-{pid}-1\n")), "{output:?}");
    std::fs::remove_dir(hierarchy.own_directory().join(format!("hc-{pid}"))).expect("only this one stays");
    assert_eq!(super::made_up_by(&[pid]), Vec::<std::path::PathBuf>::new());
}

#[test]
fn hostile_names_are_refused_before_anything_is_done() {
    let long = "x".repeat(256);
    let names: [(&[u8], &str); 9] = [
        (b"", "an empty name is no cgroup"),
        (b"..", "'.' and '..' are no names of cgroups"),
        (b"../../x", "'.' and '..' are no names of cgroups"),
        (b"/a/../../x", "'.' and '..' are no names of cgroups"),
        (b"a/./b", "'.' and '..' are no names of cgroups"),
        (b"a\nb", "a name of a cgroup has no control characters"),
        (b"\x1b[2J", "a name of a cgroup has no control characters"),
        (b"a\x7f", "a name of a cgroup has no control characters"),
        (long.as_bytes(), "a name has at most 255 bytes"),
    ];
    for (name, because) in names {
        for option in ["--name", "--parent", "--delete"] {
            let line = Cmd::tool("hc-cgroup").arg(option).arg(OsStr::from_bytes(name));
            let line = if option == "--delete" { line } else { line.arg("true") };
            let said = line.as_nobody().run().fails("hc-cgroup", 125);
            assert!(said.starts_with(&format!("{option}: '")), "{said}");
            assert!(said.ends_with(&format!("': {because}: try 'man hc-cgroup'")), "{said}");
        }
    }
    for option in ["--name", "--delete"] {
        let said = cgroup(&[option, "//"]).run().fails("hc-cgroup", 125);
        let because = "the root is no cgroup that could be made or removed";
        assert_eq!(said, format!("{option}: '//': {because}: try 'man hc-cgroup'"));
    }
}

/// The kernel shows the cgroups of a namespace from its root; the mounts in it are still those of the host.
#[test]
fn in_a_cgroup_namespace_the_root_is_that_of_the_namespace() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let name = Name::new();
    let hierarchy = Hierarchy::of("pids").unwrap();
    // In a cgroup below the root there is something to hide.
    let inside = ["hc-unshare", "-C", "hc-cgroup", "--name=/inner/most", "--pids-limit=7", "sh", "-c"];
    let outer = [&name.option("name"), "--pids-limit=50"];
    if hierarchy.version == super::Version::Two {
        // A cgroup that has a process cannot be divided, and its own namespace begins at it.
        let script = "exec hc-unshare -C hc-cgroup --name=/inner --pids-limit=7 --wait cat /proc/self/cgroup";
        let output = cgroup(&outer).args(["sh", "-c", script]).run().ok().quiet();
        assert!(output.text().contains("0::/inner\n"), "{output:?}");
        assert!(!name.directory("pids").join("inner").exists());
        return;
    }
    let output = cgroup(&outer).args(inside).arg("cat /proc/self/cgroup").run().ok().quiet();
    assert!(output.text().contains(":pids:/inner/most\n"), "{output:?}");
    assert_eq!(read(&name.directory("pids").join("inner/most/pids.max")), "7");
    cgroup(&[&name.option("delete")]).run().ok().quiet();
    // The same with mounts of the namespace.
    let script = "mount -t cgroup -o pids x /mnt && exec hc-cgroup --parent=/ --pids-limit=8 --wait cat /proc/self/cgroup";
    let host = Host::new();
    let line = cgroup(&outer).args(["hc-unshare", "-Cm", "sh", "-c", script]).on(&host);
    let output = line.run().ok().quiet();
    assert!(output.text().lines().any(|line| line.contains(":pids:/hc-")), "{output:?}");
}

/// Behind another tool of the set, and before one.
#[test]
fn it_is_a_link_of_a_chain() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    Cmd::tool("hc-netns").args(["add", "box"]).on(&host).run().ok().quiet();
    let chain = "exec hc-netns exec box hc-cgroup -m 64m --wait hc-env A=1 hc-unshare -fpium --mount-proc sh -c 'echo $A $$'";
    Cmd::sh(chain).on(&host).run().ok().quiet().says("1 1\n");
}
