//! The caller's side: where keys come from and output goes, which may be a terminal, or two pipes.

use super::line;
use crate::sys::pty::{Size, size};
use hc::{Context, Result};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::{FileStat, Mode, SFlag, fstat};
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{getpgrp, isatty, tcgetpgrp};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// The standard streams, as this tool has got them.
pub(crate) struct Caller {
    pub(super) input: OwnedFd,
    pub(super) output: OwnedFd,
    /// How much of the output may be written at once so that nobody is waited for.
    pub(super) portion: usize,
    terminals: Terminals,
    /// The first of the streams that is a terminal: its size is the one that counts.
    sized: Option<OwnedFd>,
    /// How the terminal is to be left.
    saved: Option<Termios>,
    /// It is not as it is to be left.
    is_raw: bool,
}

/// Which of them are one.
struct Terminals {
    input: bool,
    output: bool,
    error: bool,
}

impl Terminals {
    /// Then what is typed goes on byte by byte.
    fn go_through(&self) -> bool {
        self.input && self.output
    }
}

/// What the new terminal is to be like.
pub(super) struct Likeness {
    pub(super) mode: Option<Termios>,
    pub(super) size: Option<Size>,
    /// What is typed is shown where it is typed, or nobody types.
    pub(super) is_silent: bool,
    /// Its output is where an error of the caller's would be shown.
    pub(super) has_stderr: bool,
}

impl Caller {
    /// As the caller: in a new user namespace, his terminal may be somebody else's.
    pub(crate) fn look_up() -> Result<Self> {
        let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
        let streams = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
        let [input, output, error] = streams.map(|stream| isatty(stream) == Ok(true));
        let terminals = Terminals { input, output, error };
        let sized = streams.iter().find(|stream| isatty(stream) == Ok(true));
        let output = own(stdout.as_fd(), OFlag::O_WRONLY)?;
        Ok(Caller {
            input: own(stdin.as_fd(), OFlag::O_RDONLY)?.0,
            portion: if output.1 { usize::MAX } else { libc::PIPE_BUF },
            output: output.0,
            terminals,
            sized: sized.map(BorrowedFd::try_clone_to_owned).transpose().context("dup")?,
            saved: None,
            is_raw: false,
        })
    }

    pub(super) fn likeness(&self) -> Likeness {
        // In the background its mode is that of another program, as a shell that edits a line.
        let is_ours = self.terminals.input && !self.is_in_background();
        Likeness {
            mode: if is_ours { tcgetattr(&self.input).ok() } else { None },
            size: self.size(),
            is_silent: !self.terminals.go_through(),
            has_stderr: self.terminals.go_through() && self.terminals.error,
        }
    }

    pub(super) fn size(&self) -> Option<Size> {
        self.sized.as_ref().and_then(|terminal| size(terminal).ok())
    }

    /// Whether there are keys that are not for this process: those typed while it is in the background.
    pub(super) fn is_in_background(&self) -> bool {
        // One that is not this session's terminal has no foreground for it.
        self.terminals.input && tcgetpgrp(&self.input).is_ok_and(|group| group != getpgrp())
    }

    /// A terminal that is gone. (One whose line was ended by its key for the end of a file is there.)
    pub(super) fn is_hung_up(&self) -> bool {
        self.terminals.input && tcgetattr(&self.input) == Err(Errno::EIO)
    }

    pub(super) fn can_end_more_than_once(&self) -> bool {
        self.terminals.input
    }

    /// Has every key come through as a byte. A terminal in whose background this process is, is somebody else's.
    pub(super) fn enter(&mut self) {
        if !self.terminals.go_through() || self.is_in_background() {
            self.is_raw = false;
            return;
        }
        let Ok(now) = tcgetattr(&self.input) else { return };
        // A shell may have had it meanwhile; or not, after a stop that nobody saw coming.
        if self.saved.is_none() || !line::is_raw(&now) {
            self.saved = Some(now.clone());
        }
        self.is_raw = tcsetattr(&self.input, SetArg::TCSANOW, &line::raw(now)).is_ok();
    }

    /// Leaves it as it was.
    pub(super) fn leave(&mut self) {
        if self.is_raw
            && !self.is_in_background()
            && let Some(saved) = &self.saved
        {
            // At once: what is still to be shown has been worked on already, and what was typed is for the next one.
            let _ = tcsetattr(&self.input, SetArg::TCSANOW, saved);
        }
        self.is_raw = false;
    }
}

/// The same file, opened anew where that can be done: not to wait is then a matter of ours, and not of all who have the
/// caller's. Whether reading and writing does not wait.
fn own(stream: BorrowedFd<'_>, flags: OFlag) -> Result<(OwnedFd, bool)> {
    let kind = |stat: &FileStat| SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    let again = || -> Option<OwnedFd> {
        let stat = fstat(stream).ok()?;
        let is_pipe = kind(&stat) == SFlag::S_IFIFO;
        // Others keep a position, or do something when they are opened.
        (is_pipe || isatty(stream) == Ok(true)).then_some(())?;
        let path = format!("/proc/self/fd/{}", stream.as_raw_fd());
        let flags = flags | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        let opened = open(path.as_str(), flags, Mode::empty()).ok()?;
        // Whatever is called /proc here.
        let identity = |stat: FileStat| (stat.st_dev, stat.st_ino, stat.st_rdev);
        (fstat(&opened).map(identity) == Ok(identity(stat))).then_some(opened)
    };
    if let Some(opened) = again() {
        return Ok((opened, true));
    }
    let is_file = fstat(stream).is_ok_and(|stat| kind(&stat) == SFlag::S_IFREG);
    Ok((stream.try_clone_to_owned().context("dup")?, is_file))
}
