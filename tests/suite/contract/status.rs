//! Exit statuses: NEXT's own, and why there is no NEXT.

use super::Who;
use hc_tests::{Cmd, Dir, Ended, require, user_namespaces};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

#[test]
fn the_status_is_that_of_next() {
    for who in Who::all() {
        for link in who.links() {
            for status in [0, 1, 125, 126, 127, 255] {
                let line = who.runs(Cmd::line(&link.words)).args(["sh", "-c", &format!("exit {status}")]);
                line.run().exits(status).says("").quiet();
            }
        }
    }
}

#[test]
fn a_death_by_a_signal_is_seen_as_one() {
    for who in Who::all() {
        for link in who.links() {
            for signal in [libc::SIGPIPE, libc::SIGTERM, libc::SIGKILL, libc::SIGRTMIN()] {
                let line = who.runs(Cmd::line(&link.words)).args(["sh", "-c", "kill -$0 $$"]);
                line.arg(signal.to_string()).run().dies_of(signal).quiet();
            }
        }
    }
}

#[test]
fn a_caller_that_ignores_sigpipe_has_a_next_that_survives_it() {
    for who in Who::all() {
        for link in who.links() {
            let line = who.runs(Cmd::line(&link.words)).args(["sh", "-c", "kill -PIPE $$; echo alive"]);
            line.ignoring(libc::SIGPIPE).run().ok().says("alive\n").quiet();
        }
    }
}

#[test]
fn what_a_capability_lets_the_caller_run_it_may_run() {
    require!(hc_tests::is_root(), "only root can hand out a capability");
    let dir = Dir::new();
    let program = dir.program("true", fs::read("/bin/true").unwrap());
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    let capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
    let setpriv = || Cmd::new("setpriv").args(user).args(capability);
    setpriv().chain(&Cmd::tool("hc-env")).arg(&program).run().ok().quiet();
    let target = dir.directory("root");
    std::os::unix::fs::chown(&target, Some(65534), Some(65534)).unwrap();
    setpriv().chain(&Cmd::tool("hc-rootfs")).arg(&target).arg(&program).run().ok().quiet();
}

/// A program that does not start, with the status and the reason; and the reason in strerror(3)'s words, where
/// these are about the program, for then hc-env says what env(1) does.
struct Obstacle {
    name: String,
    status: i32,
    reason: String,
    in_short: Option<&'static str>,
}

impl Obstacle {
    fn reason_of(&self, tool: &str) -> String {
        match (tool, self.in_short) {
            ("hc-env", Some(in_short)) => format!("'{}': {in_short}", self.name),
            _ => self.reason.clone(),
        }
    }
}

/// Programs that do not start, in a directory that everybody can read.
fn obstacles(dir: &Dir) -> Vec<Obstacle> {
    let path = |name: &str| dir.join(name).display().to_string();
    let mode = |name: &str, content: &[u8], mode| {
        fs::set_permissions(dir.file(name, content), fs::Permissions::from_mode(mode)).unwrap();
    };
    let elf = fs::read("/bin/true").unwrap();
    let loader = b"/lib64/ld-linux-x86-64.so.2";
    let at = elf.windows(loader.len()).position(|window| window == loader).expect("the loader of true");
    let with_loader = |name: &[u8]| [&elf[..at], name, &elf[at + loader.len()..]].concat();
    dir.program("no-loader", with_loader(b"/lib64/ld-missing-x86-64.so"));
    dir.program("foreign", [&elf[..18], &[0xb7, 0], &elf[20..]].concat());
    dir.program("no-interpreter", "#!/nosuch/sh -e\n");
    dir.program("crlf", "#!/bin/sh\r\necho\r\n");
    dir.program("by-no-loader", format!("#!{}\n", path("no-loader")));
    dir.program("by-directory", format!("#!{}\n", path("directory")));
    dir.program("by-text", format!("#!{}\n", path("text")));
    dir.directory("directory");
    mode("text", b"hello\n", 0o644);
    mode("mode-zero", b"#!/bin/sh\n", 0);
    symlink("loop", dir.join("loop")).unwrap();
    symlink("nowhere", dir.join("dangling")).unwrap();
    let copies = "(hc-rootfs copies a program with all it needs)";
    let no_loader = format!("its loader /lib64/ld-missing-x86-64.so is not in the root {copies}");
    let text = "not executable (its mode is 0644)";
    let (absent, denied) = (Some("No such file or directory"), Some("Permission denied"));
    let by_directory = "D/by-directory: its interpreter D/directory: is a directory";
    let crlf = "D/crlf: its interpreter /bin/sh\\r is not in the root (its first line ends in CR LF)";
    let table: [(&str, i32, &str, Option<&str>); 17] = [
        ("", 127, "'': an empty name is no program", absent),
        ("no-such-program", 127, "no-such-program: not found in PATH", absent),
        ("/no/such/x", 127, "/no/such/x: No such file or directory (there is no /no)", absent),
        ("D/nosuch", 127, "D/nosuch: No such file or directory", absent),
        ("D/no-loader", 127, &format!("D/no-loader: {no_loader}"), None),
        ("D/by-no-loader", 127, &format!("D/by-no-loader: its interpreter D/no-loader: {no_loader}"), None),
        ("D/no-interpreter", 127, "D/no-interpreter: its interpreter /nosuch/sh is not in the root", None),
        ("D/crlf", 127, crlf, None),
        ("D/dangling", 127, "D/dangling: is a link to nowhere, which does not exist", None),
        ("D/directory", 126, "D/directory: is a directory", denied),
        ("D/by-directory", 126, by_directory, denied),
        ("D/by-text", 126, &format!("D/by-text: its interpreter D/text: {text}"), denied),
        ("D/text", 126, &format!("D/text: {text}"), denied),
        ("D/text/x", 126, "D/text/x: Not a directory", Some("Not a directory")),
        ("D/mode-zero", 126, "D/mode-zero: not executable (its mode is 0000)", denied),
        ("D/foreign", 126, "D/foreign: a program for another machine, or a damaged one", None),
        (
            "D/loop",
            126,
            "D/loop: Too many levels of symbolic links",
            Some("Too many levels of symbolic links"),
        ),
    ];
    let here = |text: &str| text.replace("D/", &path(""));
    let obstacle = |(name, status, reason, in_short)| Obstacle {
        name: here(name),
        status,
        reason: here(reason),
        in_short,
    };
    table.into_iter().map(obstacle).collect()
}

#[test]
fn what_is_not_found_is_127_and_what_is_no_program_126_with_the_reason() {
    let dir = Dir::new();
    let obstacles = obstacles(&dir);
    for who in Who::all() {
        for link in who.links() {
            for obstacle in &obstacles {
                let line = who.runs(Cmd::line(&link.words)).arg(&obstacle.name);
                let said = line.run().fails(link.last, obstacle.status);
                assert_eq!(said, obstacle.reason_of(link.last), "{link}");
            }
        }
    }
}

#[test]
fn the_original_has_the_same_status_for_each_of_them() {
    let dir = Dir::new();
    for Obstacle { name, status, .. } in obstacles(&dir) {
        // Of a program for another machine the original makes a script.
        if !name.ends_with("/foreign") {
            Cmd::new("env").arg(&name).as_nobody().run().exits(status);
        }
    }
}

#[test]
fn a_script_without_an_interpreter_line_is_run_by_the_shell() {
    let dir = Dir::new();
    let script = dir.program("script", "echo \"$0\" \"$@\"\n");
    for who in Who::all() {
        for link in who.links() {
            let line = who.runs(Cmd::line(&link.words)).arg(&script).args(["a b", "-c"]);
            line.run().ok().quiet().says(format!("{} a b -c\n", script.display()));
        }
    }
}

#[test]
fn the_tool_s_own_failure_is_125_also_where_next_would_not_start_either() {
    for who in Who::all() {
        let namespace = ["hc-netns", "exec", "nosuch", "/nosuch"];
        let cases: [&[&str]; 5] = [
            &["hc-env", "-C", "/nosuch", "/nosuch"],
            &["hc-unshare", "--wd=/nosuch", "/nosuch"],
            &["hc-unshare", "--root=/nosuch", "/nosuch"],
            &["hc-rootfs", "/proc/nosuch", "/nosuch", "--", "/nosuch"],
            &namespace,
        ];
        for words in cases {
            who.runs(Cmd::tool(words[0])).args(&words[1..]).run().fails(words[0], 125);
        }
    }
}

#[test]
fn what_a_link_made_is_undone_when_the_next_one_is_not_there() {
    for who in Who::all() {
        let before = who.dir.listing();
        let root = who.dir.join("made");
        let line = who.runs(Cmd::tool("hc-rootfs")).arg(&root).arg(hc_tests::probe()).args(["--", "nosuch"]);
        line.run().fails("hc-rootfs", 127);
        assert_eq!(who.dir.listing(), before);
    }
}

#[test]
fn hc_run_hands_on_the_status() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    for who in Who::all() {
        for (script, status) in [("exit 0", 0), ("exit 1", 1), ("exit 127", 127), ("exit 255", 255)] {
            let output = who.runs(Cmd::tool("hc-run")).args(["/bin/sh", "-c", script]).run();
            assert_eq!(output.ended, Ended::Exit(status), "{output:?}");
        }
    }
}
