//! Command lines, and what they come to.

use super::*;
use crate::limits::{CpuWeight, IoWeight, Pids, Setting, Swap, Throttle};
use crate::report::Form;

fn parsed(words: &[&str]) -> Result<Plan> {
    parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
}

fn limits(words: &[&str]) -> Limits {
    match parsed(&[words, &["true"]].concat()) {
        Ok(Plan::Run { limits, .. }) => limits,
        other => panic!("{other:?}"),
    }
}

fn error(words: &[&str]) -> String {
    parsed(words).unwrap_err().to_string()
}

#[test]
fn every_limit_is_a_value() {
    let words = [
        "-m64m",
        "--memory-swap=96M",
        "--memory-reservation=4096",
        "--memory-high=0.5m",
        "--oom-group",
        "--cpus=0.25",
        "-c2",
        "--cpuset-cpus=0-1,3",
        "--cpuset-mems=0",
        "--pids-limit=-1",
        "--blkio-weight=10",
        "--device-read-bps=/dev/a:1mb",
        "--device-write-iops=/dev/a:b:7",
        "--device-read-bps=/dev/a:2kib",
        "--set=memory.swap.high=a=b",
    ];
    let throttle = |operation, device: &str, rate| Throttle { operation, device: device.into(), rate };
    let bad = parsed(&["--memory-high=0.5g", "-m64m", "true"]).unwrap_err().to_string();
    assert_eq!(bad, "--memory-high: 536870912 is more than --memory: 67108864");
    let expected = Limits {
        memory: Some(64 << 20),
        swap: Some(Swap::Total(96 << 20)),
        reservation: Some(4096),
        high: Some(512 << 10),
        oom_group: true,
        cpus: Some(25_000),
        cpu_weight: Some(CpuWeight::Shares(2)),
        cpuset_cpus: Some("0-1,3".into()),
        cpuset_mems: Some("0".into()),
        pids: Some(Pids::Unlimited),
        io_weight: Some(IoWeight::Blkio(10)),
        throttles: vec![
            throttle(Operation::Writes, "/dev/a:b", 7),
            throttle(Operation::ReadBytes, "/dev/a", 2048),
        ],
        set: vec![Setting { file: "memory.swap.high".into(), value: "a=b".into() }],
    };
    assert_eq!(limits(&words), expected);
    assert_eq!(limits(&[]), Limits::default());
}

#[test]
fn the_ends_of_ranges_are_in_them() {
    for (word, cpus) in [("--cpus=0.01", 1000), ("--cpus=8192", 819_200_000), ("--cpus=1.000000001", 100_000)]
    {
        assert_eq!(limits(&[word]).cpus, Some(cpus), "{word}");
    }
    for word in
        ["-m4096", "-m4k", "-m9223372036854775807", "--cpu-weight=1", "--cpu-weight=10000", "-c262144"]
    {
        assert!(parsed(&[word, "true"]).is_ok(), "{word}");
    }
    for word in ["--pids-limit=1", "--pids-limit=4194304", "--io-weight=10000", "--blkio-weight=1000"] {
        assert!(parsed(&[word, "true"]).is_ok(), "{word}");
    }
}

#[test]
fn a_report_implies_a_parent_that_stays() {
    let stay = |words: &[&str]| match parsed(&[words, &["true"]].concat()) {
        Ok(Plan::Run { stay, .. }) => stay,
        other => panic!("{other:?}"),
    };
    let report = |form, descriptor| Some(Stay { report: Some(Report { form, descriptor }) });
    assert_eq!(stay(&[]), None);
    assert_eq!(stay(&["--wait"]), Some(Stay { report: None }));
    assert_eq!(stay(&["--report"]), report(Form::Text, 2));
    assert_eq!(stay(&["--report=json", "--wait"]), report(Form::Json, 2));
    assert_eq!(stay(&["--report=text:0"]), report(Form::Text, 0));
}

#[test]
fn delete_stands_alone() {
    let path = Path { absolute: true, names: vec!["a".into(), "b".into()] };
    assert_eq!(parsed(&["--delete=/a/b"]), Ok(Plan::Delete(path)));
    for words in [&["--delete=a", "--wait"][..], &["--delete=a", "-m4k"], &["--delete=a", "--name=b"]] {
        assert_eq!(error(words), "--delete goes with no other option");
    }
    assert_eq!(error(&["--delete=a", "x"]), "--delete runs no program");
    assert_eq!(error(&[]), "no program to run");
}
