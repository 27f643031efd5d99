//! The string table of a dynamic section.

use super::{Bytes, Defect, MAX_STRING, fill};

/// All names of one file together.
const MAX_STRINGS: usize = 1 << 20;

/// The string table, a page of it at a time: names that are used lie close together.
pub(super) struct Strings<'a, B> {
    file: &'a B,
    start: u64,
    size: u64,
    window: Vec<u8>,
    /// Offset of the window's first byte within the table.
    at: u64,
    /// How many bytes of names may still be read.
    budget: usize,
}

impl<'a, B: Bytes> Strings<'a, B> {
    pub(super) fn new(file: &'a B, start: u64, size: u64) -> Self {
        Strings { file, start, size, window: Vec::new(), at: 0, budget: MAX_STRINGS }
    }

    /// The string at `offset` of the table.
    pub(super) fn get(&mut self, offset: u64) -> Result<Vec<u8>, Defect> {
        const WHAT: Defect = Defect::Broken("a name in its dynamic section is broken");
        if offset >= self.size {
            return Err(WHAT);
        }
        let string = if let Some(string) = self.in_window(offset) {
            string
        } else {
            self.window.resize(MAX_STRING, 0);
            let from = self.start.checked_add(offset).ok_or(WHAT)?;
            let length = fill(self.file, &mut self.window, from)?;
            self.window.truncate(length);
            self.at = offset;
            self.in_window(offset).ok_or(WHAT)?
        };
        self.budget = self.budget.checked_sub(string.len()).ok_or(WHAT)?;
        Ok(string)
    }

    fn in_window(&self, offset: u64) -> Option<Vec<u8>> {
        let rest = self.window.get(usize::try_from(offset.checked_sub(self.at)?).ok()?..)?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        rest.get(..end).map(<[u8]>::to_vec)
    }
}
