//! One program to run, with all that it inherits.

use crate::dir::PROGRAMS;
use crate::running::Running;
use crate::sys::{self, Start};
use crate::{Host, Output, View, binaries};
use std::ffi::{CString, OsStr, OsString};
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::time::Duration;

/// The user and group of tests without privileges.
pub const NOBODY: u32 = 65534;

const LIMIT: Duration = Duration::from_secs(30);
const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program and what it inherits. What a test does not set is the same everywhere: `PATH` (the tools before
/// the system), `LC_ALL=C`, default signals, umask 022, no descriptors but 0 to 2, an empty standard input,
/// the root directory as working directory.
pub struct Cmd {
    program: PathBuf,
    argv: Vec<OsString>,
    env: Vec<Vec<u8>>,
    input: Vec<u8>,
    /// Standard input stays open when `input` has been written.
    hold_input: bool,
    limit: Duration,
    start: Start,
}

impl Cmd {
    /// A program of this machine, by path or looked for as a shell would.
    #[track_caller]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let name = program.as_ref();
        let file =
            find(name).unwrap_or_else(|| panic!("{}: not on this machine (tests/require)", name.display()));
        let path = format!("PATH={}:{SYSTEM_PATH}", binaries::bin_dir().display());
        Cmd {
            program: file,
            argv: vec![name.to_owned()],
            env: vec![path.into_bytes(), b"LC_ALL=C".to_vec()],
            input: Vec::new(),
            hold_input: false,
            limit: LIMIT,
            start: Start { umask: 0o022, ..Start::default() },
        }
    }

    /// One of the tools under test.
    #[track_caller]
    pub fn tool(name: &str) -> Self {
        Self::new(binaries::tool(name)).argv0(name)
    }

    /// The program that shows what it inherited.
    #[track_caller]
    pub fn probe() -> Self {
        Self::new(binaries::probe())
    }

    /// `/bin/sh -c SCRIPT`.
    #[track_caller]
    pub fn sh(script: impl AsRef<OsStr>) -> Self {
        Self::new("/bin/sh").arg("-c").arg(script)
    }

    /// A whole command line.
    #[track_caller]
    pub fn line<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> Self {
        let mut words = words.into_iter();
        let program = words.next().expect("a command line has a program");
        Self::new(program).args(words)
    }

    /// What the program is told that its name is.
    pub fn argv0(mut self, name: &str) -> Self {
        self.argv[0] = name.into();
        self
    }

    /// One more argument.
    pub fn arg(mut self, word: impl AsRef<OsStr>) -> Self {
        self.argv.push(word.as_ref().to_owned());
        self
    }

    /// More arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.argv.extend(words.into_iter().map(|word| word.as_ref().to_owned()));
        self
    }

    /// The arguments of a tool that chains, and then another command line.
    pub fn chain(self, next: &Cmd) -> Self {
        let mut words = next.argv.clone();
        words[0] = next.program.clone().into_os_string();
        self.args(words)
    }

    /// Sets a variable, in its place if it is there.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        let start = format!("{name}=").into_bytes();
        let entry = [&start, value.as_ref().as_bytes()].concat();
        match self.env.iter_mut().find(|entry| entry.starts_with(&start)) {
            Some(old) => *old = entry,
            None => self.env.push(entry),
        }
        self
    }

    /// The whole environment block, whatever is in it.
    pub fn environ<S: AsRef<[u8]>>(mut self, entries: impl IntoIterator<Item = S>) -> Self {
        self.env = entries.into_iter().map(|entry| entry.as_ref().to_owned()).collect();
        self
    }

    /// What can be read from standard input.
    pub fn input(mut self, bytes: impl AsRef<[u8]>) -> Self {
        bytes.as_ref().clone_into(&mut self.input);
        self
    }

    /// Keeps standard input open, until the [`Running`] program is told otherwise.
    pub fn hold_input(mut self) -> Self {
        self.hold_input = true;
        self
    }

    /// The working directory.
    pub fn dir(mut self, directory: impl AsRef<Path>) -> Self {
        self.start.directory = Some(c_string(directory.as_ref()));
        self
    }

    /// Runs it as `user`, in the group of the same number alone. As it is when the tests do not run as root.
    pub fn user(mut self, user: u32) -> Self {
        self.start.user = crate::is_root().then_some(user);
        self
    }

    /// [`Cmd::user`] with [`NOBODY`].
    pub fn as_nobody(self) -> Self {
        self.user(NOBODY)
    }

    /// Runs it on another machine, in a manner of speaking.
    pub fn on(mut self, host: &Host) -> Self {
        self.start.namespaces = host.namespaces();
        self
    }

    /// Starts it with this signal ignored.
    pub fn ignoring(mut self, signal: i32) -> Self {
        self.start.ignored.push(signal);
        self
    }

    /// Starts it with this signal blocked.
    pub fn blocking(mut self, signal: i32) -> Self {
        self.start.blocked.push(signal);
        self
    }

    /// Starts it with this one of descriptors 0 to 2 closed.
    pub fn closing(mut self, descriptor: RawFd) -> Self {
        self.start.closed.push(descriptor);
        self
    }

    /// Starts it with `file` open as this descriptor, which has to be above those that std uses: 100, say.
    pub fn passing(mut self, file: impl Into<OwnedFd>, descriptor: RawFd) -> Self {
        self.start.passed.push((file.into(), descriptor));
        self
    }

    /// The umask it starts with.
    pub fn umask(mut self, mask: u32) -> Self {
        self.start.umask = mask;
        self
    }

    /// In a session of its own, without a terminal.
    pub fn session(mut self) -> Self {
        self.start.session = true;
        self
    }

    /// How long it may take on an ordinary machine: see [`patience`](crate::patience()).
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end, or to the time limit.
    #[track_caller]
    pub fn run(self) -> Output {
        self.start().wait()
    }

    /// Runs the probe, which this command is, and returns what it saw.
    #[track_caller]
    pub fn view(self) -> View {
        View::parse(self.run().ok().quiet().text())
    }

    /// Runs it with the probe as NEXT, and returns what that saw.
    #[track_caller]
    pub fn next_view(self) -> View {
        self.arg(binaries::probe()).view()
    }

    /// Starts it.
    #[track_caller]
    pub fn start(mut self) -> Running {
        let line = self.shown();
        self.start.file = c_string(&self.program);
        self.start.argv = self.argv.iter().map(c_string).collect();
        self.start.envp = self.env.into_iter().map(|entry| CString::new(entry).expect("no NUL")).collect();
        self.start.directory.get_or_insert_with(|| c_string("/"));
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // std waits for the exec.
        let programs = PROGRAMS.read().unwrap_or_else(PoisonError::into_inner);
        let child = sys::spawn(&mut command, self.start).unwrap_or_else(|error| panic!("{line}: {error}"));
        drop(programs);
        Running::new(child, self.input, self.hold_input, self.limit, line)
    }

    /// The command line, for messages.
    fn shown(&self) -> String {
        let words = self.argv.iter().map(|word| word.as_bytes().escape_ascii().to_string());
        let user = self.start.user.map_or(String::new(), |user| format!("(uid {user}) "));
        format!("{user}{}", words.collect::<Vec<_>>().join(" "))
    }
}

/// The file that a program's name means, in the tools' directory and the system's.
pub fn find(name: &OsStr) -> Option<PathBuf> {
    if name.as_bytes().contains(&b'/') {
        return Some(name.into());
    }
    let is_program = |file: &Path| {
        file.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
    };
    SYSTEM_PATH.split(':').map(|directory| Path::new(directory).join(name)).find(|file| is_program(file))
}

fn c_string(text: impl AsRef<OsStr>) -> CString {
    CString::new(text.as_ref().to_owned().into_vec()).expect("no NUL in an argument")
}
