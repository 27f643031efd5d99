//! Version 2: controllers are handed on, and who hands on has no processes.

use super::{Hierarchy, Name, cgroup, read, write};
use hc_tests::{Cmd, is_root, require};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

const ROOT: &str = "takes root, or a cgroup that was handed over";

/// The hierarchy of version 2, and a controller of it with a file and a value that limits nothing.
fn unified() -> Option<(Hierarchy, &'static str, &'static str)> {
    let unified = Hierarchy::unified()?;
    let controllers = read(&unified.point.join("cgroup.controllers"));
    let known = [("pids", "pids.max=max"), ("memory", "memory.max=max"), ("hugetlb", "hugetlb.2MB.max=max")];
    let (name, set) = known.into_iter().find(|(name, _)| controllers.split(' ').any(|word| word == *name))?;
    Some((unified, name, set))
}

/// A cgroup of version 2 that can be divided. What it takes of those above it goes with it.
pub(super) struct Place {
    // In the order in which they go: what is in a cgroup keeps those above it from handing on less.
    name: Name,
    _undone: Vec<HandedOn>,
    _alone: MutexGuard<'static, ()>,
    unified: Hierarchy,
    controller: &'static str,
    set: &'static str,
}

impl Place {
    /// None where there is no such controller.
    pub(super) fn find() -> Option<Self> {
        static ALONE: Mutex<()> = Mutex::new(());
        let (unified, controller, set) = unified()?;
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let own = unified.own_directory();
        let above = own.ancestors().take_while(|path| path.starts_with(&unified.point));
        let undone = above.filter_map(|path| HandedOn::without(path, controller)).collect();
        Some(Place { name: Name::new(), _undone: undone, _alone: alone, unified, controller, set })
    }

    /// Makes it, so that it can hand on the controller.
    pub(super) fn make(&self) -> PathBuf {
        super::hand_on(&self.unified, &self.unified.own_directory(), self.controller);
        std::fs::create_dir(self.directory()).unwrap();
        self.directory()
    }

    fn directory(&self) -> PathBuf {
        self.unified.own_directory().join(&self.name.0)
    }

    /// As the kernel calls it.
    fn path(&self) -> String {
        format!("{}/{}", self.unified.own.trim_end_matches('/'), self.name.0)
    }

    pub(super) fn option(&self) -> String {
        format!("--set={}", self.set)
    }
}

/// A cgroup that does not hand on a controller, and does not afterwards.
struct HandedOn(PathBuf, &'static str);

impl HandedOn {
    fn without(directory: &Path, controller: &'static str) -> Option<Self> {
        let file = directory.join("cgroup.subtree_control");
        let is_there = read(&file).split(' ').any(|name| name == controller);
        (!is_there).then_some(HandedOn(file, controller))
    }
}

impl Drop for HandedOn {
    fn drop(&mut self) {
        let _ = std::fs::write(&self.0, format!("-{}", self.1));
    }
}

pub(super) const NO_PLACE: &str = "takes a hierarchy of version 2 with a controller";

/// Runs `words` as the only process of a cgroup.
pub(super) fn alone(directory: &Path, words: &[&str]) -> Cmd {
    let script = "echo 0 >\"$1\"/cgroup.procs && shift && exec \"$@\"";
    Cmd::sh(script).arg("sh").arg(directory).args(words)
}

#[test]
fn the_caller_goes_out_of_the_way_and_comes_back() {
    require!(is_root(), ROOT);
    let Some(place) = Place::find() else {
        require!(false, NO_PLACE);
        return;
    };
    let (directory, set, path) = (place.make(), place.option(), place.path());
    let tool = hc_tests::tool("hc-cgroup").display().to_string();
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
    assert_eq!(read(&directory.join("cgroup.subtree_control")), place.controller);
}

#[test]
fn where_there_are_others_it_is_not_divided() {
    require!(is_root(), ROOT);
    let Some(place) = Place::find() else {
        require!(false, NO_PLACE);
        return;
    };
    let (directory, set, path) = (place.make(), place.option(), place.path());
    let mut other = alone(&directory, &["sh", "-c", "echo up; read x"]).hold_input().start();
    other.expect("up\n");
    let tool = hc_tests::tool("hc-cgroup").display().to_string();
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
    let Some(place) = Place::find() else {
        require!(false, NO_PLACE);
        return;
    };
    let deep = format!("{}/a/b/c", place.name.0);
    cgroup(&["--name", &deep, &place.option(), "true"]).run().ok().quiet();
    let directory = place.directory();
    for part in ["", "a", "a/b"] {
        assert_eq!(read(&directory.join(part).join("cgroup.subtree_control")), place.controller);
    }
    let (file, value) = place.set.split_once('=').unwrap();
    assert_eq!(read(&directory.join("a/b/c").join(file)), value);
    write(&directory.join("a/b/c").join("cgroup.max.depth"), "0");
    let said = cgroup(&["--name", &format!("{deep}/d"), "true"]).run().fails("hc-cgroup", 125);
    assert!(
        said.ends_with("no more cgroups are allowed there (cgroup.max.descendants, cgroup.max.depth)"),
        "{said}"
    );
}
