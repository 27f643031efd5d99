//! One directory for all that a test run makes, removed when the run ends, also if that was long ago.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const PREFIX: &str = "hc-tests-";

static BASE: OnceLock<PathBuf> = OnceLock::new();

/// The directory of this run. Anyone may pass through it, only its owner may write to it.
pub(crate) fn directory() -> &'static Path {
    BASE.get_or_init(|| {
        // Without symlinks, which would lead elsewhere in another root.
        let parent = fs::canonicalize(std::env::temp_dir()).expect("TMPDIR");
        remove_stale(&parent);
        let own = parent.join(format!("{PREFIX}{}", std::process::id()));
        // Fails on anything that exists, a symlink included: nobody can have prepared it.
        fs::DirBuilder::new().mode(0o755).create(&own).expect("a directory for the tests");
        // The umask may have taken bits away.
        set_mode(&own, 0o755);
        crate::sys::at_exit(remove_own);
        own
    })
}

extern "C" fn remove_own() {
    if let Some(own) = BASE.get() {
        remove(own);
    }
}

/// Removes what killed runs have left: directories of ours whose process is no more.
fn remove_stale(parent: &Path) {
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid: Option<i32> = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse().ok());
        let path = entry.path();
        let ours = path
            .symlink_metadata()
            .is_ok_and(|about| about.is_dir() && about.uid() == nix::unistd::geteuid().as_raw());
        if let (Some(pid), true) = (pid, ours)
            && !Path::new(&format!("/proc/{pid}")).exists()
        {
            remove(&path);
        }
    }
}

/// Removes `path` and what is below it, whoever owns that, and never what is mounted there.
pub(crate) fn remove(path: &Path) {
    for mount in mounts_below(path).iter().rev() {
        let _ = nix::mount::umount2(mount, nix::mount::MntFlags::MNT_DETACH);
    }
    // Directories that their owner may not write to: a run without privileges has to allow it first.
    if fs::remove_dir_all(path).is_err() && path.exists() {
        open_up(path);
        let _ = fs::remove_dir_all(path);
    }
}

fn open_up(path: &Path) {
    if path.symlink_metadata().is_ok_and(|about| about.is_dir()) {
        set_mode(path, 0o700);
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            open_up(&entry.path());
        }
    }
}

/// Where something is mounted in `path` or below it, in the order in which it was mounted.
pub(crate) fn mounts_below(path: &Path) -> Vec<PathBuf> {
    let table = mount_table("/proc/self/mountinfo");
    let points = table.iter().filter_map(|line| line.split(' ').nth(4)).map(PathBuf::from);
    points.filter(|point| point.starts_with(path)).collect()
}

/// The lines of a mountinfo file.
pub(crate) fn mount_table(file: &str) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(mode));
}

/// Copies a program to where everybody can execute it.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    let mut source = fs::File::open(from).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    let mut target = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(to)
        .expect("a copy of a program");
    std::io::copy(&mut source, &mut target).expect("a copy of a program");
    drop(target);
    set_mode(to, 0o755);
}
