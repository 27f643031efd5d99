//! The values of options. Pure; each failure is a usage error with the range in it.

use crate::limits::{CpuWeight, IoWeight, Operation, Pids, Setting, Swap, Throttle};
use crate::report::{Form, Report};
use hc::{Error, Result};
use std::ffi::OsStr;
use std::ops::RangeInclusive;
use std::os::unix::ffi::OsStrExt;

/// The kernel counts in pages, and less than one is none.
const PAGE: u64 = 4096;
/// What is 1 in billionths: so docker keeps a number of processors.
const BILLION: u64 = 1_000_000_000;
/// Quota and period: a tenth of a second, as docker has it; `min_cfs_quota_period` is a hundredth of that.
pub(crate) const PERIOD: u64 = 100_000;
/// More than any kernel is built for (`CONFIG_NR_CPUS`, `MAX_NUMNODES`).
const MAX_MEMBER: u32 = 8191;
/// `PID_MAX_LIMIT`.
const MAX_PIDS: u64 = 4_194_304;
/// What one write(2) to a control file may have.
const MAX_VALUE: usize = 4095;

fn bad(option: &str, value: &OsStr, because: &str) -> Error {
    Error::usage(format!("--{option}: '{}': {because}", hc::show(value)))
}

/// docker's sizes: a number, with a fraction or not, and a unit of 1024 in any case, `b` or `ib` behind it or not.
fn bytes(value: &OsStr) -> Option<u64> {
    let text = value.to_str()?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let unit = unit.to_ascii_lowercase();
    let shift = match unit.strip_suffix("ib").or_else(|| unit.strip_suffix('b')).unwrap_or(&unit) {
        "" if unit.len() < 2 => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        "p" => 50,
        _ => return None,
    };
    // What is too much for the arithmetic is too much for every range.
    let bytes =
        fixed_point(number)?.checked_mul(1 << shift).map_or(u128::MAX, |bytes| bytes / u128::from(BILLION));
    Some(u64::try_from(bytes).unwrap_or(u64::MAX))
}

/// A decimal number in billionths; of more than the largest whole number, that one.
fn fixed_point(text: &str) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    let fraction: u64 = format!("{fraction:0<9}").parse().ok()?;
    Some(u128::from(whole) * u128::from(BILLION) + u128::from(fraction))
}

/// An amount of memory.
pub(super) fn size(option: &str, value: &OsStr) -> Result<u64> {
    let range = PAGE..=i64::MAX.unsigned_abs();
    match bytes(value) {
        Some(size) if range.contains(&size) => Ok(size),
        Some(_) => Err(out_of(option, value, &range)),
        None => Err(bad(option, value, "not a number of bytes, or one with k, m, g or t behind it")),
    }
}

/// The limit of memory.
pub(super) fn memory(value: &OsStr) -> Result<u64> {
    size("memory", value)
}

/// Memory and swap together.
pub(super) fn swap(value: &OsStr) -> Result<Swap> {
    if value == "-1" { Ok(Swap::Unlimited) } else { size("memory-swap", value).map(Swap::Total) }
}

fn out_of(option: &str, value: &OsStr, range: &RangeInclusive<u64>) -> Error {
    bad(option, value, &format!("not in the range of {} to {}", range.start(), range.end()))
}

/// A whole number in `range`.
fn number(option: &str, value: &OsStr, range: RangeInclusive<u64>) -> Result<u64> {
    let digits = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|text| text.parse().ok());
    number.filter(|number| range.contains(number)).ok_or_else(|| out_of(option, value, &range))
}

/// Microseconds of processor time in each [`PERIOD`]. The kernel's range is 1 ms to 2^44 us; a hundredth of a processor is
/// its lower end.
pub(super) fn cpus(value: &OsStr) -> Result<u64> {
    let billionths = value.to_str().and_then(fixed_point);
    let quota = billionths.map(|number| number * u128::from(PERIOD) / u128::from(BILLION));
    let quota = quota.and_then(|quota| u64::try_from(quota).ok());
    quota
        .filter(|quota| (1000..=u64::from(MAX_MEMBER + 1) * PERIOD).contains(quota))
        .ok_or_else(|| bad("cpus", value, "not in the range of 0.01 to 8192 processors"))
}

/// A share of processors, as the second version counts.
pub(super) fn cpu_weight(value: &OsStr) -> Result<CpuWeight> {
    number("cpu-weight", value, 1..=10_000).map(CpuWeight::Weight)
}

/// A share of processors, as the first version counts.
pub(super) fn cpu_shares(value: &OsStr) -> Result<CpuWeight> {
    number("cpu-shares", value, 2..=262_144).map(CpuWeight::Shares)
}

/// A share of disks, as the second version counts.
pub(super) fn io_weight(value: &OsStr) -> Result<IoWeight> {
    number("io-weight", value, 1..=10_000).map(IoWeight::Io)
}

/// A share of disks, as the first version counts.
pub(super) fn blkio_weight(value: &OsStr) -> Result<IoWeight> {
    number("blkio-weight", value, 10..=1000).map(IoWeight::Blkio)
}

/// How many processes and threads.
pub(super) fn pids(value: &OsStr) -> Result<Pids> {
    if value == "-1" {
        return Ok(Pids::Unlimited);
    }
    number("pids-limit", value, 1..=MAX_PIDS).map(Pids::Most)
}

/// Numbers and ranges of them, with commas between: the part of the kernel's own lists that people write.
pub(super) fn list(option: &str, value: &OsStr) -> Result<String> {
    let member = |text: &str| -> Option<u32> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= MAX_MEMBER)
    };
    let range = |text: &str| match text.split_once('-') {
        Some((first, last)) => matches!((member(first), member(last)), (Some(a), Some(b)) if a <= b),
        None => member(text).is_some(),
    };
    match value.to_str() {
        Some(text) if text.split(',').all(range) => Ok(text.to_owned()),
        _ => Err(bad(option, value, "not a list such as 0-2,5, of numbers up to 8191")),
    }
}

/// `DEV:RATE`. A device's name may have colons.
pub(super) fn throttle(operation: Operation, value: &OsStr) -> Result<Throttle> {
    let option = operation.option();
    let colon = value.as_bytes().iter().rposition(|&byte| byte == b':');
    let parts = colon.and_then(|at| value.as_bytes().split_at_checked(at));
    let (device, rate) = match parts {
        Some((device, [_, rate @ ..])) if !device.is_empty() => {
            (OsStr::from_bytes(device), OsStr::from_bytes(rate))
        }
        _ => return Err(bad(option, value, "not a device, a colon and a rate")),
    };
    let range = 1..=i64::MAX.unsigned_abs();
    let rate = if operation.is_of_bytes() {
        let bytes = bytes(rate)
            .ok_or_else(|| bad(option, value, "the rate is not a number of bytes, or one with k, m or g"))?;
        Some(bytes).filter(|bytes| range.contains(bytes)).ok_or_else(|| out_of(option, value, &range))?
    } else {
        number(option, rate, range)?
    };
    Ok(Throttle { operation, device: device.to_owned(), rate })
}

/// `FILE=VALUE`.
pub(super) fn setting(value: &OsStr) -> Result<Setting> {
    let parts = value.to_str().and_then(|text| text.split_once('='));
    let (file, content) = parts.ok_or_else(|| bad("set", value, "not a control file, = and a value"))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let because = match file {
        // To write there would move processes, which need not be ours.
        "cgroup.procs" | "cgroup.threads" | "tasks" => "moves processes, and is no limit",
        _ if file.len() > 255 || !file.bytes().all(plain) => "not the name of a control file",
        _ if file.starts_with('.') || !file.contains('.') => "not the name of a control file: memory.high",
        _ if content.is_empty() => "no value",
        _ if content.len() > MAX_VALUE => "a value has at most 4095 bytes",
        _ => return Ok(Setting { file: file.to_owned(), value: content.to_owned() }),
    };
    Err(bad("set", value, because))
}

/// `text`, `json`, and a descriptor behind a colon.
pub(super) fn report(value: Option<&OsStr>) -> Result<Report> {
    let Some(value) = value else { return Ok(Report { form: Form::Text, descriptor: 2 }) };
    let text = value.to_str().unwrap_or_default();
    let (form, descriptor) = text.split_once(':').map_or((text, None), |(form, fd)| (form, Some(fd)));
    let form = match form {
        "text" => Form::Text,
        "json" => Form::Json,
        _ => return Err(bad("report", value, "not text or json, and perhaps a colon and a descriptor")),
    };
    let descriptor = match descriptor {
        None => 2,
        Some(text) => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| digits).ok_or_else(|| {
                bad("report", value, "not text or json, and perhaps a colon and a descriptor")
            })?
        }
    };
    Ok(Report { form, descriptor })
}
