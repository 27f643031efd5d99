//! What -v tells, line by line as the work is done.

use crate::locale::Locale;
use crate::quote;
use hc::{Error, Result};
use std::cell::OnceCell;

/// Lines for standard error.
#[derive(Default)]
pub(crate) struct Trace {
    on: bool,
    lines: Vec<u8>,
    locale: OnceCell<Locale>,
    failure: Option<Error>,
}

impl Trace {
    /// -v: what comes after it is told.
    pub(crate) fn switch_on(&mut self) {
        self.on = true;
    }

    /// The bytes as they are, if anybody wants to know.
    pub(crate) fn line(&mut self, parts: &[&[u8]]) {
        if self.on {
            self.tell(parts);
        }
    }

    /// `label`, and a word in quotes.
    pub(crate) fn quoted(&mut self, label: &str, word: &[u8]) {
        if self.on {
            let quoted = quote::quote(word, self.locale.get_or_init(Locale::current));
            self.tell(&[label.as_bytes(), quoted.as_bytes()]);
        }
    }

    /// `label`, and a word as a shell would take it.
    pub(crate) fn quoted_for_shell(&mut self, label: &str, word: &[u8]) {
        if self.on {
            let quoted = quote::quote_for_shell(word, self.locale.get_or_init(Locale::current));
            self.tell(&[label.as_bytes(), quoted.as_bytes()]);
        }
    }

    /// A line that was asked for by another option than -v.
    pub(crate) fn tell(&mut self, parts: &[&[u8]]) {
        for part in parts {
            self.lines.extend_from_slice(part);
        }
        self.lines.push(b'\n');
    }

    /// Writes what has come together: before anything that may take long, and before what ends this tool's part.
    pub(crate) fn show(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        if !lines.is_empty()
            && let Err(error) = hc::complain(&lines)
        {
            self.failure = Some(error);
        }
    }

    /// That it could not be written is no reason not to start NEXT, but a failure where there is none.
    pub(crate) fn end(self) -> Result<()> {
        self.failure.map_or(Ok(()), Err)
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.clone()).unwrap()
    }
}
