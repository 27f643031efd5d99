//! Processes of the host's, and what other users' programs and sockets give.

use crate::sys::{address, call, number};
use crate::{Attempt, Of};
use nix::errno::Errno;
use nix::unistd::{geteuid, getuid};
use std::io::Read;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};

const SECRET: [u8; 16] = *b"the host's alone";

/// Prints where it is, and waits.
pub(crate) fn keep_secret() -> Attempt {
    let mut secret = std::hint::black_box(Box::new(SECRET));
    println!("at {}", address(secret.as_mut()));
    std::io::stdin().read_to_end(&mut Vec::new()).of("read")?;
    std::hint::black_box(secret);
    Ok(())
}

pub(crate) fn trace(process: i32) -> Attempt {
    const SEIZE: i32 = 0x4206;
    call(libc::SYS_ptrace, [number(SEIZE), number(process), 0, 0, 0, 0]).of("ptrace").map(drop)
}

pub(crate) fn read(process: i32, at: usize) -> Attempt {
    let mut bytes = [0_u8; SECRET.len()];
    let mut local = [address(&mut bytes), SECRET.len()];
    let mut remote = [at, SECRET.len()];
    let arguments = [number(process), address(&mut local), 1, address(&mut remote), 1, 0];
    call(libc::SYS_process_vm_readv, arguments).of("process_vm_readv")?;
    if bytes == SECRET { Ok(()) } else { Err(Errno::ENODATA).of("process_vm_readv") }
}

/// A program with the set-user-ID bit.
pub(crate) fn became_root() -> Attempt {
    if geteuid().is_root() && !getuid().is_root() { Ok(()) } else { Err(Errno::EPERM).of("setuid") }
}

/// The name is one of no file, but of the network namespace.
pub(crate) fn connect(name: &str) -> Attempt {
    let address = SocketAddr::from_abstract_name(name).of("socket")?;
    UnixStream::connect_addr(&address).of("connect").map(drop)
}
