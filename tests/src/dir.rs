//! A directory for one test.

use crate::{NOBODY, base};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

/// Written while a program is written, read while one is started: a child that another test forks meanwhile
/// would hold the file open until its exec, and the kernel starts nothing that somebody may write to (ETXTBSY).
pub(crate) static PROGRAMS: RwLock<()> = RwLock::new(());

/// An empty directory that everybody can pass through, and that goes with its value.
#[derive(Debug)]
pub struct Dir(PathBuf);

impl Dir {
    /// One that belongs to the user who runs the tests.
    pub fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = base::directory().join(number.to_string());
        fs::DirBuilder::new().mode(0o755).create(&path).expect("a directory for a test");
        base::set_mode(&path, 0o755);
        Dir(path)
    }

    /// One that belongs to [`NOBODY`], if the tests run as root.
    pub fn of_nobody() -> Self {
        let dir = Dir::new();
        if crate::is_root() {
            std::os::unix::fs::chown(&dir.0, Some(NOBODY), Some(NOBODY)).expect("chown");
        }
        dir
    }

    /// Where it is: an absolute path without symlinks.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in it.
    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    /// Makes a file in it, and the directories above that.
    #[track_caller]
    pub fn file(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("directories");
        fs::write(&path, content).expect("a file");
        path
    }

    /// Makes an executable file in it.
    #[track_caller]
    pub fn program(&self, name: impl AsRef<Path>, content: impl AsRef<[u8]>) -> PathBuf {
        let alone = PROGRAMS.write().unwrap_or_else(PoisonError::into_inner);
        let path = self.file(name, content);
        drop(alone);
        base::set_mode(&path, 0o755);
        path
    }

    /// Makes directories in it.
    #[track_caller]
    pub fn directory(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(&path).expect("directories");
        path
    }

    /// Every path below it, relative and sorted, with its kind and content in short: what a test compares
    /// to see that nothing changed.
    pub fn listing(&self) -> Vec<String> {
        listing(&self.0)
    }
}

impl Default for Dir {
    fn default() -> Self {
        Self::new()
    }
}

/// [`Dir::listing`] of any directory.
pub(crate) fn listing(root: &Path) -> Vec<String> {
    use std::os::unix::fs::MetadataExt;
    let mut found = Vec::new();
    let mut todo = vec![root.to_owned()];
    while let Some(directory) = todo.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(about) = path.symlink_metadata() else { continue };
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let detail = if about.is_symlink() {
                fs::read_link(&path).unwrap_or_default().display().to_string()
            } else {
                format!(
                    "{}:{} {} {}.{}",
                    about.uid(),
                    about.gid(),
                    about.size(),
                    about.mtime(),
                    about.mtime_nsec()
                )
            };
            let detail = if about.is_dir() { String::new() } else { detail };
            found.push(format!("{name} {:o} {} {detail}", about.mode(), about.ino()));
            if about.is_dir() {
                todo.push(path);
            }
        }
    }
    found.sort();
    found
}

impl Drop for Dir {
    fn drop(&mut self) {
        let left = base::mounts_below(&self.0);
        base::remove(&self.0);
        assert!(
            left.is_empty() || std::thread::panicking(),
            "something was left mounted on the host: {left:?}"
        );
    }
}
