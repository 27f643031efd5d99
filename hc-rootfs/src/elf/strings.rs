//! The string table of a dynamic section.

use super::{Bytes, Defect, fill};

/// Names that are used lie close together, and few are longer than a page. A search path can be: where each
/// library has a prefix of its own, it has a hundred directories.
const WINDOW: usize = 4096;
/// All names of one file together.
const MAX_STRINGS: usize = 1 << 20;

const BROKEN: Defect = Defect::Broken("a name in its dynamic section is broken");

/// The string table, read a window at a time.
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
        if offset >= self.size {
            return Err(BROKEN);
        }
        let string = if let Some(string) = self.in_window(offset) { string } else { self.read_on(offset)? };
        self.budget = self.budget.checked_sub(string.len()).ok_or(BROKEN)?;
        Ok(string)
    }

    /// The string at `offset`, from where the window is put: one as large as the string takes.
    fn read_on(&mut self, offset: u64) -> Result<Vec<u8>, Defect> {
        let mut size = WINDOW;
        loop {
            self.move_window(offset, size)?;
            if let Some(string) = self.in_window(offset) {
                return Ok(string);
            }
            // The file ends before the string does, or nobody means a string as long as this.
            if self.window.len() < size || size >= MAX_STRINGS {
                return Err(BROKEN);
            }
            size *= 2;
        }
    }

    /// Reads `size` bytes from `offset` of the table on, or as many as there are.
    fn move_window(&mut self, offset: u64, size: usize) -> Result<(), Defect> {
        let from = self.start.checked_add(offset).ok_or(BROKEN)?;
        self.window.resize(size, 0);
        let length = fill(self.file, &mut self.window, from)?;
        self.window.truncate(length);
        self.at = offset;
        Ok(())
    }

    fn in_window(&self, offset: u64) -> Option<Vec<u8>> {
        let rest = self.window.get(usize::try_from(offset.checked_sub(self.at)?).ok()?..)?;
        let end = rest.iter().position(|&byte| byte == 0)?;
        rest.get(..end).map(<[u8]>::to_vec)
    }
}
