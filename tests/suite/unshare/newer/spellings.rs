//! The names of the newer options, whole and shortened.

use super::unshare;
use hc_tests::{Cmd, can_make_hosts, require};

#[test]
fn are_known() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for words in [
        &["--forward-signals"][..],
        &["--forw"],
        &["--owner=0:0"],
        &["--ow", "0:0"],
        &["--clear-env"],
        &["--cl"],
        &["--whitelist-env=PATH"],
        &["--wh", "PATH"],
        &["--map-users=all"],
        &["--map-users", "all"],
        &["-rfp", "--mount-b"],
        &["-rfp", "--mount-binfmt"],
    ] {
        unshare(words).arg(hc_tests::probe()).run().ok().quiet();
    }
}

#[test]
fn are_asked_for_values_as_getopt_does() {
    for option in ["--owner", "--whitelist-env", "--load-interp"] {
        let message = unshare(&[option]).run().fails("hc-unshare", 125);
        assert!(message.starts_with(&format!("option '{option}' requires an argument")), "{message}");
    }
    let message = unshare(&["-l"]).run().fails("hc-unshare", 125);
    assert!(message.starts_with("option requires an argument -- 'l'"), "{message}");
    for option in ["--clear-env", "--forward-signals", "--map-subids", "--map-auto"] {
        let message = unshare(&[&format!("{option}=x")]).run().fails("hc-unshare", 125);
        assert!(message.starts_with(&format!("option '{option}' doesn't allow an argument")), "{message}");
    }
}

/// All that unshare(1) of 2.38 has in its help is in ours.
#[test]
fn are_in_the_help_beside_the_older_ones() {
    let options = |tool: Cmd| {
        let text = tool.arg("--help").run().ok().text().to_owned();
        let words = text.split(|c: char| c.is_whitespace() || ",=[()".contains(c));
        let mut options: Vec<String> =
            words.filter(|word| word.starts_with("--") && word.len() > 2).map(str::to_owned).collect();
        options.sort();
        options.dedup();
        options
    };
    let ours = options(unshare(&[]));
    let newer = [
        "forward-signals",
        "mount-binfmt",
        "load-interp",
        "map-subids",
        "owner",
        "clear-env",
        "whitelist-env",
    ];
    let newer = newer.map(|name| format!("--{name}"));
    for option in options(Cmd::new("unshare")).iter().chain(&newer) {
        assert!(ours.contains(option), "{option} is not in the help: {ours:?}");
    }
}
