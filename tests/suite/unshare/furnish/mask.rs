//! --mask: what of /proc and /sys is not to be read, or not to be written.

use super::{Who, attempt, furnished, options, points};
use crate::unshare::unshare;
use hc_tests::{Cmd, can_make_hosts, docs, require, user_namespaces};
use std::path::Path;

fn can_run() -> bool {
    can_make_hosts() && user_namespaces()
}

const COVERED: [&str; 12] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

fn there(paths: &[&'static str]) -> Vec<&'static str> {
    let there: Vec<_> = paths.iter().copied().filter(|path| Path::new(path).exists()).collect();
    assert!(there.len() >= 2, "{there:?}");
    there
}

#[test]
fn is_what_the_page_lists() {
    let page = docs::text("man/hc-unshare.1");
    let text = page.split(".It Fl -mask\n").nth(1).unwrap().split(".It Fl").next().unwrap();
    for path in COVERED.iter().chain(&READ_ONLY) {
        let name = path.trim_start_matches("/proc/").trim_start_matches("/sys/");
        assert!(text.split_whitespace().any(|word| word == name), "{name} is not in the page");
    }
    assert!(text.contains("thermal_throttle"));
}

#[test]
fn shows_nothing_of_what_is_covered() {
    require!(can_run(), "takes root, and user namespaces for others");
    for (who, words) in
        [(Who::Root, &["-n", "--sys", "--mask"][..]), (Who::Nobody, &["-n", "--sys", "--mask"])]
    {
        let seen = furnished(who, words).next_view();
        for path in there(&COVERED) {
            assert!(options(&seen, path).starts_with("ro,nosuid"), "{who:?}: {path}");
            assert!(options(&seen, path).contains("noexec"));
            let script = format!("if [ -d {path} ]; then ls -A {path}; else cat {path}; fi; echo end");
            furnished(who, words).args(["sh", "-c", &script]).run().ok().says("end\n").quiet();
        }
    }
}

#[test]
fn writes_nothing_to_what_is_for_reading() {
    require!(can_run(), "takes root, and user namespaces for others");
    let seen = furnished(Who::Root, &["--mask"]).next_view();
    for path in there(&READ_ONLY) {
        assert_eq!(options(&seen, path), "ro,nosuid,nodev,noexec,relatime", "{path}");
    }
    let attack = hc_tests::attack();
    let attack = attack.to_str().unwrap();
    for file in ["/proc/sys/kernel/core_pattern", "/proc/irq/default_smp_affinity"] {
        let line = |words: &[&str]| attempt(furnished(Who::Root, words).args([attack, "write", file]));
        assert_eq!(line(&["--mask"]), "open: EROFS", "{file}");
        assert_eq!(line(&[]), "works", "{file}");
    }
}

/// What is mounted below comes along, and is for reading as well.
#[test]
fn counts_for_what_is_mounted_below() {
    require!(can_run(), "takes root, and user namespaces for others");
    let seen = furnished(Who::Root, &["--mask", "--tmpfs=/proc/sys/fs"]).next_view();
    assert!(points(&seen).contains(&"/proc/sys/fs".to_owned()));
    let tmpfs = format!(
        "unshare -m sh -c 'mount -t tmpfs tmpfs /proc/sys/fs && exec {} -m --mask {} to=/dev/stdout'",
        hc_tests::tool("hc-unshare").display(),
        hc_tests::probe().display()
    );
    let seen = hc_tests::View::parse(Cmd::sh(tmpfs).run().ok().text());
    assert!(options(&seen, "/proc/sys/fs").starts_with("ro,"), "{}", options(&seen, "/proc/sys/fs"));
}

/// After what it is about, wherever it stands in the line, and nothing where there is neither.
#[test]
fn comes_behind_proc_and_sys() {
    require!(can_run(), "takes root, and user namespaces for others");
    for words in [
        &["--mask", "-n", "--sys"][..],
        &["-n", "--sys", "--mask"],
        &["--mask", "--sys", "-n", "--tmpfs=/mnt"],
    ] {
        let seen = furnished(Who::Root, words).next_view();
        let points = points(&seen);
        let at = |name: &str| points.iter().rposition(|point| point == name).unwrap();
        assert!(at("/proc/sys") > at("/proc") && at("/proc/keys") > at("/sys"), "{words:?}");
    }
    let root = super::cell();
    unshare(&["-m", "--mask"]).arg(root.option("--root")).args(["/hc-attack", "create", "/tmp/x"]).run().ok();
}

/// A file in the place of the null device would be read, and could be written to.
#[test]
fn takes_the_null_device_and_nothing_else() {
    require!(can_run(), "takes root, and user namespaces for others");
    let dir = hc_tests::Dir::new();
    let file = dir.file("planted", "mine");
    let line = "/dev/null: the host's is not the device of that name";
    let script = |what: &str, words: &str| {
        Cmd::new("unshare")
            .args([
                "-m",
                "sh",
                "-c",
                &format!("mount --bind {what} /dev/null && exec hc-unshare {words} true"),
            ])
            .run()
    };
    for words in ["-m --mask", "--jail", "-fpm --mount-proc --mask", "-rfpm --mount-proc --mask"] {
        for what in [file.to_str().unwrap(), "/dev/zero"] {
            crate::unshare::diagnostics::says(script(what, words), 125, line);
        }
    }
    assert_eq!(std::fs::read(file).unwrap(), b"mine");
}
