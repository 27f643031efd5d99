//! What cannot be: one line each, and nothing is made.

use super::{Hierarchy, Name, Version, cgroup, version};
use hc_tests::{Cmd, Host, can_make_hosts, is_root, require};

const ROOT: &str = "takes root, or a cgroup that was handed over";
const SIZE: &str = "not a number of bytes, or one with k, m, g or t behind it";
const BYTES: &str = "not in the range of 4096 to 9223372036854775807";
const LIST: &str = "not a list such as 0-2,5, of numbers up to 8191";

#[test]
fn every_bad_value_of_every_option_is_a_usage_error_with_the_range_in_it() {
    let mut rows: Vec<(&str, &[&str], &str)> = Vec::new();
    for option in ["memory", "memory-reservation", "memory-high", "memory-swap"] {
        rows.push((option, &["0", "4095", "3.9k", "9223372036854775808", "8388608t", "1b"], BYTES));
        let bad =
            &["", "x", "64x", "64mm", "-2", "+1", " 1", "1 ", "0x10", "1e6", "64bb", "ib", ".m", "1.", "1_0"];
        rows.push((option, bad, SIZE));
    }
    let cpus = ["", "0", "0.009", "-1", "8193", "x", "1,5", "1e1", "inf", "nan", "0.0000000001"];
    rows.push(("cpus", &cpus, "not in the range of 0.01 to 8192 processors"));
    let not = ["", "0", "-1", "10001", "x", "1.5", "+1", "99999999999999999999999"];
    rows.push(("cpu-weight", &not, "not in the range of 1 to 10000"));
    rows.push(("io-weight", &not, "not in the range of 1 to 10000"));
    rows.push(("cpu-shares", &["", "0", "1", "-1", "262145", "x"], "not in the range of 2 to 262144"));
    rows.push(("blkio-weight", &["", "0", "9", "-1", "1001", "x"], "not in the range of 10 to 1000"));
    rows.push(("pids-limit", &["", "0", "-2", "4194305", "max", "5k"], "not in the range of 1 to 4194304"));
    for option in ["cpuset-cpus", "cpuset-mems"] {
        rows.push((
            option,
            &["", "x", "-1", "1-0", "0,", ",0", "0-", "0 1", "0\n1", "8192", "0-8192", "0:1"],
            LIST,
        ));
    }
    for option in ["device-read-bps", "device-write-bps"] {
        rows.push((option, &["", "/dev/x", ":1", "1mb", "/dev/x/"], "not a device, a colon and a rate"));
        let not = "the rate is not a number of bytes, or one with k, m or g";
        rows.push((option, &["/dev/x:", "/dev/x:x", "/dev/x:-1", "/dev/x:1mbps"], not));
        rows.push((
            option,
            &["/dev/x:0", "/dev/x:99999999t"],
            "not in the range of 1 to 9223372036854775807",
        ));
    }
    for option in ["device-read-iops", "device-write-iops"] {
        rows.push((option, &["", "/dev/x", ":1"], "not a device, a colon and a rate"));
    }
    rows.push(("set", &["", "x", "memory.max"], "not a control file, = and a value"));
    rows.push(("set", &["memory/max=1", "../x.y=1", "memory.max\n=1"], "not the name of a control file"));
    rows.push(("set", &["=1", "memory=1", ".x=1", "..=1"], "not the name of a control file: memory.high"));
    rows.push(("set", &["memory.max="], "no value"));
    rows.push((
        "set",
        &["cgroup.procs=1", "tasks=1", "cgroup.threads=0"],
        "moves processes, and is no limit",
    ));
    let report = "not text or json, and perhaps a colon and a descriptor";
    rows.push(("report", &["xml", "json:", "json:-1", "json:x", "text:99999999999", ""], report));
    for (option, values, because) in rows {
        for value in values {
            let word = format!("--{option}={value}");
            let said = cgroup(&[&word, "true"]).as_nobody().run().fails("hc-cgroup", 125);
            let shown = value.replace('\n', "\\n");
            assert_eq!(said, format!("--{option}: '{shown}': {because}: try 'man hc-cgroup'"));
        }
    }
    let said = cgroup(&["--device-read-iops=/dev/x:1k", "true"]).as_nobody().run().fails("hc-cgroup", 125);
    assert!(said.contains("not in the range of 1 to "), "{said}");
    let long = format!("--set=memory.high={}", "1".repeat(4096));
    let said = cgroup(&[&long, "true"]).as_nobody().run().fails("hc-cgroup", 125);
    assert!(said.ends_with(": a value has at most 4095 bytes: try 'man hc-cgroup'"), "{said}");
}

#[test]
fn options_that_cannot_be_meant_together_are_refused() {
    let rows: [(&[&str], &str); 10] = [
        (
            &["--memory-swap=64m", "true"],
            "--memory-swap: memory and swap together; --memory says how much is memory",
        ),
        (
            &["-m8k", "--memory-swap=4k", "true"],
            "--memory-swap: 4096 is less than --memory, which is part of it: 8192",
        ),
        (
            &["-m4k", "--memory-reservation=8k", "true"],
            "--memory-reservation: 8192 is more than --memory: 4096",
        ),
        (&["-m4k", "--memory-high=8k", "true"], "--memory-high: 8192 is more than --memory: 4096"),
        (&["--delete=a", "--wait"], "--delete goes with no other option"),
        (&["--delete=a", "-m", "64m"], "--delete goes with no other option"),
        (&["--delete=a", "true"], "--delete runs no program"),
        (&["--parent=/a", "--name=/b", "true"], "--parent: --name begins at the root, and needs no parent"),
        (&["--wait"], "no program to run"),
        (&["-m"], "option requires an argument -- 'm'"),
    ];
    for (words, because) in rows {
        let said = cgroup(words).as_nobody().run().fails("hc-cgroup", 125);
        assert_eq!(said, format!("{because}: try 'man hc-cgroup'"));
    }
}

#[test]
fn a_parent_that_is_no_cgroup_is_refused() {
    require!(is_root(), ROOT);
    let hierarchy = Hierarchy::of("pids").unwrap();
    let own = hierarchy.own.trim_end_matches('/');
    let run = |parent: &str| {
        let option = format!("--parent={parent}");
        cgroup(&["--pids-limit=5", &option, "true"]).run().fails("hc-cgroup", 125)
    };
    assert_eq!(run("nosuch"), format!("{own}/nosuch: no such cgroup"));
    assert_eq!(run("/nosuch/x"), "/nosuch/x: no such cgroup");
    assert_eq!(run("cgroup.procs"), format!("{own}/cgroup.procs: not a cgroup"));
    let because = "no such cgroup; a path begins at the root of the hierarchy, not of the file system";
    assert_eq!(run("/sys/fs/cgroup"), format!("/sys/fs/cgroup: {because}"));
    let said = cgroup(&["--pids-limit=5", "--name=cgroup.procs", "true"]).run().fails("hc-cgroup", 125);
    assert_eq!(said, format!("{own}/cgroup.procs: a control file has this name"));
}

#[test]
fn a_user_is_told_what_he_needs() {
    require!(is_root(), ROOT);
    let running = cgroup(&["--pids-limit=5", "true"]).as_nobody().start();
    let pid = running.pid();
    let said = running.wait().fails("hc-cgroup", 125);
    let own = Hierarchy::of("pids").unwrap().own;
    let path = format!("{}/hc-{pid}", own.trim_end_matches('/'));
    let remedy = match version("pids") {
        Version::One => "root can make one, and chown it",
        Version::Two => {
            "systemd-run --user --scope -p Delegate=yes starts a program in one that is the user's"
        }
    };
    assert_eq!(
        said,
        format!("cannot make cgroup {path}: the cgroup above it is not the caller's ({remedy})")
    );
    // One that is another's cannot be deleted, nor what is in it be killed.
    let name = Name::new();
    let mut other = cgroup(&[&name.option("name"), "sh", "-c", "echo up; read x"]).hold_input().start();
    other.expect("up\n");
    let said = cgroup(&[&name.option("delete")]).as_nobody().run().fails("hc-cgroup", 125);
    assert!(said.ends_with(": its processes are not the caller's to end"), "{said}");
    other.write(b"\n", true);
    other.wait().ok();
}

#[test]
fn a_controller_that_is_not_there_is_named() {
    require!(is_root(), ROOT);
    let unified = Hierarchy::unified().is_some();
    let because = if unified {
        "no cgroup hierarchy here has this controller; the kernel lacks it, or it is not handed on to here"
    } else {
        "no cgroup hierarchy with this controller is mounted here"
    };
    let said = cgroup(&["--set=nosuch.max=1", "true"]).run().fails("hc-cgroup", 125);
    assert_eq!(said, format!("controller nosuch: {because}"));
    let said = cgroup(&["--set=pids.nosuch=1", "true"]).run().fails("hc-cgroup", 125);
    assert_eq!(said, "pids.nosuch: '1': there is no such control file here");
    let said = cgroup(&["--cpuset-cpus=8191", "true"]).run().fails("hc-cgroup", 125);
    assert!(said.starts_with("cpuset.cpus: '8191': not all of these are there: 0"), "{said}");
}

#[test]
fn without_a_hierarchy_there_is_no_cgroup() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    // The host's alone: it is its own mount namespace.
    Cmd::sh("umount -R /sys/fs/cgroup").on(&host).run().ok();
    let said = cgroup(&["true"]).on(&host).run().fails("hc-cgroup", 125);
    assert_eq!(said, "no cgroup hierarchy is mounted here");
    let said = cgroup(&["-m", "64m", "true"]).on(&host).run().fails("hc-cgroup", 125);
    assert_eq!(said, "controller memory: no cgroup hierarchy with this controller is mounted here");
    let said = cgroup(&["--delete=a"]).on(&host).run().fails("hc-cgroup", 125);
    assert_eq!(said, "a: no such cgroup");
    // What lies over a hierarchy is none, whatever its files are called.
    let host = Host::new();
    let over = "for point in $(sed -n 's/^[^ ]* \\([^ ]*\\) cgroup2\\? .*/\\1/p' /proc/mounts | grep ^/sys); do mount -t tmpfs x $point; done";
    Cmd::sh(over).on(&host).run().ok();
    let said = cgroup(&["true"]).on(&host).run().fails("hc-cgroup", 125);
    assert_eq!(said, "no cgroup hierarchy is mounted here");
}

#[test]
fn devices_are_block_devices_and_whole_ones() {
    for (device, because) in [("/nosuch", "No such file or directory"), ("/dev/null", "not a block device")] {
        let option = format!("--device-write-bps={device}:1m");
        let said = cgroup(&[&option, "true"]).as_nobody().run().fails("hc-cgroup", 125);
        assert_eq!(said, format!("--device-write-bps: {device}: {because}"));
    }
}

#[test]
fn a_report_needs_a_descriptor_that_can_be_written_to() {
    let said = cgroup(&["--report=json:100", "true"]).as_nobody().run().fails("hc-cgroup", 125);
    assert_eq!(said, "--report: descriptor 100: not open for writing");
    let file = std::fs::File::open("/dev/null").unwrap();
    let line = cgroup(&["--report=text:100", "true"]).passing(file, 100);
    assert_eq!(
        line.as_nobody().run().fails("hc-cgroup", 125),
        "--report: descriptor 100: not open for writing"
    );
    cgroup(&["--report", "true"]).closing(2).as_nobody().run().exits(125).says("").quiet();
}
