//! The terminal that it was started from: what is typed into it is read by the shell, as soon as that goes on.

use super::{Attack, Who, cell};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

/// On a terminal of its own, made by script(1): what the attack says.
#[track_caller]
fn on_terminal(who: Who, line: &[String], attack: &Attack<'_>) -> String {
    let root = attack.cell.option("--root");
    let words: Vec<&str> = line.iter().map(String::as_str).chain([root.as_str(), "/hc-attack"]).collect();
    let words = [words, attack.words.iter().map(String::as_str).collect()].concat().join(" ");
    let output = who.starts(Cmd::line(["script", "-qec", &words, "/dev/null"]).env("SHELL", "/bin/sh")).run();
    // What was typed in is echoed.
    String::from_utf8_lossy(&output.stdout).trim_matches(['#', '\r', '\n', '^', '@']).to_owned()
}

#[track_caller]
fn check(attack: &Attack<'_>, naive: [&str; 2], jailed: &str) {
    for (who, expected) in Who::ALL.into_iter().zip(naive) {
        let said = on_terminal(who, &attack.naive_line(who), attack);
        assert!(expected.split('|').any(|one| one == said), "{who:?}: {:?}: {said}", attack.words);
    }
    for who in Who::ALL {
        assert_eq!(on_terminal(who, &attack.jail_line(), attack), jailed, "{who:?}: {:?}", attack.words);
    }
}

/// A user may as long as sysctl dev.tty.legacy_tiocsti has it.
#[test]
fn is_not_typed_into() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let allowed =
        std::fs::read("/proc/sys/dev/tty/legacy_tiocsti").map_or(true, |value| value.starts_with(b"1"));
    let nobody = if allowed { "works" } else { "ioctl: EIO" };
    // The request is 32 bits: what is above them does not make it another one.
    for verb in ["tiocsti", "tiocsti-high"] {
        check(&Attack::new(&cell, &[verb]), ["works", nobody], "ioctl: EPERM");
        // Each of the two locks alone: the filter, and that the terminal is not that of this session.
        let attack = Attack::new(&cell, &[verb]).options(&["--seccomp=none"]);
        for who in Who::ALL {
            let said = on_terminal(who, &attack.jail_line(), &attack);
            assert!(["ioctl: EPERM", "ioctl: EIO"].contains(&said.as_str()), "{who:?}: {verb}: {said}");
        }
    }
}

/// The console has a request by which it pastes. Other terminals do not know it; it has got through to them.
#[test]
fn is_not_pasted_into() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    check(&Attack::new(&cell, &["tioclinux"]), ["ioctl: ENOTTY", "ioctl: ENOTTY"], "ioctl: EPERM");
}
