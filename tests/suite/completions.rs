//! Completions: what man/completions/ makes of the help texts, and what bash, zsh and fish make of that.

mod shells;

use crate::docs::{TOOLS, options_of_the_parser};
use hc_tests::{Cmd, Dir, Host, bin_dir, can_make_hosts, docs, require};
use shells::Shell;
use std::collections::BTreeSet;
use std::path::Path;

/// A row of the table: see `man/completions/generate`.
struct Row {
    tool: String,
    verbs: String,
    short: String,
    name: String,
    takes: String,
    words: String,
}

impl Row {
    fn of(line: &str) -> Row {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [tool, verbs, short, name, takes, kind, words, text] = columns.try_into().expect(line);
        assert!(
            [&verbs, &short, &name, &takes, &kind, &words, &text].iter().all(|column| !column.is_empty())
        );
        Row { tool, verbs, short, name, takes, words }
    }

    fn is_option(&self) -> bool {
        self.name.starts_with("--")
    }
}

fn table() -> Vec<Row> {
    let table =
        Cmd::new(docs::file("man/completions/generate")).arg(bin_dir()).arg("table").run().ok().quiet();
    table.text().lines().map(Row::of).collect()
}

/// Makes the files of all shells, and puts them below `data` where `make install` does, below `share`.
fn install(data: &Dir) {
    let made = |shell: &str| {
        let line = Cmd::new(docs::file("man/completions/generate")).arg(bin_dir()).arg(shell);
        line.run().ok().quiet().stdout
    };
    let (bash, fish) = (made("bash"), made("fish"));
    for (tool, _) in TOOLS {
        data.file(Path::new("bash-completion/completions").join(tool), &bash);
        data.file(format!("fish/vendor_completions.d/{tool}.fish"), &fish);
    }
    data.file("zsh/site-functions/_hc", made("zsh"));
}

#[test]
fn the_table_has_the_options_of_the_parsers() {
    let table = table();
    for (tool, _) in TOOLS {
        let rows = || table.iter().filter(|row| row.tool == tool && row.is_option());
        let names = rows().flat_map(|row| [&row.short, &row.name]).filter(|name| *name != "-");
        let mut found = BTreeSet::new();
        for name in names {
            assert!(found.insert(name.clone()), "{tool}: {name} is there twice");
        }
        assert_eq!(found, options_of_the_parser(tool), "{tool}: in the completions, and in the parser");
    }
    let source = docs::text("hc-netns/src/options/verbs.rs");
    let verbs = source.split("const VERBS").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let verbs = verbs.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split('"').next());
    // Other names of list, and what --help is.
    let verbs: BTreeSet<&str> = verbs.filter(|verb| !["show", "lst", "help"].contains(verb)).collect();
    let found = table.iter().filter(|row| row.tool == "hc-netns" && row.short == ":");
    assert_eq!(found.map(|row| row.verbs.as_str()).collect::<BTreeSet<_>>(), verbs);
}

#[test]
fn the_table_knows_which_options_have_values() {
    for row in table().iter().filter(|row| row.is_option()) {
        let message = |words: &[&str]| {
            let output = Cmd::tool(&row.tool).args(words).run();
            let line = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
            // hc-env has that in a line of its own.
            line.split(": try 'man").next().unwrap_or_default().to_owned()
        };
        let tool = &row.tool;
        let name = row.name.as_str();
        let short = (row.short != "-").then_some(row.short.as_str());
        let unknown = format!("{tool}: unrecognized option '--no-such-option'");
        match row.takes.as_str() {
            "must" => {
                assert_eq!(message(&[name]), format!("{tool}: option '{name}' requires an argument"));
                if let Some(short) = short {
                    let letter = &short[1..];
                    assert_eq!(
                        message(&[short]),
                        format!("{tool}: option requires an argument -- '{letter}'")
                    );
                }
            }
            // These answer, whatever comes behind them.
            "no" if ["--help", "--version"].contains(&name) => {}
            takes => {
                for word in [Some(name), short].into_iter().flatten() {
                    assert_eq!(message(&[word, "--no-such-option"]), unknown, "{tool} {word}");
                }
                let refused = format!("{tool}: option '{name}' doesn't allow an argument");
                let with_value = message(&[&format!("{name}=x"), "--no-such-option"]);
                assert_eq!(with_value == refused, takes == "no", "{tool} {name}=x: {with_value}");
            }
        }
    }
}

#[test]
fn every_word_of_the_table_is_a_value() {
    let table = table();
    let rows = || table.iter().filter(|row| row.is_option() && row.words != "-");
    for row in rows() {
        for word in row.words.split(' ') {
            let number = if word.ends_with('=') { "1" } else { "" };
            let option = format!("{}={word}{number}", row.name);
            let message =
                Cmd::tool(&row.tool).args([&option, "--no-such-option"]).run().fails(&row.tool, 125);
            let unknown = format!("unrecognized option '--no-such-option': try 'man {}'", row.tool);
            assert_eq!(message, unknown, "{} {option}", row.tool);
        }
    }
    // And there is none but these.
    let words = |name: &str| {
        let row = rows().find(|row| row.name == name).unwrap();
        row.words.split(' ').map(|word| word.trim_end_matches('=').to_owned()).collect::<BTreeSet<_>>()
    };
    let names = |file: &str| {
        let source = docs::text(file);
        let names = source.split("const NAMES").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
        names.split('"').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    assert_eq!(words("--rlimit"), names("hc-unshare/src/limits.rs"));
    let mut capabilities = names("hc-unshare/src/capabilities.rs");
    capabilities.insert("all".into());
    assert_eq!(words("--cap-drop"), capabilities);
    for (tool, option, before) in [
        ("hc-unshare", "--share", "--share 'x': not "),
        ("hc-rootfs", "--dlopen", "--dlopen 'x': not one of "),
        ("hc-rootfs", "--link", "--link 'x': not one of "),
    ] {
        let message = Cmd::tool(tool).args([option, "x"]).run().fails(tool, 125);
        let list = message.split(": try 'man").next().and_then(|list| list.strip_prefix(before));
        let list = list.unwrap_or_else(|| panic!("{message}"));
        let list: BTreeSet<String> = list.replace(" or ", ", ").split(", ").map(str::to_owned).collect();
        assert_eq!(words(option), list, "{tool} {option}");
    }
}

/// What is typed, and what each shell offers for the last word: of a value, only what is behind the = or : before it.
const OFFERED: &[(&str, &[&str])] = &[
    ("hc-run --na", &["--name"]),
    ("hc-run --delete=", &["box", "cage"]),
    ("hc-run --name b", &["box"]),
    ("hc-run --network=", &["none", "host", "bridge", "pasta", "br7"]),
    ("hc-run --print=", &["tree"]),
    ("hc-run --env-file=/etc/hostn", &["/etc/hostname"]),
    ("hc-run -u nobo", &["nobody"]),
    ("hc-run --memory=", &[]),
    ("hc-netns d", &["delete", "down"]),
    ("hc-netns delete ", &["blue", "red"]),
    ("hc-netns delete red b", &["blue"]),
    ("hc-netns del re", &["red"]),
    ("hc-netns set red au", &["auto"]),
    ("hc-netns bridge b", &["br7"]),
    ("hc-netns up red --br", &["--bridge", "--bridge-addr"]),
    ("hc-netns up red --bridge=", &["br7"]),
    ("hc-netns bridge br7 --stp ", &["on", "off"]),
    ("hc-unshare --jail -f --setgr", &["--setgroups"]),
    ("hc-unshare --share=net,p", &["net,pid"]),
    ("hc-unshare --cap-add net_r", &["net_raw"]),
    ("hc-unshare --bind=/etc/hosts:/etc/hostn", &["/etc/hostname"]),
    ("hc-unshare --kill-child=WIN", &["WINCH"]),
    ("hc-unshare --rlimit=nof", &["nofile"]),
    ("hc-rootfs --tree /etc/hostn", &["/etc/hostname"]),
    ("hc-rootfs --link=", &["auto", "reflink", "copy", "hard"]),
    ("hc-env --unset=LC_A", &["LC_ALL"]),
    ("hc-env A=/etc/hostn", &["/etc/hostname"]),
    // NEXT: its name, its options and their values, and who is NEXT of it.
    ("hc-unshare -rf setpri", &["setpriv"]),
    ("hc-unshare -m ls --colo", &["--color"]),
    ("hc-unshare -m -S 5 -- ls --colo", &["--color"]),
    ("hc-env -i A=b HOME=/ hc-unshare --mount-p", &["--mount-proc"]),
    ("hc-netns exec red hc-netns delete r", &["red"]),
    ("hc-netns exec red -- hc-run --hostn", &["--hostname"]),
    ("hc-netns run --nat --mtu 1400 hc-run --hostn", &["--hostname"]),
    ("hc-rootfs /tmp ls -- hc-cgroup --pids-limit=5 hc-run --host", &["--hostname"]),
    ("hc-run --name=box ls --colo", &["--color"]),
    ("hc-run true --na", &[]),
];

/// A machine with two network namespaces, two containers and a bridge.
fn host() -> Host {
    let host = Host::new();
    let made = "hc-netns add red; hc-netns add blue; mkdir -p /ns/box /ns/cage; ip link add br7 type bridge; \
                mount -t sysfs sysfs /sys";
    Cmd::sh(made).on(&host).run().ok().quiet();
    host
}

fn offers(of: impl Fn(&Host, &Dir) -> Shell) {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, data) = (host(), Dir::new());
    install(&data);
    let mut shell = of(&host, &data);
    for (line, words) in OFFERED {
        let words: BTreeSet<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(shell.offers(line), words, "{line}");
    }
    // All options, where they may stand.
    let table = table();
    for (line, tool, verb) in [
        ("hc-cgroup --", "hc-cgroup", "-"),
        ("hc-env --", "hc-env", "-"),
        ("hc-rootfs --", "hc-rootfs", "-"),
        ("hc-run --", "hc-run", "-"),
        ("hc-unshare --", "hc-unshare", "-"),
        ("hc-netns --", "hc-netns", "-"),
        ("hc-netns bridge br7 --", "hc-netns", "bridge"),
        ("hc-netns up red --", "hc-netns", "up"),
        ("hc-netns run --", "hc-netns", "run"),
    ] {
        let rows = table.iter().filter(|row| row.tool == tool && row.is_option());
        let rows = rows.filter(|row| row.verbs.split(' ').any(|of| of == verb));
        assert_eq!(shell.offers(line), rows.map(|row| row.name.clone()).collect(), "{line}");
    }
}

#[test]
fn bash_offers_them() {
    offers(Shell::bash);
}

#[test]
fn zsh_offers_them() {
    offers(Shell::zsh);
}

#[test]
fn fish_offers_them() {
    offers(Shell::fish);
}

#[test]
fn a_list_says_what_an_option_does() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (host, data) = (host(), Dir::new());
    install(&data);
    let mut bash = Shell::bash(&host, &data);
    bash.types("hc-cgroup --cpu\t\t", "--cpus=  (the time of this many: 0.5, 2)");
    bash.types("hc-netns e\t\t", "exec");
    let mut zsh = Shell::zsh(&host, &data);
    zsh.types("hc-cgroup --cpu\t\t", "--cpus         -- the time of this many: 0.5, 2");
}
