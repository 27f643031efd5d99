//! The command line of `ip netns`, as values.

use crate::named::Name;
use hc::{Args, Error, Opt, Result};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

const HELP: &str = "\
Usage: hc-netns [OPTION]... [VERB [NAME]... [--] [NEXT [ARG]...]]
Make, show and remove named network namespaces, or run NEXT in one.

  -h, --help      show this help
  -V, --version   show the version

Verbs, of which a beginning is enough:
  list                           names, and the ids this namespace has for them (the default)
  add NAME                       make a network namespace
  delete NAME...                 remove names; a namespace in use lives on until its last process ends
  exec NAME [--] NEXT [ARG]...   become NEXT in that namespace

See hc-netns(8).
";

const LONGS: &[&str] = &["help", "version"];

/// In the order in which ip(8) tries them, which decides what an ambiguous beginning means: `s` is show.
const VERBS: &[(&str, Verb)] = &[
    ("list", Verb::List),
    ("show", Verb::List),
    ("lst", Verb::List),
    ("help", Verb::Help),
    ("add", Verb::Add),
    ("delete", Verb::Delete),
    ("exec", Verb::Exec),
];

#[derive(Clone, Copy)]
enum Verb {
    List,
    Help,
    Add,
    Delete,
    Exec,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Print every name.
    List,
    /// Make a namespace of that name.
    Add(Name),
    /// Remove each of these names.
    Delete(Vec<Name>),
    /// Become `argv` in the namespace of that name.
    Exec { name: Name, argv: Vec<OsString> },
}

/// Reads the command line. Touches nothing.
pub(crate) fn parse(mut args: Args) -> Result<Plan> {
    // One option is all there can be: each of them ends the parse.
    if let Some(option) = args.next(LONGS)? {
        return Err(match option {
            Opt::Short('h') | Opt::Long("help") => Error::answer(HELP),
            Opt::Short('V') | Opt::Long("version") => Error::version(crate::TOOL, env!("CARGO_PKG_VERSION")),
            _ => args.unrecognized(option),
        });
    }
    let mut operands = args.operands()?.into_iter();
    let verb = operands.next().map_or(Ok(Verb::List), |word| verb(&word))?;
    plan(verb, operands.collect())
}

/// The first verb that begins with `word`.
fn verb(word: &OsStr) -> Result<Verb> {
    let begins = |verb: &str| !word.is_empty() && verb.as_bytes().starts_with(word.as_bytes());
    match VERBS.iter().find(|(verb, _)| begins(verb)) {
        Some((_, verb)) => Ok(*verb),
        None => Err(Error::usage(format!("unknown verb '{}'", hc::show(word)))),
    }
}

fn plan(verb: Verb, operands: Vec<OsString>) -> Result<Plan> {
    let mut operands = operands.into_iter();
    let plan = match verb {
        Verb::Help => return Err(Error::answer(HELP)),
        Verb::List => Plan::List,
        Verb::Add => Plan::Add(name(operands.next(), "add")?),
        Verb::Delete => {
            let first = name(operands.next(), "delete")?;
            let more = operands.by_ref().map(Name::new);
            Plan::Delete([Ok(first)].into_iter().chain(more).collect::<Result<_>>()?)
        }
        Verb::Exec => {
            let name = name(operands.next(), "exec")?;
            let mut argv = operands.by_ref().peekable();
            argv.next_if(|word| word == "--");
            Plan::Exec { name, argv: argv.collect() }
        }
    };
    match (&plan, operands.next()) {
        (Plan::Exec { argv, .. }, _) if argv.is_empty() => Err(Error::usage("exec needs a program to run")),
        (_, Some(extra)) => Err(Error::usage(format!("extra operand '{}'", hc::show(&extra)))),
        (_, None) => Ok(plan),
    }
}

fn name(operand: Option<OsString>, verb: &str) -> Result<Name> {
    operand.map_or_else(|| Err(Error::usage(format!("{verb} needs a name"))), Name::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Result<Plan> {
        parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
    }

    fn error(words: &[&str]) -> String {
        parsed(words).unwrap_err().render("hc-netns", hc::Manner::Hc)
    }

    fn named(name: &str) -> Name {
        Name::new(name.into()).unwrap()
    }

    #[test]
    fn a_beginning_of_a_verb_is_enough_and_none_is_list() {
        for words in [&[][..], &["--"], &["l"], &["li"], &["ls"], &["lst"], &["s"], &["show"]] {
            assert_eq!(parsed(words), Ok(Plan::List), "{words:?}");
        }
        for verb in ["a", "ad", "add"] {
            assert_eq!(parsed(&[verb, "x"]), Ok(Plan::Add(named("x"))), "{verb}");
        }
        for verb in ["d", "del", "delete"] {
            assert_eq!(parsed(&[verb, "x", "y"]), Ok(Plan::Delete(vec![named("x"), named("y")])), "{verb}");
        }
        assert!(parsed(&["h"]).unwrap_err().is_answer());
    }

    #[test]
    fn verbs_that_only_ip_has_are_not_taken_for_others() {
        for verb in ["set", "attach", "list-id", "identify", "pids", "monitor", "adds", ""] {
            let text = format!("hc-netns: unknown verb '{verb}': try 'man hc-netns'\n");
            assert_eq!(error(&[verb, "x"]), text);
        }
    }

    #[test]
    fn exec_leaves_the_words_of_next_alone() {
        let exec = |argv: &[&str]| {
            Ok(Plan::Exec { name: named("-n"), argv: argv.iter().map(OsString::from).collect() })
        };
        assert_eq!(parsed(&["e", "-n", "ip", "-h", "--", "x"]), exec(&["ip", "-h", "--", "x"]));
        assert_eq!(parsed(&["exec", "-n", "--", "--", "-V"]), exec(&["--", "-V"]));
    }

    #[test]
    fn too_few_and_too_many_operands_change_nothing() {
        assert_eq!(error(&["add"]), "hc-netns: add needs a name: try 'man hc-netns'\n");
        assert_eq!(error(&["del"]), "hc-netns: delete needs a name: try 'man hc-netns'\n");
        assert_eq!(error(&["exec"]), "hc-netns: exec needs a name: try 'man hc-netns'\n");
        for words in [&["exec", "x"][..], &["exec", "x", "--"]] {
            assert_eq!(error(words), "hc-netns: exec needs a program to run: try 'man hc-netns'\n");
        }
        assert_eq!(error(&["add", "x", "y"]), "hc-netns: extra operand 'y': try 'man hc-netns'\n");
        assert_eq!(error(&["list", "x"]), "hc-netns: extra operand 'x': try 'man hc-netns'\n");
        assert_eq!(error(&["delete", "x", "a/b"]), "hc-netns: name 'a/b': has a slash\n");
    }

    #[test]
    fn options_come_before_the_verb() {
        assert!(parsed(&["-h", "add"]).unwrap_err().is_answer());
        assert!(parsed(&["--ver"]).unwrap_err().is_answer());
        assert_eq!(error(&["-x"]), "hc-netns: invalid option -- 'x': try 'man hc-netns'\n");
        assert_eq!(parsed(&["add", "-h"]), Ok(Plan::Add(named("-h"))));
    }
}
