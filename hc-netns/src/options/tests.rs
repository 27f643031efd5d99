//! Command lines, and what is read in them.

use super::*;

fn parsed(words: &[&str]) -> Result<Plan> {
    parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
}

fn error(words: &[&str]) -> String {
    parsed(words).unwrap_err().render("hc-netns", hc::Manner::Hc)
}

fn named(name: &str) -> Name {
    Name::new(name.into()).unwrap()
}

#[test]
fn a_beginning_of_a_verb_is_enough_and_none_is_list() {
    for words in [&[][..], &["--"], &["l"], &["li"], &["ls"], &["lst"], &["s"], &["show"]] {
        assert_eq!(parsed(words), Ok(Plan::List { json: None }), "{words:?}");
    }
    for verb in ["a", "ad", "add"] {
        assert_eq!(parsed(&[verb, "x"]), Ok(Plan::Add(named("x"))), "{verb}");
    }
    for verb in ["d", "del", "delete"] {
        assert_eq!(parsed(&[verb, "x", "y"]), Ok(Plan::Delete(vec![named("x"), named("y")])), "{verb}");
    }
    for verb in ["i", "identify"] {
        assert_eq!(parsed(&[verb]), Ok(Plan::Identify(None)));
        assert_eq!(parsed(&[verb, "12"]), Ok(Plan::Identify(Some(12))));
    }
    assert_eq!(parsed(&["p", "x"]), Ok(Plan::Pids(named("x"))));
    assert_eq!(parsed(&["m"]), Ok(Plan::Monitor));
    assert_eq!(parsed(&["at", "x", "1"]), Ok(Plan::Attach { name: named("x"), process: 1 }));
    assert_eq!(parsed(&["set", "x", "7"]), Ok(Plan::Set { name: named("x"), id: Some(7) }));
    assert_eq!(parsed(&["se", "x", "auto"]), Ok(Plan::Set { name: named("x"), id: None }));
    assert_eq!(parsed(&["do", "x"]), Ok(Plan::Down { names: vec![named("x")], argv: Vec::new() }));
    let ids = |target, id| Ok(Plan::ListId { wanted: Wanted { target, id }, json: None });
    assert_eq!(parsed(&["list-"]), ids(None, None));
    assert_eq!(parsed(&["list-id", "nsid", "0", "target-nsid", "7"]), ids(Some(7), Some(0)));
    assert!(parsed(&["h"]).unwrap_err().is_answer());
}

#[test]
fn what_is_no_verb_is_refused() {
    for verb in ["adds", "", "lists", "x"] {
        let text = format!("hc-netns: unknown verb '{verb}': try 'man hc-netns'\n");
        assert_eq!(error(&["--", verb, "x"]), text);
    }
}

#[test]
fn ip_s_options_are_words_behind_one_dash() {
    for option in ["-a", "-al", "-all", "--all", "--al"] {
        assert_eq!(parsed(&[option, "delete"]), Ok(Plan::DeleteAll), "{option}");
        assert_eq!(parsed(&[option, "down"]), Ok(Plan::DownAll), "{option}");
    }
    for option in ["-j", "-js", "-json", "--json", "--j"] {
        assert_eq!(parsed(&[option, "list"]), Ok(Plan::List { json: Some(Layout::Line) }), "{option}");
        assert_eq!(parsed(&[option]), Ok(Plan::List { json: Some(Layout::Line) }), "{option}");
    }
    for option in ["-p", "-pr", "-pretty", "--pretty"] {
        assert_eq!(parsed(&[option, "list"]), Ok(Plan::List { json: None }), "{option}");
        assert_eq!(parsed(&[option, "-j"]), Ok(Plan::List { json: Some(Layout::Pretty) }), "{option}");
    }
    let argv = ["true".into()].to_vec();
    assert_eq!(parsed(&["-all", "exec", "--", "true"]), Ok(Plan::ExecAll { argv }));
    assert_eq!(error(&["-ax"]), "hc-netns: invalid option -- 'x': try 'man hc-netns'\n");
    assert_eq!(
        error(&["-a", "add", "x"]),
        "hc-netns: option '--all' is not one of 'add': try 'man hc-netns'\n"
    );
    assert_eq!(
        error(&["-j", "pids", "x"]),
        "hc-netns: option '--json' is not one of 'pids': try 'man hc-netns'\n"
    );
}

#[test]
fn exec_leaves_the_words_of_next_alone() {
    let exec =
        |argv: &[&str]| Ok(Plan::Exec { name: named("-n"), argv: argv.iter().map(OsString::from).collect() });
    assert_eq!(parsed(&["e", "-n", "ip", "-h", "--", "x"]), exec(&["ip", "-h", "--", "x"]));
    assert_eq!(parsed(&["exec", "-n", "--", "--", "-V"]), exec(&["--", "-V"]));
}

#[test]
fn too_few_and_too_many_operands_change_nothing() {
    assert_eq!(error(&["add"]), "hc-netns: add needs a name: try 'man hc-netns'\n");
    assert_eq!(error(&["del"]), "hc-netns: delete needs a name: try 'man hc-netns'\n");
    assert_eq!(error(&["exec"]), "hc-netns: exec needs a name: try 'man hc-netns'\n");
    for words in [&["exec", "x"][..], &["exec", "x", "--"]] {
        assert_eq!(error(words), "hc-netns: exec needs a program to run: try 'man hc-netns'\n");
    }
    assert_eq!(error(&["add", "x", "y"]), "hc-netns: extra operand 'y': try 'man hc-netns'\n");
    assert!(
        matches!(parsed(&["up", "x", "--nat", "--", "y", "--z"]), Ok(Plan::Up { argv, .. }) if argv.len() == 2)
    );
    assert!(matches!(
        parsed(&["down", "x", "y", "--", "z", "--"]),
        Ok(Plan::Down { names, argv }) if names.len() == 2 && argv == ["z", "--"]
    ));
    assert_eq!(error(&["list", "x"]), "hc-netns: extra operand 'x': try 'man hc-netns'\n");
    assert_eq!(error(&["delete", "x", "a/b"]), "hc-netns: name 'a/b': has a slash\n");
    assert_eq!(error(&["set", "x"]), "hc-netns: set needs an id: try 'man hc-netns'\n");
    assert_eq!(error(&["attach", "x"]), "hc-netns: attach needs a process: try 'man hc-netns'\n");
    assert_eq!(
        error(&["list-id", "id"]),
        "hc-netns: list-id knows target-nsid and nsid, not 'id': try 'man hc-netns'\n"
    );
}

#[test]
fn options_of_exec_come_before_the_verb() {
    assert!(parsed(&["-h", "add"]).unwrap_err().is_answer());
    assert!(parsed(&["--ver"]).unwrap_err().is_answer());
    assert_eq!(error(&["-x"]), "hc-netns: invalid option -- 'x': try 'man hc-netns'\n");
    assert_eq!(parsed(&["add", "-h"]), Ok(Plan::Add(named("-h"))));
}

fn link(words: &[&str]) -> veth::Wanted {
    match parsed(words) {
        Ok(Plan::Up { link, .. } | Plan::Run { link, .. }) => link,
        other => panic!("{words:?}: {other:?}"),
    }
}

#[test]
fn options_of_a_link_stand_anywhere_before_next() {
    let first = link(&["up", "x", "--addr=10.0.0.2/24", "--nat"]);
    assert_eq!(first, link(&["--nat", "up", "--addr", "10.0.0.2/24", "x"]));
    assert_eq!(first, link(&["run", "--nat", "--addr=10.0.0.2/24", "--", "sh", "--dhcp"]));
    assert_eq!((first.bridge.as_bytes(), first.inside.as_bytes()), (&b"br0"[..], &b"eth1"[..]));
    assert!(first.nat.masquerade && !first.auto && first.outside.is_none());
    assert!(
        matches!(parsed(&["run", "sh", "--nat"]), Ok(Plan::Run { argv, link }) if argv.len() == 2 && !link.nat.masquerade)
    );
}

#[test]
fn options_that_do_not_go_together_are_told() {
    let hint = ": try 'man hc-netns'\n";
    for (words, text) in [
        (&["up", "x", "--port=eth0"][..], "option '--port' is not one of 'up'"),
        (&["bridge", "br0", "--addr=auto"], "option '--addr=auto' is not one of 'bridge'"),
        (&["bridge", "br0", "--delete", "--mtu=1500"], "option '--mtu' does not go with --delete"),
        (&["up", "x", "--dhcp", "--addr=auto"], "option '--dhcp' does not go with --addr and --gateway"),
        (&["run", "--no-link", "x"], "option '--no-link' is not one of 'run'"),
        (&["up", "x", "--no-link", "--nat"], "option '--nat' does not go with --no-link"),
        (&["up", "x", "--publish=1:1"], "option '--publish' needs an --addr that the port leads to"),
        (
            &["up", "x", "--gateway=10.0.0.1", "--gateway=10.0.0.2"],
            "option '--gateway=10.0.0.2' is one gateway too many",
        ),
    ] {
        assert_eq!(error(words), format!("hc-netns: {text}{hint}"));
    }
    assert_eq!(link(&["up", "x", "--gateway=10.0.0.1", "--gateway=fd00::1"]).gateways.len(), 2);
    let unlinked = Plan::UpUnlinked { name: named("x"), low_ports: true, argv: vec!["y".into()] };
    assert_eq!(parsed(&["up", "--no-link", "--low-ports", "--", "x", "y"]), Ok(unlinked));
}
