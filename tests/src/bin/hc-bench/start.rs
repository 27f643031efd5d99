//! Start: a static program in namespaces, and in a jail.

use crate::floor::{floor, hello};
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{Dir, release};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: usize = 300;

pub(crate) fn rows() -> Vec<Row> {
    let root = Root::new();
    let mut rows = post(&root);
    rows.extend(jail(&root));
    rows
}

/// A root directory that holds one program.
pub(crate) struct Root {
    directory: Dir,
}

impl Root {
    pub(crate) fn new() -> Self {
        let directory = Dir::new();
        for name in ["bin", "proc", "dev", "sys", "tmp", "run"] {
            directory.directory(name);
        }
        directory.program("bin/hello", fs::read(hello()).expect("the program"));
        Root { directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// `OPTION=`, and this directory.
    pub(crate) fn option(&self, option: &str) -> OsString {
        let mut word = OsString::from(option);
        word.push(self.path());
        word
    }
}

/// The post's line.
fn post(root: &Root) -> Vec<Row> {
    let option = root.option("--root=");
    let line = |name: &str, program: PathBuf| {
        Line::new(name, words(&[&program, &"-fpium", &"--mount-proc", &option, &"/bin/hello"]))
    };
    let ours = line("hc-unshare -fpium --mount-proc --root", release("hc-unshare"));
    let floor = Line::new("floor/post.c", words(&[&floor("post"), &root.path(), &"/bin/hello"]));
    compare(
        ROUNDS,
        ours,
        Peers::of([(line("unshare", "unshare".into()), Target::AtMost(1.0)), (floor, Target::AtMost(1.3))]),
    )
}

/// All that a jail is.
fn jail(root: &Root) -> Vec<Row> {
    let jail = words(&[&release("hc-unshare"), &"--jail", &root.option("--root=")]);
    let with =
        |program: &[&str]| jail.iter().cloned().chain(program.iter().map(OsString::from)).collect::<Vec<_>>();
    let filter = root.join("../filter.bpf");
    fs::write(&filter, filter_of(&with(&["/bin/hello", "wait"]))).expect("the filter");
    let ours = Line::new("hc-unshare --jail", with(&["/bin/hello"]));
    let floor = Line::new("floor/jail.c", words(&[&floor("jail"), &root.path(), &filter, &"/bin/hello"]));
    let mut peers = Peers::of([(floor, Target::AtMost(1.3))]);
    peers.add("bwrap", "bubblewrap", Target::Faster(1.0), |program| bubblewrap(program, root));
    compare(ROUNDS, ours, peers)
}

/// bubblewrap's line that comes nearest.
fn bubblewrap(program: &Path, root: &Root) -> Line {
    let start = words(&[&program, &"--unshare-all", &"--bind", &root.path(), &"/"]);
    let rest = ["--proc", "/proc", "--dev", "/dev", "--new-session", "--clearenv", "/bin/hello"];
    Line::new(
        "bwrap --unshare-all --bind --proc --dev --new-session --clearenv",
        start.into_iter().chain(rest.map(OsString::from)),
    )
}

/// The system call filter of the program that this line comes to, as the kernel has it. The program must wait.
fn filter_of(line: &[OsString]) -> Vec<u8> {
    let (program, arguments) = line.split_first().expect("a line has a program");
    let mut child = Command::new(program).args(arguments).stdout(Stdio::null()).spawn().expect("a jail");
    let limit = Instant::now() + Duration::from_secs(10);
    // The last in the row of children; it has the filter when its name is the program's.
    let inmate = loop {
        assert!(Instant::now() < limit, "no program in the jail");
        let last = last_descendant(child.id());
        if fs::read_to_string(format!("/proc/{last}/comm")).is_ok_and(|name| name.trim() == "hello") {
            break last;
        }
        thread::sleep(Duration::from_millis(5));
    };
    let output = Command::new(floor("filter")).arg(inmate.to_string()).output().expect("floor/filter");
    child.kill().and_then(|()| child.wait()).expect("the jail ends");
    assert!(output.status.success(), "floor/filter: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn last_descendant(process: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let child = children.split_whitespace().last().and_then(|child| child.parse().ok());
    child.map_or(process, last_descendant)
}
