//! The command line of env(1), as values.

use crate::environment::Removal;
use hc::{Args, Error, Opt, Result};
use std::ffi::{CString, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

const HELP: &str = "\
Usage: hc-env [OPTION]... [-] [NAME=VALUE]... [NEXT [ARG]...]
Run NEXT in a changed environment; without NEXT, print that environment.

  -i, --ignore-environment   start with an empty environment; a lone - does too
  -u, --unset=NAME           remove NAME from the environment
  -C, --chdir=DIR            change the working directory to DIR
  -0, --null                 print with NUL, not newline, after each entry
  -h, --help                 show this help
  -V, --version              show the version

See hc-env(1).
";

const LONGS: &[&str] = &["ignore-environment", "unset", "chdir", "null", "help", "version"];

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// What of the inherited environment is left out.
    pub(crate) removal: Removal,
    /// `NAME=VALUE`, in the order in which they are put in.
    pub(crate) assignments: Vec<CString>,
    /// What the new one is for.
    pub(crate) action: Action,
}

/// What to do with the new environment.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Show it, each entry followed by the byte `end`.
    Print { end: u8 },
    /// Become `argv` in it, in `directory` if one is given.
    Execute { directory: Option<OsString>, argv: Vec<OsString> },
}

/// Options as they come; what they mean together is decided once all are read.
#[derive(Default)]
struct Given {
    ignore: bool,
    unset: Vec<OsString>,
    directory: Option<OsString>,
    null: bool,
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    let mut given = Given::default();
    while let Some(option) = args.next(LONGS)? {
        match option {
            Opt::Short('i') | Opt::Long("ignore-environment") => given.ignore = true,
            Opt::Short('u') | Opt::Long("unset") => given.unset.push(args.value()?),
            Opt::Short('C') | Opt::Long("chdir") => given.directory = Some(args.value()?),
            Opt::Short('0') | Opt::Long("null") => given.null = true,
            Opt::Short('h') | Opt::Long("help") => return Err(Error::answer(HELP)),
            Opt::Short('V') | Opt::Long("version") => {
                return Err(Error::version("hc-env", env!("CARGO_PKG_VERSION")));
            }
            _ => return Err(args.unrecognized(option)),
        }
    }
    plan(given, args.operands()?)
}

/// Puts options and operands together: `[-] [NAME=VALUE]... [NEXT [ARG]...]`.
fn plan(mut given: Given, operands: Vec<OsString>) -> Result<Plan> {
    let mut operands = operands.into_iter().peekable();
    given.ignore |= operands.next_if(|first| first == "-").is_some();
    // As in env(1), -u is not even looked at when nothing is left to remove.
    let removal = if given.ignore {
        Removal::All
    } else {
        Removal::Named(given.unset.into_iter().map(name_to_unset).collect::<Result<_>>()?)
    };
    let mut assignments = Vec::new();
    while let Some(assignment) = operands.next_if(|operand| operand.as_bytes().contains(&b'=')) {
        assignments.push(entry(assignment)?);
    }
    let argv: Vec<OsString> = operands.collect();
    let action = match (argv.is_empty(), given.null, given.directory) {
        (false, true, _) => return Err(Error::usage("cannot specify --null (-0) with command")),
        (true, _, Some(_)) => return Err(Error::usage("must specify command with --chdir (-C)")),
        (true, null, None) => Action::Print { end: if null { 0 } else { b'\n' } },
        (false, false, directory) => Action::Execute { directory, argv },
    };
    Ok(Plan { removal, assignments, action })
}

/// An empty name, or one with `=`, is what unsetenv(3) refuses.
fn name_to_unset(name: OsString) -> Result<Vec<u8>> {
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(Error::new(format!("cannot unset '{}': Invalid argument", hc::show(&name))));
    }
    Ok(name.into_vec())
}

fn entry(assignment: OsString) -> Result<CString> {
    // The words of a command line hold no NUL.
    CString::new(assignment.into_vec()).map_err(|_| Error::new("an assignment has a NUL byte"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Plan> {
        parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn error(words: &[&str]) -> String {
        parsed(words).unwrap_err().render("hc-env")
    }

    fn named(names: &[&[u8]]) -> Removal {
        Removal::Named(names.iter().map(|name| name.to_vec()).collect())
    }

    #[test]
    fn assignments_end_at_the_command() {
        let plan = parsed(&["-i", "A=1", "=x", "cmd", "B=2", "-i"]).unwrap();
        assert_eq!(plan.removal, Removal::All);
        assert_eq!(plan.assignments, [c"A=1".to_owned(), c"=x".to_owned()]);
        let argv = ["cmd", "B=2", "-i"].map(OsString::from).to_vec();
        assert_eq!(plan.action, Action::Execute { directory: None, argv });
    }

    #[test]
    fn a_lone_dash_clears_once_and_also_after_two() {
        for words in [&["-", "-"][..], &["--", "-", "-"]] {
            let plan = parsed(words).unwrap();
            assert_eq!(plan.removal, Removal::All);
            assert_eq!(plan.action, Action::Execute { directory: None, argv: vec!["-".into()] });
        }
    }

    #[test]
    fn an_option_after_an_assignment_is_the_command() {
        let plan = parsed(&["A=1", "-u"]).unwrap();
        assert_eq!(plan.action, Action::Execute { directory: None, argv: vec!["-u".into()] });
    }

    #[test]
    fn names_to_unset_are_checked_unless_everything_goes() {
        assert_eq!(error(&["-ua=b"]), "hc-env: cannot unset 'a=b': Invalid argument\n");
        assert_eq!(error(&["--unset="]), "hc-env: cannot unset '': Invalid argument\n");
        assert_eq!(parsed(&["-ua=b", "-i"]).unwrap().removal, Removal::All);
        assert_eq!(parsed(&["--uns", "A", "-0", "-uB"]).unwrap().removal, named(&[b"A", b"B"]));
    }

    #[test]
    fn printing_and_running_exclude_each_other_s_options() {
        assert_eq!(parsed(&["-0"]).unwrap().action, Action::Print { end: 0 });
        let text = "hc-env: cannot specify --null (-0) with command: try 'man hc-env'\n";
        assert_eq!(error(&["-0", "cmd"]), text);
        let text = "hc-env: must specify command with --chdir (-C): try 'man hc-env'\n";
        assert_eq!(error(&["-C", "/", "A=1"]), text);
    }
}
