//! What is limited is limited: each limit is met by a program that would have more.

use super::{Name, Version, cgroup, read, version};
use hc_tests::{Cmd, Ended, is_root, patience, probe, require};
use std::path::Path;
use std::time::Duration;

const ROOT: &str = "takes root, or a cgroup that was handed over";

/// `hc-cgroup WORDS`, with hc-probe as NEXT, and what that is to do.
#[track_caller]
fn probing(words: &[&str], load: &[&str]) -> Cmd {
    cgroup(words).arg(probe()).args(load)
}

#[test]
fn memory_that_fits_is_had_and_more_is_not() {
    require!(is_root(), ROOT);
    probing(&["-m", "64m", "--wait"], &["allocate", "32"]).run().ok().quiet().says("allocated 32\n");
    let output = probing(&["-m", "64m", "--memory-swap=64m", "--wait"], &["allocate", "200"]).run();
    output.dies_of(libc::SIGKILL).says("").complains("hc-cgroup: killed: out of memory (limit 64 MiB)\n");
    // A shell says it by its status. Half of what is limited is not met by the limit of swap that docker adds.
    let script = format!("hc-cgroup --memory=64m --wait {} allocate 200", probe().display());
    let output = Cmd::sh(format!("{script}; echo $?")).run().ok().says("137\n");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.starts_with("hc-cgroup: killed: out of memory (limit 64 MiB)\n"), "{output:?}");
    // Without a parent that stays, nobody is there to say it.
    let name = Name::new();
    let line = probing(&["-m64m", "--memory-swap=64m", &name.option("name")], &["allocate", "200"]);
    line.run().dies_of(libc::SIGKILL).quiet();
    cgroup(&[&name.option("delete")]).run().ok().quiet();
}

#[test]
fn the_process_behind_the_last_one_is_not_made() {
    require!(is_root(), ROOT);
    let said = "4 children\nEAGAIN\n";
    probing(&["--pids-limit=5", "--wait"], &["fork", "10"]).run().ok().quiet().says(said);
    probing(&["--pids-limit", "-1", "--wait"], &["fork", "10"]).run().ok().quiet().says("10 children\n");
}

#[test]
fn a_quarter_of_a_processor_is_a_quarter() {
    require!(is_root(), ROOT);
    // On a machine that does other things, too, it can be less, and more where it stands still for a while; not each time.
    let share = || -> f64 {
        let output = probing(&["--cpus=0.25", "--wait"], &["burn", "2000"]).run().ok().quiet();
        let milliseconds: f64 = output.text().trim().parse().unwrap();
        milliseconds / 2000.0
    };
    let mut shares = Vec::new();
    while shares.len() < 6 && !shares.last().is_some_and(|share| (0.2..=0.3).contains(share)) {
        shares.push(share());
    }
    assert!(shares.last().is_some_and(|share| (0.2..=0.3).contains(share)), "{shares:?}");
}

#[test]
fn one_processor_is_one() {
    require!(is_root(), ROOT);
    cgroup(&["--cpuset-cpus=0", "--wait", "nproc"]).run().ok().quiet().says("1\n");
    cgroup(&["--cpuset-mems=0", "--wait", "true"]).run().ok().quiet();
    let text = "Cpus_allowed_list:\t0\n";
    let line = cgroup(&["--cpuset-cpus=0", "--cpuset-mems=0", "--wait"]);
    line.args(["grep", "Cpus_allowed_list", "/proc/self/status"]).run().ok().says(text);
}

/// Options, the file of each version, and what it says then.
type Row<'a> = (&'a [&'a str], &'a str, (&'a str, &'a str), (&'a str, &'a str));

#[test]
fn every_limit_is_in_its_file() {
    require!(is_root(), ROOT);
    let rows: [Row<'_>; 11] = [
        (&["-m", "64m"], "memory", ("memory.limit_in_bytes", "67108864"), ("memory.max", "67108864")),
        (&["-m1.5M"], "memory", ("memory.limit_in_bytes", "1572864"), ("memory.max", "1572864")),
        (
            &["-m64m", "--memory-reservation=32MiB"],
            "memory",
            ("memory.soft_limit_in_bytes", "33554432"),
            ("memory.low", "33554432"),
        ),
        (&["--cpus", "1.5"], "cpu", ("cpu.cfs_quota_us", "150000"), ("cpu.max", "150000 100000")),
        (&["--cpus=.5"], "", ("", ""), ("", "")),
        (&["--cpu-weight=200"], "cpu", ("cpu.shares", "2048"), ("cpu.weight", "200")),
        (&["--cpu-shares=1024"], "cpu", ("cpu.shares", "1024"), ("cpu.weight", "100")),
        (&["-c", "512"], "cpu", ("cpu.shares", "512"), ("cpu.weight", "59")),
        (&["--cpuset-cpus=0", "--cpuset-cpus=0-0"], "cpuset", ("cpuset.cpus", "0"), ("cpuset.cpus", "0")),
        (&["--pids-limit=7"], "pids", ("pids.max", "7"), ("pids.max", "7")),
        (&["--pids-limit=7", "--set=pids.max=9"], "pids", ("pids.max", "9"), ("pids.max", "9")),
    ];
    for (words, controller, first, second) in
        rows.into_iter().filter(|(_, controller, ..)| !controller.is_empty())
    {
        let name = Name::new();
        let option = name.option("name");
        let mut running =
            cgroup(&[&option]).args(words).args(["sh", "-c", "echo up; read x"]).hold_input().start();
        running.expect("up\n");
        let (file, value) = if version(controller) == Version::One { first } else { second };
        assert_eq!(read(&name.directory(controller).join(file)), value, "{words:?}");
        let processes = read(&name.directory(controller).join("cgroup.procs"));
        assert_eq!(processes, running.pid().to_string(), "{words:?}");
        running.write(b"\n", true);
        running.wait().ok();
    }
}

#[test]
fn swap_is_counted_with_memory_or_by_itself() {
    require!(is_root(), ROOT);
    let rows = [
        (&["-m64m"][..], "134217728", "67108864"),
        (&["-m64m", "--memory-swap=96m"], "100663296", "33554432"),
        (&["-m64m", "--memory-swap=64m"], "67108864", "0"),
    ];
    for (words, first, second) in rows {
        let name = Name::new();
        let made = cgroup(&[&name.option("name")]).args(words).arg("true").run();
        made.ok().quiet();
        let directory = name.directory("memory");
        match version("memory") {
            Version::One => {
                assert_eq!(read(&directory.join("memory.memsw.limit_in_bytes")), first, "{words:?}");
            }
            Version::Two => assert_eq!(read(&directory.join("memory.swap.max")), second, "{words:?}"),
        }
    }
    let name = Name::new();
    cgroup(&[&name.option("name"), "-m64m", "--memory-swap", "-1", "true"]).run().ok().quiet();
}

#[test]
fn what_only_version_2_has_is_there_or_said_to_be_missing() {
    require!(is_root(), ROOT);
    let rows = [
        (&["--memory-high=32m"][..], "memory", "memory.high", "33554432"),
        (&["--oom-group"], "memory", "memory.oom.group", "1"),
    ];
    for (words, controller, file, value) in rows {
        let name = Name::new();
        let output = cgroup(&[&name.option("name")]).args(words).arg("true").run();
        match version(controller) {
            Version::Two => {
                output.ok().quiet();
                assert_eq!(read(&name.directory(controller).join(file)), value);
            }
            Version::One => {
                let said = output.fails("hc-cgroup", 125);
                let option = words[0].split('=').next().unwrap();
                let start = format!(
                    "{option}: this machine has the controller in cgroups of version 1, and they have no such "
                );
                assert!(said.starts_with(&start), "{said}");
                assert!(name.directories().is_empty());
            }
        }
    }
}

/// Weights of disks depend on what the kernel was built with, and the second version's on that of the disk.
#[test]
fn weights_of_disks_are_written_or_said_to_be_missing() {
    require!(is_root(), ROOT);
    let (io, blkio) = (Name::new(), Name::new());
    let by = |name: &Name, option: &str| cgroup(&[&name.option("name"), option, "true"]).run();
    let outputs = [by(&io, "--io-weight=200"), by(&blkio, "--blkio-weight=500")];
    match version("io") {
        Version::One => {
            let [io, first] = outputs;
            let said = io.fails("hc-cgroup", 125);
            assert!(said.starts_with("--io-weight: ") && said.contains("--blkio-weight"), "{said}");
            if first.ended == Ended::Exit(0) {
                assert_eq!(read(&blkio.directory("io").join("blkio.bfq.weight")), "500");
            } else {
                let said = first.fails("hc-cgroup", 125);
                let text = "blkio.bfq.weight: '500': this kernel does not weigh disks (the scheduler bfq)";
                assert_eq!(said, text);
            }
        }
        Version::Two => {
            for (output, (name, value)) in outputs.into_iter().zip([(&io, "200"), (&blkio, "4950")]) {
                if output.ended == Ended::Exit(0) {
                    assert_eq!(read(&name.directory("io").join("io.weight")), format!("default {value}"));
                } else {
                    let text = "this kernel does not weigh disks (CONFIG_BLK_CGROUP_IOCOST)";
                    let said = output.fails("hc-cgroup", 125);
                    assert_eq!(said, format!("io.weight: 'default {value}': {text}"));
                }
            }
        }
    }
}

/// A whole disk of this machine, if it has one.
fn disk() -> Option<String> {
    let disks = ["vdb", "vda", "sda", "nvme0n1"];
    disks.into_iter().map(|name| format!("/dev/{name}")).find(|path| Path::new(path).exists())
}

#[test]
fn a_disk_is_read_at_the_rate_that_is_allowed() {
    require!(is_root(), ROOT);
    let Some(disk) = disk() else {
        require!(false, "a disk is needed");
        return;
    };
    let name = Name::new();
    let words = [
        name.option("name"),
        format!("--device-read-bps={disk}:1mb"),
        format!("--device-read-iops={disk}:1000"),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    // A machine may have a disk that only its kernel may read: there, that the rate is set is all there is to see.
    let load =
        if std::fs::File::open(&disk).is_ok() { ["read", &disk, "3145728"] } else { ["burn", "1", ""] };
    let load = load.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>();
    let output = probing(&words, &load).run().ok().quiet();
    if load.contains(&"read") {
        let milliseconds: u128 = output.text().trim().parse().unwrap_or_else(|_| panic!("{output:?}"));
        // Three MiB at one a second.
        let most = patience(Duration::from_millis(4500)).as_millis();
        assert!((2000..=most).contains(&milliseconds), "{milliseconds} ms");
    }
    let directory = name.directory("io");
    match version("io") {
        Version::One => {
            assert!(read(&directory.join("blkio.throttle.read_bps_device")).ends_with(" 1048576"));
            assert!(read(&directory.join("blkio.throttle.read_iops_device")).ends_with(" 1000"));
        }
        Version::Two => {
            assert!(read(&directory.join("io.max")).contains(" rbps=1048576 wbps=max riops=1000 wiops=max"));
        }
    }
}
