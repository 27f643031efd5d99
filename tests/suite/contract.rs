//! The chain contract of hc(7), held by every tool that becomes a next program.

mod binaries;
mod inherited;
mod messages;
mod status;

use hc_tests::{Cmd, Dir, Host, Output, View, can_make_hosts, probe, tool};
use std::ffi::OsString;
use std::fmt;

/// Who runs the links: root, on a machine of its own with a network namespace called box, or a user.
struct Who {
    host: Option<Host>,
    dir: Dir,
}

/// A command line as it stands before NEXT, and the last tool of it, which becomes NEXT.
struct Link {
    words: Vec<OsString>,
    last: &'static str,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.words)
    }
}

impl Who {
    /// Everybody there is: root only where the tests can make a machine.
    fn all() -> Vec<Who> {
        let mut all = vec![Who { host: None, dir: Dir::of_nobody() }];
        if can_make_hosts() {
            all.push(Who::root());
        }
        all
    }

    fn root() -> Who {
        let who = Who { host: Some(Host::new()), dir: Dir::new() };
        who.runs(Cmd::tool("hc-netns").args(["add", "box"])).run().ok().quiet();
        who
    }

    /// `cmd`, as this one runs it.
    fn runs(&self, cmd: Cmd) -> Cmd {
        match &self.host {
            Some(host) => cmd.on(host),
            None => cmd.as_nobody(),
        }
    }

    /// Each tool that becomes NEXT without a process between, and all of them in a row.
    fn links(&self) -> Vec<Link> {
        let link = |last: &'static str, options: &[&str]| {
            let words = [tool(last).into_os_string()].into_iter().chain(options.iter().map(OsString::from));
            Link { words: words.collect(), last }
        };
        let root = self.dir.join("root").into_os_string().into_string().unwrap();
        let program = probe().into_os_string().into_string().unwrap();
        let mut links = vec![
            link("hc-env", &[]),
            link("hc-env", &["-u", "NO_SUCH_VARIABLE", "--"]),
            link("hc-unshare", &[]),
            link("hc-rootfs", &[&root, &program, "--"]),
        ];
        if self.host.is_some() {
            links.push(link("hc-unshare", &["-m"]));
            links.push(link("hc-netns", &["exec", "box"]));
        }
        let row = links.iter().flat_map(|link| link.words.clone()).collect();
        links.push(Link { words: row, last: links.last().unwrap().last });
        links
    }
}

/// [`Output::fails`], also of hc-env, which is as env(1) is: behind the one line that the others have it may name
/// `--help`, or how to write a `#!` line.
#[track_caller]
fn fails(mut output: Output, tool: &str, status: i32) -> String {
    if tool == "hc-env" {
        let help = "Try 'hc-env --help' for more information.\n";
        for more in [help, "hc-env: use -[v]S to pass options in shebang lines\n"] {
            if output.stderr.ends_with(more.as_bytes()) {
                output.stderr.truncate(output.stderr.len() - more.len());
            }
        }
    }
    output.fails(tool, status)
}

/// What a program inherits from whoever starts it, of all that the probe sees.
fn inherited(seen: &View, outside: &View) -> Vec<(String, Vec<String>)> {
    let keys = [
        "arg",
        "env",
        "fd",
        "ignored",
        "blocked",
        "uids",
        "gids",
        "groups",
        "capabilities",
        "no_new_privs",
        "dumpable",
        "pgrp",
        "session",
        "cwd",
        "umask",
        "limit.nofile",
        "limit.nproc",
        "limit.core",
        "limit.stack",
    ];
    let mut all = seen.comparable(outside);
    keys.iter().map(|key| ((*key).to_owned(), all.remove(*key).unwrap_or_default())).collect()
}
