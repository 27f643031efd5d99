//! How much of what files say is remembered, for each of them can say more than there is memory for.

use std::cell::Cell;

/// What is known of a thousand programs takes a tenth of this.
const SIZE: usize = 128 << 20;

/// Why a file is refused when there is no room left.
pub(crate) const FULL: &str = "takes more than 128 MiB to remember, with all before it";

/// For one run of this tool, whatever the files are.
pub(crate) struct Room(Cell<usize>);

impl Default for Room {
    fn default() -> Self {
        Room(Cell::new(SIZE))
    }
}

impl Room {
    /// Takes room for so many `bytes`. False when there is not so much left; from then on there is none.
    #[must_use]
    pub(crate) fn take(&self, bytes: usize) -> bool {
        let left = self.0.get().saturating_sub(bytes);
        self.0.set(left);
        left > 0
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.get() == 0
    }
}
