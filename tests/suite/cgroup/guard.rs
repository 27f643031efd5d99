//! The parent that stays is killed: its guard ends NEXT and removes the cgroups.

use super::divide::{NO_PLACE, Place, alone};
use super::{Hierarchy, Name, cgroup, read};
use hc_tests::{Cmd, Running, eventually, is_root, require, send};
use nix::sys::signal::Signal;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const ROOT: &str = "takes root, or a cgroup that was handed over";

/// The variable by which the processes of a run are found.
const MARK: &str = "HC_TESTS_RUN";

/// What does not end by itself, nor by being asked to, and what does.
const STUBBORN: &str = "(trap '' TERM HUP; exec setsid sleep 1000) >/dev/null 2>&1 & exec sleep 0.02";

/// A run under a guard, which can be found.
fn guarded(name: &Name, next: &[&str]) -> Cmd {
    let line = cgroup(&[&name.option("name"), "-m64m", "--pids-limit=10", "--wait"]);
    line.args(next).env(MARK, &name.0)
}

/// Its processes, whoever their parents are.
fn processes(name: &Name) -> Vec<i32> {
    let mark = format!("{MARK}={}", name.0).into_bytes();
    let is_marked = |pid: &i32| {
        let environ = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|entry| entry == mark)
    };
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_marked).collect()
}

/// Process group and session.
fn group_and_session(pid: i32) -> (i32, i32) {
    let stat = read(Path::new(&format!("/proc/{pid}/stat")));
    let fields: Vec<i32> =
        stat.rsplit(") ").next().unwrap().split(' ').skip(2).take(2).map(|f| f.parse().unwrap()).collect();
    (fields[0], fields[1])
}

/// The guard, and NEXT, which is the only process in the cgroup.
fn guard_and_next(running: &Running, name: &Name) -> (i32, i32) {
    let next: i32 = read(&name.directory("pids").join("cgroup.procs")).parse().unwrap();
    let others: Vec<i32> = running.descendants().into_iter().filter(|pid| *pid != next).collect();
    assert_eq!(others.len(), 1, "{others:?}");
    // It may be on its way there still.
    eventually("the guard leads a session", || group_and_session(others[0]) == (others[0], others[0]));
    eventually("the guard has closed what is the caller's", || {
        !Path::new(&format!("/proc/{}/fd/1", others[0])).exists()
    });
    (others[0], next)
}

/// Nothing is left, sooner or later.
#[track_caller]
fn nothing_is_left(name: &Name, when: &str) {
    eventually(&format!("no process is left: {when}"), || processes(name).is_empty());
    eventually(&format!("no cgroup is left: {when}"), || name.directories().is_empty());
}

/// How long it takes here.
fn length(line: impl Fn() -> Cmd) -> Duration {
    let start = Instant::now();
    for _ in 0..4 {
        line().run();
    }
    start.elapsed() / 4
}

#[test]
fn killed_at_two_hundred_moments_the_parent_leaves_nothing() {
    const MOMENTS: u32 = 200;
    require!(is_root(), ROOT);
    let whole = length(|| guarded(&Name::new(), &["sh", "-c", STUBBORN]));
    for moment in 0..MOMENTS {
        let name = Name::new();
        let mut running = guarded(&name, &["sh", "-c", STUBBORN]).start();
        std::thread::sleep(whole * moment / MOMENTS);
        send(running.pid(), libc::SIGKILL);
        running.wait_for_it_alone();
        nothing_is_left(&name, &format!("{moment} of {MOMENTS} in {whole:?}"));
    }
}

#[test]
fn killed_beside_its_own_cgroup_the_parent_leaves_that_as_it_was() {
    const MOMENTS: u32 = 60;
    require!(is_root(), ROOT);
    let Some(place) = Place::find() else {
        require!(false, NO_PLACE);
        return;
    };
    let (directory, set) = (place.make(), place.option());
    let tool = hc_tests::tool("hc-cgroup").display().to_string();
    let line = || alone(&directory, &[&tool, &set, "--name=x/y", "--wait", "sh", "-c", STUBBORN]);
    let whole = length(line);
    for moment in 0..MOMENTS {
        let mut running = line().start();
        std::thread::sleep(whole * moment / MOMENTS);
        send(running.pid(), libc::SIGKILL);
        running.wait_for_it_alone();
        let below = || fs::read_dir(&directory).unwrap().flatten().filter(|entry| entry.path().is_dir());
        eventually(&format!("no cgroup is left: {moment} of {MOMENTS} in {whole:?}"), || {
            below().count() == 0
        });
        eventually("the caller's own hands on nothing", || {
            read(&directory.join("cgroup.subtree_control")).is_empty()
        });
    }
}

#[test]
fn the_guard_has_nothing_of_the_caller_s_nor_of_next_s() {
    require!(is_root(), ROOT);
    let name = Name::new();
    let file = fs::File::open("/dev/null").unwrap();
    let next = ["sh", "-c", "echo $PPID; read x"];
    let mut running = guarded(&name, &next).dir("/tmp").passing(file, 100).hold_input().start();
    running.expect("\n");
    assert_eq!(running.said(), format!("{}\n", running.pid()));
    let (guard, next) = guard_and_next(&running, &name);
    // Open are the hierarchies alone.
    let link = |path: String| fs::read_link(path).unwrap();
    let points: Vec<PathBuf> = Hierarchy::all().into_iter().map(|hierarchy| hierarchy.point).collect();
    let open: Vec<PathBuf> = fs::read_dir(format!("/proc/{guard}/fd"))
        .unwrap()
        .map(|entry| link(entry.unwrap().path().display().to_string()))
        .collect();
    assert!(!open.is_empty() && open.iter().all(|path| points.contains(path)), "{open:?}");
    assert_eq!(link(format!("/proc/{guard}/cwd")), Path::new("/"));
    assert_ne!(group_and_session(next).0, group_and_session(guard).0);
    // It ends with the run, and not some time later.
    running.write(b"\n", true);
    running.wait().exits(0);
    assert_eq!(processes(&name), Vec::<i32>::new());
    assert_eq!(name.directories(), Vec::<PathBuf>::new());
}

#[test]
fn what_ends_the_process_group_does_not_end_the_guard() {
    require!(is_root(), ROOT);
    let next = ["sh", "-c", "trap '' INT HUP TERM QUIT; echo up; sleep 1000 & wait"];
    let name = Name::new();
    let mut running = guarded(&name, &next).session().start();
    running.expect("up\n");
    let two = || read(&name.directory("pids").join("cgroup.procs")).lines().count() == 2;
    eventually("NEXT has a child", two);
    let guard = running.descendants().into_iter().find(|pid| group_and_session(*pid).1 == *pid);
    let guard = guard.expect("a guard");
    for signal in [libc::SIGINT, libc::SIGHUP, libc::SIGTERM, libc::SIGQUIT] {
        send(guard, signal);
        send(-running.pid(), signal);
    }
    send(guard, libc::SIGTSTP);
    std::thread::sleep(Duration::from_millis(50));
    assert!(two(), "NEXT goes on");
    send(-running.pid(), libc::SIGKILL);
    running.wait_for_it_alone();
    nothing_is_left(&name, "the group was killed");
}

#[test]
fn without_its_guard_the_parent_does_its_work_and_delete_does_the_guard_s() {
    require!(is_root(), ROOT);
    for parent_is_killed in [false, true] {
        let name = Name::new();
        let mut running = guarded(&name, &["sh", "-c", "echo up; read x; exit 5"]).hold_input().start();
        running.expect("up\n");
        let (guard, next) = guard_and_next(&running, &name);
        send(guard, libc::SIGKILL);
        if parent_is_killed {
            running.signal(Signal::SIGKILL);
            running.wait_for_it_alone();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(processes(&name), [next], "NEXT goes on");
            cgroup(&[&name.option("delete")]).run().ok().quiet().says("");
        } else {
            running.write(b"\n", true);
            running.wait().exits(5).quiet();
        }
        nothing_is_left(&name, "without a guard");
    }
}

#[test]
fn a_signal_that_comes_early_ends_next() {
    require!(is_root(), ROOT);
    let whole = length(|| guarded(&Name::new(), &["true"]));
    for moment in 0..40 {
        let name = Name::new();
        let running = guarded(&name, &["sleep", "1000"]).start();
        std::thread::sleep(whole * moment / 40);
        send(running.pid(), libc::SIGTERM);
        running.wait().dies_of(libc::SIGTERM).quiet();
        assert_eq!(processes(&name), Vec::<i32>::new());
        assert_eq!(name.directories(), Vec::<PathBuf>::new());
    }
}
