//! The session keyring, which is inherited over everything but a login.

use crate::sys::{address, call, number};
use crate::{Attempt, Of};
use nix::errno::Errno;
use std::ffi::CString;

const PAYLOAD: [u8; 12] = *b"the password";
/// Of keyctl(2).
const JOIN_SESSION_KEYRING: usize = 1;
const SEARCH: usize = 10;
const READ: usize = 11;
const SESSION_KEYRING: i32 = -3;

/// Becomes `next` with a session keyring that has a key.
pub(crate) fn with_key(next: &[&str]) -> Attempt {
    call(libc::SYS_keyctl, [JOIN_SESSION_KEYRING, 0, 0, 0, 0, 0]).of("keyctl")?;
    let (mut kind, mut name, mut payload) = (*b"user\0", *b"hc-attack\0", PAYLOAD);
    let arguments = [
        address(&mut kind),
        address(&mut name),
        address(&mut payload),
        PAYLOAD.len(),
        number(SESSION_KEYRING),
        0,
    ];
    call(libc::SYS_add_key, arguments).of("add_key")?;
    let argv: Vec<CString> = next.iter().filter_map(|word| CString::new(*word).ok()).collect();
    let program = argv.first().ok_or(Errno::EINVAL).of("the words")?;
    nix::unistd::execv(program, &argv).of("execv").map(|never| match never {})
}

pub(crate) fn read() -> Attempt {
    let (mut kind, mut name) = (*b"user\0", *b"hc-attack\0");
    let search = [SEARCH, number(SESSION_KEYRING), address(&mut kind), address(&mut name), 0, 0];
    let key = call(libc::SYS_keyctl, search).of("keyctl")?;
    let mut bytes = [0_u8; PAYLOAD.len()];
    call(libc::SYS_keyctl, [READ, key, address(&mut bytes), bytes.len(), 0, 0]).of("keyctl")?;
    if bytes == PAYLOAD { Ok(()) } else { Err(Errno::ENODATA).of("keyctl") }
}
