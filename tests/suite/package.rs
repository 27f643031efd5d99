//! The Debian package: what is in it, and that it comes and goes in a Debian.

use crate::docs::TOOLS;
use hc_tests::{Cmd, Dir, can_make_hosts, debian, docs, make, release_directory, require};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes it, once, of the release build.
fn package() -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| {
        make("deb");
        let file = release_directory().join(format!("deb/hc_{VERSION}_amd64.deb"));
        std::fs::canonicalize(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    })
}

/// The files and links that it is to have.
fn expected() -> BTreeSet<String> {
    let mut files: BTreeSet<String> = ["README.md", "SECURITY.md", "changelog.gz", "copyright"]
        .map(|name| format!("/usr/share/doc/hc/{name}"))
        .into();
    files.insert("/usr/share/lintian/overrides/hc".into());
    files.insert("/usr/share/zsh/vendor-completions/_hc".into());
    for (tool, _) in TOOLS {
        files.insert(format!("/usr/bin/{tool}"));
        files.insert(format!("/usr/share/bash-completion/completions/{tool}"));
        files.insert(format!("/usr/share/fish/vendor_completions.d/{tool}.fish"));
    }
    for page in docs::pages() {
        let (name, section) = (page.trim_start_matches("man/"), page.rsplit('.').next().unwrap());
        files.insert(format!("/usr/share/man/man{section}/{name}.gz"));
    }
    files
}

/// Every file of a system, but for what dpkg(1) remembers and logs.
const EVERYTHING: &str = "find / -xdev ! -path '/var/lib/dpkg/*' ! -path '/var/log/*' ! -path '/tmp/*' \
     -printf '%p %y %m %U:%G %l\\n' | sort";

#[test]
fn it_comes_says_hello_and_goes_without_a_trace() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (package, dir) = (package(), Dir::new());
    let copy = "cp -a --reflink=auto \"$1\" tree";
    Cmd::sh(copy).arg("sh").arg(debian()).dir(dir.path()).limit(Duration::from_mins(4)).run().ok().quiet();
    // A container in a container takes system calls that make namespaces, and a whole /proc somewhere in view.
    let script = format!(
        "{EVERYTHING} >/tmp/before
         dpkg --install /tmp/hc.deb >/dev/null
         dpkg --verify hc
         dpkg --listfiles hc | while read -r name; do [ -d \"$name\" ] && [ ! -L \"$name\" ] || echo \"$name\"; done
         echo --
         hc-run /bin/echo 'Hello, world!'
         dpkg --purge hc >/dev/null
         ls /var/lib/dpkg/info | grep '^hc\\.' || true
         {EVERYTHING} >/tmp/after
         diff /tmp/before /tmp/after"
    );
    let volume = format!("--volume={}:/tmp/hc.deb", package.display());
    let run = Cmd::tool("hc-run").args(["-r", "tree", &volume, "--volume=/proc:/mnt", "--cap-add=sys_admin"]);
    let run = run.args(["--security-opt=seccomp=unconfined", "sh", "-ec", &script]).dir(dir.path());
    let said = run.limit(Duration::from_mins(4)).run().ok();
    let (files, rest) = said.text().split_once("--\n").unwrap_or_else(|| panic!("{said:?}"));
    assert_eq!(files.lines().map(str::to_owned).collect::<BTreeSet<_>>(), expected());
    assert_eq!(rest, "Hello, world!\n", "{said:?}");
}

#[test]
fn lintian_has_nothing_to_say() {
    let lintian = Cmd::line(["lintian", "--fail-on=error,warning", "--tag-display-limit=0"]).arg(package());
    lintian.env("TMPDIR", "/tmp").limit(Duration::from_mins(4)).run().ok().says("");
}

#[test]
fn it_has_the_version_of_the_tools_and_names_those_who_wrote_parts_of_them() {
    let changelog = docs::text("man/debian/changelog");
    assert!(changelog.starts_with(&format!("hc ({VERSION}) ")), "{changelog}");
    // With the environment of this test: where cargo has its own programs and crates.
    let mut tree = std::process::Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    tree.args(["tree", "--locked", "--offline", "--edges=normal,no-proc-macro", "--prefix=none"]);
    let tree = tree.args(TOOLS.map(|(tool, _)| format!("--package={tool}"))).current_dir(docs::file(""));
    let tree = tree.output().unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let crates = tree.lines().filter_map(|line| line.split(' ').next());
    let crates: BTreeSet<&str> = crates.filter(|name| !name.is_empty() && !name.starts_with("hc")).collect();
    assert!(crates.contains("nix"), "{crates:?}");
    let copyright = docs::text("man/debian/copyright");
    let names =
        copyright.split("Files: vendor/*").nth(1).and_then(|rest| rest.split("License:").next()).unwrap();
    let names = names.lines().filter_map(|line| line.strip_suffix(')')?.rsplit('(').next());
    let names: BTreeSet<&str> = names.flat_map(|list| list.split(", ")).collect();
    assert_eq!(names, crates, "man/debian/copyright, and what the tools are made of");
}
