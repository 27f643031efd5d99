//! What goes between the caller and NEXT's terminal: bytes both ways, and each in its order.

use super::buffer::Buffer;
use super::caller::Caller;
use super::line;
use crate::sys;
use crate::sys::pty::set_size;
use hc::Error;
use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::termios::tcgetattr;
use nix::unistd::{read, write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// What NEXT can have written before its end, and more. What others write after that is not waited for without end.
const LAST_WORDS: usize = 1 << 20;

/// A descriptor, and what it is waited for with.
pub(super) type Source<'a> = Option<(BorrowedFd<'a>, PollFlags)>;

pub(super) fn readable(descriptor: &impl AsFd) -> (BorrowedFd<'_>, PollFlags) {
    (descriptor.as_fd(), PollFlags::POLLIN)
}

/// Both ways.
pub(super) struct Flow {
    caller: Caller,
    /// Of NEXT's terminal; none before it has come, and after a hangup.
    master: Option<OwnedFd>,
    inward: Inward,
    outward: Outward,
    /// Nobody has NEXT's terminal open, or the caller's took less than it said that it would.
    rests: bool,
    /// What is typed is for somebody else.
    in_background: bool,
    failure: Option<Error>,
}

/// From the caller to NEXT.
struct Inward {
    bytes: Buffer,
    /// The last byte that came.
    last: Option<u8>,
    /// There is more to come.
    is_open: bool,
}

/// From NEXT to the caller.
struct Outward {
    bytes: Buffer,
    /// Nothing that is written goes anywhere.
    is_mute: bool,
    /// How much has come since the end of NEXT.
    last_words: Option<usize>,
    /// And that is all.
    is_dry: bool,
}

impl Flow {
    /// Nothing flows before [`Flow::start`].
    pub(super) fn new(caller: Caller) -> Self {
        Flow {
            caller,
            master: None,
            inward: Inward { bytes: Buffer::new(), last: None, is_open: true },
            outward: Outward { bytes: Buffer::new(), is_mute: false, last_words: None, is_dry: false },
            rests: false,
            in_background: false,
            failure: None,
        }
    }

    pub(super) fn start(&mut self, master: Option<OwnedFd>) {
        self.master = master;
        self.go_on();
    }

    /// Takes the caller's terminal in hand, if this process is in the foreground of it: for last words, too, which have been
    /// through a line discipline already.
    pub(super) fn go_on(&mut self) {
        self.in_background = self.caller.is_in_background();
        if self.master.is_some() {
            self.caller.enter();
            self.resize();
        }
    }

    /// Leaves the caller's terminal as it was.
    pub(super) fn leave(&mut self) {
        self.caller.leave();
    }

    pub(super) fn resize(&self) {
        if let (Some(master), Some(size)) = (&self.master, self.caller.size()) {
            // One that is hung up has no size.
            let _ = set_size(master, size);
        }
    }

    /// What comes from NEXT now is the last.
    pub(super) fn next_has_ended(&mut self) {
        self.outward.last_words = Some(0);
    }

    /// NEXT lives.
    fn is_wanted(&self) -> bool {
        self.outward.last_words.is_none()
    }

    /// After the end of NEXT: whether all that it has written is written out.
    pub(super) fn is_over(&mut self) -> bool {
        self.hear_last_words();
        self.outward.is_dry && self.outward.bytes.is_empty()
    }

    /// Makes that so.
    pub(super) fn give_up(&mut self) {
        self.outward.is_dry = true;
        self.outward.bytes.clear();
    }

    /// Why the status is not NEXT's.
    pub(super) fn into_failure(self) -> Option<Error> {
        self.failure
    }

    /// What there is to wait for: input, the master, output. What would be ready without there being anything to do is not
    /// asked for: a terminal that is hung up is ready without end.
    pub(super) fn sources(&self) -> [Source<'_>; 3] {
        let takes_input = self.inward.is_open
            && self.master.is_some()
            && self.is_wanted()
            && !self.in_background
            // For an end, too.
            && self.inward.bytes.has_room_for(2);
        let mut of_master = PollFlags::empty();
        of_master.set(PollFlags::POLLIN, self.outward.bytes.has_room_for(1));
        of_master.set(PollFlags::POLLOUT, !self.inward.bytes.is_empty());
        let uses_master = !of_master.is_empty() && self.is_wanted() && !self.rests;
        [
            takes_input.then(|| readable(&self.caller.input)),
            self.master.as_ref().filter(|_| uses_master).map(|master| (master.as_fd(), of_master)),
            (!self.outward.bytes.is_empty() && !self.rests)
                .then(|| (self.caller.output.as_fd(), PollFlags::POLLOUT)),
        ]
    }

    /// Whether there is something that no descriptor tells.
    pub(super) fn has_to_look_again(&self) -> bool {
        self.rests || (self.in_background && self.inward.is_open)
    }

    /// It may have come.
    pub(super) fn look_again(&mut self) {
        self.rests = false;
        if self.in_background && !self.caller.is_in_background() {
            self.go_on();
        }
    }

    /// Moves what can be moved; which of [`Flow::sources`] are ready.
    pub(super) fn serve(&mut self, [input, master, output]: [bool; 3]) {
        if input {
            self.read_input();
        }
        if master {
            self.read_master();
            self.write_master();
        }
        if output {
            self.write_output();
        }
    }

    fn read_input(&mut self) {
        match read(&self.caller.input, self.inward.bytes.room()) {
            Ok(0) => self.input_ends(),
            Ok(count) => {
                self.inward.bytes.filled(count);
                self.inward.last = self.inward.bytes.waiting().last().copied();
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            // Of a terminal in whose background this process is without knowing it.
            Err(Errno::EIO) if !self.caller.is_hung_up() => self.in_background = true,
            Err(_) => self.input_ends(),
        }
    }

    fn input_ends(&mut self) {
        if self.caller.is_hung_up() {
            return self.hang_up();
        }
        let mode = self.master.as_ref().and_then(|master| tcgetattr(master).ok());
        if let Some(mode) = mode {
            self.inward.bytes.add(&line::end_of_file(&mode, self.inward.last));
            self.inward.last = None;
        }
        self.inward.is_open = self.caller.can_end_more_than_once();
    }

    fn write_master(&mut self) {
        let Some(master) = &self.master else { return };
        if self.inward.bytes.is_empty() {
            return;
        }
        match write(master, self.inward.bytes.waiting()) {
            Ok(count) => self.inward.bytes.taken(count),
            // Nobody has the other end open: somebody may have it again.
            Err(Errno::EIO) => self.rests = true,
            Err(_) => {}
        }
    }

    fn read_master(&mut self) {
        let Some(master) = &self.master else { return };
        let outward = &mut self.outward;
        let room = outward.bytes.room();
        if room.is_empty() {
            return;
        }
        match read(master, room) {
            Ok(count) if count > 0 => {
                outward.bytes.filled(count);
                if let Some(words) = &mut outward.last_words {
                    *words += count;
                }
                if outward.is_mute {
                    outward.bytes.clear();
                }
            }
            Err(Errno::EINTR) => {}
            // What a process has written before is there by now: the kernel sees to it before it says that there is nothing.
            Err(Errno::EAGAIN) => outward.is_dry = outward.last_words.is_some(),
            // Nobody has the other end open.
            _ => {
                self.rests = true;
                outward.is_dry = outward.last_words.is_some();
            }
        }
    }

    /// Reads what NEXT has written before its end, as far as there is room for it.
    fn hear_last_words(&mut self) {
        while !self.outward.is_dry && self.outward.bytes.has_room_for(1) {
            self.read_master();
            let is_enough = self.outward.last_words.is_some_and(|words| words > LAST_WORDS);
            self.outward.is_dry |= self.master.is_none() || is_enough;
        }
        self.rests = false;
    }

    fn write_output(&mut self) {
        let waiting = self.outward.bytes.waiting();
        let portion = waiting.get(..self.caller.portion).unwrap_or(waiting);
        match write(&self.caller.output, portion) {
            Ok(count) => self.outward.bytes.taken(count),
            Err(Errno::EINTR) => {}
            // Ready it was: for less than a byte, as the end of a line takes two on a terminal.
            Err(Errno::EAGAIN) => self.rests = true,
            Err(errno) => {
                self.outward.bytes.clear();
                self.outward.is_mute = true;
                match errno {
                    // The caller has closed it.
                    Errno::EBADF => return,
                    // It would be handed on otherwise.
                    Errno::EPIPE => sys::discard(libc::SIGPIPE),
                    Errno::EIO => {}
                    errno => self.failure = Some(Error::new(format!("write: {}", hc::reason(errno)))),
                }
                self.hang_up();
            }
        }
    }

    /// The caller's side is gone, and so is NEXT's terminal: its session gets SIGHUP.
    fn hang_up(&mut self) {
        self.master = None;
        self.inward.is_open = false;
        self.inward.bytes.clear();
    }
}
