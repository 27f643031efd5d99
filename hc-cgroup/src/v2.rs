//! Limits as control files of the second version: cgroup-v2.rst of the kernel.

use crate::limits::{Control, IoWeight, Limits, Operation, Throttle, period};
use std::collections::BTreeMap;
use std::fmt::Write;

/// What is written for the part of `limits` that `controller` has, in this order. `throttles` name devices by `MAJOR:MINOR`.
pub(crate) fn controls(controller: &str, limits: &Limits, throttles: &[Throttle<String>]) -> Vec<Control> {
    let mut controls = match controller {
        "memory" => memory(limits),
        "cpu" => cpu(limits),
        "cpuset" => cpuset(limits),
        "pids" => limits.pids.iter().map(|pids| Control::new("pids.max", pids.value())).collect(),
        "io" => io(limits, throttles),
        _ => Vec::new(),
    };
    let own = limits.set.iter().filter(|setting| setting.controller() == controller);
    controls.extend(own.map(|setting| Control::new(&*setting.file, &*setting.value)));
    controls
}

fn memory(limits: &Limits) -> Vec<Control> {
    let size = |file: &str, size: Option<u64>| size.map(|size| Control::new(file, size.to_string()));
    // Swap alone, where docker means both.
    let swap = limits.total().map(|total| Control {
        file: "memory.swap.max".to_owned(),
        value: total.limit.map_or_else(
            || "max".to_owned(),
            |limit| limit.saturating_sub(limits.memory.unwrap_or(0)).to_string(),
        ),
        if_there: !total.asked_for,
    });
    let group = limits.oom_group.then(|| Control::new("memory.oom.group", "1"));
    [
        size("memory.max", limits.memory),
        swap,
        size("memory.low", limits.reservation),
        size("memory.high", limits.high),
        group,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn cpu(limits: &Limits) -> Vec<Control> {
    let quota = limits.cpus.map(|quota| Control::new("cpu.max", format!("{quota} {}", period())));
    let weight = limits.cpu_weight.map(|weight| Control::new("cpu.weight", weight.weight().to_string()));
    quota.into_iter().chain(weight).collect()
}

fn cpuset(limits: &Limits) -> Vec<Control> {
    let cpus = limits.cpuset_cpus.as_ref().map(|list| Control::new("cpuset.cpus", &**list));
    let mems = limits.cpuset_mems.as_ref().map(|list| Control::new("cpuset.mems", &**list));
    cpus.into_iter().chain(mems).collect()
}

fn io(limits: &Limits, throttles: &[Throttle<String>]) -> Vec<Control> {
    let weight = limits.io_weight.map(|weight| {
        let weight = match weight {
            IoWeight::Io(weight) => weight,
            // Least to least and most to most, as crun has it.
            IoWeight::Blkio(weight) => 1 + (weight - 10) * 9999 / 990,
        };
        Control::new("io.weight", format!("default {weight}"))
    });
    // A line a device, with all of its rates.
    let mut devices: BTreeMap<&str, String> = BTreeMap::new();
    for Throttle { operation, device, rate } in throttles {
        let key = match operation {
            Operation::ReadBytes => "rbps",
            Operation::WriteBytes => "wbps",
            Operation::Reads => "riops",
            Operation::Writes => "wiops",
        };
        let line = devices.entry(device).or_insert_with(|| device.clone());
        let _cannot_fail = write!(line, " {key}={rate}");
    }
    weight.into_iter().chain(devices.into_values().map(|line| Control::new("io.max", line))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{CpuWeight, Pids, Setting, Swap};

    fn shown(controller: &str, limits: &Limits, throttles: &[Throttle<String>]) -> Vec<String> {
        let controls = controls(controller, limits, throttles);
        controls.iter().map(|control| format!("{}={}", control.file, control.value)).collect()
    }

    #[test]
    fn every_limit_has_its_file() {
        let limits = Limits {
            memory: Some(64 << 20),
            swap: Some(Swap::Total(96 << 20)),
            reservation: Some(4096),
            high: Some(8192),
            oom_group: true,
            cpus: Some(25_000),
            cpu_weight: Some(CpuWeight::Shares(1024)),
            cpuset_cpus: Some("0-1".into()),
            cpuset_mems: Some("0".into()),
            pids: Some(Pids::Unlimited),
            io_weight: Some(IoWeight::Blkio(1000)),
            throttles: Vec::new(),
            set: vec![Setting { file: "memory.swap.high".into(), value: "1m".into() }],
        };
        let of = |controller| shown(controller, &limits, &[]);
        let memory = [
            "memory.max=67108864",
            "memory.swap.max=33554432",
            "memory.low=4096",
            "memory.high=8192",
            "memory.oom.group=1",
            "memory.swap.high=1m",
        ];
        assert_eq!(of("memory"), memory);
        assert_eq!(of("cpu"), ["cpu.max=25000 100000", "cpu.weight=100"]);
        assert_eq!(of("cpuset"), ["cpuset.cpus=0-1", "cpuset.mems=0"]);
        assert_eq!(of("pids"), ["pids.max=max"]);
        assert_eq!(of("io"), ["io.weight=default 10000"]);
    }

    #[test]
    fn a_device_has_one_line() {
        let throttle = |operation, device: &str| Throttle { operation, device: device.into(), rate: 7 };
        let throttles = [
            throttle(Operation::ReadBytes, "8:16"),
            throttle(Operation::Reads, "8:0"),
            throttle(Operation::Writes, "8:16"),
        ];
        let lines = shown("io", &Limits::default(), &throttles);
        assert_eq!(lines, ["io.max=8:0 riops=7", "io.max=8:16 rbps=7 wiops=7"]);
    }
}
