//! What has been read and not yet been written. Pure.

/// As much as a pipe takes at once, four times.
const SIZE: usize = 16 * 1024;

/// Bytes on their way, in order, and never more than there is room for.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Buffer { bytes: vec![0; SIZE].into_boxed_slice(), start: 0, end: 0 }
    }

    /// Where further bytes go; see [`Buffer::filled`].
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// The first `count` bytes of the room are new ones.
    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.bytes.len());
    }

    /// Adds `bytes`, as far as there is room.
    pub(super) fn add(&mut self, bytes: &[u8]) {
        let count = self.room().iter_mut().zip(bytes).map(|(to, from)| *to = *from).count();
        self.filled(count);
    }

    /// Room for `count` bytes.
    pub(super) fn has_room_for(&self, count: usize) -> bool {
        self.waiting().len().saturating_add(count) <= self.bytes.len()
    }

    /// What is to be written; see [`Buffer::taken`].
    pub(super) fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// The first `count` bytes have been written.
    pub(super) fn taken(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting().is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.start = self.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The byte at that place of the stream.
    fn byte(at: usize) -> u8 {
        u8::try_from(at % 251).unwrap()
    }

    #[test]
    fn nothing_is_lost_changed_or_given_twice() {
        let (mut buffer, mut given, mut taken) = (Buffer::new(), 0_usize, Vec::new());
        // Amounts that have nothing in common with the size, so that each seam is met.
        for round in 0..5000_usize {
            let bytes: Vec<u8> = (given..).take(round % 97 * 41).map(byte).collect();
            let fitting = bytes.len().min(SIZE - buffer.waiting().len());
            assert!(buffer.has_room_for(fitting));
            buffer.add(&bytes);
            given += fitting;
            let some = buffer.waiting().len().min(round % 89 * 43);
            taken.extend_from_slice(&buffer.waiting()[..some]);
            buffer.taken(some);
            assert!(taken.len() + buffer.waiting().len() == given);
        }
        taken.extend_from_slice(buffer.waiting());
        assert!(given > 20 * SIZE);
        assert!(taken.iter().enumerate().all(|(at, found)| *found == byte(at)));
    }

    #[test]
    fn it_is_full_and_then_empty() {
        let mut buffer = Buffer::new();
        assert!(buffer.is_empty() && buffer.has_room_for(SIZE) && !buffer.has_room_for(SIZE + 1));
        let size = buffer.room().len();
        assert_eq!(size, SIZE);
        buffer.filled(size);
        assert!(buffer.room().is_empty() && !buffer.has_room_for(1));
        buffer.add(b"x");
        buffer.taken(SIZE + 1);
        assert!(buffer.is_empty());
        assert_eq!(buffer.room().len(), SIZE);
        buffer.add(b"xyz");
        buffer.clear();
        assert!(buffer.is_empty() && buffer.has_room_for(SIZE));
    }
}
