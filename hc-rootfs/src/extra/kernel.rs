//! Files that the kernel makes while they are read, as those in proc(5) and sysfs(5): their size says nothing. What is
//! in one now is what is copied.

use crate::errno::errno_of;
use crate::host::Source;
use crate::written::written;
use hc::{Context, Error, Result, reason, show};
use nix::sys::stat::FileStat;
use nix::sys::statfs::{
    BPF_FS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, DEBUGFS_MAGIC, FsType, PROC_SUPER_MAGIC,
    SECURITYFS_MAGIC, SELINUX_MAGIC, SYSFS_MAGIC, TRACEFS_MAGIC, fstatfs,
};
use std::fs::File;
use std::io::Read;
use std::os::fd::AsFd;
use std::path::Path;

const OWN: [FsType; 9] = [
    PROC_SUPER_MAGIC,
    SYSFS_MAGIC,
    CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC,
    DEBUGFS_MAGIC,
    TRACEFS_MAGIC,
    SECURITYFS_MAGIC,
    SELINUX_MAGIC,
    BPF_FS_MAGIC,
];

/// Far more than such a file has, unless it has no end.
const MAX: u64 = 16 << 20;

/// True for what is in a file system that the kernel makes up.
pub(super) fn is_own(file: &impl AsFd) -> bool {
    fstatfs(file).is_ok_and(|about| OWN.contains(&about.filesystem_type()))
}

/// What is in `file`, if it is one of these.
pub(super) fn content(file: &File, status: &FileStat, name: &Path) -> Result<Option<Vec<u8>>> {
    // Others have a size. One without can be of any file system that the list does not have.
    if status.st_size != 0 && !is_own(file) {
        return Ok(None);
    }
    let content = whole(file).map_err(|why| Error::new(format!("{}: {why}", show(name))))?;
    Ok(Some(content).filter(|content| !content.is_empty() || is_own(file)))
}

/// All that can be read, or why that is not all.
fn whole(file: impl Read) -> std::result::Result<Vec<u8>, String> {
    let mut content = Vec::new();
    let read = file.take(MAX + 1).read_to_end(&mut content);
    read.map_err(|error| reason(errno_of(error)))?;
    if content.len() as u64 > MAX {
        return Err(format!("the kernel makes more than {MAX} bytes of it"));
    }
    Ok(content)
}

/// The file that has this `content` where `like` would be.
pub(super) fn source(like: &Source, content: &[u8], name: &Path) -> Result<Source> {
    written(like, content).context(show(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_an_end() {
        assert_eq!(whole(&b"x"[..]), Ok(b"x".to_vec()));
        assert_eq!(
            whole(std::io::repeat(0)),
            Err("the kernel makes more than 16777216 bytes of it".to_owned())
        );
    }
}
