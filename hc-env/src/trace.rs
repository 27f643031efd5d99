//! What -v tells, line by line as the work is done.

use crate::locale::Locale;
use crate::quote;
use hc::Result;
use std::cell::OnceCell;

/// Lines for standard error. They are written in one piece, before anything that could end the tool's part: NEXT,
/// the environment printed, an error.
#[derive(Default)]
pub(crate) struct Trace {
    on: bool,
    lines: Vec<u8>,
    locale: OnceCell<Locale>,
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

    /// Writes what has come together.
    pub(crate) fn show(&mut self) -> Result<()> {
        match std::mem::take(&mut self.lines) {
            lines if lines.is_empty() => Ok(()),
            lines => hc::complain(&lines),
        }
    }

    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.lines.clone()).unwrap()
    }
}
