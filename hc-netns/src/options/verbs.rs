//! The verbs, and their operands.

use super::Plan;
use super::given::Given;
use super::values;
use crate::list::Wanted;
use crate::named::Name;
use hc::{Error, Result};
use std::ffi::{OsStr, OsString};

/// In the order in which ip(8) tries them, which decides what an ambiguous beginning means: `s` is show. Ours come
/// after them.
const VERBS: &[(&str, Verb)] = &[
    ("list", Verb::List),
    ("show", Verb::List),
    ("lst", Verb::List),
    ("list-id", Verb::ListId),
    ("help", Verb::Help),
    ("add", Verb::Add),
    ("set", Verb::Set),
    ("delete", Verb::Delete),
    ("identify", Verb::Identify),
    ("pids", Verb::Pids),
    ("exec", Verb::Exec),
    ("monitor", Verb::Monitor),
    ("attach", Verb::Attach),
    ("bridge", Verb::Bridge),
    ("up", Verb::Up),
    ("down", Verb::Down),
    ("run", Verb::Run),
];

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    ListId,
    Help,
    Add,
    Set,
    Delete,
    Identify,
    Pids,
    Exec,
    Monitor,
    Attach,
    Bridge,
    Up,
    Down,
    Run,
}

/// Why there is no plan.
pub(super) enum Refused {
    /// The help was asked for.
    Help,
    For(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::For(error)
    }
}

impl Verb {
    /// Its whole name.
    pub(super) fn name(self) -> &'static str {
        VERBS.iter().find(|(_, verb)| *verb == self).map_or("", |(name, _)| name)
    }

    /// Whether options may come after it.
    pub(super) fn has_options(self) -> bool {
        matches!(self, Verb::Bridge | Verb::Up | Verb::Run)
    }
}

/// The first verb that begins with `word`.
pub(super) fn find(word: &OsStr) -> Result<Verb> {
    let begins = |verb: &str| !word.is_empty() && verb.as_bytes().starts_with(word.as_encoded_bytes());
    match VERBS.iter().find(|(verb, _)| begins(verb)) {
        Some((_, verb)) => Ok(*verb),
        None => Err(Error::usage(format!("unknown verb '{}'", hc::show(word)))),
    }
}

/// What a verb with these operands and options comes to.
pub(super) fn plan(verb: Verb, words: Vec<OsString>, given: Given) -> std::result::Result<Plan, Refused> {
    let mut words = words.into_iter();
    let plan = match verb {
        Verb::Help => return Err(Refused::Help),
        Verb::List => Plan::List { json: given.layout() },
        Verb::ListId => Plan::ListId { wanted: ids(&mut words)?, json: given.layout() },
        Verb::Add => Plan::Add(name(verb, &mut words)?),
        Verb::Set => {
            let name = name(verb, &mut words)?;
            let word = needed(verb, "an id", &mut words)?;
            Plan::Set { name, id: (word != "auto").then(|| values::id(&word)).transpose()? }
        }
        Verb::Delete if given.is_all() => Plan::DeleteAll,
        Verb::Down if given.is_all() => Plan::DownAll,
        Verb::Delete => Plan::Delete(names(verb, &mut words)?),
        Verb::Down => {
            let argv = behind_dashes(&mut words);
            Plan::Down { names: names(verb, &mut words)?, argv }
        }
        Verb::Identify => Plan::Identify(words.next().map(|word| values::process(&word)).transpose()?),
        Verb::Pids => Plan::Pids(name(verb, &mut words)?),
        Verb::Exec if given.is_all() => Plan::ExecAll { argv: next(verb, &mut words)? },
        Verb::Exec => Plan::Exec { name: name(verb, &mut words)?, argv: next(verb, &mut words)? },
        Verb::Monitor => Plan::Monitor,
        Verb::Attach => {
            let name = name(verb, &mut words)?;
            Plan::Attach { name, process: values::process(&needed(verb, "a process", &mut words)?)? }
        }
        Verb::Bridge => {
            let bridge = values::interface(&needed(verb, "a name", &mut words)?)?;
            given.bridge_plan(bridge)?
        }
        Verb::Up => {
            let name = name(verb, &mut words)?;
            given.up_plan(name, words.by_ref().collect())?
        }
        Verb::Run => Plan::Run { link: given.link()?, argv: next(verb, &mut words)? },
    };
    match words.next() {
        Some(extra) => Err(Error::usage(format!("extra operand '{}'", hc::show(&extra))).into()),
        None => Ok(plan),
    }
}

type Words = std::vec::IntoIter<OsString>;

fn needed(verb: Verb, what: &str, words: &mut Words) -> Result<OsString> {
    words.next().ok_or_else(|| Error::usage(format!("{} needs {what}", verb.name())))
}

fn name(verb: Verb, words: &mut Words) -> Result<Name> {
    Name::new(needed(verb, "a name", words)?)
}

fn names(verb: Verb, words: &mut Words) -> Result<Vec<Name>> {
    let first = name(verb, words)?;
    [Ok(first)].into_iter().chain(words.by_ref().map(Name::new)).collect()
}

/// NEXT, without the `--` that may be before it.
fn next(verb: Verb, words: &mut Words) -> Result<Vec<OsString>> {
    let mut argv: Vec<OsString> = words.by_ref().collect();
    if verb == Verb::Exec && argv.first().is_some_and(|word| word == "--") {
        argv.remove(0);
    }
    if argv.is_empty() {
        return Err(Error::usage(format!("{} needs a program to run", verb.name())));
    }
    Ok(argv)
}

/// NEXT, which is behind `--`. Both are taken away.
fn behind_dashes(words: &mut Words) -> Vec<OsString> {
    let mut all: Vec<OsString> = words.by_ref().collect();
    let at = all.iter().position(|word| word == "--").unwrap_or(all.len());
    let next = all.split_off(at).into_iter().skip(1).collect();
    *words = all.into_iter();
    next
}

/// `[target-nsid ID] [nsid ID]`, in any order.
fn ids(words: &mut Words) -> Result<Wanted> {
    let mut wanted = Wanted::default();
    while let Some(word) = words.next() {
        let place = match word.to_str() {
            Some("target-nsid") => &mut wanted.target,
            Some("nsid") => &mut wanted.id,
            _ => {
                let word = hc::show(&word).to_string();
                return Err(Error::usage(format!("list-id knows target-nsid and nsid, not '{word}'")));
            }
        };
        let id = words.next().ok_or_else(|| Error::usage(format!("{} needs an id", hc::show(&word))))?;
        *place = Some(values::id(&id)?);
    }
    Ok(wanted)
}
