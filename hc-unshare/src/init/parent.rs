//! The parent of an init: it hands signals on to it, stops when NEXT was stopped, and ends with its status.

use super::{BACKGROUND, FOREGROUND, Line, Setting, status, wait_for_either};
use crate::sys::{self, Ended};
use crate::terminal::Terminal;
use hc::{Context, Error, Result, Status};
use nix::errno::Errno;
use nix::unistd::{Pid, read, write};
use std::os::fd::OwnedFd;

/// Follows `init`, process 1 of the new PID namespace.
pub(crate) fn follow(init: Pid, setting: Setting) -> Result<Status> {
    let Setting { signals, terminal, line: Line { parent: line, init: theirs } } = setting;
    drop(theirs);
    loop {
        let (signal, word) = wait_for_either(&signals, Some(&line))?;
        // The init holds its end of the line as long as it lives.
        if word && !has_stopped(&line, terminal.as_ref())? {
            break;
        }
        if !signal {
            continue;
        }
        match signals.next().context("read signals")? {
            libc::SIGCHLD => {}
            signal => sys::send(init, signal),
        }
    }
    let ended = sys::wait_for(init).context("wait")?;
    terminal.as_ref().map_or(Ok(()), Terminal::take_back)?;
    match ended {
        Ended::Exited(code) => Ok(status(code)),
        Ended::Killed(signal) => {
            sys::die_of(signal);
            Ok(status(128 + signal))
        }
        Ended::Stopped => Err(Error::new("the init was stopped")),
    }
}

/// Reads a word of the init's, which is that NEXT has stopped. A shell that has stopped its job expects that all of it
/// stands still, and goes on together. False when the init has ended.
fn has_stopped(line: &OwnedFd, terminal: Option<&Terminal>) -> Result<bool> {
    match read(line, &mut [0]) {
        Ok(0) | Err(Errno::ECONNRESET) => return Ok(false),
        Err(Errno::EINTR) => return Ok(true),
        result => result.context("read")?,
    };
    terminal.map_or(Ok(()), Terminal::take_back)?;
    // Returns when somebody lets this process go on.
    sys::stop_this_process();
    let word = if terminal.is_some_and(Terminal::is_ours) { FOREGROUND } else { BACKGROUND };
    // If the init has ended meanwhile, that is the next news.
    let _ = write(line, &[word]);
    Ok(true)
}
