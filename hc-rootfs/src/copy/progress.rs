//! One line that says how far the copying is: for those who watch, and only where it takes long.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// What a disk takes in the blink of an eye needs no line.
const MUCH: i64 = 64 << 20;
const INTERVAL: Duration = Duration::from_millis(100);

pub(super) struct Progress {
    total: i64,
    done: i64,
    /// When the line was last written, if it is to be written at all.
    written: Option<Instant>,
    width: usize,
}

impl Progress {
    /// Of files of these sizes, which are only what their holes claim.
    pub(super) fn new(sizes: impl Iterator<Item = i64>) -> Self {
        let total = sizes.fold(0, i64::saturating_add);
        let mut progress = Progress { total, done: 0, written: None, width: 0 };
        if total > MUCH && std::io::stderr().is_terminal() {
            progress.write();
        }
        progress
    }

    /// So many bytes more are copied.
    pub(super) fn add(&mut self, size: i64) {
        self.done = self.done.saturating_add(size);
        if self.written.is_some_and(|written| written.elapsed() >= INTERVAL) {
            self.write();
        }
    }

    fn write(&mut self) {
        let line = format!("hc-rootfs: copied {} of {} MiB", self.done >> 20, self.total >> 20);
        self.width = self.width.max(line.len());
        self.written = Some(Instant::now());
        // Whoever does not see it does not miss anything.
        let _ = hc::complain(format!("\r{line}").as_bytes());
    }
}

impl Drop for Progress {
    /// Every terminal has spaces.
    fn drop(&mut self) {
        if self.written.is_some() {
            let _ = hc::complain(format!("\r{:1$}\r", "", self.width).as_bytes());
        }
    }
}
