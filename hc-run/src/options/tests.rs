use super::*;

fn parsed(words: &[&str]) -> Result<Plan> {
    parse(Args::new(words.iter().map(OsString::from).collect::<Vec<_>>()))
}

fn container(words: &[&str]) -> Container {
    match parsed(words) {
        Ok(Plan::Run(container)) => *container,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn error(words: &[&str]) -> String {
    parsed(words).unwrap_err().to_string()
}

#[test]
fn the_program_s_options_are_its_own() {
    let container = container(&["--print", "echo", "--name=x", "--"]);
    assert_eq!((container.show, &container.storage), (Some(Show::Line), &Storage::Ephemeral));
    assert_eq!(container.argv, ["echo", "--name=x", "--"]);
}

#[test]
fn storage_is_named_or_given() {
    assert_eq!(container(&["--name=a", "x"]).storage, Storage::Named("a".into()));
    assert_eq!(container(&["-r", "/r", "x"]).storage, Storage::Given("/r".into()));
    assert_eq!(error(&["--rootfs=/r", "--name=a", "x"]), "--name and --rootfs exclude each other");
    assert_eq!(
        error(&["--rm", "--name=a", "x"]),
        "--rm: what has a --name is kept: hc-run --delete removes it"
    );
    assert!(error(&["-r/r", "-f/etc/passwd", "x"]).starts_with("--file: nothing is copied"));
    for option in ["--name", "--delete"] {
        for name in ["", ".", "..", "a/b", "/", &"n".repeat(256)] {
            assert!(error(&[option, name, "x"]).starts_with(&format!("{option}: ")), "{name}");
        }
    }
    assert_eq!(container(&["--name", &"n".repeat(255), "x"]).storage, Storage::Named("n".repeat(255).into()));
}

#[test]
fn a_network_is_a_word_or_a_bridge() {
    let network = |value: &str| container(&["--network", value, "x"]).network;
    assert_eq!(network("none"), Network::None);
    assert_eq!(network("host"), Network::Host);
    assert_eq!(network("pasta"), Network::Pasta);
    assert_eq!(network("br0"), Network::Bridge("br0".into(), Vec::new()));
    let options = vec!["--nat".into(), "--mtu=1400".into()];
    assert_eq!(network("br0:nat,mtu=1400"), Network::Bridge("br0".into(), options));
    for bad in ["", ":nat", "none:x", "br0:", "br0:-nat", "br0:--nat", "br0:n t", "br0:nat,"] {
        assert!(error(&["--network", bad, "x"]).starts_with("--network: "), "{bad}");
    }
    assert_eq!(network("bridge"), Network::Bridge("hc0".into(), Vec::new()));
    for some in ["--ip=10.0.0.2/24", "--dns=::1", "-p1:1"] {
        assert_eq!(container(&[some, "x"]).network, Network::Some, "{some}");
        assert!(error(&["--network=host", some, "x"]).contains("network"), "{some}");
    }
    assert_eq!(container(&["x"]).network, Network::Unsaid);
    assert_eq!(container(&["--network=none", "--name=a", "x"]).network, Network::None);
    assert!(error(&["--network=pasta", "--ip=1.1.1.1/8", "x"]).contains("bridge"));
}

#[test]
fn an_init_is_process_1() {
    let (system, ours) = (Init::System, Init::Ours);
    for (program, init) in [("/sbin/init", system), ("systemd", system), ("initdb", ours), ("sh", ours)] {
        assert_eq!(container(&[program]).init, init, "{program}");
    }
    assert_eq!(container(&["--no-init", "sh"]).init, Init::Program);
    assert_eq!(container(&["--no-init", "init"]).init, Init::System);
}

#[test]
fn a_program_is_needed_unless_there_is_none_to_run() {
    assert_eq!(error(&[]), "no program to run");
    assert_eq!(error(&["--print", "--"]), "no program to run");
    assert_eq!(parsed(&["--list"]), Ok(Plan::List));
    assert_eq!(parsed(&["--delete=a"]), Ok(Plan::Delete("a".into())));
    assert_eq!(error(&["--list", "x"]), "--list and --delete take no program");
    assert_eq!(error(&["--list", "--delete=a"]), "--list and --delete exclude each other");
    assert!(error(&["--print=x", "sh"]).starts_with("--print: "));
}

#[test]
fn names_of_users_take_a_root_directory_to_be_looked_up_in() {
    assert!(error(&["-u", "web", "x"]).starts_with("--user: a name"));
    assert!(container(&["-r/r", "-u", "web", "x"]).user.is_some());
    assert!(container(&["-u", "5:5", "x"]).user.is_some());
}
