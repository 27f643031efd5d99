//! The floors, built when they are asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The static program that `tests/bench/floor/NAME.c` becomes, as Debian's compiler makes it with -O2.
pub(crate) fn floor(name: &str) -> PathBuf {
    let source = source_directory().join(format!("{name}.c"));
    compile(&["-O2", "-static"], &source, &format!("floor-{name}"))
}

/// A static program that writes a line and ends: the least that there is to start.
pub(crate) fn hello() -> PathBuf {
    compile(&["-O2", "-static"], &source_directory().join("hello.c"), "floor-hello")
}

fn source_directory() -> PathBuf {
    hc_tests::docs::file("tests/bench/floor")
}

fn compile(options: &[&str], source: &Path, name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let program = own.with_file_name(name);
    let status = Command::new("cc").args(options).args(["-Wall", "-o"]).arg(&program).arg(source).status();
    assert!(status.is_ok_and(|status| status.success()), "cc: {}", source.display());
    program
}
