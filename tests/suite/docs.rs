//! Manual pages, help texts and parsers say the same; what the pages show is what happens.

use hc_tests::docs::{self, Step};
use hc_tests::{Cmd, Dir, Ended, Host, can_make_hosts, require, user_namespaces};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) const TOOLS: [(&str, &str); 6] = [
    ("hc-cgroup", "man/hc-cgroup.1"),
    ("hc-env", "man/hc-env.1"),
    ("hc-netns", "man/hc-netns.8"),
    ("hc-rootfs", "man/hc-rootfs.1"),
    ("hc-run", "man/hc-run.1"),
    ("hc-unshare", "man/hc-unshare.1"),
];

#[test]
fn every_tool_has_a_page_and_every_other_page_is_about_all_of_them() {
    let mut expected: BTreeSet<String> = TOOLS.map(|(_, page)| page.to_owned()).into();
    expected.extend(["man/hc.7", "man/hc-cluster.7", "man/hc-systemd.7"].map(str::to_owned));
    assert_eq!(docs::pages().into_iter().collect::<BTreeSet<_>>(), expected);
}

/// Those of options.rs, and of the files below it.
pub(crate) fn options_of_the_parser(tool: &str) -> BTreeSet<String> {
    let directory = format!("{tool}/src/options");
    let below = std::fs::read_dir(docs::file(&directory)).into_iter().flatten().flatten();
    let names = below.map(|entry| format!("{directory}/{}", entry.file_name().display()));
    let files = [format!("{tool}/src/options.rs")].into_iter().chain(names);
    files.flat_map(|file| docs::options_of_parser(&docs::text(&file))).collect()
}

#[test]
fn page_help_and_parser_have_the_same_options() {
    for (tool, page) in TOOLS {
        let parser = options_of_the_parser(tool);
        let help = Cmd::tool(tool).arg("--help").run().ok().quiet();
        assert!(parser.len() >= 4, "{tool}: not all options were found: {parser:?}");
        assert_eq!(docs::options_of_help(help.text()), parser, "{tool} --help, and its parser");
        assert_eq!(docs::options_of_page(&docs::text(page)), parser, "{page}, and the parser of {tool}");
    }
}

/// An answer, or the unknown option behind it.
const EITHER_END: [Ended; 2] = [Ended::Exit(0), Ended::Exit(125)];

#[test]
fn every_option_of_the_pages_is_one_to_the_tool() {
    for (tool, page) in TOOLS {
        for option in docs::options_of_page(&docs::text(page)) {
            // Then an unknown one: nothing is done, and that one is what is refused.
            let value = if option.starts_with("--") { format!("{option}=/x") } else { format!("{option}/x") };
            for word in [option.clone(), value] {
                let output = Cmd::tool(tool).args([&word, "--no-such-option"]).run();
                let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
                let name = option.trim_start_matches('-');
                let refused = |text: &str| stderr.contains(&format!("{text}{name}'"));
                let unknown = refused("unrecognized option '--") || refused("invalid option -- '");
                assert!(!unknown, "{output:?}");
                if word == option {
                    assert!(EITHER_END.contains(&output.ended), "{output:?}");
                }
            }
        }
    }
}

#[test]
fn help_and_version_are_answers() {
    for (tool, _) in TOOLS {
        let help = Cmd::tool(tool).arg("--help").run().ok().quiet();
        assert!(help.text().starts_with(&format!("Usage: {tool} ")), "{help:?}");
        let section = if tool == "hc-netns" { 8 } else { 1 };
        assert!(help.text().ends_with(&format!("\nSee {tool}({section}).\n")), "{help:?}");
        let version = format!("{tool} (hand-crafted containers) {}\n", env!("CARGO_PKG_VERSION"));
        Cmd::tool(tool).arg("--version").run().ok().says(&version).quiet();
        // To env(1) these are no options.
        if tool != "hc-env" {
            Cmd::tool(tool).arg("-h").run().ok().says(help.text()).quiet();
            Cmd::tool(tool).arg("-V").run().ok().says(&version).quiet();
        }
        Cmd::sh(format!("exec {tool} --help >/dev/full"))
            .run()
            .exits(125)
            .complains(format!("{tool}: write error: No space left on device\n"));
    }
}

#[test]
fn pages_are_clean_mdoc_with_all_sections() {
    require!(
        hc_tests::find("mandoc".as_ref()).is_some(),
        "mandoc is not installed: tests/require installs it"
    );
    for page in docs::pages() {
        let lint = Cmd::line(["mandoc", "-T", "lint", "-W", "warning"]).arg(docs::file(&page)).run();
        lint.ok().says("").quiet();
    }
    for (_, page) in TOOLS {
        let text = docs::text(page);
        let sections: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(".Sh ")).collect();
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "ENVIRONMENT",
            "FILES",
            "EXIT STATUS",
            "EXAMPLES",
            "DIAGNOSTICS",
            "SEE ALSO",
            "STANDARDS",
            "CAVEATS",
        ];
        let missing: Vec<_> = expected.iter().filter(|section| !sections.contains(section)).collect();
        assert!(missing.is_empty(), "{page}: has no {missing:?}");
    }
}

/// Runs a page's examples: those with root's prompt as root on a machine of their own, the others as a user,
/// and as root as well. That machine is prepared by `prepare`.
pub(crate) fn run_examples(page: &str, sections: &[&str], prepare: impl FnOnce(&Host)) {
    let blocks = docs::examples(&docs::text(page), sections);
    assert!(!blocks.is_empty(), "{page}: no examples");
    let dir = Dir::of_nobody();
    for step in blocks.iter().flatten().filter(|step| !step.root) {
        check(page, step, |cmd| cmd.as_nobody().dir(dir.path()));
    }
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = Host::new();
    prepare(&host);
    run_examples_on(page, sections, |cmd| cmd.on(&host));
}

/// All of them, as root.
pub(crate) fn run_examples_on(page: &str, sections: &[&str], how: impl Fn(Cmd) -> Cmd) {
    let dir = Dir::new();
    for step in docs::examples(&docs::text(page), sections).iter().flatten() {
        check(page, step, |cmd| how(cmd).dir(dir.path()));
    }
}

fn check(page: &str, step: &Step, how: impl Fn(Cmd) -> Cmd) {
    let output = how(Cmd::sh(format!("exec 2>&1\n{}", step.command))).run();
    assert_eq!(output.text(), step.shown, "{page}: what is shown by\n{}", step.command);
}

macro_rules! examples {
    ($($name:ident: $page:literal, $sections:expr;)*) => {$(
        #[test]
        fn $name() {
            require!(user_namespaces(), "ordinary users may not make user namespaces here");
            run_examples($page, &$sections, |_| ());
        }
    )*};
}

examples! {
    the_tutorial_of_hc: "man/hc.7", ["TUTORIAL"];
    examples_of_hc_cgroup: "man/hc-cgroup.1", ["EXAMPLES"];
    examples_of_hc_env: "man/hc-env.1", ["EXAMPLES"];
    examples_of_hc_netns: "man/hc-netns.8", ["EXAMPLES"];
    examples_of_hc_rootfs: "man/hc-rootfs.1", ["EXAMPLES"];
    examples_of_hc_run: "man/hc-run.1", ["EXAMPLES"];
    examples_of_hc_unshare: "man/hc-unshare.1", ["EXAMPLES"];
}

#[test]
fn the_chain_of_the_readme_runs() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let readme = docs::text("README.md");
    let ours = readme.split("Here each step is a link").nth(1).expect("the chain");
    let chain: Vec<&str> = ours
        .lines()
        .skip(1)
        .skip_while(|line| line.is_empty())
        .take_while(|line| line.starts_with("    "))
        .collect();
    let host = Host::new();
    Cmd::sh(chain.join("\n")).env("N", "box").on(&host).run().ok().quiet().says("Hello, world!\n");
}

#[test]
fn the_readme_has_exactly_two_commands_for_a_fresh_machine() {
    let readme = docs::text("README.md");
    let section = readme.split("## Two commands").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    let commands: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("    ")).collect();
    assert_eq!(commands, ["tests/require make && make install hello", "tests/require && make test"]);
}

/// The files that ARCHITECTURE.md lists for each package, without `.rs`: the first column of its code map.
fn code_map() -> BTreeMap<String, BTreeSet<String>> {
    let text = docs::text("ARCHITECTURE.md");
    let map = text.split("## Code map").nth(1).and_then(|rest| rest.split("\nEvery tool").next()).unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut package = String::new();
    for line in map.lines().filter_map(|line| line.strip_prefix("    ")) {
        let column = line.trim_start().split("  ").next().unwrap();
        let names = if line.starts_with(' ') {
            column
        } else {
            column.trim_end_matches('/').clone_into(&mut package);
            // Behind the name of a tool are the files that all tools have, behind the others is prose.
            line.strip_prefix(column).map(str::trim).filter(|rest| *rest == "main, options").unwrap_or("")
        };
        let names = names.split(", ").filter(|name| !name.is_empty()).map(str::to_owned);
        found.entry(package.clone()).or_default().extend(names);
    }
    found
}

#[test]
fn the_code_map_lists_every_file_and_no_other() {
    let map = code_map();
    for package in TOOLS.map(|(tool, _)| tool).into_iter().chain(["hc"]) {
        let entries = std::fs::read_dir(docs::file(&format!("{package}/src"))).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().into_string().unwrap());
        let files: BTreeSet<String> =
            names.filter_map(|name| Some(name.strip_suffix(".rs")?.to_owned())).collect();
        let files: BTreeSet<String> = files.into_iter().filter(|name| name != "lib").collect();
        assert_eq!(map[package], files, "{package}/src in ARCHITECTURE.md, and in the tree");
    }
}

#[test]
fn the_page_of_hc_env_lists_what_is_scrubbed() {
    let page = docs::text("man/hc-env.1");
    let list =
        page.split(".Ss What --scrub drops").nth(1).and_then(|rest| rest.split("\n.Ss ").next()).unwrap();
    let listed: Vec<&str> =
        list.lines().filter_map(|line| line.strip_prefix(".Ql ")?.split(' ').next()).collect();
    let source = docs::text("hc-env/src/scrub.rs");
    let tables = source.split("const GROUPS").next().unwrap();
    let scrubbed: Vec<&str> = tables
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect();
    assert!(scrubbed.len() > 40, "{scrubbed:?}");
    assert_eq!(listed, scrubbed);
}

#[test]
fn the_example_of_contributing_is_a_test_that_runs() {
    let shown = docs::text("CONTRIBUTING.md");
    let shown = shown.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let source = docs::text("tests/suite/example.rs");
    let (_, code) = source.split_once("\n\n").unwrap();
    assert_eq!(shown, code, "CONTRIBUTING.md, and tests/suite/example.rs");
}
