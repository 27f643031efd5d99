//! The units, and what else the page has, under a systemd that has booted the machine.

use super::{READY, SYSTEM, TEMPLATE, WEB, unit};
use hc_tests::{Cmd, Dir, debian, eventually, require_systemd, tool};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A unit of this machine, which is stopped and removed with its value.
struct Unit(&'static str);

impl Unit {
    /// `text` is as the page has it, where the tools are installed.
    fn new(name: &'static str, text: &str) -> Self {
        let text =
            text.replace("ExecStart=/usr/bin/hc-run", &format!("ExecStart={}", tool("hc-run").display()));
        let unit = Unit(name);
        fs::write(unit.file(), text).unwrap();
        systemctl(&["daemon-reload"]).run().ok().quiet();
        unit
    }

    /// Where it is. Of an instance, the template.
    fn file(&self) -> PathBuf {
        let name = self.0.split_once('@').map_or(self.0.to_owned(), |(name, _)| format!("{name}@.service"));
        Path::new("/run/systemd/system").join(name)
    }

    /// `systemctl VERB` of it.
    fn told(&self, verb: &str) -> Cmd {
        systemctl(&[verb, self.0])
    }

    /// A property of it.
    fn is(&self, property: &str) -> String {
        systemctl(&["show", "-P", property, self.0]).run().ok().quiet().text().trim_end().to_owned()
    }

    /// What it has said, one line each, until the last one is `last`.
    fn says(&self, last: &str) -> Vec<String> {
        let mut lines = Vec::new();
        eventually(last, || {
            let said = Cmd::line(["journalctl", "-q", "-o", "cat", "-u", self.0]).run().ok();
            lines = said.text().lines().map(str::to_owned).collect();
            lines.iter().any(|line| line == last)
        });
        lines
    }

    fn cgroup(&self) -> PathBuf {
        Path::new("/sys/fs/cgroup").join(self.is("ControlGroup").trim_start_matches('/'))
    }

    /// All of its processes.
    fn processes(&self) -> Vec<String> {
        let list =
            Cmd::sh("find \"$1\" -name cgroup.procs -exec cat {} +").arg("sh").arg(self.cgroup()).run();
        list.ok().text().lines().map(str::to_owned).collect()
    }

    /// Stops it. Nothing of it is there after that, and it has not failed.
    fn stops_and_leaves_nothing(&self, before: &BTreeSet<String>) {
        let (cgroup, processes) = (self.cgroup(), self.processes());
        assert!(processes.len() > 1 && cgroup.exists(), "{processes:?} in {}", cgroup.display());
        self.told("stop").run().ok().quiet();
        assert_eq!((self.is("ActiveState"), self.is("Result")), ("inactive".into(), "success".into()));
        eventually("all of it has ended", || {
            processes.iter().all(|process| !Path::new("/proc").join(process).exists()) && !cgroup.exists()
        });
        assert_eq!(&mounts(), before);
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let remove =
            "systemctl stop \"$1\"; systemctl reset-failed \"$1\"; rm \"$2\"; systemctl daemon-reload";
        Cmd::sh(remove).args(["sh", self.0]).arg(self.file()).run();
    }
}

fn systemctl(words: &[&str]) -> Cmd {
    Cmd::new("systemctl").args(words)
}

/// What is mounted, but for what systemd itself has there while it starts a unit.
fn mounts() -> BTreeSet<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let points = table.lines().map(|line| line.split(' ').nth(4).unwrap().to_owned());
    points.filter(|point| !point.starts_with("/run/credentials/")).collect()
}

fn page() -> String {
    let page = Cmd::line(["busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8080/"]).run();
    String::from_utf8(page.stdout).unwrap()
}

#[test]
fn a_service_starts_restarts_and_stops() {
    require_systemd!();
    fs::create_dir_all("/srv").unwrap();
    fs::write("/srv/index.html", "Hello, web!\n").unwrap();
    let before = mounts();
    let web = Unit::new("web.service", &unit(WEB));
    let serves = || eventually("it serves", || page() == "Hello, web!\n");
    web.told("start").run().ok().quiet();
    serves();
    let first = web.is("MainPID");
    assert_eq!(web.is("SubState"), "running");
    web.told("restart").run().ok().quiet();
    serves();
    let second = web.is("MainPID");
    assert_ne!(first, second);
    // Whatever ends the program, it is started once more.
    let httpd = web.processes().into_iter().find(|process| {
        fs::read(format!("/proc/{process}/cmdline"))
            .is_ok_and(|line| line.starts_with(b"/bin/busybox\0httpd"))
    });
    Cmd::line(["kill", "-KILL", &httpd.expect("the program")]).run().ok().quiet();
    eventually("another one", || web.is("NRestarts") == "1" && web.is("SubState") == "running");
    serves();
    assert_ne!(web.is("MainPID"), second);
    web.stops_and_leaves_nothing(&before);
    fs::remove_file("/srv/index.html").unwrap();
}

#[test]
fn one_that_cannot_be_helped_is_not_tried_again_and_says_why() {
    require_systemd!();
    let bad = Unit::new("bad.service", &unit(WEB).replace("/bin/busybox httpd", "/bin/none httpd"));
    bad.told("start").run();
    eventually("it has failed", || bad.is("ActiveState") == "failed");
    let seen = ["Result", "ExecMainStatus", "NRestarts"].map(|property| bad.is(property));
    assert_eq!(seen, ["exit-code", "127", "0"]);
    bad.says("hc-run: /bin/none: No such file or directory");
}

#[test]
fn each_root_directory_is_a_service_with_limits_of_its_own() {
    require_systemd!();
    let blocks = super::blocks();
    let options = blocks.iter().find(|block| block.starts_with("OPTIONS=")).expect("the file");
    // On a disk: here, all else is in a tmpfs, which takes Linux 6.3 to be mounted with other ids.
    let dir = Dir::new();
    std::os::unix::fs::symlink(dir.path(), "/ns").unwrap();
    let before = mounts();
    Cmd::tool("hc-rootfs").args(["/ns/box", "/bin/sh", "/bin/sleep"]).run().ok().quiet();
    fs::create_dir_all("/etc/hc").unwrap();
    fs::write("/etc/hc/box", options).unwrap();
    let unit = Unit::new("hc@box.service", &unit(TEMPLATE));
    unit.told("start").run().ok().quiet();
    unit.says("up");
    // hc-cgroup has made one below that of the unit, which systemd leaves alone.
    let limits = Cmd::sh("cat \"$1\"/hc-*/memory.max").arg("sh").arg(unit.cgroup()).run();
    let limits = limits.ok().text().to_owned();
    assert!(limits.lines().any(|limit| limit == "67108864"), "{limits}");
    systemctl(&["daemon-reload"]).run().ok().quiet();
    unit.stops_and_leaves_nothing(&before);
    // Without a directory there is no such service.
    systemctl(&["start", "hc@none"]).run();
    let seen = ["ConditionResult", "ActiveState"].map(|property| {
        systemctl(&["show", "-P", property, "hc@none"]).run().ok().text().trim_end().to_owned()
    });
    assert_eq!(seen, ["no", "inactive"]);
    Cmd::sh("rm -r /ns /etc/hc").run().ok().quiet();
}

#[test]
fn a_program_tells_systemd_that_it_is_ready() {
    require_systemd!();
    let before = mounts();
    let ready = Unit::new("ready.service", &unit(READY));
    // That waits until it is.
    ready.told("start").run().ok().quiet();
    assert_eq!(ready.is("SubState"), "running");
    ready.stops_and_leaves_nothing(&before);
    // One that says nothing is not.
    let mute = unit(READY).replace("systemd-notify --ready && ", "");
    let mute = Unit::new("mute.service", &(mute + "TimeoutStartSec=3\n"));
    mute.told("start").run().exits(1);
    assert_eq!(mute.is("Result"), "timeout");
    // Without being told to, the socket is not handed on.
    let blind = unit(READY).replace("--env=NOTIFY_SOCKET", "").replace("Type=notify", "Type=oneshot");
    let line = blind.lines().position(|line| line.contains("/bin/sh -c")).expect("the program");
    let blind: Vec<&str> =
        blind.lines().enumerate().map(|(at, text)| if at == line { "    env" } else { text }).collect();
    let blind = Unit::new("blind.service", &(blind.join("\n") + "\n"));
    blind.told("start").run().ok().quiet();
    let said = blind.says("container=handcraft");
    assert!(!said.iter().any(|line| line.contains("NOTIFY_SOCKET")), "{said:?}");
}

#[test]
fn the_limits_of_a_unit_hold_for_the_container() {
    require_systemd!();
    let text = "[Service]\nType=oneshot\nMemoryMax=32M\nExecStart=/usr/bin/hc-run dd if=/dev/zero of=/dev/null bs=200M count=1\n";
    let greedy = Unit::new("greedy.service", text);
    greedy.told("start").run().exits(1);
    assert_eq!(greedy.is("Result"), "oom-kill");
    let text = "[Service]\nType=oneshot\nTasksMax=8\nExecStart=/usr/bin/hc-run --file=/bin/sleep sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; wait'\n";
    let many = Unit::new("many.service", text);
    many.told("start").run().exits(1);
    assert_eq!((many.is("Result"), many.is("ExecMainStatus")), ("exit-code".into(), "2".into()));
    many.says("/usr/bin/sh: 0: Cannot fork");
}

#[test]
fn an_operating_system_boots_restarts_and_is_powered_off() {
    require_systemd!();
    let (dir, before) = (Dir::new(), mounts());
    Cmd::line(["cp", "-a"])
        .arg(debian())
        .arg(dir.join("os"))
        .limit(Duration::from_mins(2))
        .run()
        .ok()
        .quiet();
    let system = Unit::new("os.service", &unit(SYSTEM).replace("/ns/os", dir.join("os").to_str().unwrap()));
    system.told("start").run().ok().quiet();
    // Its process 1, when it has started all of it.
    let boots = || {
        let mut init = None;
        eventually("it runs", || {
            let is_init = |process: &String| {
                fs::read_to_string(format!("/proc/{process}/status")).is_ok_and(|status| {
                    status.starts_with("Name:\tsystemd\n")
                        && status.lines().any(|line| *line == format!("NSpid:\t{process}\t1"))
                })
            };
            init = system.processes().into_iter().find(is_init);
            let Some(init) = &init else { return false };
            let asked = inside(init, &["systemctl", "is-system-running", "--wait"]).run();
            asked.stdout == b"running\n"
        });
        init.unwrap()
    };
    let init = boots();
    // What it has limits of, it can limit its services in.
    let controllers = inside(&init, &["cat", "/sys/fs/cgroup/system.slice/cgroup.controllers"]).run().ok();
    assert_eq!(controllers.text(), "memory pids\n");
    inside(&init, &["systemctl", "reboot"]).run();
    eventually("it restarts", || system.is("NRestarts") == "1");
    assert_ne!(boots(), init);
    system.stops_and_leaves_nothing(&before);
}

/// A command line in there, from here.
fn inside(init: &str, words: &[&str]) -> Cmd {
    Cmd::new("nsenter").args(["-a", "-t", init]).args(words)
}
