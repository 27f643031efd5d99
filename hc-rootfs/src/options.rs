//! The command line, as values.

use hc::{Args, Error, Opt, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

const HELP: &str = "\
Usage: hc-rootfs [OPTION]... DIR PROGRAM... [-- NEXT [ARG]...]
Copy each PROGRAM and all it needs to start into DIR, then run NEXT.

  -v, --verbose   name each file that is copied, on standard error
  -h, --help      show this help
  -V, --version   show the version

See hc-rootfs(1).
";

const LONGS: &[&str] = &["verbose", "help", "version"];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) verbose: bool,
    /// The new root directory.
    pub(crate) directory: OsString,
    /// At least one.
    pub(crate) programs: Vec<OsString>,
    /// What to become, if anything.
    pub(crate) next: Option<Vec<OsString>>,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut verbose = false;
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Short('v') | Opt::Long("verbose") => verbose = true,
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-rootfs", env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    plan(verbose, args.operands()?)
}

/// Takes the operands apart: `DIR PROGRAM... [-- NEXT [ARG]...]`.
fn plan(verbose: bool, operands: Vec<OsString>) -> Result<Plan> {
    let mut operands = operands.into_iter();
    let directory = operands.next().ok_or_else(|| Error::usage("no DIR to copy to"))?;
    let mut programs: Vec<OsString> = Vec::new();
    let mut next: Option<Vec<OsString>> = None;
    for word in operands {
        match &mut next {
            Some(next) => next.push(word),
            None if word == "--" => next = Some(Vec::new()),
            None if word.as_bytes().starts_with(b"-") => {
                let word = hc::show(&word);
                return Err(Error::usage(format!(
                    "{word}: options come before DIR (and a program of that name is ./{word})"
                )));
            }
            None => programs.push(word),
        }
    }
    if programs.is_empty() {
        return Err(Error::usage("no PROGRAM to copy"));
    }
    if next.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::usage("no NEXT after --"));
    }
    Ok(Plan { verbose, directory, programs, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Plan> {
        parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn error(words: &[&str]) -> String {
        parsed(words).unwrap_err().to_string()
    }

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn programs_end_at_the_double_dash() {
        let plan = parsed(&["-v", "d", "a", "b", "--", "n", "--", "-x"]).unwrap();
        let expected = Plan {
            verbose: true,
            directory: "d".into(),
            programs: words(&["a", "b"]),
            next: Some(words(&["n", "--", "-x"])),
        };
        assert_eq!(plan, expected);
        assert_eq!(parsed(&["--", "-d", "a"]).unwrap().directory, "-d");
        assert_eq!(parsed(&["d", "a"]).unwrap().next, None);
    }

    #[test]
    fn what_is_left_out_is_said() {
        assert_eq!(error(&[]), "no DIR to copy to");
        assert_eq!(error(&["d"]), "no PROGRAM to copy");
        assert_eq!(error(&["d", "--", "n"]), "no PROGRAM to copy");
        assert_eq!(error(&["d", "a", "--"]), "no NEXT after --");
        assert_eq!(
            error(&["d", "-v", "a"]),
            "-v: options come before DIR (and a program of that name is ./-v)"
        );
    }
}
