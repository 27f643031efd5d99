//! What came of a program, and what a test expects of that.

use std::fmt;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// Not within its time.
    TimedOut,
}

/// What a program left behind when it ended. Shown whole when an expectation fails.
pub struct Output {
    /// The command line.
    pub line: String,
    /// How it ended.
    pub ended: Ended,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// All of its standard error.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n  ended:  {:?}", self.line, self.ended)?;
        for (name, bytes) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            for line in bytes.split_inclusive(|&byte| byte == b'\n') {
                writeln!(f, "  {name}: {}", line.escape_ascii())?;
            }
        }
        Ok(())
    }
}

impl Output {
    /// Expects status 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.ended_with(Ended::Exit(0))
    }

    /// Expects this status.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        self.ended_with(Ended::Exit(code))
    }

    /// Expects an end by this signal.
    #[track_caller]
    pub fn dies_of(self, signal: i32) -> Self {
        self.ended_with(Ended::Signal(signal))
    }

    /// Expects this end.
    #[track_caller]
    pub fn ended_with(self, ended: Ended) -> Self {
        assert!(self.ended == ended, "expected {ended:?} of {self:?}");
        self
    }

    /// Expects exactly this on standard output.
    #[track_caller]
    pub fn says(self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        assert!(self.stdout == text, "expected on stdout: {}\nof {self:?}", text.escape_ascii());
        self
    }

    /// Expects exactly this on standard error.
    #[track_caller]
    pub fn complains(self, text: impl AsRef<[u8]>) -> Self {
        let text = text.as_ref();
        assert!(self.stderr == text, "expected on stderr: {}\nof {self:?}", text.escape_ascii());
        self
    }

    /// Expects nothing on standard error.
    #[track_caller]
    pub fn quiet(self) -> Self {
        self.complains("")
    }

    /// Expects a failure of `tool` as the contract has it: this status, nothing on standard output, and on
    /// standard error one line `tool: what: reason`, of which the part after `tool: ` is returned.
    #[track_caller]
    pub fn fails(self, tool: &str, status: i32) -> String {
        let output = self.exits(status).says("");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let message = text.strip_prefix(&format!("{tool}: ")).and_then(|rest| rest.strip_suffix('\n'));
        let message = message.unwrap_or_else(|| panic!("expected one line of {tool} in {output:?}"));
        assert!(!message.contains('\n'), "expected one line of {output:?}");
        assert!(!message.contains("os error"), "expected no error number in {output:?}");
        assert!(!message.is_empty(), "expected a reason in {output:?}");
        let control = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        assert!(!message.contains(control), "expected only what a terminal can show in {output:?}");
        message.to_owned()
    }

    /// Standard output as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap_or_else(|_| panic!("expected text of {self:?}"))
    }
}
