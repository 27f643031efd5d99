//! `monitor`: names, told as they come and go.

use crate::directory::{DIRECTORY, make_and_lock};
use hc::{Context, Result};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::os::unix::ffi::OsStrExt;

/// Prints `add NAME` and `delete NAME`, until it is ended from outside or nobody reads it any more.
pub(crate) fn monitor() -> Result<()> {
    // It may be waiting for the first name of this machine.
    drop(make_and_lock()?);
    let watch = Inotify::init(InitFlags::IN_CLOEXEC).context("watch for names")?;
    let (created, deleted) = (AddWatchFlags::IN_CREATE, AddWatchFlags::IN_DELETE);
    watch.add_watch(DIRECTORY, created | deleted).context(DIRECTORY)?;
    loop {
        let events = match watch.read_events() {
            Err(Errno::EINTR) => continue,
            events => events.context(DIRECTORY)?,
        };
        let mut text = Vec::new();
        for event in events {
            let word: &[u8] = match event.mask {
                mask if mask.contains(created) => b"add ",
                mask if mask.contains(deleted) => b"delete ",
                _ => continue,
            };
            let name = event.name.unwrap_or_default();
            text.extend([word, name.as_bytes(), b"\n"].concat());
        }
        hc::print(&text)?;
    }
}
