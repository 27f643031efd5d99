//! newuidmap(1) and newgidmap(1), which map the subordinate ids of a user.

use super::ranges::Range;
use crate::fork;
use hc::child::{self, Ended};
use hc::{Context, Environ, Error, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{ForkResult, Pid, dup2_stderr, pipe2};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

/// More than such a program has to say of why it has failed. Of what comes after that, nothing is told.
const MAX_MESSAGE: u64 = 4096;

/// Has `program` give `process` the map `ranges`.
pub(crate) fn map(program: &str, process: Pid, ranges: &[Range]) -> Result<()> {
    let numbers = ranges.iter().flat_map(|range| [range.inside, range.outside, range.count]);
    let words = [program.to_owned(), process.to_string()].into_iter();
    let argv: Vec<OsString> = words.chain(numbers.map(|id| id.to_string())).map(Into::into).collect();
    let (words, status) = run(&argv)?;
    if status == Some(0) {
        return Ok(());
    }
    if status == Some(127) && words.is_empty() {
        return Err(Error::new(format!("{program}: not found (it is in the package uidmap; -r needs none)")));
    }
    let words =
        words.strip_prefix(program.as_bytes()).and_then(|rest| rest.strip_prefix(b": ")).unwrap_or(&words);
    // Line by line would be several messages.
    let words = words.trim_ascii().split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b", "[..]);
    let because =
        if words.is_empty() { "failed".to_owned() } else { hc::show(OsStr::from_bytes(&words)).to_string() };
    Err(Error::new(format!("{program}: {because}")))
}

/// Runs `argv`: what it says on standard error, and its status unless it died of a signal.
// From here on there are two processes until this returns.
//   parent   outside of the new namespaces; reads what the child complains of, and waits
//   child    becomes `argv`, with the pipe as its standard error
fn run(argv: &[OsString]) -> Result<(Vec<u8>, Option<i32>)> {
    let (reader, writer) = pipe2(OFlag::O_CLOEXEC).context("pipe")?;
    let child = match fork::checked()? {
        ForkResult::Child => become_it(argv, &writer),
        ForkResult::Parent { child } => child,
    };
    drop(writer);
    let mut words = Vec::new();
    let mut reader = File::from(reader);
    let read = (&mut reader).take(MAX_MESSAGE).read_to_end(&mut words);
    // To its end, lest the program dies of a pipe that nobody reads, before it has done its work.
    let read = read.and_then(|_| io::copy(&mut reader, &mut io::sink()));
    let status = match child::wait_for(child).context("wait")? {
        Ended::Exited(status) => Some(status),
        Ended::Killed(_) | Ended::Stopped => None,
    };
    read.context("read what it says")?;
    Ok((words, status))
}

fn become_it(argv: &[OsString], stderr: &OwnedFd) -> ! {
    let Some(program) = argv.first() else { child::end(125) };
    if dup2_stderr(stderr).is_err() {
        child::end(125);
    }
    let refused = hc::exec_as(program, argv, &Environ::inherited());
    if refused.errno() != Errno::ENOENT {
        let _ = hc::complain(hc::reason(refused.errno()).as_bytes());
    }
    child::end(127)
}
