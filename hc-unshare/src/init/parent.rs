//! The parent of an init: it hands signals on to it, stops when NEXT was stopped, and ends with its status.

use super::{BACKGROUND, FOREGROUND, Line, STOPPED_WITH_TERMINAL, Setting, wait_for_either};
use crate::sys;
use crate::terminal::Terminal;
use hc::child;
use hc::{Context, Result, Status};
use nix::errno::Errno;
use nix::unistd::{Pid, read, write};
use std::os::fd::OwnedFd;

/// Follows `init`, process 1 of the new PID namespace.
pub(crate) fn follow(init: Pid, setting: Setting) -> Result<Status> {
    let Setting { signals, terminal, line: Line { parent: line, init: theirs }, .. } = setting;
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
            // Brought to the foreground by the shell, which knows of this process alone.
            libc::SIGCONT if terminal.as_ref().is_some_and(Terminal::is_ours) => {
                let _ = write(&line, &[FOREGROUND]);
            }
            signal => child::send(init, signal),
        }
    }
    let ended = child::wait_for(init).context("wait")?;
    // All of the PID namespace has ended. A group in the foreground that has processes is none of it: the shell has taken
    // the terminal back while this process was stopped.
    if let Some(terminal) = terminal.filter(Terminal::is_nobodys) {
        terminal.take_back()?;
    }
    Ok(child::end_as(&ended))
}

/// Reads a word of the init's, which is that NEXT has stopped. A shell that has stopped its job expects that all of it
/// stands still, and goes on together. False when the init has ended.
fn has_stopped(line: &OwnedFd, terminal: Option<&Terminal>) -> Result<bool> {
    let mut word = [0];
    match read(line, &mut word) {
        Ok(0) | Err(Errno::ECONNRESET) => return Ok(false),
        Err(Errno::EINTR) => return Ok(true),
        result => result.context("read")?,
    };
    if let Some(terminal) = terminal.filter(|_| word == [STOPPED_WITH_TERMINAL]) {
        terminal.take_back()?;
    }
    // Returns when somebody lets this process go on.
    child::stop_this_process();
    // What has let it go on is told by word, and once.
    sys::discard(libc::SIGCONT);
    let word = if terminal.is_some_and(Terminal::is_ours) { FOREGROUND } else { BACKGROUND };
    // If the init has ended meanwhile, that is the next news.
    let _ = write(line, &[word]);
    Ok(true)
}

/// For a parent with which NEXT shares no terminal: reads a word of the init's. Whether it is that NEXT has stopped; `None`
/// when the init has ended.
pub(crate) fn hears_of_stop(line: &OwnedFd) -> Result<Option<bool>> {
    match read(line, &mut [0]) {
        Ok(0) | Err(Errno::ECONNRESET) => Ok(None),
        Err(Errno::EINTR) => Ok(Some(false)),
        result => result.context("read").map(|_| Some(true)),
    }
}

/// Tells the init that NEXT is to go on. If it has ended meanwhile, that is the next news.
pub(crate) fn let_go_on(line: &OwnedFd) {
    let _ = write(line, &[BACKGROUND]);
}
