//! All of the work is done, or none of it; and what a tool that was killed leaves, --delete removes.

use super::{Name, cgroup};
use hc_tests::{Ended, Host, can_make_hosts, is_root, require, strace};

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn a_limit_that_is_refused_leaves_nothing() {
    require!(is_root(), ROOT);
    for wait in [&[][..], &["--wait"]] {
        for words in [
            &["-m64m", "--pids-limit=5", "--cpuset-cpus=8191"][..],
            &["--pids-limit=5", "--set=pids.max=x"],
            &["-m64m", "--set=pids.nosuch=1"],
            &["-m64m", "--set=nosuch.x=1"],
        ] {
            let name = Name::new();
            let path = format!("--name={}/a/b", name.0);
            cgroup(&[&path]).args(wait).args(words).args(["echo", "ran"]).run().fails("hc-cgroup", 125);
            assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new(), "{words:?}");
        }
    }
}

#[test]
fn killed_at_any_call_it_leaves_what_delete_removes() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require!(
        hc_tests::find("strace".as_ref()).is_some(),
        "strace is not installed: tests/require installs it"
    );
    let host = Host::new();
    for wait in [&["--wait"][..], &[]] {
        let name = Name::new();
        let line =
            || cgroup(&["-m64m", "--pids-limit=9", &name.option("name")]).args(wait).args(["sleep", "0.1"]);
        let calls = strace::calls(&host, &line());
        cgroup(&[&name.option("delete")]).run();
        let mut kills = 0;
        for call in calls {
            kills += usize::from(strace::killed(&host, &line(), &call) == Ended::Signal(libc::SIGKILL));
            if !name.directories().is_empty() {
                cgroup(&[&name.option("delete")]).run().ok().quiet();
            }
            assert_eq!(name.directories(), Vec::<std::path::PathBuf>::new(), "{call:?}");
            // And a second run is none the worse for it.
            line().run().ok().quiet();
            cgroup(&[&name.option("delete")]).run();
        }
        assert!(kills >= 10, "{kills}");
    }
}
