//! The parent that stays between the caller and NEXT: it moves bytes, hands signals on, stops as NEXT does, and ends with its
//! status.

use super::caller::Caller;
use super::flow::{Flow, Source, readable};
use crate::sys::{self, Signals};
use crate::{init, message};
use hc::child::{self, Ended};
use hc::{Context, Result, Status};
use nix::errno::Errno;
use nix::poll::{PollFd, PollTimeout, poll};
use nix::unistd::{Pid, getpid};
use std::os::fd::OwnedFd;

/// After how many milliseconds one looks again for what the kernel does not tell: that somebody has NEXT's terminal open
/// again, or that this process is in the foreground.
const TICK: u16 = 50;

/// How many descriptors are waited for: three of its own, and those of the flow.
const SOURCES: usize = 6;

/// The parent of NEXT, or of its init.
pub(crate) struct Relay {
    child: Pid,
    signals: Signals,
    /// To the init, if there is one, as long as it lives.
    line: Option<OwnedFd>,
    has_init: bool,
    /// NEXT is one itself.
    own_init: bool,
    /// By which the terminal comes, until it has.
    socket: Option<OwnedFd>,
    flow: Flow,
    ended: Option<Ended>,
}

impl Relay {
    pub(super) fn new(
        child: Pid,
        signals: Signals,
        line: Option<OwnedFd>,
        socket: OwnedFd,
        caller: Caller,
        own_init: bool,
    ) -> Self {
        Relay {
            child,
            signals,
            has_init: line.is_some(),
            line,
            own_init,
            socket: Some(socket),
            flow: Flow::new(caller),
            ended: None,
        }
    }

    /// Serves until NEXT has ended and all is written; the status is NEXT's own.
    pub(crate) fn follow(mut self) -> Result<Status> {
        let served = self.serve();
        self.flow.leave();
        let ended = served?;
        match self.flow.into_failure() {
            Some(failure) => Err(failure),
            None if self.own_init => Ok(init::end_as_own(&ended)),
            None => Ok(child::end_as(&ended)),
        }
    }

    fn serve(&mut self) -> Result<Ended> {
        loop {
            if let Some(ended) = self.ended.take_if(|_| self.flow.is_over()) {
                return Ok(ended);
            }
            let [signal, word, terminal, input, master, output] = self.wait()?;
            self.flow.look_again();
            if signal {
                self.take_signal()?;
            }
            if word {
                self.take_word()?;
            }
            if terminal {
                self.take_terminal()?;
            }
            self.flow.serve([input, master, output]);
        }
    }

    /// What there is to wait for now.
    fn sources(&self) -> [Source<'_>; SOURCES] {
        let [input, master, output] = self.flow.sources();
        let (line, socket) = (self.line.as_ref().map(readable), self.socket.as_ref().map(readable));
        [Some(readable(&self.signals)), line, socket, input, master, output]
    }

    /// Which of them are ready; none when it is time to look again.
    fn wait(&self) -> Result<[bool; SOURCES]> {
        let sources = self.sources();
        let wanted = || sources.iter().flatten();
        let mut polled: Vec<PollFd<'_>> = wanted().map(|(fd, flags)| PollFd::new(*fd, *flags)).collect();
        let looks_again = self.flow.has_to_look_again();
        let patience = if looks_again { PollTimeout::from(TICK) } else { PollTimeout::NONE };
        match poll(&mut polled, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno).context("poll"),
        }
        let mut answers = polled.iter().map(|polled| polled.any().unwrap_or(true));
        Ok(sources.map(|source| source.is_some() && answers.next().unwrap_or(false)))
    }

    fn take_signal(&mut self) -> Result<()> {
        match self.signals.next().context("read signals")? {
            libc::SIGCHLD => return self.reap(),
            libc::SIGWINCH => self.flow.resize(),
            libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => drop(self.stop()),
            // Nobody is left for it, and whoever does not take the last words is not waited for.
            signal if self.ended.is_some() && signal != libc::SIGCONT => self.flow.give_up(),
            signal => {
                if signal == libc::SIGCONT {
                    self.flow.go_on();
                }
                if self.ended.is_none() {
                    child::send(self.child, signal);
                }
            }
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<()> {
        // As process 1 this has orphans, too: they are only to be gone.
        while let Some((process, ended)) = child::wait_for_any().context("wait")? {
            match ended {
                _ if process != self.child => {}
                // An init stops for nobody inside, and tells of NEXT by word.
                Ended::Stopped if self.has_init => {}
                Ended::Stopped => {
                    if self.stop() {
                        child::send(self.child, libc::SIGCONT);
                    }
                }
                ended => {
                    self.ended = Some(ended);
                    self.flow.next_has_ended();
                    // Sent before its end, but perhaps not yet seen. Otherwise it has come to nothing.
                    return self.take_terminal();
                }
            }
        }
        Ok(())
    }

    /// The init tells that NEXT stands still.
    fn take_word(&mut self) -> Result<()> {
        let Some(line) = &self.line else { return Ok(()) };
        match init::hears_of_stop(line)? {
            // It has ended.
            None => self.line = None,
            Some(false) => {}
            Some(true) => {
                if self.stop()
                    && let Some(line) = &self.line
                {
                    init::let_go_on(line);
                }
            }
        }
        Ok(())
    }

    /// Stops this process, as a shell expects of a job that stands still, with the caller's terminal as it was. Returns when
    /// somebody lets it go on; false if it cannot be stopped, as process 1 of a PID namespace cannot by itself.
    fn stop(&mut self) -> bool {
        if getpid() == Pid::from_raw(1) {
            return false;
        }
        self.flow.leave();
        child::stop_this_process();
        // It is for the child, too, but told by other means.
        sys::discard(libc::SIGCONT);
        self.flow.go_on();
        true
    }

    fn take_terminal(&mut self) -> Result<()> {
        let Some(socket) = self.socket.take() else { return Ok(()) };
        // None, when the child has failed before, and has told why.
        self.flow.start(message::receive(&socket, &mut [0]).context("receive the new terminal")?.1);
        Ok(())
    }
}
