//! A root directory that somebody else has prepared: links at every place where something is mounted.

use super::{Who, jail};
use crate::unshare::Root;
use hc_tests::{Cmd, Dir, can_make_hosts, require, user_namespaces};
use std::os::unix::fs::symlink;

/// What a jail mounts on.
const PLACES: [&str; 3] = ["proc", "sys", "dev"];

/// A directory of the host's with the names of what is made and mounted in the jail.
fn outside() -> Dir {
    let outside = Dir::new();
    for name in ["proc", "sys", "dev", "kernel", "firmware", "pts"] {
        outside.directory(name);
    }
    outside.file("null", "");
    outside
}

/// That the naive way leads outside: mount(8) follows the link.
#[test]
fn lead_the_naive_way_to_the_host() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (root, outside) = (Root::new(), outside());
    let link = root.path().join("dev");
    symlink(outside.path(), &link).unwrap();
    let script = format!(
        "mount -t tmpfs -o size=8k tmpfs {0} && : >{0}/made && test -e {1}/made && echo outside",
        link.display(),
        outside.path().display()
    );
    Cmd::new("unshare").args(["-m", "sh", "-c", &script]).run().ok().says("outside\n").quiet();
}

#[test]
fn lead_nowhere_in_a_jail() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    for place in PLACES {
        let outside = outside();
        let absolute = outside.path().display().to_string();
        let up = format!("../../../../../../../..{absolute}");
        let inside = "/a/b";
        for (target, there) in [
            (absolute.as_str(), false),
            (&up, false),
            ("/proc/1/root", false),
            ("loop", false),
            ("/proc/self/fd/0", false),
            (inside, true),
            ("a/b", true),
            ("/", true),
        ] {
            let root = Root::new();
            for name in PLACES.into_iter().filter(|name| *name != place) {
                root.dir.directory(root.path().join(name));
            }
            let link = root.path().join(place);
            let _ = std::fs::remove_dir(&link);
            symlink(target, &link).unwrap();
            symlink("loop", root.path().join("loop")).unwrap();
            for who in Who::ALL {
                let before = outside.listing();
                let output = who.starts(jail(&root, &["/hc-probe"])).run();
                assert_eq!(outside.listing(), before, "{who:?}: {place} -> {target}");
                if !there {
                    let message = output.fails("hc-unshare", 125);
                    assert!(
                        message.starts_with(&format!("/{place} in the root {}: ", root.path().display())),
                        "{message}"
                    );
                } else if target == "/" {
                    // On the root directory itself, which NEXT still has below: it may be there or not.
                    assert_ne!(output.ended, hc_tests::Ended::TimedOut);
                } else if place == "dev" || output.ended == hc_tests::Ended::Exit(0) {
                    output.ok().quiet();
                } else {
                    // What is below a link is not masked, so it is refused.
                    let message = output.fails("hc-unshare", 125);
                    assert!(message.starts_with(&format!("/{place}")), "{message}");
                }
            }
        }
    }
}
