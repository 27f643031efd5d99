//! The terminal of who has started the container.

use crate::sys::{address, call, number};
use crate::{Attempt, Of, devices};
use std::fs::File;
use std::os::fd::AsRawFd;

/// Types a letter, as if it came from the keyboard. `beside` are further bits of the request, of which the kernel takes
/// the lower half, and a filter should.
pub(crate) fn type_into(beside: usize) -> Attempt {
    let request = usize::try_from(libc::TIOCSTI).unwrap_or_default() | beside;
    call(libc::SYS_ioctl, [0, request, address(&mut b'#'), 0, 0, 0]).of("ioctl").map(drop)
}

/// Asks the console for the state of the shift key; it can be asked to paste as well.
pub(crate) fn ask_console(device: Option<(u64, u64)>) -> Attempt {
    const TIOCLINUX: usize = 0x541c;
    const SHIFT_STATE: u8 = 6;
    let console = device.map(|(major, minor)| devices::make("c", major, minor)).transpose()?;
    let descriptor = console.as_ref().map_or(0, File::as_raw_fd);
    call(libc::SYS_ioctl, [number(descriptor), TIOCLINUX, address(&mut { SHIFT_STATE }), 0, 0, 0])
        .of("ioctl")
        .map(drop)
}
