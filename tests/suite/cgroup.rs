//! hc-cgroup(1): on whichever version of cgroups this machine has. The kernel is asked, by way of its files.

mod divide;
mod guard;
mod limits;
mod names;
mod refused;
mod remove;
mod report;
mod undo;
mod users;
mod wait;

use hc_tests::Cmd;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// `hc-cgroup`, and these words.
#[track_caller]
fn cgroup(words: &[&str]) -> Cmd {
    Cmd::tool("hc-cgroup").args(words)
}

/// The version of cgroups in which a controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

/// A hierarchy of this machine.
#[derive(Clone, Debug)]
struct Hierarchy {
    version: Version,
    point: PathBuf,
    /// The tests' own cgroup, as proc has it.
    own: String,
}

impl Hierarchy {
    /// That of version 2.
    fn unified() -> Option<Self> {
        let point = mounts().into_iter().find(|(kind, _, _)| kind == "cgroup2")?.1;
        let own = memberships().into_iter().find(|(id, _, _)| id == "0")?.2;
        Some(Hierarchy { version: Version::Two, point, own })
    }

    /// That which has a controller, by the name of version 2; version 2 before version 1.
    fn of(controller: &str) -> Option<Self> {
        let unified = Self::unified().filter(|unified| {
            let available = fs::read_to_string(unified.point.join("cgroup.controllers")).unwrap_or_default();
            available.split_whitespace().any(|name| name == controller)
        });
        let name = if controller == "io" { "blkio" } else { controller };
        unified.or_else(|| Self::first_version(name))
    }

    /// That of version 1 which has a controller.
    fn first_version(name: &str) -> Option<Self> {
        let has = |list: &str| list.split(',').any(|word| word == name);
        let point = mounts().into_iter().find(|(kind, _, options)| kind == "cgroup" && has(options))?.1;
        let own = memberships().into_iter().find(|(_, list, _)| has(list))?.2;
        Some(Hierarchy { version: Version::One, point, own })
    }

    /// Every one that there is.
    fn all() -> Vec<Self> {
        let names = ["memory", "cpu", "cpuacct", "cpuset", "pids", "blkio", "freezer"];
        Self::unified().into_iter().chain(names.into_iter().filter_map(Self::first_version)).collect()
    }

    /// The directory of the tests' own cgroup.
    fn own_directory(&self) -> PathBuf {
        self.point.join(self.own.trim_start_matches('/'))
    }
}

/// The version in which this machine has `controller`, which the tests cannot do without.
#[track_caller]
fn version(controller: &str) -> Version {
    Hierarchy::of(controller).unwrap_or_else(|| panic!("no hierarchy has {controller}")).version
}

/// Type, mount point and options.
fn mounts() -> Vec<(String, PathBuf, String)> {
    let table = fs::read_to_string("/proc/mounts").unwrap();
    let lines = table.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.map(|words| (words[2].to_owned(), words[1].into(), words[3].to_owned())).collect()
}

/// Number, controllers and path.
fn memberships() -> Vec<(String, String, String)> {
    let table = fs::read_to_string("/proc/self/cgroup").unwrap();
    let lines = table.lines().map(|line| line.splitn(3, ':').map(str::to_owned).collect::<Vec<_>>());
    lines.map(|words| (words[0].clone(), words[1].clone(), words[2].clone())).collect()
}

/// A name for a cgroup that no other test has. What is left of that name goes with the value.
struct Name(String);

impl Name {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Name(format!("hc-tests-{}-{number}", std::process::id()))
    }

    /// `--OPTION=NAME`.
    fn option(&self, option: &str) -> String {
        format!("--{option}={}", self.0)
    }

    /// Its directory in each hierarchy where there is one.
    fn directories(&self) -> Vec<PathBuf> {
        let all = Hierarchy::all().into_iter().map(|hierarchy| hierarchy.own_directory().join(&self.0));
        all.filter(|directory| directory.exists()).collect()
    }

    /// Its directory in the hierarchy of a controller.
    #[track_caller]
    fn directory(&self, controller: &str) -> PathBuf {
        Hierarchy::of(controller).expect("a hierarchy").own_directory().join(&self.0)
    }

    /// Makes it, by hand, in the hierarchies of `controllers`, with these handed on to it and by it.
    #[track_caller]
    fn make(&self, controllers: &[&str]) {
        for controller in controllers {
            let hierarchy = Hierarchy::of(controller).expect("a hierarchy");
            let directory = hierarchy.own_directory().join(&self.0);
            if hierarchy.version == Version::Two {
                hand_on(&hierarchy, &hierarchy.own_directory(), controller);
            }
            if !directory.exists() {
                fs::create_dir(&directory).expect("a cgroup");
            }
            if hierarchy.version == Version::Two {
                write(&directory.join("cgroup.subtree_control"), &format!("+{controller}"));
            } else if *controller == "cpuset" {
                for list in ["cpuset.cpus", "cpuset.mems"] {
                    write(&directory.join(list), &read(&hierarchy.own_directory().join(list)));
                }
            }
        }
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if !self.directories().is_empty() {
            cgroup(&[&self.option("delete")]).run();
        }
    }
}

/// Has a cgroup of version 2 hand on `controller`, and all that are above it.
fn hand_on(hierarchy: &Hierarchy, directory: &Path, controller: &str) {
    let above = directory.ancestors().take_while(|path| path.starts_with(&hierarchy.point));
    for path in above.collect::<Vec<_>>().into_iter().rev() {
        write(&path.join("cgroup.subtree_control"), &format!("+{controller}"));
    }
}

#[track_caller]
fn write(file: &Path, value: &str) {
    fs::write(file, value).unwrap_or_else(|error| panic!("{}: {value}: {error}", file.display()));
}

#[track_caller]
fn read(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.trim_end().to_owned()
}

/// Every cgroup of a name that hc-cgroup makes up, in the tests' own cgroups, by one of these processes.
pub(super) fn made_up_by(processes: &[i32]) -> Vec<PathBuf> {
    let is_theirs = |name: &str| {
        let number = name.strip_prefix("hc-").and_then(|rest| rest.split('-').next()?.parse().ok());
        number.is_some_and(|number: i32| processes.contains(&number))
    };
    let entries = Hierarchy::all().into_iter().flat_map(|hierarchy| fs::read_dir(hierarchy.own_directory()));
    let entries = entries.flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_theirs))
        .map(|entry| entry.path())
        .collect()
}
