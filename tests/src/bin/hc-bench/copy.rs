//! Copies: hc-rootfs into an empty directory beside the post's `ldd | xargs cp` and the floor.

use crate::floor::floor;
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{Dir, release};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The post's own way, for one program: `$1` is the directory.
const LDD: &str = r#"mkdir -p "$1" && ldd "$2" | sed -n 's/.*=> //; s/^[[:space:]]*//; s/ (0x.*//; \|^/|p' |
    xargs -I{lib} cp --parents {lib} "$1" && cp --parents "$2" "$1""#;

pub(crate) fn rows() -> Vec<Row> {
    let base = Dir::new();
    let tmpfs = Tmpfs::mount(&base.directory("tmpfs"));
    let kinds = [("tmpfs", tmpfs.0.clone()), ("the file system of TMPDIR", base.directory("disk"))];
    let mut rows = Vec::new();
    for (kind, directory) in kinds {
        for (program, rounds) in [("echo", 200), ("python3", 100), ("ffmpeg", 20)] {
            rows.extend(of(program, kind, &directory, rounds));
        }
    }
    rows
}

fn of(program: &str, kind: &str, directory: &Path, rounds: usize) -> Vec<Row> {
    let ours = format!("hc-rootfs {program}, {kind}");
    // Not a shell's own.
    let Some(file) = hc_tests::find(OsStr::new(program)) else {
        return vec![Row::Missing { ours, other: "floor/copy.c".into(), why: format!("no {program} here") }];
    };
    let list = directory.join("../list");
    fs::write(&list, files_of(&file)).expect("the list");
    let place = directory.join("{}");
    let clean = |line: Line| {
        let directory = directory.to_owned();
        line.after(move |number| fs::remove_dir_all(directory.join(number.to_string())).expect("cleaned"))
    };
    let tool = Line::new(&ours, words(&[&release("hc-rootfs"), &place, &file]));
    let floor = Line::new("floor/copy.c", words(&[&floor("copy"), &list, &place]));
    let mut peers = Peers::of([(clean(floor), Target::AtMost(1.3))]);
    if program == "echo" {
        let post = Line::new("ldd, xargs cp", words(&[&"/bin/sh", &"-c", &LDD, &"sh", &place, &file]));
        peers.lines.push((clean(post), Target::Faster(6.0)));
    }
    compare(rounds, clean(tool), peers)
}

/// The regular files that hc-rootfs would copy, a line each.
pub(crate) fn files_of(program: &Path) -> String {
    let output = Command::new(release("hc-rootfs")).arg("-l").arg(program).output().expect("hc-rootfs -l");
    assert!(output.status.success(), "hc-rootfs -l: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("names");
    let files = listed.lines().filter(|name| fs::symlink_metadata(name).is_ok_and(|about| about.is_file()));
    files.flat_map(|name| [name, "\n"]).collect()
}

/// A tmpfs that goes with its value.
pub(crate) struct Tmpfs(PathBuf);

impl Tmpfs {
    pub(crate) fn mount(place: &Path) -> Self {
        let status = Command::new("mount").args(["-t", "tmpfs", "hc-bench"]).arg(place).status();
        assert!(status.is_ok_and(|status| status.success()), "mount -t tmpfs (as root)");
        Tmpfs(place.to_owned())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
