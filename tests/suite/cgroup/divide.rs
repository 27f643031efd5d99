//! Version 2: controllers are handed on, and who hands on has no processes.

use super::{Hierarchy, Name, cgroup, read, write};
use hc_tests::{Cmd, is_root, require};
use std::path::Path;

const ROOT: &str = "takes root, or a cgroup that was handed over";

/// The hierarchy of version 2, and a controller of it with a file and a value that limits nothing.
fn unified() -> Option<(Hierarchy, &'static str, &'static str)> {
    let unified = Hierarchy::unified()?;
    let controllers = read(&unified.point.join("cgroup.controllers"));
    let known = [("pids", "pids.max=max"), ("memory", "memory.max=max"), ("hugetlb", "hugetlb.2MB.max=max")];
    let (name, set) = known.into_iter().find(|(name, _)| controllers.split(' ').any(|word| word == *name))?;
    Some((unified, name, set))
}

/// Runs `words` as the only process of a cgroup.
fn alone(directory: &Path, words: &[&str]) -> Cmd {
    let script = "echo 0 >\"$1\"/cgroup.procs && shift && exec \"$@\"";
    Cmd::sh(script).arg("sh").arg(directory).args(words)
}

#[test]
fn the_caller_goes_out_of_the_way_and_comes_back() {
    require!(is_root(), ROOT);
    let Some((unified, controller, set)) = unified() else {
        require!(false, "takes a hierarchy of version 2 with a controller");
        return;
    };
    let name = Name::new();
    let directory = unified.own_directory().join(&name.0);
    super::hand_on(&unified, &unified.own_directory(), controller);
    std::fs::create_dir(&directory).unwrap();
    let tool = hc_tests::tool("hc-cgroup").display().to_string();
    let set = format!("--set={set}");
    let path = format!("{}/{}", unified.own.trim_end_matches('/'), name.0);
    let as_it_was = || {
        assert_eq!(read(&directory.join("cgroup.subtree_control")), "");
        let below: Vec<_> =
            std::fs::read_dir(&directory).unwrap().flatten().filter(|entry| entry.path().is_dir()).collect();
        assert!(below.is_empty(), "{below:?}");
    };
    // The parent that stays is beside it meanwhile, and its own cgroup is as it was in the end.
    let show = "cat /proc/$PPID/cgroup /proc/self/cgroup; exit 3";
    let running = alone(&directory, &[&tool, &set, "--name=x", "--wait", "sh", "-c", show]).start();
    let pid = running.pid();
    let output = running.wait().exits(3).quiet();
    for expected in [format!("0::{path}/hc-{pid}-wait\n"), format!("0::{path}/x\n")] {
        assert!(output.text().contains(&expected), "{expected}{output:?}");
    }
    as_it_was();
    // What fails then is undone in the same way.
    for wait in ["--wait", "--name=x"] {
        alone(&directory, &[&tool, &set, wait, "/nosuch"]).run().fails("hc-cgroup", 127);
        as_it_was();
        let bad = format!("{}x", set.split("max=").next().unwrap()) + "max=x";
        let bad = bad.replace(".xmax", ".max");
        alone(&directory, &[&tool, &bad, wait, "true"]).run().fails("hc-cgroup", 125);
        as_it_was();
    }
    // Without a parent, NEXT is in the new one, and the caller's own stays divided.
    let output = alone(&directory, &[&tool, &set, "--name=x", "cat", "/proc/self/cgroup"]).run().ok().quiet();
    assert!(output.text().contains(&format!("0::{path}/x\n")), "{output:?}");
    assert_eq!(read(&directory.join("cgroup.subtree_control")), controller);
}

#[test]
fn where_there_are_others_it_is_not_divided() {
    require!(is_root(), ROOT);
    let Some((unified, controller, set)) = unified() else {
        require!(false, "takes a hierarchy of version 2 with a controller");
        return;
    };
    let name = Name::new();
    let directory = unified.own_directory().join(&name.0);
    super::hand_on(&unified, &unified.own_directory(), controller);
    std::fs::create_dir(&directory).unwrap();
    let mut other = alone(&directory, &["sh", "-c", "echo up; read x"]).hold_input().start();
    other.expect("up\n");
    let tool = hc_tests::tool("hc-cgroup").display().to_string();
    let set = format!("--set={set}");
    let path = format!("{}/{}", unified.own.trim_end_matches('/'), name.0);
    for wait in [&["--wait"][..], &[]] {
        let words: Vec<&str> =
            [tool.as_str(), &set].into_iter().chain(wait.iter().copied()).chain(["true"]).collect();
        let said = alone(&directory, &words).run().fails("hc-cgroup", 125);
        assert!(
            said.starts_with(&format!("cgroup {path} cannot be divided: there are other processes in it (")),
            "{said}"
        );
        let below =
            std::fs::read_dir(&directory).unwrap().flatten().filter(|entry| entry.path().is_dir()).count();
        assert_eq!(below, 0);
    }
    // One that has no processes can be named instead.
    std::fs::create_dir(directory.join("free")).unwrap();
    let said = alone(&directory, &[&tool, "--name=free/x", "--wait", "true"]).run();
    said.ok().quiet();
    other.write(b"\n", true);
    other.wait();
}

#[test]
fn controllers_are_handed_on_from_the_root_down() {
    require!(is_root(), ROOT);
    let Some((unified, controller, set)) = unified() else {
        require!(false, "takes a hierarchy of version 2 with a controller");
        return;
    };
    let name = Name::new();
    let deep = format!("{}/a/b/c", name.0);
    cgroup(&["--name", &deep, &format!("--set={set}"), "true"]).run().ok().quiet();
    let directory = unified.own_directory().join(&name.0);
    for part in ["", "a", "a/b"] {
        assert_eq!(read(&directory.join(part).join("cgroup.subtree_control")), controller);
    }
    let (file, value) = set.split_once('=').unwrap();
    assert_eq!(read(&directory.join("a/b/c").join(file)), value);
    write(&directory.join("a/b/c").join("cgroup.max.depth"), "0");
    let said = cgroup(&["--name", &format!("{deep}/d"), "true"]).run().fails("hc-cgroup", 125);
    assert!(
        said.ends_with("no more cgroups are allowed there (cgroup.max.descendants, cgroup.max.depth)"),
        "{said}"
    );
}
