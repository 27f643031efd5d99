//! Files of the host's and of the kernel's.

use crate::sys::{address, call, number};
use crate::{Attempt, Of};
use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

/// Where new file systems are mounted.
const PLACE: &str = "/a";

pub(crate) fn read(file: &str) -> Attempt {
    let mut file = File::open(file).of("open")?;
    file.read(&mut [0; 512]).of("read").map(drop)
}

/// Writes to `file` what is in it already.
pub(crate) fn write_what_it_says(file: &str) -> Attempt {
    let says = std::fs::read(file).of("read")?;
    write(file, if says.is_empty() { b"\n" } else { &says })
}

pub(crate) fn write(file: &str, text: &[u8]) -> Attempt {
    let mut file = OpenOptions::new().write(true).open(file).of("open")?;
    file.write_all(text).of("write")
}

/// `file` of sysfs, by a sysfs of one's own if there is none.
pub(crate) fn write_in_new_sysfs(file: &str) -> Attempt {
    if Path::new("/sys/kernel").exists() {
        return write_what_it_says(&format!("/sys/{file}"));
    }
    mount_new("sysfs", "")?;
    write_what_it_says(&format!("{PLACE}/{file}"))
}

pub(crate) fn create(file: &str) -> Attempt {
    File::create_new(file).of("open").map(drop)
}

pub(crate) fn mount_new(kind: &str, options: &str) -> Attempt {
    mount(Some(kind), PLACE, Some(kind), MsFlags::empty(), Some(options)).of("mount")
}

/// The program that the kernel starts, outside of all containers, when a control group is empty.
pub(crate) fn release_agent(hierarchy: &str) -> Attempt {
    mount_new("cgroup", hierarchy)?;
    write_what_it_says(&format!("{PLACE}/release_agent"))
}

/// `struct file_handle`.
#[repr(C)]
struct Handle {
    length: u32,
    kind: i32,
    bytes: [u8; 128],
}

/// Prints the kind and the bytes of the handle of `file`.
pub(crate) fn print_handle(file: &str) -> Option<Attempt> {
    let mut handle = Handle { length: 128, kind: 0, bytes: [0; 128] };
    let (mut path, mut mount_id) = (format!("{file}\0").into_bytes(), 0_i32);
    let arguments = [
        number(libc::AT_FDCWD),
        address(path.as_mut_slice()),
        address(&mut handle),
        address(&mut mount_id),
        0,
        0,
    ];
    if let Err(refused) = call(libc::SYS_name_to_handle_at, arguments).of("name_to_handle_at") {
        return Some(Err(refused));
    }
    let bytes = handle.bytes.get(..usize::try_from(handle.length).ok()?)?;
    let shown: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{} {}", handle.kind, shown.concat());
    Some(Ok(()))
}

/// A handle is good for any file of a file system, whatever part of it is in reach.
pub(crate) fn by_handle(kind: i32, shown: &str) -> Attempt {
    let mut handle = Handle { length: 0, kind, bytes: [0; 128] };
    for (at, byte) in handle.bytes.iter_mut().enumerate() {
        let Some(digits) = shown.get(2 * at..2 * at + 2) else { break };
        *byte = u8::from_str_radix(digits, 16).map_err(|_| Errno::EINVAL).of("the handle")?;
        handle.length += 1;
    }
    let root = File::open("/").of("open")?;
    let arguments = [number(root.as_raw_fd()), address(&mut handle), number(libc::O_RDONLY), 0, 0, 0];
    call(libc::SYS_open_by_handle_at, arguments).of("open_by_handle_at").map(drop)
}
