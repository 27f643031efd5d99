//! An ordinary user, in a cgroup that was handed over.

use super::{Hierarchy, Name, Version, cgroup, read};
use hc_tests::{Cmd, NOBODY, is_root, probe, require};
use std::os::unix::fs::chown;

/// Enters the user's part of the hierarchies as root, and goes on as the user.
const ENTER: &str = "\
    for d in \"$@\"; do [ \"$d\" = -- ] && break; echo $$ >$d/cgroup.procs || exit 99; done; \
    while [ \"$1\" != -- ]; do shift; done; shift; \
    exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";

/// A cgroup of the user's own, for these controllers, and one in it that he is in.
fn handed_over(controllers: &[&str]) -> (Name, Vec<std::path::PathBuf>) {
    let name = Name::new();
    name.make(controllers);
    let mut inside = Vec::new();
    for directory in name.directories() {
        let sub = directory.join("session");
        std::fs::create_dir(&sub).unwrap();
        for directory in [&directory, &sub] {
            // What the kernel lists in /sys/kernel/cgroup/delegate, and what version 1 has.
            for file in ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "tasks"] {
                let path = directory.join(file);
                if path.exists() {
                    chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
                }
            }
        }
        for list in ["cpuset.cpus", "cpuset.mems"] {
            if directory.join(list).exists() && directory.join("tasks").exists() {
                super::write(&sub.join(list), &read(&directory.join(list)));
            }
        }
        inside.push(sub);
    }
    (name, inside)
}

#[test]
fn a_user_limits_himself_where_he_may() {
    require!(is_root(), "takes root, who hands a cgroup over");
    let (name, inside) = handed_over(&["memory", "pids"]);
    let line = |words: &[&str]| {
        Cmd::sh(ENTER).arg("sh").args(&inside).arg("--").arg(hc_tests::tool("hc-cgroup")).args(words)
    };
    // He is alone in it: of version 2, it is divided for him.
    let said = "2 children\nEAGAIN\n";
    let words = ["--pids-limit=3", "--wait"];
    line(&words).arg(probe()).args(["fork", "5"]).run().ok().quiet().says(said);
    let output = line(&["-m64m", "--memory-swap=64m", "--report=json:1", "--wait"])
        .arg(probe())
        .args(["allocate", "200"])
        .run();
    let output = output.dies_of(9).quiet();
    assert!(output.text().contains("\"oom_kills\":1,"), "{output:?}");
    for directory in &inside {
        let left: Vec<_> =
            std::fs::read_dir(directory).unwrap().flatten().filter(|entry| entry.path().is_dir()).collect();
        assert!(left.is_empty(), "{left:?}");
        let handed_on = directory.join("cgroup.subtree_control");
        assert!(!handed_on.exists() || read(&handed_on).is_empty(), "as it was before");
    }
    // With a name, and no parent.
    line(&["--name=mine", "--pids-limit=3"]).arg("true").run().ok().quiet();
    let mine = inside.iter().filter(|directory| directory.join("mine").exists()).count();
    assert!(mine >= 1);
    let hierarchy = Hierarchy::of("pids").unwrap();
    let path = format!("{}/{}/session/mine", hierarchy.own.trim_end_matches('/'), name.0);
    cgroup(&["--delete", &path]).as_nobody().run().ok().quiet();
    // And not more than that.
    let said = line(&["--parent=/", "--pids-limit=3", "true"]).run().fails("hc-cgroup", 125);
    assert!(said.starts_with("cannot make cgroup /hc-"), "{said}");
}

#[test]
fn a_next_that_is_not_there_leaves_nothing_of_a_user_s() {
    require!(is_root(), "takes root, who hands a cgroup over");
    let (_name, inside) = handed_over(&["pids"]);
    for words in [&["--pids-limit=9"][..], &["--pids-limit=9", "--wait"]] {
        let line =
            Cmd::sh(ENTER).arg("sh").args(&inside).arg("--").arg(hc_tests::tool("hc-cgroup")).args(words);
        line.arg("/nosuch").run().fails("hc-cgroup", 127);
        for directory in &inside {
            let left: Vec<_> = std::fs::read_dir(directory)
                .unwrap()
                .flatten()
                .filter(|entry| entry.path().is_dir())
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

/// Where he is not is no place to enter from: of version 2, it takes rights on what is above both.
#[test]
fn a_user_outside_of_his_cgroup_is_told_so() {
    require!(is_root(), "takes root, who hands a cgroup over");
    let (name, _inside) = handed_over(&["pids"]);
    let output = cgroup(&[&name.option("parent"), "--name=x", "--pids-limit=9", "true"]).as_nobody().run();
    let directory = name.directory("pids").join("x");
    match super::version("pids") {
        Version::One => {
            output.ok().quiet();
            assert_eq!(read(&directory.join("pids.max")), "9");
        }
        Version::Two => {
            let said = output.fails("hc-cgroup", 125);
            assert!(said.contains("/x: the caller may not leave the cgroup that it is in ("), "{said}");
            assert!(!directory.exists());
        }
    }
}
