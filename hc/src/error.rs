//! One error type for all tools: a message, and the exit status that goes with it.

use crate::sys;
use nix::errno::Errno;
use std::fmt;

/// What a tool's work comes to: its value, or the one line that says why not.
pub type Result<T> = std::result::Result<T, Error>;

/// The exit status of a tool that ends without becoming NEXT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// The tool did what it was asked for.
    pub const SUCCESS: Status = Status(0);
    /// The tool itself failed; usage errors included.
    pub const FAILED: Status = Status(125);
    /// NEXT was found, but the kernel would not execute it.
    pub const NOT_EXECUTABLE: Status = Status(126);
    /// NEXT was not found, or what it needs to start was not.
    pub const NOT_FOUND: Status = Status(127);
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Failure(Status),
    Usage,
    /// `--help` and `--version`: what the user asked for, on standard output.
    Answer,
}

/// What a user of the tool expects where it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Contract 6 of hc(7): a failure is one line.
    Hc,
    /// As the GNU coreutils: a usage error is followed by a line that names `--help`, a message that cannot be
    /// written makes the status 125.
    Coreutils,
}

/// Why a tool ends without becoming NEXT. Shown once, by [`crate::start()`].
#[derive(Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<&'static str>,
}

impl Error {
    /// A failure of the tool itself (125). `message` is `what: reason`, as contract 6 of hc(7) has it: one line,
    /// without the tool's name, with names from outside passed through [`crate::show()`].
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self::with_status(Status::FAILED, message)
    }

    /// A failure that has a status of its own, as NEXT's have (126, 127).
    #[must_use]
    pub fn with_status(status: Status, message: impl Into<String>) -> Self {
        Self::of(Kind::Failure(status), message)
    }

    /// A failed system call (125): `what`, and strerror(3) of `errno` as the reason.
    #[must_use]
    pub fn from_errno(what: impl fmt::Display, errno: Errno) -> Self {
        Self::new(format!("{what}: {}", reason(errno)))
    }

    /// A bad command line (125). What is shown ends with where the right one can be read: `try 'man hc-x'`.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::of(Kind::Usage, message)
    }

    /// The text of `--help` or `--version`, whole lines. It is an error only in that it ends the parse: it goes to
    /// standard output, with status 0.
    #[must_use]
    pub fn answer(text: impl Into<String>) -> Self {
        Self::of(Kind::Answer, text)
    }

    /// The answer to `--version`, the same line for every tool.
    #[must_use]
    pub fn version(tool: &str, version: &str) -> Self {
        Self::answer(format!("{tool} (hand-crafted containers) {version}\n"))
    }

    /// Adds a second line, `tool: hint`, where the original has one too.
    #[must_use]
    pub fn with_hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    fn of(kind: Kind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), hint: None }
    }

    /// The exit status that goes with it.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.kind {
            Kind::Failure(status) => status,
            Kind::Usage => Status::FAILED,
            Kind::Answer => Status::SUCCESS,
        }
    }

    /// True for what belongs on standard output: the answer to `--help` and `--version`.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.kind == Kind::Answer
    }

    /// The whole text as `tool` shows it, newline included.
    #[must_use]
    pub fn render(&self, tool: &str, manner: Manner) -> String {
        let message = &self.message;
        let hint = self.hint.map_or_else(String::new, |hint| format!("{tool}: {hint}\n"));
        match (&self.kind, manner) {
            (Kind::Answer, _) => message.clone(),
            (Kind::Failure(_), _) => format!("{tool}: {message}\n{hint}"),
            (Kind::Usage, Manner::Hc) => format!("{tool}: {message}: try 'man {tool}'\n{hint}"),
            (Kind::Usage, Manner::Coreutils) => {
                format!("{tool}: {message}\n{hint}Try '{tool} --help' for more information.\n")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The C library's words for an error number: what users know from every other tool.
#[must_use]
pub fn reason(errno: Errno) -> String {
    match errno {
        // The number, which the kernel should have kept to itself, is lost; 0 would read "Success".
        Errno::UnknownErrno => "an error that has no name".to_owned(),
        errno => sys::strerror(errno as i32),
    }
}

/// Says, where a system call failed, what it was for.
pub trait Context<T> {
    /// Turns a failure into the error `what: reason` (125). `what` as `format_args!(…)` is only built then.
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T> Context<T> for nix::Result<T> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|errno| Error::from_errno(what, errno))
    }
}

impl<T> Context<T> for std::io::Result<T> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|error| match error.raw_os_error() {
            Some(number) => Error::new(format!("{what}: {}", sys::strerror(number))),
            None => Error::new(format!("{what}: {error}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_call_reads_what_and_reason_without_os_error() {
        let error = Err::<(), _>(Errno::EPERM).context("make / private").unwrap_err();
        assert_eq!(
            error.render("hc-unshare", Manner::Hc),
            "hc-unshare: make / private: Operation not permitted\n"
        );
        assert_eq!(error.status(), Status(125));
        let io = std::fs::read("/nonexistent").context("/nonexistent").unwrap_err();
        assert_eq!(io.render("t", Manner::Coreutils), "t: /nonexistent: No such file or directory\n");
    }

    #[test]
    fn reasons_are_the_c_library_s() {
        assert_eq!(reason(Errno::ELOOP), "Too many levels of symbolic links");
        assert_eq!(reason(Errno::EXDEV), "Invalid cross-device link");
        // ENOTSUPP, which some drivers let out of the kernel.
        assert_eq!(reason(Errno::from_raw(524)), "an error that has no name");
        let io = Err::<(), _>(std::io::Error::from_raw_os_error(524)).context("x").unwrap_err();
        assert_eq!(io.to_string(), "x: Unknown error 524");
    }

    #[test]
    fn usage_names_the_page_in_the_same_line() {
        let text = Error::usage("invalid option -- 'x'").render("hc-run", Manner::Hc);
        assert_eq!(text, "hc-run: invalid option -- 'x': try 'man hc-run'\n");
    }

    #[test]
    fn usage_in_the_manner_of_coreutils_has_a_line_more() {
        let error = Error::usage("invalid option -- ' '").with_hint("use -S");
        let text =
            "hc-env: invalid option -- ' '\nhc-env: use -S\nTry 'hc-env --help' for more information.\n";
        assert_eq!(error.render("hc-env", Manner::Coreutils), text);
    }

    #[test]
    fn an_answer_is_no_failure() {
        let answer = Error::version("hc-env", "1.2.3");
        assert!(answer.is_answer());
        assert_eq!(answer.status(), Status::SUCCESS);
        assert_eq!(answer.render("hc-env", Manner::Coreutils), "hc-env (hand-crafted containers) 1.2.3\n");
    }
}
