//! Limits as control files of the first version: cgroup-v1/ of the kernel's documents.

use crate::limits::{Control, IoWeight, Limits, Operation, Throttle, period};
use hc::{Error, Result};

/// The name that a controller has here.
pub(crate) fn name(controller: &str) -> &str {
    if controller == "io" { "blkio" } else { controller }
}

/// What is written for the part of `limits` that `controller` has, in this order; the reason if this version has no such
/// limit. `throttles` name devices by `MAJOR:MINOR`.
pub(crate) fn controls(
    controller: &str,
    limits: &Limits,
    throttles: &[Throttle<String>],
) -> Result<Vec<Control>> {
    let mut controls = match controller {
        "memory" => memory(limits)?,
        "cpu" => cpu(limits),
        "cpuset" => cpuset(limits),
        "pids" => limits.pids.iter().map(|pids| Control::new("pids.max", pids.value())).collect(),
        "io" => io(limits, throttles)?,
        _ => Vec::new(),
    };
    for setting in limits.set.iter().filter(|setting| setting.controller() == controller) {
        if controller == "io" {
            return Err(lacks(
                &format!("--set={}", setting.file),
                "no file of that name; its are called blkio",
            ));
        }
        controls.push(Control::new(&*setting.file, &*setting.value));
    }
    Ok(controls)
}

fn lacks(option: &str, what: &str) -> Error {
    Error::new(format!(
        "{option}: this machine has the controller in cgroups of version 1, and they have {what}"
    ))
}

fn memory(limits: &Limits) -> Result<Vec<Control>> {
    if limits.high.is_some() {
        return Err(lacks("--memory-high", "no such limit; --memory is one, --memory-reservation another"));
    }
    if limits.oom_group {
        return Err(lacks("--oom-group", "no such thing: the kernel picks one process"));
    }
    let size = |file: &str, size: Option<u64>| size.map(|size| Control::new(file, size.to_string()));
    // Memory before memory and swap: of the two, the second may never be less.
    let total = limits.total().map(|total| Control {
        file: "memory.memsw.limit_in_bytes".to_owned(),
        value: total.limit.map_or_else(|| "-1".to_owned(), |limit| limit.to_string()),
        if_there: !total.asked_for,
    });
    let controls = [
        size("memory.limit_in_bytes", limits.memory),
        total,
        size("memory.soft_limit_in_bytes", limits.reservation),
    ];
    Ok(controls.into_iter().flatten().collect())
}

fn cpu(limits: &Limits) -> Vec<Control> {
    let quota = limits.cpus.map(|quota| {
        [Control::new("cpu.cfs_period_us", period()), Control::new("cpu.cfs_quota_us", quota.to_string())]
    });
    let shares = limits.cpu_weight.map(|weight| Control::new("cpu.shares", weight.shares().to_string()));
    quota.into_iter().flatten().chain(shares).collect()
}

/// Both lists have to be there before a process may enter; what is not given is filled in when the cgroup is made.
fn cpuset(limits: &Limits) -> Vec<Control> {
    let cpus = limits.cpuset_cpus.as_ref().map(|list| Control::new("cpuset.cpus", &**list));
    let mems = limits.cpuset_mems.as_ref().map(|list| Control::new("cpuset.mems", &**list));
    cpus.into_iter().chain(mems).collect()
}

fn io(limits: &Limits, throttles: &[Throttle<String>]) -> Result<Vec<Control>> {
    let weight = match limits.io_weight {
        Some(IoWeight::Io(_)) => {
            return Err(lacks("--io-weight", "no io.weight; --blkio-weight counts as they do"));
        }
        Some(IoWeight::Blkio(weight)) => Some(Control::new("blkio.bfq.weight", weight.to_string())),
        None => None,
    };
    let rates = throttles.iter().map(|Throttle { operation, device, rate }| {
        let file = match operation {
            Operation::ReadBytes => "blkio.throttle.read_bps_device",
            Operation::WriteBytes => "blkio.throttle.write_bps_device",
            Operation::Reads => "blkio.throttle.read_iops_device",
            Operation::Writes => "blkio.throttle.write_iops_device",
        };
        Control::new(file, format!("{device} {rate}"))
    });
    Ok(weight.into_iter().chain(rates).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::{CpuWeight, Pids, Setting, Swap};

    #[test]
    fn memory_comes_before_memory_and_swap() {
        let limits = Limits { memory: Some(64), swap: Some(Swap::Unlimited), ..Limits::default() };
        let expected =
            [Control::new("memory.limit_in_bytes", "64"), Control::new("memory.memsw.limit_in_bytes", "-1")];
        assert_eq!(controls("memory", &limits, &[]).unwrap(), expected);
    }

    #[test]
    fn the_rest_has_its_files() {
        let set = |file: &str| Setting { file: file.into(), value: "1".into() };
        let limits = Limits {
            cpus: Some(25_000),
            cpu_weight: Some(CpuWeight::Weight(200)),
            pids: Some(Pids::Most(5)),
            io_weight: Some(IoWeight::Blkio(10)),
            set: vec![set("cpu.cfs_burst_us"), set("io.latency")],
            ..Limits::default()
        };
        let shown = |controller| -> Result<Vec<String>> {
            let controls = controls(controller, &limits, &[])?;
            Ok(controls.iter().map(|control| format!("{}={}", control.file, control.value)).collect())
        };
        let cpu =
            ["cpu.cfs_period_us=100000", "cpu.cfs_quota_us=25000", "cpu.shares=2048", "cpu.cfs_burst_us=1"];
        assert_eq!(shown("cpu"), Ok(cpu.map(str::to_owned).to_vec()));
        assert_eq!(shown("pids"), Ok(vec!["pids.max=5".to_owned()]));
        assert!(shown("io").unwrap_err().to_string().ends_with("its are called blkio"));
    }

    #[test]
    fn what_this_version_lacks_is_said() {
        let high = Limits { high: Some(4096), ..Limits::default() };
        let group = Limits { oom_group: true, ..Limits::default() };
        let weight = Limits { io_weight: Some(IoWeight::Io(1)), ..Limits::default() };
        for (controller, limits, option) in [
            ("memory", high, "--memory-high"),
            ("memory", group, "--oom-group"),
            ("io", weight, "--io-weight"),
        ] {
            let said = controls(controller, &limits, &[]).unwrap_err().to_string();
            assert!(said.starts_with(&format!("{option}: this machine has the controller in")), "{said}");
        }
    }
}
