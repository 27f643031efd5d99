//! Namespaces that are bound to files, and stay.

mod entered;
mod refused;

use super::Root;
use hc_tests::{Cmd, Dir, Ended, Host, can_make_hosts, require};
use std::path::PathBuf;

/// A machine, and a private mount on it with files to bind namespaces to.
struct Place {
    host: Host,
    dir: Dir,
}

/// Each kind: its option, what it is called in /proc, and what nsenter(1) calls it.
const KINDS: [(&str, &str); 8] = [
    ("mount", "mnt"),
    ("uts", "uts"),
    ("ipc", "ipc"),
    ("net", "net"),
    ("pid", "pid"),
    ("user", "user"),
    ("cgroup", "cgroup"),
    ("time", "time"),
];

impl Place {
    fn new() -> Self {
        Self::on(Host::new())
    }

    fn on(host: Host) -> Self {
        let dir = Dir::new();
        let script = r#"mount -t tmpfs -o mode=777 tmpfs "$0" && mount --make-private "$0" && cd "$0" &&
                        mkdir directory && ln -s uts link && touch mount uts ipc net pid user cgroup time other"#;
        Cmd::sh(script).arg(dir.path()).on(&host).run().ok().quiet();
        Place { host, dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn option(&self, kind: &str, file: &str) -> String {
        format!("--{kind}={}", self.path(file).display())
    }

    /// The names of the files that a namespace is bound to, in order.
    fn bound(&self) -> Vec<String> {
        let mut files: Vec<String> = self
            .host
            .mounts()
            .iter()
            .filter(|line| line.contains(" - nsfs "))
            .filter_map(|line| line.split(' ').nth(4)?.rsplit('/').next().map(str::to_owned))
            .collect();
        files.sort();
        files
    }

    /// Releases them.
    fn release(&self) {
        for file in self.bound() {
            Cmd::new("umount").arg(self.path(&file)).on(&self.host).run().ok().quiet();
        }
    }

    fn run(&self, words: &[&str]) -> Cmd {
        let cpu = cpu_for_mount_namespaces(&self.host, &self.path("other"));
        Cmd::line(["taskset", "-c", &cpu, "hc-unshare"]).args(words).on(&self.host)
    }
}

/// A processor on which a mount namespace can be made that can be bound to `file`. Linux 6.18 compares numbers of the
/// namespace that is bound and of the one that it is bound in, as if these were counted up, and gives them out per
/// processor: on the wrong one, no mount namespace can be bound anywhere.
pub(super) fn cpu_for_mount_namespaces(host: &Host, file: &std::path::Path) -> String {
    let option = format!("--mount={}", file.display());
    let works = |cpu: &String| {
        let bound = Cmd::line(["taskset", "-c", cpu, "unshare", &option, "true"]).on(host).run().ended;
        bound == Ended::Exit(0) && Cmd::new("umount").arg(file).on(host).run().ended == Ended::Exit(0)
    };
    let count = std::thread::available_parallelism().unwrap().get();
    (0..count)
        .map(|cpu| cpu.to_string())
        .find(works)
        .expect("a processor on which unshare(1) binds a mount namespace")
}

#[test]
fn are_bound_where_the_caller_is_and_before_the_program_starts() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let root = Root::new();
    let bind = root.option("--root");
    for (words, file) in [
        (&["--uts=uts"][..], "uts"),
        (&["--uts=./directory/../uts"], "uts"),
        (&["--uts=link"], "uts"),
        (&["-w", "/", "--uts=uts"], "uts"),
        (&["-m", "--uts=uts"], "uts"),
        (&["--mount=mount", "--propagation=slave"], "mount"),
        (&["-fm", &bind, "--uts=uts"], "uts"),
        (&["-f", &bind, "--uts=uts"], "uts"),
        (&["--uts=other", "--uts=uts"], "uts"),
        (&["--uts=uts", "-u"], "uts"),
        (&["-S", "1000", "-G", "1000", "--net=net"], "net"),
        (&["-f", "-S", "1000", "--ipc=ipc"], "ipc"),
        (&["--kill-child", "--cgroup=cgroup"], "cgroup"),
        (&["-r", "--uts=uts"], "uts"),
        (&["-rf", "--user=user"], "user"),
        (&["--owner=1000:1000", "--user=user"], "user"),
        (&["-T", "--time=time", "--monotonic=5"], "time"),
    ] {
        let next = if words.contains(&bind.as_str()) { "/hc-probe".into() } else { hc_tests::probe() };
        place.run(words).arg(next).dir(place.dir.path()).run().ok().quiet();
        assert_eq!(place.bound(), [file], "{words:?}");
        place.release();
    }
    // When the program starts it is there.
    let script = format!("grep -c ' {} .* nsfs ' /proc/self/mountinfo", place.path("uts").display());
    for fork in [&[][..], &["-f"]] {
        let line = place.run(&[&place.option("uts", "uts")]).args(fork).args(["sh", "-c", &script]);
        line.run().ok().says("1\n").quiet();
        place.release();
    }
}

#[test]
fn are_taken_for_an_option_s_value_only_behind_an_equals_sign() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let file = place.path("uts");
    let message = place.run(&["--uts"]).arg(&file).run().fails("hc-unshare", 126);
    assert!(message.contains("uts"), "{message}");
    place.run(&["-u"]).arg(&file).run().fails("hc-unshare", 126);
    place.run(&["-uuts", "true"]).run().fails("hc-unshare", 125);
    assert_eq!(place.bound(), [] as [&str; 0]);
}

/// One over the other, as with mount(8): the upper one has to go before the lower one is back.
#[test]
fn may_be_bound_to_one_file_again() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let place = Place::new();
    let option = place.option("uts", "uts");
    for name in ["one", "two"] {
        place.run(&[&option, "hostname", name]).run().ok().quiet();
    }
    assert_eq!(place.bound(), ["uts", "uts"]);
    let name =
        || Cmd::new("nsenter").args([&option, "hostname"]).on(&place.host).run().ok().text().to_owned();
    assert_eq!(name(), "two\n");
    Cmd::new("umount").arg(place.path("uts")).on(&place.host).run().ok();
    assert_eq!(name(), "one\n");
    place.release();
}
