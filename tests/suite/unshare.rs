//! hc-unshare(1): as unshare(1), and then as a root directory that cannot be left.

mod causes;
mod corners;
mod diagnostics;
mod differential;
mod drop_in;
mod furnish;
mod init;
mod jail;
mod job_control;
mod kill_child;
mod newer;
mod old_root;
mod parent;
mod persist;
mod privileges;
mod pty;
mod root;
mod way_in;

use hc_tests::{Cmd, Dir};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// `hc-unshare`, and these words.
#[track_caller]
fn unshare(words: &[&str]) -> Cmd {
    Cmd::tool("hc-unshare").args(words)
}

/// A root directory with the probe in it, and the mount points that most tests use.
struct Root {
    dir: Dir,
}

impl Root {
    fn new() -> Self {
        let dir = Dir::new();
        let root = dir.directory("root");
        for name in ["proc", "tmp", "a/b"] {
            dir.directory(root.join(name));
        }
        for program in [hc_tests::probe(), hc_tests::tool("hc-unshare")] {
            let bytes = std::fs::read(&program).unwrap();
            dir.program(root.join(program.file_name().unwrap()), bytes);
        }
        dir.file("marker", "outside");
        Root { dir }
    }

    /// Where it is.
    fn path(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// A file that is not in it.
    fn marker(&self) -> PathBuf {
        self.dir.join("marker")
    }

    /// `OPTION=DIR`.
    fn option(&self, option: &str) -> String {
        format!("{option}={}", self.path().display())
    }
}

/// Who starts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Root,
    Nobody,
}

impl Who {
    const ALL: [Who; 2] = [Who::Root, Who::Nobody];

    fn starts(self, cmd: Cmd) -> Cmd {
        match self {
            Who::Root => cmd,
            Who::Nobody => cmd.as_nobody(),
        }
    }
}

/// A root directory with every mount point of a jail, and the programs that look around and that attack.
fn cell() -> Root {
    let root = Root::new();
    for name in ["sys", "dev"] {
        root.dir.directory(root.path().join(name));
    }
    std::fs::set_permissions(root.path().join("tmp"), PermissionsExt::from_mode(0o1777)).unwrap();
    root.dir.program(root.path().join("hc-attack"), std::fs::read(hc_tests::attack()).unwrap());
    root
}
