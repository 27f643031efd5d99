//! --sys: for reading, and what it shows.

use super::{Who, options, points, row};
use crate::unshare::unshare;
use hc_tests::{can_make_hosts, require, user_namespaces};

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

#[test]
fn is_for_reading_and_of_the_network_namespace() {
    require!(can_run(), "takes root, and user namespaces for others");
    for (who, words) in [(Who::Root, &["-n", "--sys"][..]), (Who::Nobody, &["-rn", "--sys"])] {
        let line = |next: &[&str]| who.starts(unshare(words).args(next));
        let seen = line(&[hc_tests::probe().to_str().unwrap()]).view();
        assert_eq!(options(&seen, "/sys"), "ro,nosuid,nodev,noexec,relatime");
        assert!(
            row(&seen, "/sys").starts_with("/ /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro"),
            "{}",
            row(&seen, "/sys")
        );
        // It is on top of the caller's, whose cgroups are not seen any more.
        line(&["ls", "/sys/class/net"]).run().ok().says("lo\n").quiet();
        line(&["ls", "/sys/fs/cgroup"]).run().ok().says("").quiet();
    }
    // Also without another network namespace, for root.
    let seen = unshare(&["--sys"]).next_view();
    assert!(row(&seen, "/sys").starts_with("/ /sys ro,nosuid,nodev,noexec,relatime - sysfs"));
}

/// In a user namespace without a network namespace it is the host's, with all that is mounted in it, for reading.
#[test]
fn is_the_host_s_where_no_other_can_be() {
    require!(can_run(), "takes root, and user namespaces for others");
    let outside = hc_tests::Cmd::probe().view();
    let below: Vec<String> =
        points(&outside).into_iter().filter(|point| point.starts_with("/sys/")).collect();
    for who in Who::ALL {
        let root = super::cell();
        let line = unshare(&["-rpf", "--mount-proc", "--sys"]).arg(root.option("--root")).arg("/hc-probe");
        let seen = who.starts(line).view();
        let found: Vec<String> =
            points(&seen).into_iter().filter(|point| point.starts_with("/sys/")).collect();
        assert_eq!(found, below, "{who:?}");
        for point in found.iter().map(String::as_str).chain(["/sys"]) {
            assert!(
                options(&seen, point).starts_with("ro,nosuid,nodev,noexec"),
                "{who:?}: {}",
                row(&seen, point)
            );
        }
    }
}

#[test]
fn cannot_be_written_by_root() {
    require!(can_run(), "takes root, and user namespaces for others");
    for words in [&["--sys"][..], &["-n", "--sys"], &["-rn", "--sys"], &["-r", "--sys"]] {
        let script = "cat /sys/kernel/rcu_expedited >/sys/kernel/rcu_expedited || echo refused";
        let output = unshare(words).args(["sh", "-c", script]).run().ok().says("refused\n");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("Read-only file system"), "{words:?}: {text}");
    }
}
