//! --cap-drop, --cap-add, --no-new-privs.

use super::{Status, unshare};
use hc_tests::{Cmd, Dir, NOBODY, can_make_hosts, is_root, require, user_namespaces};
use std::os::unix::fs::PermissionsExt;

const SETS: [&str; 5] = ["Inh", "Prm", "Eff", "Bnd", "Amb"];

/// By number, as capabilities(7) has them.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

fn sets(status: &Status) -> [u64; 5] {
    SETS.map(|set| status.capabilities(set))
}

/// In a new user namespace everybody has all capabilities.
fn all_inside(words: &[&str]) -> [u64; 5] {
    sets(&Status::under(&[&["-r"], words].concat(), Cmd::as_nobody))
}

#[test]
fn each_name_is_its_number() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let all = all_inside(&[])[3];
    for (number, name) in NAMES.iter().enumerate() {
        let rest = all & !(1 << number);
        assert_eq!(all_inside(&["--cap-drop", name]), [0, rest, rest, rest, 0], "{name}");
        let one = 1 << number;
        let add = format!("--cap-add=Cap_{}", name.to_lowercase());
        assert_eq!(all_inside(&["--cap-drop=all", &add]), [one; 5], "{name}");
    }
}

#[test]
fn nothing_is_left_of_all() {
    require!(is_root(), "takes root");
    for user in [&[][..], &["-S", "65534", "-G", "65534"]] {
        assert_eq!(
            sets(&Status::under(&[&["--cap-drop=ALL"], user].concat(), |cmd| cmd)),
            [0; 5],
            "{user:?}"
        );
    }
}

#[test]
fn what_is_added_is_kept_whoever_next_is() {
    require!(is_root(), "takes root");
    let bounding = Status::under(&[], |cmd| cmd).capabilities("Bnd");
    let (kill, chown) = (1 << 5, 1 << 0);
    for (words, expected) in [
        (&["--cap-drop=all", "--cap-add=kill,CHOWN"][..], [kill | chown; 5]),
        (&["--cap-drop=all", "--cap-add=kill", "--cap-add=cap_chown", "--cap-drop=kill"], [chown; 5]),
        (&["--cap-add=kill", "--cap-drop=all"], [0; 5]),
        (&["--cap-add=kill"], [kill, kill, kill, bounding, kill]),
        (&["--cap-add=all", "--cap-drop=chown"], [bounding & !chown; 5]),
    ] {
        let seen = sets(&Status::under(&[words, &["-S", "65534", "-G", "65534"]].concat(), |cmd| cmd));
        assert_eq!(seen, expected, "{words:?}");
    }
    // Root has the bounding set anyway.
    let seen = sets(&Status::under(&["--cap-add=kill"], |cmd| cmd));
    assert_eq!(seen, [kill, bounding, bounding, bounding, kill]);
    let seen = sets(&Status::under(&["--cap-drop=all", "--cap-add=kill"], |cmd| cmd));
    assert_eq!(seen, [kill; 5]);
}

#[test]
fn without_these_options_the_sets_are_as_exec_leaves_them() {
    for how in [|cmd: Cmd| cmd, Cmd::as_nobody] {
        let plain = Status::of(how(Cmd::line(["cat", "/proc/self/status"])));
        let seen = Status::under(&["--close-fds", "--umask=022"], how);
        assert_eq!(sets(&seen), sets(&plain));
        assert_eq!(seen.get("NoNewPrivs"), "0");
        assert_eq!(seen.get("Seccomp"), "0");
    }
}

#[test]
fn root_gets_nothing_back_by_another_program_or_another_change_of_user() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let words = ["--cap-drop=all", "--cap-add=setuid,setgid,setpcap"];
    let seen = sets(&Status::under(
        &[&words[..], &["setpriv", "--reuid=65534", "--clear-groups", "setpriv", "--reuid=65534"]].concat(),
        |cmd| cmd,
    ));
    let three = 1 << 6 | 1 << 7 | 1 << 8;
    assert_eq!(seen[3], three, "the bounding set");
    // Twice, the second time without a right to it, but with nothing left to do.
    let twice = ["--cap-drop=all", "hc-unshare", "--cap-drop=all"];
    assert_eq!(sets(&Status::under(&twice, |cmd| cmd)), [0; 5]);
}

#[test]
fn with_a_user_namespace_s_capabilities() {
    require!(user_namespaces(), "ordinary users may not make user namespaces here");
    let all = all_inside(&[])[3];
    let nobody = |words: &[&str]| sets(&Status::under(words, Cmd::as_nobody));
    let most = all & !(1 << 21);
    // The caller stays who he is, and keeps what the namespace gives.
    assert_eq!(nobody(&["-c", "--keep-caps", "--cap-drop=sys_admin"]), [most; 5]);
    assert_eq!(nobody(&["-c", "--cap-drop=all", "--cap-add=net_raw"]), [1 << 13; 5]);
    assert_eq!(nobody(&["-c", "--cap-drop=net_raw"]), [0, 0, 0, all & !(1 << 13), 0]);
}

#[test]
fn who_has_no_capabilities_cannot_drop_or_add_them() {
    let fails = |words: &[&str]| unshare(words).arg("true").as_nobody().run().fails("hc-unshare", 125);
    assert_eq!(
        fails(&["--cap-drop=all"]),
        "drop capability chown: Operation not permitted (only root may; with -r it works in a user namespace)"
    );
    assert_eq!(fails(&["--cap-add=net_raw,kill"]), "add capability kill: the caller does not have it");
    require!(is_root(), "takes root");
    let words = ["--cap-drop=all", "--cap-add=chown", "hc-unshare", "--cap-add=kill", "true"];
    let message = unshare(&words).run().fails("hc-unshare", 125);
    assert_eq!(message, "add capability kill: the caller does not have it");
}

#[test]
fn an_unknown_capability_is_a_usage_error() {
    for (value, bad) in [("no_such", "no_such"), ("kill,", ""), ("chown,41", "41")] {
        let option = format!("--cap-drop={value}");
        let output = unshare(&[&option, "true"]).as_nobody().run().exits(125).says("");
        output.complains(format!("hc-unshare: unknown capability: '{bad}': try 'man hc-unshare'\n"));
    }
}

#[test]
fn no_new_privs_takes_the_set_user_id_bit_s_effect_away() {
    require!(is_root(), "takes root");
    let dir = Dir::new();
    let program = dir.program("probe", std::fs::read(hc_tests::probe()).unwrap());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o4755)).unwrap();
    let nobody = NOBODY.to_string();
    let uids = |words: &[&str]| {
        let view = unshare(&[words, &["-S", &nobody]].concat()).arg(&program).view();
        (view.get("uids").to_owned(), view.get("no_new_privs").to_owned())
    };
    assert_eq!(uids(&[]), ("65534 0 0".into(), "0".into()), "else this test shows nothing");
    assert_eq!(uids(&["--no-new-privs"]), ("65534 65534 65534".into(), "1".into()));
}
