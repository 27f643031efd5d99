//! Devices of the machine.

use crate::{Attempt, Of};
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use std::fs::File;
use std::io::Read;

const PLACE: &str = "/tmp/device";

/// Makes the node, `b` or `c`.
pub(crate) fn make(kind: &str, major: u64, minor: u64) -> Result<File, crate::Refused> {
    let kind = if kind == "b" { SFlag::S_IFBLK } else { SFlag::S_IFCHR };
    mknod(PLACE, kind, Mode::S_IRUSR | Mode::S_IWUSR, makedev(major, minor)).of("mknod")?;
    let file = File::open(PLACE).of("open");
    let _ = std::fs::remove_file(PLACE);
    file
}

pub(crate) fn make_and_open(kind: &str, major: u64, minor: u64) -> Attempt {
    make(kind, major, minor)?.read(&mut [0; 512]).of("read").map(drop)
}
