//! Death at any system call: no half file under a final name, and a second run completes the copy.

use super::{TAKES_ROOT, shell};
use crate::rootfs::files_in;
use hc_tests::{Cmd, Dir, Ended, Host, can_make_hosts, require, strace};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A script, behind a link, and its interpreter, which is static: copied in few calls.
const SMALL: &str =
    r"echo 'void _start(void) {}' | exe p -nostdlib -static -x c -; script real/s '#!'$D/p; ln -s real link";

fn below(root: &Path, file: &Path) -> PathBuf {
    root.join(file.strip_prefix("/").expect("absolute"))
}

/// What `file` below `root` should be, by content, mode and time, is what it is.
fn is_whole(root: &Path, file: &Path) -> bool {
    let copy = below(root, file);
    let about = |path: &Path| path.metadata().map(|about| (about.mode(), about.mtime(), about.mtime_nsec()));
    about(&copy).ok() == about(file).ok() && fs::read(&copy).ok() == fs::read(file).ok()
}

/// The files of `root` that are none of the run's own.
fn placed(root: &Path) -> BTreeSet<PathBuf> {
    if !root.exists() {
        return BTreeSet::new();
    }
    files_in(root).into_iter().filter(|path| !path.starts_with("/.hc-rootfs")).collect()
}

/// Kills a run at each of its calls, in a `box` that is `used` already or a new one, and looks at what is left.
fn each_killed(used: bool) {
    let (host, dir) = (Host::new(), Dir::new());
    shell(&dir, None, SMALL).run().ok().quiet();
    let root = dir.join("box");
    let line = || Cmd::tool("hc-rootfs").arg(&root).arg(dir.join("link/s"));
    let prepare = || {
        let _ = fs::remove_dir_all(&root);
        if used {
            // All is there, and two files are others.
            line().run().ok().quiet();
            for name in ["p", "real/s"] {
                fs::write(below(&root, &dir.join(name)), "another").unwrap();
            }
        }
    };
    line().run().ok().quiet();
    let whole = placed(&root);
    assert_eq!(whole, ["p", "real/s"].map(|name| dir.join(name)).into());
    prepare();
    let calls = strace::calls(&host, &line());
    let (mut killed, mut failures) = (0, Vec::new());
    for call in &calls {
        prepare();
        killed += usize::from(strace::killed(&host, &line(), call) == Ended::Signal(9));
        let another = |file: &PathBuf| used && fs::read(below(&root, file)).unwrap() == b"another";
        let half: Vec<_> =
            placed(&root).into_iter().filter(|file| !is_whole(&root, file) && !another(file)).collect();
        let again = line().run();
        let complete = files_in(&root) == whole && whole.iter().all(|file| is_whole(&root, file));
        if !half.is_empty() || again.ended != Ended::Exit(0) || !complete {
            failures
                .push(format!("{call:?}: half files {half:?}; complete after that: {complete}: {again:?}"));
        }
    }
    assert!(killed == calls.len(), "only {killed} of {} runs were killed", calls.len());
    assert!(failures.is_empty(), "{} of {killed} calls fail:\n\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn killed_at_any_call_it_leaves_no_half_file_and_the_next_run_completes() {
    require!(can_make_hosts(), TAKES_ROOT);
    each_killed(false);
}

#[test]
fn killed_at_any_call_in_a_used_root_it_leaves_old_files_or_new_ones() {
    require!(can_make_hosts(), TAKES_ROOT);
    each_killed(true);
}
