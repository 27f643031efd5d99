//! A file system to copy to, mounted below /run.

use hc_tests::find;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Enough for what is copied, twice, and for the smallest that mkfs.xfs(8) makes. It takes only what is written.
const SIZE: u64 = 2 << 30;

/// Mounted in this process's mount namespace, where /run is its own. It goes with its value; if the process is killed, with
/// the namespace.
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// This directory, in another place.
    pub(crate) fn bind(directory: &Path) -> Self {
        Self::mount(&[OsStr::new("--bind"), directory.as_os_str()]).expect("mount --bind")
    }

    pub(crate) fn tmpfs() -> Self {
        Self::mount(&["-t", "tmpfs", "hc-bench"].map(OsStr::new)).expect("mount -t tmpfs")
    }

    /// A new file system of that kind in a file.
    ///
    /// # Errors
    /// Why there can be none here.
    pub(crate) fn on_a_loop_device(kind: &str, file: &Path) -> Result<Self, String> {
        let maker = format!("mkfs.{kind}");
        if find(OsStr::new(&maker)).is_none() {
            return Err(format!("not installed: {maker}"));
        }
        let made = File::create(file).and_then(|file| file.set_len(SIZE));
        made.map_err(|error| format!("{}: {error}", file.display()))?;
        said(Command::new(maker).arg("-q").arg(file))?;
        Self::mount(&[
            OsStr::new("-o"),
            OsStr::new("loop"),
            OsStr::new("-t"),
            OsStr::new(kind),
            file.as_os_str(),
        ])
    }

    fn mount(words: &[&OsStr]) -> Result<Self, String> {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let place = PathBuf::from(format!("/run/hc-bench-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        said(Command::new("mount").args(words).arg(&place))?;
        Ok(Disk(place))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What kind of file system it is.
    pub(crate) fn kind(&self) -> String {
        let output = Command::new("findmnt").args(["-n", "-o", "FSTYPE", "-T"]).arg(&self.0).output();
        output.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Runs it; what it says, on one line, if it fails.
fn said(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(said.lines().next().unwrap_or("no message").to_owned()) }
}
