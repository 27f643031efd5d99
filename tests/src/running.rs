//! A program while it runs.

use crate::{Ended, Output, patience, sys};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A program that was started. When it is dropped, it and what it has started are killed.
pub struct Running {
    child: Child,
    ended: Option<Ended>,
    pidfd: OwnedFd,
    deadline: Instant,
    line: String,
    input: Option<ChildStdin>,
    pending: Vec<u8>,
    hold_input: bool,
    stdout: Stream<ChildStdout>,
    stderr: Stream<ChildStderr>,
}

/// One output stream: the pipe until its end, and what came.
struct Stream<T> {
    pipe: Option<T>,
    bytes: Vec<u8>,
}

impl<T: Read + AsRawFd> Stream<T> {
    fn new(pipe: Option<T>) -> Self {
        if let Some(pipe) = &pipe {
            sys::set_nonblocking(pipe);
        }
        Stream { pipe, bytes: Vec::new() }
    }

    fn read(&mut self) {
        let Some(pipe) = &mut self.pipe else { return };
        let mut buffer = [0; 4096];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => self.bytes.extend_from_slice(&buffer[..length]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(_) => self.pipe = None,
        }
    }
}

impl Running {
    pub(crate) fn new(mut child: Child, pending: Vec<u8>, hold: bool, limit: Duration, line: String) -> Self {
        let input = child.stdin.take();
        if let Some(input) = &input {
            sys::set_nonblocking(input);
        }
        let (stdout, stderr) = (Stream::new(child.stdout.take()), Stream::new(child.stderr.take()));
        let pidfd = sys::pidfd(child.id());
        let deadline = Instant::now() + patience(limit);
        Running {
            child,
            ended: None,
            pidfd,
            deadline,
            line,
            input,
            pending,
            hold_input: hold,
            stdout,
            stderr,
        }
    }

    /// Its process ID.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// The processes that it has started, and these, those included that are still there.
    pub fn descendants(&self) -> Vec<i32> {
        let mut found = vec![self.pid()];
        let mut at = 0;
        while let Some(&pid) = found.get(at) {
            found.extend(children(pid));
            at += 1;
        }
        found.split_off(1)
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        assert!(self.ended.is_none(), "{}: has ended", self.line);
        kill(Pid::from_raw(self.pid()), signal).expect("kill");
    }

    /// Writes to its standard input, and closes that if `last`.
    pub fn write(&mut self, bytes: &[u8], last: bool) {
        self.pending.extend_from_slice(bytes);
        self.hold_input = !last;
        // Now, as far as there is room: who writes may go on to wait for something else than output.
        self.feed();
    }

    /// Reads its output until `text` has come; fails when it ends, or the time does, before that.
    #[track_caller]
    pub fn expect(&mut self, text: &str) {
        let has = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        while !has(&self.stdout.bytes) {
            let more = self.stdout.pipe.is_some() && self.step();
            assert!(
                more || has(&self.stdout.bytes),
                "{}: did not say {text:?}: {:?}",
                self.line,
                self.output()
            );
        }
    }

    /// What it has written to its standard output, as far as that has been read.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.stdout.bytes).into_owned()
    }

    /// True when it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.reap();
        self.ended.is_some()
    }

    /// Waits for its end and the end of its output. Past its time it is killed, with all it has started.
    pub fn wait(mut self) -> Output {
        self.pending_is_all();
        while self.ended.is_none() || self.stdout.pipe.is_some() || self.stderr.pipe.is_some() {
            if !self.step() {
                self.kill_all();
                self.ended = Some(Ended::TimedOut);
                break;
            }
        }
        self.output()
    }

    /// Waits for its end; what it has started may go on.
    pub fn wait_for_it_alone(&mut self) -> Ended {
        self.pending_is_all();
        while self.ended.is_none() && self.step() {}
        self.ended.unwrap_or(Ended::TimedOut)
    }

    fn pending_is_all(&mut self) {
        if self.pending.is_empty() && !self.hold_input {
            self.input = None;
        }
    }

    /// Waits for something to happen and takes note of it. False when time is up.
    fn step(&mut self) -> bool {
        let Some(left) = self.deadline.checked_duration_since(Instant::now()) else { return false };
        let number = |file: Option<&dyn AsRawFd>| file.map_or(-1, AsRawFd::as_raw_fd);
        let writing = if self.pending.is_empty() { None } else { self.input.as_ref() };
        let wanted = [
            (number(writing.map(|pipe| pipe as &dyn AsRawFd)), libc::POLLOUT),
            (number(self.stdout.pipe.as_ref().map(|pipe| pipe as &dyn AsRawFd)), libc::POLLIN),
            (number(self.stderr.pipe.as_ref().map(|pipe| pipe as &dyn AsRawFd)), libc::POLLIN),
            (if self.ended.is_some() { -1 } else { self.pidfd.as_raw_fd() }, libc::POLLIN),
        ];
        let milliseconds = i32::try_from(left.as_millis()).unwrap_or(i32::MAX).saturating_add(1);
        let ready = sys::poll(&wanted, milliseconds);
        if ready[0] {
            self.feed();
        }
        if ready[1] {
            self.stdout.read();
        }
        if ready[2] {
            self.stderr.read();
        }
        if ready[3] {
            self.reap();
        }
        ready.contains(&true)
    }

    fn feed(&mut self) {
        let Some(input) = &mut self.input else { return };
        match input.write(&self.pending) {
            Ok(written) => drop(self.pending.drain(..written)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            // Whoever should have read it has ended.
            Err(_) => self.pending.clear(),
        }
        self.pending_is_all();
    }

    fn reap(&mut self) {
        if self.ended.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.ended = Some(match (status.code(), status.signal()) {
                (Some(code), _) => Ended::Exit(code),
                (None, signal) => Ended::Signal(signal.unwrap_or(0)),
            });
        }
    }

    /// By process ID, one by one: first what it has started, which would get other parents.
    fn kill_all(&mut self) {
        for pid in self.descendants() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if self.ended.is_none() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    fn output(&self) -> Output {
        Output {
            line: self.line.clone(),
            ended: self.ended.unwrap_or(Ended::TimedOut),
            stdout: self.stdout.bytes.clone(),
            stderr: self.stderr.bytes.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.kill_all();
        }
    }
}

fn children(pid: i32) -> Vec<i32> {
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Waits until `condition` holds, which is asked for again and again; fails after ten seconds, or as much longer as
/// [`patience()`] has it.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let limit = patience(Duration::from_secs(10));
    let deadline = Instant::now() + limit;
    while !condition() {
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Does `action` again and again in another thread while `test` runs, and no longer, also when that fails.
pub fn meanwhile<T>(mut action: impl FnMut() + Send, test: impl FnOnce() -> T) -> T {
    struct Stops<'a>(&'a AtomicBool);
    impl Drop for Stops<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                action();
            }
        });
        let _at_the_end = Stops(&stop);
        test()
    })
}
