//! The command line of env(1), and what it means together, as values.

use crate::environment::{Changes, Start};
use crate::locale::Locale;
use crate::quote::quote;
use crate::signals::{Handling, Of, Signals};
use crate::sources::Source;
use crate::split;
use crate::trace::Trace;
use crate::values::Values;
use hc::{Args, Environ, Error, Opt, Result};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const HELP: &str = "\
Usage: hc-env [OPTION]... [-] [NAME=VALUE]... [NEXT [ARG]...]
Run NEXT in a changed environment; without NEXT, print that environment.

As env(1):
  -i, --ignore-environment     start with an empty environment; a lone - does too
  -u, --unset=NAME             remove NAME from the environment
  -S, --split-string=STRING    put the words of STRING in the place of the option
  -C, --chdir=DIR              change the working directory to DIR
  -a, --argv0=ARG              tell NEXT that its name is ARG
  -0, --null                   print with NUL, not newline, after each entry
      --env0-from=FILE         put in the entries of FILE, each ended by NUL
      --block-signal[=SIG]     block SIG
      --default-signal[=SIG]   give SIG its default handling, and unblock it
      --ignore-signal[=SIG]    ignore SIG
      --list-signal-handling   show what is blocked or ignored
  -v, --debug                  tell each step on standard error
      --help                   show this help
      --version                show the version
SIG is a name, a number, or several with commas between them; without it, all.

For containers:
      --keep=GLOB              with -i: keep the variables whose names match GLOB
      --scrub                  drop what describes the host's session and services
      --env-file=FILE          put in the lines of FILE: NAME=VALUE, or NAME to keep
      --if-unset=NAME=VALUE    put that in, unless there is a NAME at the end
FILE may be -, standard input.

See hc-env(1).
";

/// In the original's order, in which it lists those that an abbreviation could mean.
const ORIGINAL: &[&str] = &[
    "argv0",
    "ignore-environment",
    "env0-from",
    "null",
    "unset",
    "chdir",
    "default-signal",
    "ignore-signal",
    "block-signal",
    "list-signal-handling",
    "debug",
    "split-string",
    "help",
    "version",
];
const OWN: &[&str] = &["keep", "scrub", "env-file", "if-unset"];

/// Longer than any name; a pattern takes quadratic time at worst.
const MAX_GLOB: usize = 4096;

/// What to say to those who wrote `#!/usr/bin/env -i prog`, which the kernel hands over as one word.
pub(crate) const SHEBANG_HINT: &str = "use -[v]S to pass options in shebang lines";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// From the old environment to the new one.
    pub(crate) changes: Changes,
    /// Files with entries to put in.
    pub(crate) files: Vec<Source>,
    /// What the new one is for.
    pub(crate) action: Action,
}

/// What to do with the new environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Show it, each entry followed by the byte `end`.
    Print { end: u8 },
    /// Become a program in it.
    Execute(Execution),
}

/// A program, and what else it inherits.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Execution {
    pub(crate) signals: Signals,
    pub(crate) directory: Option<OsString>,
    /// The name it is told, if not the one it is looked for by.
    pub(crate) argv0: Option<OsString>,
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
}

/// Options as they come; what they mean together is decided once all are read.
#[derive(Default)]
struct Given {
    ignore: bool,
    keep: Vec<OsString>,
    scrub: bool,
    defaults: Vec<OsString>,
    files: Vec<Source>,
    unset: Vec<OsString>,
    null: bool,
    directory: Option<OsString>,
    argv0: Option<OsString>,
    signals: Signals,
}

/// Reads the command line. Touches nothing: `environ`, the environment before any change, is where -S takes values from,
/// and what -v has to tell goes to `trace`.
pub(crate) fn parse(mut args: Args, environ: &Environ, trace: &mut Trace) -> Result<Plan> {
    let mut given = Given::default();
    let values = Values::of(environ);
    while let Some(option) = args.next_beside(ORIGINAL, OWN)? {
        match option {
            Opt::Short('i') | Opt::Long("ignore-environment") => given.ignore = true,
            Opt::Short('u') | Opt::Long("unset") => given.unset.push(args.value()?),
            Opt::Short('v') | Opt::Long("debug") => trace.switch_on(),
            Opt::Short('0') | Opt::Long("null") => given.null = true,
            Opt::Short('C') | Opt::Long("chdir") => given.directory = Some(args.value()?),
            Opt::Short('a') | Opt::Long("argv0") => given.argv0 = Some(args.value()?),
            Opt::Short('S') | Opt::Long("split-string") => {
                let words = split::split(&args.value()?, &values, trace)?;
                args.splice(words)?;
            }
            Opt::Long("default-signal") => given.signals.handle(&signals(&mut args)?, Handling::Default),
            Opt::Long("ignore-signal") => given.signals.handle(&signals(&mut args)?, Handling::Ignore),
            Opt::Long("block-signal") => given.signals.block(&signals(&mut args)?),
            Opt::Long("list-signal-handling") => given.signals.list = true,
            Opt::Long("env0-from") => {
                // The last one counts, whereas every --env-file does.
                given.files.retain(|source| !matches!(source, Source::Env0(_)));
                given.files.push(Source::Env0(args.value()?));
            }
            Opt::Long("env-file") => given.files.push(Source::EnvFile(args.value()?)),
            Opt::Long("keep") => given.keep.push(args.value()?),
            Opt::Long("scrub") => given.scrub = true,
            Opt::Long("if-unset") => given.defaults.push(args.value()?),
            Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Long("version") => return Err(Error::version("hc-env", env!("CARGO_PKG_VERSION"))),
            Opt::Short(letter) if letter.is_ascii() && split::SPACES.contains(&(letter as u8)) => {
                return Err(args.unrecognized(option).with_hint(SHEBANG_HINT));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    plan(given, args.operands()?, trace)
}

/// The signals in the value of the option just read.
fn signals(args: &mut Args) -> Result<Of> {
    let value = args.optional_value();
    Of::value(value.as_ref().map(|value| value.as_bytes()))
        .map_err(|operand| Error::usage(format!("{}: invalid signal", quote(operand, &Locale::current()))))
}

/// Puts options and operands together: `[-] [NAME=VALUE]... [NEXT [ARG]...]`.
fn plan(mut given: Given, operands: Vec<OsString>, trace: &mut Trace) -> Result<Plan> {
    let mut operands = operands.into_iter().peekable();
    given.ignore |= operands.next_if(|first| first == "-").is_some();
    if !given.ignore && !given.keep.is_empty() {
        return Err(Error::usage("must specify --ignore-environment (-i) with --keep"));
    }
    if given.keep.iter().any(|glob| glob.len() > MAX_GLOB) {
        return Err(Error::usage(format!("--keep: a pattern has at most {MAX_GLOB} bytes")));
    }
    let mut assignments = Vec::new();
    while let Some(assignment) = operands.next_if(|operand| operand.as_bytes().contains(&b'=')) {
        assignments.push(entry(assignment)?);
    }
    let defaults = given.defaults.drain(..).map(default_entry).collect::<Result<_>>()?;
    let keep = given.keep.drain(..).map(OsString::into_vec).collect();
    let start = if given.ignore { Start::Kept(keep) } else { Start::Inherited };
    let files = std::mem::take(&mut given.files);
    // As in env(1), -u is not even looked at when there is nothing that it could remove.
    let nothing = start.is_empty() && files.is_empty();
    let unset = given.unset.drain(..).filter(|_| !nothing).map(OsString::into_vec).collect();
    let changes = Changes { start, scrub: given.scrub, unset, assignments, defaults };
    let raw = given.ignore && files.iter().any(|source| matches!(source, Source::Env0(_)));
    let action = changes.check(raw).and_then(|()| action(given, operands));
    if action.is_err() {
        // What would have been told before it came to this.
        changes.tell_start(trace);
        changes.tell_rest(trace);
    }
    Ok(Plan { action: action?, changes, files })
}

/// The value of --if-unset.
fn default_entry(word: OsString) -> Result<CString> {
    match word.as_bytes().iter().position(|&byte| byte == b'=') {
        Some(at) if at > 0 => entry(word),
        _ => Err(Error::usage(format!("--if-unset: '{}' is no NAME=VALUE", hc::show(&word)))),
    }
}

/// What `operands`, the command line of NEXT if there is one, and the options mean together.
fn action(given: Given, mut operands: impl Iterator<Item = OsString>) -> Result<Action> {
    let Given { null, directory, argv0, signals, .. } = given;
    match operands.next() {
        Some(_) if null => Err(Error::usage("cannot specify --null (-0) with command")),
        None if directory.is_some() => Err(Error::usage("must specify command with --chdir (-C)")),
        None if argv0.is_some() => Err(Error::usage("must specify command with --argv0 (-a)")),
        None => Ok(Action::Print { end: if null { 0 } else { b'\n' } }),
        Some(program) => {
            let arguments = operands.collect();
            Ok(Action::Execute(Execution { signals, directory, argv0, program, arguments }))
        }
    }
}

fn entry(assignment: OsString) -> Result<CString> {
    // The words of a command line hold no NUL.
    CString::new(assignment.into_vec()).map_err(|_| Error::new("an assignment has a NUL byte"))
}

#[cfg(test)]
mod tests;
