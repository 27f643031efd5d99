//! An operating system as a container: a Debian whose process 1 is systemd.

use crate::cgroup::made_up_by;
use hc_tests::{Cmd, Dir, Running, can_make_hosts, debian, eventually, require, send};
use std::path::{Path, PathBuf};
use std::time::Duration;

const ROOT: &str = "takes root with CAP_SYS_ADMIN";
/// Starting it takes two seconds, and stopping it one.
const LIMIT: Duration = Duration::from_mins(2);

/// The Debian, to be written to. Its root has no password.
fn tree(dir: &Dir) -> PathBuf {
    let script = "cp -a \"$1\" os && sed -i 's/^root:[^:]*:/root::/' os/etc/shadow";
    Cmd::sh(script).arg("sh").arg(debian()).dir(dir.path()).limit(LIMIT).run().ok().quiet();
    dir.join("os")
}

/// `options` are of hc-run.
fn boots(tree: &Path, options: &[&str]) -> Cmd {
    let run = Cmd::tool("hc-run").args(options).arg("--hostname=os").arg("-r").arg(tree).arg("/sbin/init");
    run.limit(LIMIT)
}

/// Its process 1.
fn init(machine: &mut Running) -> i32 {
    let mut found = 0;
    eventually("systemd runs", || {
        assert!(!machine.has_ended(), "it has ended");
        let comm = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        found = machine.descendants().into_iter().find(|pid| comm(pid) == "systemd\n").unwrap_or_default();
        found != 0
    });
    found
}

/// A command line in there, from here.
fn inside(init: i32, words: &[&str]) -> Cmd {
    Cmd::new("nsenter").args(["-a", "-t"]).arg(init.to_string()).args(words).limit(LIMIT)
}

/// Waits until all that is to be started has been. What has failed is told.
fn is_up(machine: &mut Running) -> i32 {
    let init = init(machine);
    // Until it listens, systemctl(1) says that it cannot connect.
    eventually("systemd answers", || {
        let asked = inside(init, &["systemctl", "is-system-running", "--wait"]).run();
        matches!(asked.stdout.as_slice(), b"running\n" | b"degraded\n")
    });
    let failed = inside(init, &["systemctl", "list-units", "--failed", "--plain", "--no-legend"]).run();
    failed.ok().says("").quiet();
    inside(init, &["systemctl", "is-system-running"]).run().ok().says("running\n");
    inside(init, &["systemctl", "is-active", "multi-user.target"]).run().ok().says("active\n");
    init
}

/// True if units can be limited: not where the controllers are in hierarchies of version 1.
fn has_controllers() -> bool {
    std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").is_ok_and(|list| list.contains("pids"))
}

/// How a unit is started from a shell: it ends as its program does.
const UNIT: [&str; 7] = ["systemd-run", "--quiet", "--wait", "--pipe", "-p", "TasksMax=9", "-p"];

/// What a system is there for.
fn works(init: i32) {
    let unit = |script: &str| inside(init, &UNIT).args(["MemoryMax=32M", "sh", "-c", script]).run();
    unit("id -un; hostname; exit 7").exits(7).says("root\nos\n").quiet();
    let limits = "cd /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup); cat pids.max memory.max";
    if has_controllers() {
        unit(limits).ok().says("9\n33554432\n").quiet();
    } else {
        unit(limits).exits(1).says("");
    }
    // Users, and the journal, which is asked until it has written that.
    let user = ["systemd-run", "--quiet", "--wait", "--pipe", "-p", "User=daemon", "id", "-un"];
    inside(init, &user).run().ok().says("daemon\n").quiet();
    unit("echo it works | systemd-cat -t unit").ok().quiet();
    eventually("the journal has it", || {
        inside(init, &["journalctl", "-q", "-o", "cat", "-t", "unit"]).run().ok().text() == "it works\n"
    });
    // Its root is nobody out here.
    let status = std::fs::read_to_string(format!("/proc/{init}/status")).unwrap();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:\t")).unwrap();
    assert!(!user.starts_with("0\t"), "{user}");
}

/// All of it has ended, and its cgroups are gone.
fn is_off(machine: Running, init: i32) {
    let pid = machine.pid();
    machine.wait().ok().says("").quiet();
    eventually("its processes have ended", || !Path::new(&format!("/proc/{init}")).exists());
    assert_eq!(made_up_by(&[pid]), Vec::<PathBuf>::new());
}

#[test]
fn a_debian_boots_and_is_powered_off_from_inside_and_from_outside() {
    require!(can_make_hosts(), ROOT);
    let dir = Dir::new();
    let tree = tree(&dir);
    let mut machine = boots(&tree, &[]).start();
    let init = is_up(&mut machine);
    works(init);
    inside(init, &["systemctl", "poweroff"]).run();
    is_off(machine, init);
    // Once more, of the same tree. systemd's interface for containers has it that SIGRTMIN+3 is the button.
    let mut machine = boots(&tree, &[]).start();
    let init = is_up(&mut machine);
    send(machine.pid(), libc::SIGRTMIN() + 3);
    is_off(machine, init);
}

#[test]
fn who_has_a_terminal_can_log_in_there() {
    require!(can_make_hosts(), ROOT);
    let dir = Dir::new();
    let mut machine = boots(&tree(&dir), &["-t"]).hold_input().start();
    let pid = machine.pid();
    machine.expect("os login: ");
    machine.write(b"root\r", false);
    machine.expect("root@os:~# ");
    machine.write(b"systemctl is-system-running --wait; tty; echo st''ands\r", false);
    machine.expect("running\r\n/dev/console\r\nstands\r\n");
    // A restart is not an end like others: who has started it can do so again.
    machine.write(b"systemctl reboot\r", false);
    let output = machine.wait().dies_of(libc::SIGHUP);
    assert!(output.text().contains("Reached target"), "{output:?}");
    assert_eq!(made_up_by(&[pid]), Vec::<PathBuf>::new());
}
