//! `--seccomp`: which system calls NEXT may make. seccomp(2).

mod bpf;
mod calls;
mod filter;
#[cfg(test)]
mod machine;
mod policy;
#[cfg(test)]
mod tests;

use crate::capabilities::{self, SYS_ADMIN};
use crate::sys;
use hc::{Context, Error, Result};
use nix::errno::Errno;
use nix::sys::prctl::{get_no_new_privs, set_no_new_privs};
use nix::sys::utsname::uname;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;

/// The filter that is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// None of ours.
    #[default]
    None,
    /// The one of this program, for the capabilities that are left.
    Default,
    /// The compiled one in this file.
    File(OsString),
}

/// The filter that is to be set.
pub(crate) enum Filter {
    None,
    Default,
    Given(OsString, Vec<libc::sock_filter>),
}

/// The bytes of an instruction: `struct sock_filter`.
const INSTRUCTION: usize = 8;
/// `BPF_MAXINSNS` of the kernel.
const MAX_INSTRUCTIONS: usize = 4096;

impl Wanted {
    /// True if there is to be a filter.
    pub(crate) fn is_some(&self) -> bool {
        *self != Wanted::None
    }

    /// Reads the file, which is one of the caller's.
    pub(crate) fn load(&self) -> Result<Filter> {
        match self {
            Wanted::None => Ok(Filter::None),
            Wanted::Default => Ok(Filter::Default),
            Wanted::File(file) => {
                let what = format!("seccomp {}", hc::show(file));
                let mut bytes = Vec::new();
                let too_much = MAX_INSTRUCTIONS * INSTRUCTION + 1;
                let source = File::open(file).context(&what)?;
                source.take(too_much as u64).read_to_end(&mut bytes).context(&what)?;
                let program =
                    instructions(&bytes).map_err(|reason| Error::new(format!("{what}: {reason}")))?;
                Ok(Filter::Given(file.clone(), program))
            }
        }
    }
}

/// The program that `bytes` are, as the kernel has it in memory; or what is wrong with them. Pure.
fn instructions(bytes: &[u8]) -> std::result::Result<Vec<libc::sock_filter>, String> {
    let (whole, rest) = bytes.as_chunks::<INSTRUCTION>();
    let size = bytes.len();
    match (whole, rest) {
        ([], []) => return Err("the file is empty".to_owned()),
        _ if size > MAX_INSTRUCTIONS * INSTRUCTION => {
            return Err(format!("more than {MAX_INSTRUCTIONS} instructions, the most that the kernel takes"));
        }
        (_, []) => {}
        _ => return Err(format!("{size} bytes are no compiled filter: it has {INSTRUCTION} an instruction")),
    }
    let instruction = |&[a, b, jt, jf, k0, k1, k2, k3]: &[u8; INSTRUCTION]| libc::sock_filter {
        code: u16::from_ne_bytes([a, b]),
        jt,
        jf,
        k: u32::from_ne_bytes([k0, k1, k2, k3]),
    };
    Ok(whole.iter().map(instruction).collect())
}

impl Filter {
    /// Sets it. The last thing before NEXT, for it may refuse whatever else there would be to do.
    pub(crate) fn set(&self) -> Result<()> {
        if matches!(self, Filter::None) {
            return Ok(());
        }
        let mut no_new_privs = get_no_new_privs().context("prctl PR_GET_NO_NEW_PRIVS")?;
        // The kernel wants one or the other: a set-user-ID program must not be fooled by calls that fail.
        if !no_new_privs && capabilities::effective()? & SYS_ADMIN == 0 {
            set_no_new_privs().context("prctl PR_SET_NO_NEW_PRIVS")?;
            no_new_privs = true;
        }
        match self {
            Filter::None => Ok(()),
            Filter::Default => {
                let left = capabilities::left(policy::CAPABILITIES, no_new_privs)?;
                let release = uname().context("uname")?;
                let program = filter::compile(left, filter::version(release.release()));
                sys::privileges::set_filter(&program).map_err(|errno| failed("seccomp", errno))
            }
            Filter::Given(file, program) => {
                let what = format!("seccomp {}", hc::show(file));
                sys::privileges::set_filter(program).map_err(|errno| failed(&what, errno))
            }
        }
    }
}

fn failed(what: &str, errno: Errno) -> Error {
    let because = match errno {
        Errno::EINVAL => {
            " (the kernel takes it for no seccomp filter: made for another architecture, or no BPF program)"
        }
        Errno::ENOMEM => " (with the filters that are there already it is too much)",
        Errno::ENOSYS => " (a kernel without seccomp filters)",
        _ => "",
    };
    Error::new(format!("{what}: {}{because}", hc::reason(errno)))
}

/// `default`, `none`, or a file.
pub(crate) fn wanted(value: OsString) -> Result<Wanted> {
    match value.as_encoded_bytes() {
        b"default" => Ok(Wanted::Default),
        b"none" => Ok(Wanted::None),
        b"" => Err(Error::usage("an empty name is no file")),
        _ => Ok(Wanted::File(value)),
    }
}
