//! --owner: whose the new user namespace is.

use super::{as_root, host_with_subids, on, refusal, view};
use hc_tests::{Cmd, Running, can_make_hosts, require, user_namespaces};

/// The owner of the user namespace of the child of `running`, and its uids and gids, as the host sees them.
#[track_caller]
fn owner(running: &Running) -> (String, String, String) {
    let child = running.descendants()[0];
    let namespace = format!("/proc/{child}/ns/user");
    let owner = Cmd::probe().args(["owner", &namespace]).run().ok().text().trim().to_owned();
    let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap();
    let ids = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    (owner, ids("Uid:"), ids("Gid:"))
}

#[test]
fn is_whoever_is_named() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = host_with_subids();
    for (line, expected) in [
        ("", ("0", "0", "0")),
        ("--owner=1000:1001", ("1000", "1000", "1001")),
        ("--owner 1000:1001", ("1000", "1000", "1001")),
        ("--owner=1000:1001 --owner=5:6", ("5", "5", "6")),
        ("--owner=0:0", ("0", "0", "0")),
        ("--owner=65534:65534 -m", ("65534", "65534", "65534")),
        // The maps are root's to write, and lead to root.
        ("--owner=1000:1001 -r -S 0 -G 0", ("1000", "0", "0")),
        (
            "--owner=1000:1001 --map-users=0:5000:10 --map-groups=0:6000:10 -S 3 -G 3",
            ("1000", "5003", "6003"),
        ),
    ] {
        let script = "echo ready; read go";
        let mut running =
            on(&host, as_root, &format!("-Uf {line}")).args(["sh", "-c", script]).hold_input().start();
        running.expect("ready\n");
        let (owner, user, group) = owner(&running);
        assert_eq!((owner.as_str(), user.as_str(), group.as_str()), expected, "{line}");
        running.write(b"go\n", true);
        running.wait().ok().quiet();
    }
}

#[test]
fn implies_a_user_namespace_and_drops_groups() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = host_with_subids();
    let outside = Cmd::probe().on(&host).view();
    let line = Cmd::line(["setpriv", "--groups", "7,8", "hc-unshare", "--owner=1000:1001"]).on(&host);
    let seen = line.next_view();
    assert_eq!(seen.new_namespaces(&outside), ["user"]);
    assert_eq!((seen.get("groups"), seen.get("uids")), ("", "65534 65534 65534"));
    // With every id mapped one sees who one is.
    let seen = view(&host, as_root, "--owner=1000:1001 --map-users=all --map-groups=all");
    assert_eq!((seen.get("uids"), seen.get("gids")), ("1000 1000 1000", "1001 1001 1001"));
    assert_eq!(seen.id_map("uid_map"), [[0, 0, u32::MAX]]);
    // -r is the caller, not the owner.
    let seen = view(&host, as_root, "--owner=1000:1001 -r -S 0 -G 0");
    assert_eq!(seen.id_map("uid_map"), [[0, 0, 1]]);
    assert_eq!((seen.get("uids"), seen.get("gids")), ("0 0 0", "0 0 0"));
}

/// Who owns it may enter it.
#[test]
fn may_enter_what_was_made_for_him() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    let mut running = on(&host, as_root, "--owner=65534:65534 -mfr -S 0 -G 0")
        .args(["sh", "-c", "echo ready; read go"])
        .hold_input()
        .start();
    running.expect("ready\n");
    let child = running.descendants()[0].to_string();
    let enter = || Cmd::line(["nsenter", "-t", &child, "-U", "--preserve-credentials", "true"]).on(&host);
    enter().as_nobody().run().ok().quiet();
    let denied = enter().user(1000).run();
    assert!(denied.ended != hc_tests::Ended::Exit(0), "{denied:?}");
    running.write(b"go\n", true);
    running.wait().ok().quiet();
}

#[test]
fn has_to_be_two_ids_and_the_caller_root() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    for value in
        ["", ":", "1000", "1000:", ":1000", "1000:1000:1000", "1000:1000x", "x:1000", "root:root", "-1:0"]
    {
        let output = on(&host, as_root, "").arg(format!("--owner={value}")).arg("true").run();
        output.fails("hc-unshare", 125);
    }
    for line in ["--owner=65534:65534", "--owner=0:0", "--owner=1000:1000"] {
        let message = refusal(&host, Cmd::as_nobody, line);
        assert!(message.contains("Operation not permitted"), "{message}");
    }
}
