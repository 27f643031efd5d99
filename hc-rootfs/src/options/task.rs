//! What is done with what the programs need, and which options go with it.

use super::Plan;
use crate::copy::How;
use hc::{Error, Result, show};
use std::ffi::{OsStr, OsString};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Copy it to this directory.
    Copy(OsString),
    /// Say what a copy to this directory would take.
    Try(OsString),
    /// Print it in this form.
    Print(Form),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Names, ended by NUL or by a newline; with those of directories or without.
    List {
        null: bool,
        directories: bool,
    },
    Tree,
    Json,
}

impl Task {
    /// The new root, if there is to be one.
    pub(crate) fn directory(&self) -> Option<&OsStr> {
        match self {
            Task::Copy(directory) | Task::Try(directory) => Some(directory),
            Task::Print(_) => None,
        }
    }
}

/// Which task an option has chosen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Try,
    List,
    Tree,
    Json,
}

/// What the options say of it.
#[derive(Default)]
pub(super) struct Wanted {
    choice: Option<Choice>,
    pub(super) null: bool,
    pub(super) directories: bool,
}

impl Wanted {
    pub(super) fn choose(&mut self, choice: Choice) -> Result<()> {
        if self.choice.replace(choice).is_some_and(|before| before != choice) {
            return Err(Error::usage("--dry-run, --list, --tree and --json exclude each other"));
        }
        Ok(())
    }

    /// The task, for which DIR is the first of `operands` if it takes one.
    pub(super) fn task(&self, operands: &mut impl Iterator<Item = OsString>) -> Result<Task> {
        let (null, directories) = (self.null, self.directories);
        let mut directory = || operands.next().ok_or_else(|| Error::usage("no DIR to copy to"));
        match self.choice {
            Some(Choice::List) => Ok(Task::Print(Form::List { null, directories })),
            _ if null => Err(Error::usage("-0 is for --list")),
            _ if directories => Err(Error::usage("--directories is for --list")),
            Some(Choice::Tree) => Ok(Task::Print(Form::Tree)),
            Some(Choice::Json) => Ok(Task::Print(Form::Json)),
            Some(Choice::Try) => directory().map(Task::Try),
            None => directory().map(Task::Copy),
        }
    }
}

/// Refuses what a task cannot do. A place in the new root that is the file's own is none for a list.
pub(super) fn check(plan: &mut Plan) -> Result<()> {
    if plan.next.is_some() && !matches!(plan.task, Task::Copy(_)) {
        return Err(Error::usage("NEXT is for when something was copied"));
    }
    let Task::Print(form) = plan.task else { return Ok(()) };
    if plan.etc {
        return Err(Error::usage("--etc is for a copy: its files are made, and no others are like them"));
    }
    if plan.how != How::default() {
        return Err(Error::usage("--link and --no-xattrs are for a copy"));
    }
    if !matches!(form, Form::List { .. }) {
        return match plan.files.first() {
            Some(_) => {
                Err(Error::usage("--file does not go with --tree and --json, which are about programs"))
            }
            None => Ok(()),
        };
    }
    if plan.source.sysroot.is_some() {
        return Err(Error::usage("--list is without --sysroot: its readers would take the host's files"));
    }
    for request in &mut plan.files {
        if request.place.take().is_some_and(|place| place != request.source) {
            let source = show(&request.source);
            return Err(Error::usage(format!(
                "-f '{source}': a list cannot say that it gets another name in the new root"
            )));
        }
    }
    Ok(())
}
