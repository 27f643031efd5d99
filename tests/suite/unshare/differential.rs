//! The same words under unshare(1) and under ours: how they end, whether they complain, and all that the kernel
//! tells the program. The tables are in files by topic; a line of one is the words of one command line.

mod ids;
mod mounts;
mod namespaces;
mod options;
mod places;
mod processes;
mod refusals;
mod shell;
mod subids;
mod time;

use super::unshare;
use hc_tests::{Cmd, Dir, Ended, Host, Output, View};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// As whom a line is run: `as_root`, or `Cmd::as_nobody`.
type Who = fn(Cmd) -> Cmd;

fn as_root(cmd: Cmd) -> Cmd {
    cmd
}

/// Where both tools run. In a line, `ROOT` stands for a root directory with the probe in it, by the same path as
/// outside, `BOUND` for another one that has the machine's proc mounted, `FILE` for a file, and `''` for no
/// character.
struct Stage {
    host: Host,
    dir: Dir,
}

impl Stage {
    fn new() -> Self {
        Self::on(Host::new())
    }

    fn on(host: Host) -> Self {
        let dir = Dir::new();
        let probe = hc_tests::probe();
        let bytes = std::fs::read(&probe).unwrap();
        for root in ["root", "bound"] {
            for name in ["proc", "a/b"] {
                dir.directory(format!("{root}/{name}"));
            }
            dir.program(format!("{root}{}", probe.display()), &bytes);
            std::os::unix::fs::symlink("/a/b", dir.join(root).join("link")).unwrap();
        }
        dir.file("file", "");
        Cmd::sh(r#"mount --rbind /proc "$0" && mount --make-rprivate "$0""#)
            .arg(dir.join("bound/proc"))
            .on(&host)
            .run()
            .ok()
            .quiet();
        Stage { host, dir }
    }

    /// Writes a file of the host.
    #[track_caller]
    fn file(&self, name: &str, content: &str) {
        std::fs::write(self.host.path(name), content).unwrap();
    }

    fn words(&self, line: &str) -> Vec<String> {
        let path = |name: &str| self.dir.join(name).into_os_string().into_string().unwrap();
        let word = |word: &str| match word {
            "''" => String::new(),
            word => word
                .replace("ROOT", &path("root"))
                .replace("BOUND", &path("bound"))
                .replace("FILE", &path("file")),
        };
        line.split_whitespace().map(word).collect()
    }

    /// A command on the host, started in the directory that `root`, `bound` and `file` are in.
    fn start(&self, who: Who, cmd: Cmd) -> Cmd {
        who(cmd.dir(self.dir.path()).on(&self.host))
    }

    /// `line` and the probe, under the original and under ours.
    #[track_caller]
    fn both(&self, who: Who, line: &str) -> [Output; 2] {
        [Cmd::new("unshare"), unshare(&[])].map(|tool| {
            let output = self.start(who, tool).args(self.words(line)).arg(hc_tests::probe()).run();
            if line.contains("--propagation") && line.contains("--mount-proc") {
                self.take_back();
            }
            output
        })
    }

    /// Expects of each line that both run the program, which has to see the same.
    #[track_caller]
    fn alike<S: AsRef<str>>(&self, who: Who, lines: &[S]) {
        let outside = self.start(who, Cmd::probe()).view();
        every(lines, |line| {
            let [theirs, ours] = self.both(who, line);
            if theirs.ended != Ended::Exit(0) {
                return Err(format!("unshare(1) has to run it:\n{theirs:?}"));
            }
            if ours.ended != theirs.ended || ours.stderr.is_empty() != theirs.stderr.is_empty() {
                return Err(format!("{ours:?}"));
            }
            let [theirs, ours] =
                [theirs, ours].map(|output| comparable(line, &View::parse(output.text()), &outside));
            difference(&theirs, &ours)
        });
    }

    /// Expects of each line that neither runs the program, and both say why: the original with status 1, ours with
    /// 125 and one line.
    #[track_caller]
    fn refused<S: AsRef<str>>(&self, who: Who, lines: &[S]) {
        every(lines, |line| {
            let [theirs, ours] = self.both(who, line);
            if theirs.ended != Ended::Exit(1) || theirs.stderr.is_empty() || !theirs.stdout.is_empty() {
                return Err(format!("unshare(1) has to refuse it: {:?}", theirs.ended));
            }
            let one_line = ours.stderr.starts_with(b"hc-unshare: ")
                && ours.stderr.split_inclusive(|&byte| byte == b'\n').count() == 1;
            if ours.ended == Ended::Exit(125) && one_line && ours.stdout.is_empty() {
                Ok(())
            } else {
                Err(format!("{ours:?}"))
            }
        });
    }

    /// Expects of each line, which has its program in it, the same end and the same on both streams.
    #[track_caller]
    fn same(&self, who: Who, lines: &[&[&str]]) {
        for words in lines {
            let [theirs, ours] =
                [Cmd::new("unshare"), unshare(&[])].map(|tool| self.start(who, tool).args(*words).run());
            assert!(
                theirs.ended == ours.ended
                    && theirs.stdout == ours.stdout
                    && theirs.stderr.is_empty() == ours.stderr.is_empty(),
                "{theirs:?}{ours:?}"
            );
        }
    }

    /// Unmounts what has come to the host by shared mounts.
    fn take_back(&self) {
        let script = r#"while umount -l "$0" 2>/dev/null; do :; done"#;
        Cmd::sh(script).arg(self.path("root/proc")).on(&self.host).run().ok();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Tells all lines of a table that are not as they should be, not the first alone.
#[track_caller]
fn every<S: AsRef<str>>(lines: &[S], check: impl Fn(&str) -> Result<(), String>) {
    let wrong: Vec<String> = lines
        .iter()
        .map(AsRef::as_ref)
        .filter_map(|line| check(line).err().map(|why| format!("unshare {line}\n{why}")))
        .collect();
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), lines.len(), wrong.join("\n"));
}

/// What has to be the same of two runs of `line`.
fn comparable(line: &str, view: &View, outside: &View) -> BTreeMap<String, Vec<String>> {
    let mut seen = view.comparable(outside);
    for key in ["uid_map", "gid_map"] {
        if seen.contains_key(key) {
            seen.insert(key.to_owned(), vec![format!("{:?}", view.id_map(key))]);
        }
    }
    // The root of a chroot is not in the mount table, the one that ours pivots to is.
    let has_root = |word: &str| word.starts_with("-R") || word.ends_with('R') || word.starts_with("--ro");
    if line.split_whitespace().any(|word| word.starts_with('-') && has_root(word))
        && let Some(mounts) = seen.get_mut("mount")
    {
        mounts.retain(|mount| mount.split(' ').nth(1) != Some("/"));
    }
    seen
}

fn difference(
    theirs: &BTreeMap<String, Vec<String>>,
    ours: &BTreeMap<String, Vec<String>>,
) -> Result<(), String> {
    let keys: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let different = keys.into_iter().filter(|key| theirs.get(*key) != ours.get(*key));
    let shown: Vec<String> = different
        .map(|key| format!("  {key}\n    theirs: {:?}\n    ours:   {:?}", theirs.get(key), ours.get(key)))
        .collect();
    if shown.is_empty() { Ok(()) } else { Err(shown.join("\n")) }
}
