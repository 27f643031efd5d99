//! Block devices, by the numbers that the kernel knows them by.

use crate::limits::Throttle;
use hc::{Context, Error, Result};
use nix::sys::stat::{SFlag, major, minor, stat};

/// The same rates, with `MAJOR:MINOR` for each name.
pub(crate) fn look_up(throttles: &[Throttle]) -> Result<Vec<Throttle<String>>> {
    throttles.iter().map(numbered).collect()
}

fn numbered(throttle: &Throttle) -> Result<Throttle<String>> {
    let Throttle { operation, device, rate } = throttle;
    let what = || format!("--{}: {}", operation.option(), hc::show(device));
    let about = stat(device.as_os_str()).context(format_args!("{}", what()))?;
    if SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT != SFlag::S_IFBLK {
        return Err(Error::new(format!("{}: not a block device", what())));
    }
    let device = format!("{}:{}", major(about.st_rdev), minor(about.st_rdev));
    Ok(Throttle { operation: *operation, device, rate: *rate })
}
