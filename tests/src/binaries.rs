//! Where the tools under test are: in `HC_BIN_DIR`, by a name from the top of the tree, or built now.

use crate::{base, docs, require};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

const TOOLS: [&str; 6] = ["hc-cgroup", "hc-env", "hc-netns", "hc-rootfs", "hc-run", "hc-unshare"];
const PROBE: &str = "hc-probe";
const ATTACK: &str = "hc-attack";
/// What is not installed.
const OF_TESTS: [&str; 2] = [PROBE, ATTACK];

/// The file of a tool, by the name it is installed under.
pub fn tool(name: &str) -> PathBuf {
    assert!(TOOLS.contains(&name), "{name}: no such tool; new ones have to be listed in binaries.rs");
    bin_dir().join(name)
}

/// The file of a tool as it is installed: with `HC_BIN_DIR` from there, else as `make` builds it, which takes half a minute
/// if it was not done before. For what depends on how the compiler has done.
pub fn release(name: &str) -> PathBuf {
    if std::env::var_os("HC_BIN_DIR").is_some() {
        return tool(name);
    }
    make("all");
    release_directory().join(name)
}

/// Where `make` builds, which tells what for.
pub fn release_directory() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    let platform =
        std::env::var_os("CARGO_BUILD_TARGET").unwrap_or_else(|| "x86_64-unknown-linux-gnu".into());
    docs::file("").join(target).join(platform).join("release")
}

/// Has make(1) do something with the tree, and nothing fetched for it. One at a time.
#[track_caller]
pub fn make(target: &str) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new("make");
    // Those of a make(1) that runs the tests are not for this one.
    command.env_remove("MAKEFLAGS").env_remove("MAKELEVEL").env("CARGO_NET_OFFLINE", "true");
    let output = command.arg(target).current_dir(docs::file("")).output().expect("make");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "make {target}:\n{said}");
}

/// The file of the program that shows what it inherited. Static, as the tools are.
pub fn probe() -> PathBuf {
    bin_dir().join(PROBE)
}

/// The file of the program that tries ways out. Static likewise.
pub fn attack() -> PathBuf {
    bin_dir().join(ATTACK)
}

/// The one directory that all tools are in, where every user can execute them.
pub fn bin_dir() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| match std::env::var_os("HC_BIN_DIR") {
        Some(given) => {
            // Cargo runs tests in tests/; a relative name was given at the top of the tree.
            let given = docs::file("").join(given);
            let given = std::fs::canonicalize(&given)
                .unwrap_or_else(|error| panic!("HC_BIN_DIR: {}: {error}", given.display()));
            // These are not installed; those beside this test go with them.
            let mut files: HashMap<&str, PathBuf> = TOOLS.map(|tool| (tool, given.join(tool))).into();
            files.extend(OF_TESTS.map(|name| (name, beside_this_test(name))));
            together(&files)
        }
        None => together(&build()),
    })
}

/// The directory that holds all of `files`, if it is one that everybody can reach, else a copy of them. (The
/// unprivileged tests run as another user, whom /root for instance is closed to.)
fn together(files: &HashMap<&str, PathBuf>) -> PathBuf {
    for (name, file) in files {
        assert!(file.is_file(), "{name}: there is no {}", file.display());
    }
    let first = files[PROBE].parent().unwrap_or(Path::new("/")).to_owned();
    let same = files.values().all(|file| file.parent() == Some(&first));
    if same && (!require::is_root() || files.values().all(|file| is_reachable(file))) {
        return first;
    }
    let copies = base::directory().join("bin");
    std::fs::create_dir(&copies).expect("a directory for the tools");
    base::set_mode(&copies, 0o755);
    for (name, file) in files {
        base::copy_program(file, &copies.join(name));
    }
    copies
}

fn is_reachable(file: &Path) -> bool {
    file.ancestors().all(|path| {
        let wanted = if path == file { 0o005 } else { 0o001 };
        path.metadata().is_ok_and(|about| about.permissions().mode() & wanted == wanted)
    })
}

fn beside_this_test(name: &str) -> PathBuf {
    profile_directory().join(name)
}

/// `target/TRIPLE/PROFILE`, which this test lies in: `deps/suite-HASH` below it.
fn profile_directory() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this test");
    own.parent().and_then(Path::parent).expect("a test in target/TRIPLE/PROFILE/deps").to_owned()
}

/// Builds all binaries as this test was built, and returns where each is. Cargo builds no other package's
/// binaries for a test; when they are up to date this takes a twentieth of a second.
fn build() -> HashMap<&'static str, PathBuf> {
    let directory = profile_directory();
    let name =
        |path: Option<&Path>| path.and_then(Path::file_name).and_then(OsStr::to_str).map(str::to_owned);
    let profile = match name(Some(&directory)).as_deref() {
        Some("debug") | None => "dev".to_owned(),
        Some(other) => other.to_owned(),
    };
    // A directory named like a target triple is one; without, the build was for the host as such.
    let triple = name(directory.parent()).filter(|name| name.contains('-'));
    let target = triple.map(|triple| format!("--target={triple}"));
    let words: Vec<&str> = ["--bins", "--profile", &profile].into_iter().chain(target.as_deref()).collect();
    let files = cargo_build(&words);
    TOOLS.into_iter().chain(OF_TESTS).map(|name| (name, called(name, &files))).collect()
}

/// Builds, with these words behind `cargo build`. All executables that come of it, also if they were there already.
fn cargo_build(words: &[&str]) -> Vec<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(docs::file(""))
        .args(["build", "--workspace", "--offline", "--locked"])
        .args(words)
        .arg("--message-format=json-render-diagnostics");
    let output = command.output().expect("cargo, to build the tools");
    assert!(output.status.success(), "cargo build:\n{}", String::from_utf8_lossy(&output.stderr));
    executables(&output.stdout)
}

fn called(name: &str, files: &[PathBuf]) -> PathBuf {
    let file = files.iter().find(|file| file.file_name() == Some(OsStr::new(name)));
    file.unwrap_or_else(|| panic!("cargo build made no {name}")).clone()
}

/// The files that cargo's messages, one JSON object a line, name as executable.
fn executables(messages: &[u8]) -> Vec<PathBuf> {
    let messages = messages.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let messages = messages.filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect()
}
