//! --report: what was used, as the kernel counts it.

use super::cgroup;
use hc_tests::{Dir, is_root, probe, require};
use std::fs;

const ROOT: &str = "takes root, or a cgroup that was handed over";

#[test]
fn it_is_a_line_of_text() {
    require!(is_root(), ROOT);
    let output = cgroup(&["--report", "--pids-limit=20"]).arg(probe()).args(["fork", "4"]).run().ok();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("hc-cgroup: peak memory ") && text.ends_with(", peak pids 5\n"), "{text}");
    assert_eq!(text.lines().count(), 1);
    // A shell's word for a signal is not the tool's: this is.
    let line =
        cgroup(&["--report=text:100", "-m64m", "--memory-swap=64m"]).arg(probe()).args(["allocate", "200"]);
    let dir = Dir::new();
    let file = dir.file("report", "");
    let report = fs::OpenOptions::new().write(true).open(&file).unwrap();
    line.passing(report, 100).run().dies_of(9).quiet();
    let text = fs::read_to_string(file).unwrap();
    assert!(text.ends_with("\nhc-cgroup: killed: out of memory (limit 64 MiB)\n"), "{text}");
    assert!(text.starts_with("hc-cgroup: peak memory 64 MiB, "), "{text}");
}

#[test]
fn it_is_an_object_with_what_was_used() {
    require!(is_root(), ROOT);
    let object = |words: &[&str], load: &[&str]| -> serde_json::Value {
        let dir = Dir::new();
        let file = dir.file("report", "");
        let report = fs::OpenOptions::new().write(true).open(&file).unwrap();
        let line = cgroup(&["--report=json:100"]).args(words).arg(probe()).args(load);
        line.passing(report, 100).run();
        let text = fs::read_to_string(file).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    };
    let number = |object: &serde_json::Value, key: &str| {
        object[key].as_u64().unwrap_or_else(|| panic!("{key}: {object}"))
    };
    let seen = object(&["-m100m"], &["allocate", "50"]);
    assert!((50 << 20..100 << 20).contains(&number(&seen, "memory_peak")), "{seen}");
    assert_eq!(number(&seen, "memory_limit"), 100 << 20);
    assert_eq!((number(&seen, "status"), number(&seen, "oom_kills")), (0, 0));
    assert_eq!(seen["out_of_memory"], false);
    let seen = object(&[], &["burn", "300"]);
    assert!((50_000..600_000).contains(&number(&seen, "cpu_usec")), "{seen}");
    assert!(seen["memory_limit"].is_null());
    let seen = object(&[], &["fork", "6"]);
    assert_eq!(number(&seen, "pids_peak"), 7);
    let seen = object(&["-m64m", "--memory-swap=64m"], &["allocate", "200"]);
    assert_eq!((number(&seen, "status"), seen["out_of_memory"].as_bool()), (137, Some(true)));
    assert!(number(&seen, "oom_kills") >= 1, "{seen}");
}

#[test]
fn one_that_cannot_be_told_is_noted_and_changes_no_status() {
    require!(is_root(), ROOT);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = cgroup(&["--report=json:100", "sh", "-c", "exit 7"]).passing(full, 100).run().exits(7);
    output.complains("hc-cgroup: --report: descriptor 100: No space left on device\n");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = cgroup(&["--report=json:100", "sh", "-c", "exit 7"]).passing(writer, 100).run().exits(7);
    output.complains("hc-cgroup: --report: descriptor 100: Broken pipe\n");
}
