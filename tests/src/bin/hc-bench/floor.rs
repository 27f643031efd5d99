//! The floors, built when they are asked for.

use hc_tests::find;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The static program that `tests/bench/floor/NAME.c` becomes, as Debian's compiler makes it with -O2.
pub(crate) fn floor(name: &str) -> PathBuf {
    compile("cc", &["-static"], &source(name), &format!("floor-{name}"))
}

/// A static program that writes a line and ends: the least that there is to start.
pub(crate) fn hello() -> PathBuf {
    floor("hello")
}

/// The same, with its C library apart.
pub(crate) fn dynamic_hello() -> PathBuf {
    compile("cc", &[], &source("hello"), "floor-hello-dynamic")
}

/// The same as static, with musl for its C library, if that is here.
pub(crate) fn musl_hello() -> Option<PathBuf> {
    find("musl-gcc".as_ref())?;
    Some(compile("musl-gcc", &["-static"], &source("hello"), "floor-hello-musl"))
}

/// The same without a C library.
pub(crate) fn bare_hello() -> PathBuf {
    let options = ["-static", "-nostartfiles", "-nostdlib", "-fno-stack-protector"];
    compile("cc", &options, &source("bare"), "floor-bare")
}

fn source(name: &str) -> PathBuf {
    hc_tests::docs::file("tests/bench/floor").join(format!("{name}.c"))
}

fn compile(compiler: &str, options: &[&str], source: &Path, name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let program = own.with_file_name(name);
    let mut command = Command::new(compiler);
    let status = command.args(["-O2", "-Wall"]).args(options).arg("-o").arg(&program).arg(source).status();
    assert!(status.is_ok_and(|status| status.success()), "{compiler}: {}", source.display());
    program
}
