//! A whole root directory that others have made.

use crate::{Cmd, Ended, docs};
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

/// A small Debian in `target`, which debootstrap(8) makes once: it takes a minute, and the network. Not to be changed. Why there
/// is none, if that fails.
pub fn debian() -> Result<PathBuf, String> {
    let (tree, unfinished) = (docs::file("target/debian-tree"), docs::file("target/debian-tree.new"));
    fs::create_dir_all(docs::file("target")).expect("target/");
    // Other tests want it as well, and other runs of them.
    let lock = File::create(docs::file("target/debian-tree.lock")).expect("a file to lock");
    lock.lock().expect("the lock");
    if !tree.exists() {
        let script = "rm -rf --one-file-system \"$1\" && debootstrap --variant=minbase bookworm \"$1\"";
        let made = Cmd::sh(script).arg("sh").arg(&unfinished).limit(Duration::from_mins(10)).run();
        if made.ended != Ended::Exit(0) {
            return Err(format!("debootstrap has failed: {made:?}"));
        }
        fs::rename(unfinished, &tree).expect("the tree");
    }
    Ok(tree)
}
