//! Mount points that belong to somebody else, and that who starts it may not enter: what is mounted there covers them.

use super::{Who, cell, furnished_in, points};
use hc_tests::{can_make_hosts, require, user_namespaces};
use std::os::unix::fs::PermissionsExt;

#[test]
fn can_be_mounted_on() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let names = ["proc", "sys", "dev", "a"];
    for who in Who::ALL {
        let root = cell();
        for name in names {
            let directory = root.dir.directory(root.path().join(name));
            std::fs::set_permissions(directory, PermissionsExt::from_mode(0o700)).unwrap();
        }
        for options in [
            &["--tmpfs=/a"][..],
            &["--tmpfs=/a", "-n", "--sys", "--dev", "--overlay-tmpfs"],
            &["--bind=/tmp:/a"],
        ] {
            let seen = furnished_in(who, &root, options).arg("/hc-probe").view();
            let points = points(&seen);
            assert!(points.iter().any(|point| point == "/a"), "{who:?} {options:?}: {points:?}");
            assert!(points.iter().any(|point| point == "/proc"), "{who:?} {options:?}: {points:?}");
        }
    }
}
