//! Programs that need few libraries, and many.

use super::Series;
use crate::cost::Cost;
use crate::disk::Disk;
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::measure::alternate;
use hc_tests::{Dir, release};
use std::path::{Path, PathBuf};
use std::process::Command;

const ROUNDS: usize = 20;

pub(super) fn series() -> Vec<Series> {
    let directory = Dir::new();
    let _machine = Machine::with_mounts();
    let tmpfs = Disk::tmpfs();
    let tool = release("hc-rootfs");
    let mut series = ["hc-rootfs, libraries copied", "hc-rootfs -l, libraries listed"].map(Series::new);
    let library = directory.join("library.so");
    cc(&["-shared", "-fPIC", "-x", "c", "/dev/null", "-o"], &[&library]);
    for count in [3, 30, 100, 500] {
        let program = program(&directory, &library, count);
        let place = tmpfs.path().join("{}");
        let copies = tmpfs.path().to_owned();
        let copy = Line::new("copy", words(&[&tool, &place, &program]))
            .after(move |number| std::fs::remove_dir_all(copies.join(number.to_string())).expect("cleaned"));
        let list = Line::new("list", words(&[&tool, &"-l", &program]));
        let times = alternate(ROUNDS, &mut [copy, list]);
        for (series, times) in series.iter_mut().zip(times) {
            series.add(count, Cost::time(times.median()));
        }
    }
    series.into()
}

/// One that needs so many, beside those that every program does.
fn program(directory: &Dir, library: &Path, count: usize) -> PathBuf {
    let place = directory.directory(format!("{count}"));
    // A library without a name of its own is needed by the name of its file.
    let libraries: Vec<PathBuf> = (0..count).map(|number| place.join(format!("lib{number}.so"))).collect();
    for copy in &libraries {
        std::fs::copy(library, copy).expect("a copy of a library");
    }
    let program = place.join("program");
    let source = directory.file("program.c", "int main(void) { return 0; }\n");
    let names: Vec<String> = (0..count).map(|number| format!("-l:lib{number}.so")).collect();
    let search = format!("-L{}", place.display());
    let options = ["-Wl,--no-as-needed,-rpath,$ORIGIN", &search, "-o"];
    let files: Vec<&Path> =
        [program.as_path(), &source].into_iter().chain(names.iter().map(Path::new)).collect();
    cc(&options, &files);
    program
}

fn cc(options: &[&str], files: &[&Path]) {
    let status = Command::new("cc").args(options).args(files).status();
    assert!(status.is_ok_and(|status| status.success()), "cc {options:?}");
}
