//! What a tool says, where it goes, and that a wrong command line does nothing else.

use super::{Who, fails};
use hc_tests::{Cmd, Dir, Host, can_make_hosts, require};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

const TOOLS: [&str; 6] = ["hc-cgroup", "hc-env", "hc-netns", "hc-rootfs", "hc-run", "hc-unshare"];

/// Names that mean harm: more than a line, the terminal, another reading, another encoding, much of it.
fn hostile() -> Vec<Vec<u8>> {
    let names: [&[u8]; 7] = [
        b"a\nhc-env: b",
        b"\x1b]0;title\x07\x1b[2J",
        b"\xff\xfe\x80",
        b"\r\t\x08\x7f",
        "\u{9b}31m\u{202e}x\u{2028}y".as_bytes(),
        b"%s%n {} \\n '\"$(id)`id`",
        b"\xc3",
    ];
    names.iter().map(|name| name.to_vec()).chain(["x".repeat(100_000).into_bytes()]).collect()
}

#[test]
fn hostile_names_make_one_line_without_control_bytes() {
    for who in Who::all() {
        for name in hostile() {
            let plain = OsStr::from_bytes(&name);
            let after = |start: &str| OsStr::from_bytes(&[start.as_bytes(), &name].concat()).to_owned();
            for link in who.links() {
                for program in [plain.to_owned(), after("/"), after("/nosuch/")] {
                    let output = who.runs(Cmd::line(&link.words)).arg(&program).run();
                    let status = if name.len() > 255 { 126 } else { 127 };
                    fails(output, link.last, status);
                }
            }
            for tool in TOOLS {
                for option in [after("--"), after("--help="), after("-"), after("-h"), after("-\u{e9}")] {
                    let output = who.runs(Cmd::tool(tool)).arg(&option).run();
                    // The letters before a bad one are options; -h is an answer, though not of env(1).
                    if option.as_bytes().starts_with(b"-h") && tool != "hc-env" {
                        output.ok().quiet();
                    } else {
                        fails(output, tool, 125);
                    }
                }
            }
            let failing: [&[&OsStr]; 7] = [
                &["hc-env".as_ref(), "-C".as_ref(), plain, "true".as_ref()],
                &["hc-env".as_ref(), &after("-u="), "true".as_ref()],
                &["hc-unshare".as_ref(), "-R".as_ref(), plain, "true".as_ref()],
                &["hc-unshare".as_ref(), "--wd".as_ref(), plain, "true".as_ref()],
                &["hc-netns".as_ref(), "exec".as_ref(), plain, "true".as_ref()],
                &["hc-netns".as_ref(), plain],
                &["hc-rootfs".as_ref(), "/nosuch".as_ref(), plain],
            ];
            for words in failing {
                let line = who.runs(Cmd::tool(words[0].to_str().unwrap())).args(&words[1..]);
                line.run().fails(words[0].to_str().unwrap(), 125);
            }
        }
    }
}

#[test]
fn usage_errors_have_getopt_s_words_and_name_the_page_or_help() {
    for tool in TOOLS {
        for (option, words) in [
            ("--no-such=x", "unrecognized option '--no-such=x'"),
            ("-_", "invalid option -- '_'"),
            ("--help=x", "option '--help' doesn't allow an argument"),
            ("--vers=", "option '--version' doesn't allow an argument"),
        ] {
            let output = Cmd::tool(tool).arg(option).as_nobody().run().exits(125).says("");
            output.complains(match tool {
                "hc-env" => format!("{tool}: {words}\nTry '{tool} --help' for more information.\n"),
                _ => format!("{tool}: {words}: try 'man {tool}'\n"),
            });
        }
        let said = fails(Cmd::tool(tool).arg("--=x").as_nobody().run(), tool, 125);
        assert!(said.starts_with("option '--=x' is ambiguous; possibilities: '--"), "{said}");
    }
}

#[test]
fn long_options_may_be_abbreviated() {
    for tool in TOOLS {
        for (short, long) in [("--he", "--help"), ("--vers", "--version")] {
            let [short, long] = [short, long].map(|option| Cmd::tool(tool).arg(option).run().ok().quiet());
            assert_eq!(short.text(), long.text());
        }
    }
}

#[test]
fn an_answer_that_cannot_be_given_is_a_failure() {
    for tool in TOOLS {
        let how = |cmd: Cmd| cmd.as_nobody().run();
        for option in ["--help", "--version"] {
            let said = how(Cmd::tool(tool).arg(option).closing(1)).fails(tool, 125);
            assert_eq!(said, "write error: Bad file descriptor");
            let to_full = Cmd::sh("exec \"$0\" \"$1\" >/dev/full").args([tool, option]);
            assert_eq!(how(to_full).fails(tool, 125), "write error: No space left on device");
            // Nowhere to say it, but not a success either.
            how(Cmd::tool(tool).arg(option).closing(1).closing(2)).exits(125).says("").quiet();
        }
    }
}

/// A message for a standard error that was closed must not end up in a file that a tool has open.
#[test]
fn no_file_of_a_tool_s_own_gets_the_number_of_a_closed_standard_stream() {
    require!(
        hc_tests::find("strace".as_ref()).is_some(),
        "strace is not installed: tests/require installs it"
    );
    // As root, strace and what it starts are on the host together.
    for who in Who::all() {
        for link in who.links() {
            let trace = who.dir.join("trace");
            let line = who.runs(Cmd::line(["strace", "-f", "-e", "trace=desc", "-o"])).arg(&trace);
            let closing = line.args(["sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]).args(&link.words);
            // To env(1) it is worse that the message is lost.
            let status = if link.last == "hc-env" { 125 } else { 127 };
            closing.arg("/nosuch").run().exits(status).says("").quiet();
            let calls = fs::read_to_string(&trace).unwrap();
            let opened = calls.lines().filter(|call| call.contains(" open") || call.contains(" dup"));
            let standard: Vec<&str> =
                opened.filter(|call| ["= 0", "= 1", "= 2"].iter().any(|end| call.ends_with(end))).collect();
            assert!(standard.len() >= 3, "{link}: {calls}");
            assert!(standard.iter().all(|call| call.contains("O_PATH")), "{link}: {standard:#?}");
        }
    }
}

#[test]
fn a_wrong_command_line_changes_nothing() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    Cmd::tool("hc-netns").args(["add", "box"]).on(&host).run().ok();
    let dir = Dir::new();
    let state = || (host.mounts(), host.listing("/run"), host.listing("/mnt"), dir.listing());
    let before = state();
    let root = dir.join("root").display().to_string();
    let lines: [&[&str]; 12] = [
        &["hc-env", "-C", "/", "-u", "A", "--no-such", "true"],
        &["hc-netns", "add", "a", "b"],
        &["hc-netns", "add"],
        &["hc-netns", "add", "a/b"],
        &["hc-netns", "delete"],
        &["hc-netns", "delete", "box", "a/b"],
        &["hc-netns", "exec", "box"],
        &["hc-rootfs", &root, "/bin/true", "--"],
        &["hc-rootfs", &root, "-v", "/bin/true"],
        &["hc-run", "--rootfs", &root, "--no-such", "true"],
        &["hc-unshare", "-m", "--tmpfs=/mnt", "--no-such", "true"],
        &["hc-unshare", "-fpium", "--mount-proc", "--root"],
    ];
    for words in lines {
        let output = Cmd::tool(words[0]).args(&words[1..]).on(&host).dir(dir.path()).run();
        fails(output, words[0], 125);
        assert!(state() == before, "{words:?} has changed something");
    }
}
