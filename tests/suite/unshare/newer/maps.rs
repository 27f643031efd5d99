//! `inner:outer:count`, `subids`, `all`, several maps, and the hole that a single map makes in others.

use super::{as_root, host_with_subids, on, refusal, view};
use hc_tests::{Cmd, Host, can_make_hosts, require, user_namespaces};

/// Lines `inside outside count` of a map, smallest first.
type Map = &'static [[u32; 3]];

/// What a user gets who has 65536 uids from 100000, as many gids from 200000, and ten of each from 300000, which
/// newuidmap(1) and newgidmap(1) know of.
const OF_A_USER: &[(&str, Map, Map)] = &[
    ("--map-users=0:100000:10", &[[0, 100_000, 10]], &[]),
    ("--map-users 0:100000:10", &[[0, 100_000, 10]], &[]),
    ("--map-users=0:100000:65536", &[[0, 100_000, 65536]], &[]),
    ("--map-users=1000:100005:1", &[[1000, 100_005, 1]], &[]),
    ("--map-groups=0:200000:10", &[], &[[0, 200_000, 10]]),
    ("--map-groups=7:200007:70", &[], &[[7, 200_007, 70]]),
    // The order of before 2.39, by its commas.
    ("--map-users=100000,7,10", &[[7, 100_000, 10]], &[]),
    ("--map-groups=200000,7,10", &[], &[[7, 200_000, 10]]),
    // The ranges of the files.
    ("--map-users=auto", &[[0, 100_000, 65536]], &[]),
    ("--map-groups=auto", &[], &[[0, 200_000, 65536]]),
    ("--map-auto", &[[0, 100_000, 65536]], &[[0, 200_000, 65536]]),
    ("--map-users=subids", &[[100_000, 100_000, 65536]], &[]),
    ("--map-groups=subids", &[], &[[200_000, 200_000, 65536]]),
    ("--map-subids", &[[100_000, 100_000, 65536]], &[[200_000, 200_000, 65536]]),
    ("--map-users=subids --map-groups=auto", &[[100_000, 100_000, 65536]], &[[0, 200_000, 65536]]),
    ("--map-subids -f", &[[100_000, 100_000, 65536]], &[[200_000, 200_000, 65536]]),
    // Several.
    ("--map-users=0:100000:5 --map-users=5:300000:5", &[[0, 100_000, 5], [5, 300_000, 5]], &[]),
    ("--map-users=5:300000:5 --map-users=0:100000:5", &[[0, 100_000, 5], [5, 300_000, 5]], &[]),
    ("--map-groups=0:200000:5 --map-groups=9:300000:5", &[], &[[0, 200_000, 5], [9, 300_000, 5]]),
    ("--map-users=auto --map-users=70000:300000:10", &[[0, 100_000, 65536], [70_000, 300_000, 10]], &[]),
    (
        "--map-users=0:100000:1 --map-users=5:100001:1 --map-users=100002,9,1",
        &[[0, 100_000, 1], [5, 100_001, 1], [9, 100_002, 1]],
        &[],
    ),
    (
        "--map-users=0:100000:5 --map-groups=0:200000:5 --map-users=7:300000:5",
        &[[0, 100_000, 5], [7, 300_000, 5]],
        &[[0, 200_000, 5]],
    ),
    // With one's own id beside them.
    ("-r --map-users=1:100000:10", &[[0, 65534, 1], [1, 100_000, 10]], &[[0, 65534, 1]]),
    ("--map-users=1:100000:10 -r", &[[0, 65534, 1], [1, 100_000, 10]], &[[0, 65534, 1]]),
    ("--map-users=1:100000:10 --map-user=0", &[[0, 65534, 1], [1, 100_000, 10]], &[]),
    ("--map-groups=1:200000:10 --map-group=0", &[], &[[0, 65534, 1], [1, 200_000, 10]]),
    (
        "-c --map-subids",
        &[[65534, 65534, 1], [100_000, 100_000, 65536]],
        &[[65534, 65534, 1], [200_000, 200_000, 65536]],
    ),
    // Where it is in the range, the range makes room, and loses its last id.
    ("-r --map-users=0:100000:65536", &[[0, 65534, 1], [1, 100_000, 65535]], &[[0, 65534, 1]]),
    ("-r --map-users=0:100000:2", &[[0, 65534, 1], [1, 100_000, 1]], &[[0, 65534, 1]]),
    ("--map-user=5 --map-users=0:100000:10", &[[0, 100_000, 5], [5, 65534, 1], [6, 100_005, 4]], &[]),
    ("--map-user=9 --map-users=0:100000:10", &[[0, 100_000, 9], [9, 65534, 1]], &[]),
    (
        "--map-user=7 --map-users=0:100000:5 --map-users=5:300000:5",
        &[[0, 100_000, 5], [5, 300_000, 2], [7, 65534, 1], [8, 300_002, 2]],
        &[],
    ),
    ("--map-group=3 --map-groups=0:200000:5", &[], &[[0, 200_000, 3], [3, 65534, 1], [4, 200_003, 1]]),
];

/// All of a range that starts at 0 because `auto` says so is there, behind the hole too.
const AUTO_WITH_A_HOLE: &[(&str, Map, Map)] = &[
    ("-r --map-auto", &[[0, 65534, 1], [1, 100_000, 65536]], &[[0, 65534, 1], [1, 200_000, 65536]]),
    ("--map-auto -r -f", &[[0, 65534, 1], [1, 100_000, 65536]], &[[0, 65534, 1], [1, 200_000, 65536]]),
    ("--map-auto --map-user=0", &[[0, 65534, 1], [1, 100_000, 65536]], &[[0, 200_000, 65536]]),
    ("--map-auto --map-group=0", &[[0, 100_000, 65536]], &[[0, 65534, 1], [1, 200_000, 65536]]),
    ("--map-auto -r -S 1 -G 1", &[[0, 65534, 1], [1, 100_000, 65536]], &[[0, 65534, 1], [1, 200_000, 65536]]),
    (
        "--map-auto --map-user=1000 --map-group=65535",
        &[[0, 100_000, 1000], [1000, 65534, 1], [1001, 101_000, 64536]],
        &[[0, 200_000, 65535], [65535, 65534, 1], [65536, 265_535, 1]],
    ),
    (
        "-c --map-auto",
        &[[0, 100_000, 65534], [65534, 65534, 1], [65535, 165_534, 2]],
        &[[0, 200_000, 65534], [65534, 65534, 1], [65535, 265_534, 2]],
    ),
    (
        "-rfpiumnC --mount-proc --map-auto",
        &[[0, 65534, 1], [1, 100_000, 65536]],
        &[[0, 65534, 1], [1, 200_000, 65536]],
    ),
];

/// Root writes what he likes: no line of a file, no newuidmap.
const OF_ROOT: &[(&str, Map, Map)] = &[
    ("--map-users=0:0:1", &[[0, 0, 1]], &[]),
    ("--map-users=0:1000:10", &[[0, 1000, 10]], &[]),
    ("--map-users=1000,0,10", &[[0, 1000, 10]], &[]),
    ("--map-groups=5:1000:10", &[], &[[5, 1000, 10]]),
    ("--map-users=all", &[[0, 0, u32::MAX]], &[]),
    ("--map-groups=all", &[], &[[0, 0, u32::MAX]]),
    ("--map-users=all --map-groups=all", &[[0, 0, u32::MAX]], &[[0, 0, u32::MAX]]),
    ("-r --map-users=all", &[[0, 0, 1], [1, 1, u32::MAX - 1]], &[[0, 0, 1]]),
    (
        "-r --map-users=all --map-groups=all",
        &[[0, 0, 1], [1, 1, u32::MAX - 1]],
        &[[0, 0, 1], [1, 1, u32::MAX - 1]],
    ),
    ("--map-users=0:4000000000:1000 --map-users=1000:5:6", &[[0, 4_000_000_000, 1000], [1000, 5, 6]], &[]),
    // The hole is in what the caller's id is outside, and in what it becomes inside.
    ("--map-user=5 --map-users=0:1000:10", &[[0, 1000, 5], [5, 0, 1], [6, 1005, 4]], &[]),
    ("--map-user=5 --map-users=0:0:10", &[[0, 1, 5], [5, 0, 1], [6, 6, 4]], &[]),
    ("--map-user=5 --map-users=100:0:10", &[[5, 0, 1], [100, 1, 9]], &[]),
    ("--map-user=0 --map-users=0:0:10", &[[0, 0, 1], [1, 1, 9]], &[]),
    ("--map-group=5 --map-groups=0:0:10", &[], &[[0, 1, 5], [5, 0, 1], [6, 6, 4]]),
    ("--map-user=500 --map-users=0:1000:10", &[[0, 1000, 10], [500, 0, 1]], &[]),
];

#[track_caller]
fn have(host: &Host, who: fn(Cmd) -> Cmd, table: &[(&str, Map, Map)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(line, users, groups)| {
            let output = on(host, who, line).arg(hc_tests::probe()).run();
            let complaint = || Some(format!("{line}\n  {:?}", String::from_utf8_lossy(&output.stderr)));
            if output.ended != hc_tests::Ended::Exit(0) || !output.stderr.is_empty() {
                return complaint();
            }
            let seen = hc_tests::View::parse(output.text());
            let [seen_users, seen_groups] = ["uid_map", "gid_map"].map(|key| seen.id_map(key));
            let right = seen_users == *users && seen_groups == *groups;
            (!right).then(|| format!("{line}\n  users {seen_users:?}\n  groups {seen_groups:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} lines:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

#[test]
fn a_user_has_those_that_are_his() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    have(&host, Cmd::as_nobody, OF_A_USER);
    have(&host, Cmd::as_nobody, AUTO_WITH_A_HOLE);
}

#[test]
fn root_has_any_without_a_helper() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = host_with_subids();
    for name in ["newuidmap", "newgidmap"] {
        std::fs::remove_file(host.path(&format!("/usr/bin/{name}"))).unwrap();
    }
    have(&host, as_root, OF_ROOT);
    // For words of the files, root needs a line like everybody.
    for line in ["--map-auto", "--map-users=auto", "--map-subids", "--map-groups=subids"] {
        let message = refusal(&host, as_root, line);
        assert!(message.contains("/etc/sub") && message.contains("root"), "{message}");
    }
    std::fs::write(host.path("/etc/subuid"), "daemon:1:1\nnobody:5:5\n0:600000:10\n").unwrap();
    std::fs::write(host.path("/etc/subgid"), "daemon:1:1\nroot:700000:10\n").unwrap();
    have(
        &host,
        as_root,
        &[
            ("--map-auto", &[[0, 600_000, 10]], &[[0, 700_000, 10]]),
            ("--map-subids", &[[600_000, 600_000, 10]], &[[700_000, 700_000, 10]]),
        ],
    );
}

/// `all` is what there is where one is, not what there is at all.
#[test]
fn all_are_those_of_the_namespace_around() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    let nested = |who: fn(Cmd) -> Cmd, outer: &str, inner: &str| {
        let line = format!("{outer} hc-unshare {inner}");
        let seen = view(&host, who, &line);
        [seen.id_map("uid_map"), seen.id_map("gid_map")]
    };
    let both = "--map-users=all --map-groups=all";
    assert_eq!(
        nested(as_root, "--map-users=0:1000:10 --map-groups=0:2000:20 -S 0 -G 0", both),
        [vec![[0, 0, 10]], vec![[0, 0, 20]]]
    );
    let gaps =
        "--map-users=0:1000:10 --map-users=50:5000:5 --map-groups=7:2000:1 --map-groups=0:3:1 -S 0 -G 0";
    assert_eq!(nested(as_root, gaps, both), [vec![[0, 0, 10], [50, 50, 5]], vec![[0, 0, 1], [7, 7, 1]]]);
    assert_eq!(
        nested(as_root, "-r --map-users=all --map-groups=all", both)[0],
        [[0, 0, 1], [1, 1, u32::MAX - 1]]
    );
    assert_eq!(
        nested(Cmd::as_nobody, "--map-auto -S 0 -G 0", both),
        [vec![[0, 0, 65536]], vec![[0, 0, 65536]]]
    );
}

#[test]
fn whoever_is_mapped_may_become_them() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    let seen = view(&host, Cmd::as_nobody, "-r --map-auto -S 1000 -G 1000");
    assert_eq!((seen.get("uids"), seen.get("gids")), ("1000 1000 1000", "1000 1000 1000"));
    let seen = view(&host, Cmd::as_nobody, "--map-subids -S 100005 -G 200005 --keep-caps");
    assert_eq!((seen.get("uids"), seen.get("gids")), ("100005 100005 100005", "200005 200005 200005"));
    let seen = view(&host, as_root, "--map-users=all --map-groups=all -S 65534 -G 7");
    assert_eq!((seen.get("uids"), seen.get("gids")), ("65534 65534 65534", "7 7 7"));
    // Groups can be set there, unless it is said that they cannot.
    assert_eq!(view(&host, Cmd::as_nobody, "--map-auto -S 0 -G 0").get("setgroups"), "allow");
    assert_eq!(view(&host, as_root, "--map-groups=all --setgroups=allow").get("setgroups"), "allow");
    assert_eq!(view(&host, as_root, "-r --setgroups=deny").get("setgroups"), "deny");
    assert_eq!(view(&host, Cmd::as_nobody, "-c --setgroups=deny").get("setgroups"), "deny");
}

#[test]
fn what_is_no_map_is_refused() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    for value in [
        "",
        ":",
        "::",
        ":::",
        "0:0",
        "0:0:",
        ":0:0",
        "0::1",
        "0:0:1:",
        "0:0:1:1",
        "0:0:1x",
        "x:0:1",
        "0:x:1",
        "0:0,1",
        "0,0:1",
        "0;0;1",
        "-1:0:1",
        "0:-1:1",
        "0:0:-1",
        "4294967296:0:1",
        "0:4294967296:1",
        "0:0:4294967296",
        "0x0:0:1",
        "auto:",
        "subid",
        "All",
        "all:",
        "auto,subids",
        "1.0:0:1",
    ] {
        for option in ["--map-users", "--map-groups"] {
            let output = on(&host, as_root, "").arg(format!("{option}={value}")).arg("true").run();
            let message = output.fails("hc-unshare", 125);
            assert!(value.is_empty() || message.contains(value), "{option}={value}: {message}");
        }
    }
    // What the kernel does not take: no ids, ids twice, ids beyond the last one.
    for line in [
        "--map-users=0:0:0",
        "--map-users=0:0:10 --map-users=5:100:10",
        "--map-users=0:0:10 --map-users=100:5:10",
        "--map-users=all --map-users=all",
        "--map-users=4294967295:0:1",
        "--map-users=0:4294967290:10",
        "--map-groups=0:0:10 --map-groups=0:100:10",
    ] {
        refusal(&host, as_root, line);
    }
    // What a user has no leave for; newuidmap's own words come before ours.
    for line in ["--map-users=all", "--map-users=0:0:1", "--map-users=0:99999:2", "--map-groups=0:0:1"] {
        let output = on(&host, Cmd::as_nobody, line).arg(hc_tests::probe()).run();
        assert_eq!(output.ended, hc_tests::Ended::Exit(125), "{output:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{output:?}");
    }
}

/// Ids beyond the last are no ids. The original takes -1 for no map at all, and counts on from 0.
#[test]
fn no_single_id_is_beyond_the_last() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let host = host_with_subids();
    for value in ["-1", "4294967295", "4294967296", "4294967301", "99999999999999999999", "0x5", "1x", ""] {
        for option in ["--map-user", "--map-group", "--setuid", "--setgid"] {
            let output = on(&host, Cmd::as_nobody, "").arg(format!("{option}={value}")).arg("true").run();
            let message = output.fails("hc-unshare", 125);
            assert!(value.is_empty() || message.contains(value), "{option}={value}: {message}");
        }
    }
    assert_eq!(view(&host, Cmd::as_nobody, "--map-user=4294967294").get("uid_map"), "4294967294 65534 1");
}

/// The kernel takes 340 lines.
#[test]
fn as_many_maps_as_the_kernel_takes() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let host = host_with_subids();
    let line = |count: u32| {
        let options = (0..count).map(|id| format!("--map-users={}:{}:1", id * 2, id * 2));
        options.collect::<Vec<_>>().join(" ")
    };
    let seen = view(&host, as_root, &line(340));
    assert_eq!(seen.id_map("uid_map").len(), 340);
    assert_eq!(seen.id_map("uid_map")[339], [678, 678, 1]);
    refusal(&host, as_root, &line(341));
}
