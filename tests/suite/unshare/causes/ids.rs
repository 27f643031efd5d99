//! Ids that cannot be mapped or become.

use super::as_example;
use crate::unshare::diagnostics::{SETGROUPS, WITHOUT_CALL, perl, says};
use crate::unshare::unshare;
use hc_tests::Cmd;
use hc_tests::{Host, can_make_hosts, docs, require, user_namespaces};

/// A host whose files of subordinate ids have these lines.
fn host_with(subuid: Option<&str>, subgid: Option<&str>) -> Host {
    let host = Host::new();
    for (name, content) in [("/etc/subuid", subuid), ("/etc/subgid", subgid)] {
        let path = host.path(name);
        match content {
            Some(content) => std::fs::write(path, content).unwrap(),
            None => drop(std::fs::remove_file(path)),
        }
    }
    std::fs::write(host.path("/etc/passwd"), "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\n")
        .unwrap();
    host
}

#[test]
fn a_user_without_subordinate_ids() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with(Some("root:100000:10\n"), Some("ann:100000:10\n"));
    let run = |words: &[&str]| unshare(words).arg("true").on(&host).user(1000).run();
    let line = "/etc/subuid: no line for the user ann (...)";
    for words in [
        &["--map-auto"][..],
        &["--map-users=auto"],
        &["--map-users=subids"],
        &["--map-subids"],
        &["-r", "--map-auto"],
    ] {
        let message = says(run(words), 125, line);
        assert!(message.contains("usermod --add-subuids"), "{message}");
    }
    run(&["--map-groups=auto"]).ok().quiet();
    std::fs::write(host.path("/etc/subgid"), "").unwrap();
    let message = run(&["--map-groups=auto"]).fails("hc-unshare", 125);
    assert!(
        message.starts_with("/etc/subgid: no line for the user ann (") && message.contains("--add-subgids"),
        "{message}"
    );
    // One who has no name is told by his number.
    let message = unshare(&["--map-auto", "true"]).on(&host).user(77).run().fails("hc-unshare", 125);
    assert!(message.contains("/etc/subuid") && message.contains("77"), "{message}");
}

#[test]
fn no_file_of_subordinate_ids() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with(None, None);
    for who in [0, 1000] {
        let message = unshare(&["--map-auto", "true"]).on(&host).user(who).run().fails("hc-unshare", 125);
        assert!(message.starts_with("/etc/subuid: "), "{message}");
        assert!(message.contains("No such file or directory") || message.contains("no line"), "{message}");
    }
}

#[test]
fn a_helper_that_is_missing() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with(Some("ann:100000:10\n"), Some("ann:100000:10\n"));
    let run = |words: &[&str]| unshare(words).arg("true").on(&host).user(1000).run();
    run(&["--map-auto"]).ok().quiet();
    std::fs::remove_file(host.path("/usr/bin/newgidmap")).unwrap();
    let message = run(&["--map-auto"]).fails("hc-unshare", 125);
    assert!(message.starts_with("newgidmap: not found (") && message.contains("uidmap"), "{message}");
    run(&["--map-users=auto"]).ok().quiet();
    std::fs::remove_file(host.path("/usr/bin/newuidmap")).unwrap();
    for words in [&["--map-auto"][..], &["--map-users=0:100000:5"], &["-r", "--map-users=auto"]] {
        let message = says(run(words), 125, "newuidmap: not found (...)");
        assert!(message.contains("uidmap"), "{message}");
    }
    // Nobody else's is taken for it, and a PATH without it is said to be one.
    let message = unshare(&["--map-auto", "/bin/true"]).on(&host).user(1000).env("PATH", "/nosuch").run();
    says(message, 125, "newuidmap: not found (...)");
    // Single maps need none.
    run(&["-r"]).ok().quiet();
}

/// What newuidmap(1) says is the reason, in one line of ours: `newuidmap: ...` in the page.
#[test]
fn a_helper_that_refuses() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with(Some("ann:100000:10\n"), Some("ann:100000:10\n"));
    let run = |words: &[&str]| unshare(words).arg("true").on(&host).user(1000).run();
    assert!(docs::text("man/hc-unshare.1").contains(".It \"hc-unshare: newuidmap: ...\""));
    for (words, expected) in [
        (&["--map-users=0:100000:11"][..], "newuidmap: uid range [0-11) -> [100000-100011) not allowed"),
        (&["--map-users=0:0:1"], "newuidmap: uid range [0-1) -> [0-1) not allowed"),
        (&["--map-groups=0:0:1"], "newgidmap: gid range [0-1) -> [0-1) not allowed"),
        (
            &["--map-auto", "--map-groups=20:99999:1"],
            "newgidmap: gid range [20-21) -> [99999-100000) not allowed",
        ),
    ] {
        let output = run(words);
        let message = output.fails("hc-unshare", 125);
        assert!(message.starts_with(expected), "{message}");
    }
    // Without the set-user-ID bit it cannot write, as in a file system mounted with nosuid.
    Cmd::line(["chmod", "u-s", "/usr/bin/newuidmap"]).on(&host).run().ok();
    let message = run(&["--map-users=auto"]).fails("hc-unshare", 125);
    assert!(message.starts_with("newuidmap: "), "{message}");
}

/// One that has much to say, as with tracing, does its work nevertheless.
#[test]
fn a_helper_that_talks() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with(Some("ann:100000:10\n"), Some("ann:100000:10\n"));
    let wrap = "mv /usr/bin/newuidmap /usr/bin/newuidmap.real && cat >/usr/bin/newuidmap && chmod 755 /usr/bin/newuidmap";
    let wrapper =
        "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x >&2 && exec /usr/bin/newuidmap.real \"$@\"\n";
    Cmd::sh(wrap).on(&host).input(wrapper).run().ok().quiet();
    unshare(&["--map-users=auto", "true"]).on(&host).user(1000).run().ok().quiet();
}

/// In a user namespace, one who is root there writes the maps himself, with the ids that there are.
#[test]
fn an_id_that_does_not_exist_around() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let line = "write '...' to /proc/7/uid_map: Operation not permitted (...)";
    for value in ["0:5:1", "0:0:2", "1:4294967294:1"] {
        let option = format!("--map-users={value}");
        let output = unshare(&["-r", "hc-unshare", &option, "true"]).as_nobody().run();
        let message = as_example(output, "/nosuch").fails("hc-unshare", 125);
        let start =
            format!("write '{}' to /proc/7/uid_map: Operation not permitted (", value.replace(':', " "));
        assert!(message.starts_with(&start), "{message}");
        assert!(docs::text("man/hc-unshare.1").contains(&format!(".It \"hc-unshare: {line}\"")));
    }
    unshare(&["-r", "hc-unshare", "--map-users=7:0:1", "true"]).as_nobody().run().ok().quiet();
}

#[test]
fn groups_that_cannot_be_dropped_and_ids_that_are_not_there() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let line = "drop the supplementary groups: Operation not permitted (...)";
    for words in
        [&["-r", "-G", "0"][..], &["-c", "-G", "65534"], &["-rf", "-G", "0"], &["-r", "-S", "0", "-G", "0"]]
    {
        let message = says(unshare(words).arg("true").as_nobody().run(), 125, line);
        assert!(message.contains("setgroups is denied"), "{message}");
    }
    let message = says(unshare(&["-G", "0", "true"]).as_nobody().run(), 125, line);
    assert!(message.contains("only root may"), "{message}");
    let message = unshare(&["-r", "-S", "5", "true"]).as_nobody().run().fails("hc-unshare", 125);
    let because = "(the id is not mapped in the user namespace: see --map-users, --map-groups)";
    assert_eq!(message, format!("become user 5: Invalid argument {because}"));
    let message = unshare(&["-S", "5", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert!(message.starts_with("become user 5: Operation not permitted (only root may"), "{message}");
}

#[test]
fn an_owner_that_only_root_may_name() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let message = unshare(&["--owner=1:1", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert!(message.contains("Operation not permitted (only root may"), "{message}");
}

#[test]
fn setgroups_that_cannot_be_said() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let message = unshare(&["-r", "--setgroups=allow", "true"]).as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(
        message,
        "--setgroups=allow does not go with a single mapped group, as of -r: try 'man hc-unshare'"
    );
    // A namespace in one that denies it denies it too.
    let nested = unshare(&["-r", "hc-unshare", "-U", "--setgroups=allow", "true"]).as_nobody().run();
    let message = nested.fails("hc-unshare", 125);
    assert!(message.contains("setgroups: Operation not permitted"), "{message}");
}

#[test]
fn groups_that_root_may_not_drop() {
    require!(hc_tests::is_root(), "takes root");
    let refused = perl(WITHOUT_CALL).args([SETGROUPS, "1"]).chain(&unshare(&["-G", "0", "true"])).run();
    let message = refused.fails("hc-unshare", 125);
    assert!(message.contains("root lacks the capability"), "{message}");
}
