//! Who is who in a jail: no id that is somebody's outside, as far as the caller may.

use super::{cell, jail};
use crate::unshare::newer::host_with_subids;
use crate::unshare::{Root, unshare};
use hc_tests::{
    Cmd, Host, Running, View, can_make_hosts, eventually, require, require_kernel, user_namespaces,
};
use std::os::unix::fs::MetadataExt;

/// The smallest and the largest first id of a range that is meant for containers.
const FIRST: u32 = 524_288;
const LAST: u32 = 1_878_917_120;

#[track_caller]
fn view(root: &Root, options: &[&str]) -> View {
    jail(root, options).arg("/hc-probe").view()
}

/// The one range of a map from 0 on, and that it is one of 65536 ids for containers.
#[track_caller]
fn private_range(view: &View) -> u32 {
    let maps = [view.id_map("uid_map"), view.id_map("gid_map")];
    assert_eq!(maps[0], maps[1]);
    let [[0, first, 65536]] = maps[0][..] else { panic!("{:?}", maps[0]) };
    assert!((FIRST..=LAST).contains(&first) && first.is_multiple_of(65536), "{first}");
    first
}

#[test]
fn root_inside_is_nobody_outside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let cell = cell();
    let seen = view(&cell, &[]);
    let first = private_range(&seen);
    assert_eq!((seen.get("uids"), seen.get("gids"), seen.get("groups")), ("0 0 0", "0 0 0", ""));
    // Nobody of the machine has one of these.
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let ids = passwd.lines().filter_map(|line| line.split(':').nth(2)?.parse::<u32>().ok());
    assert!(!ids.into_iter().any(|id| (first..first + 65536).contains(&id)));
}

/// Every process of it, seen from outside.
#[test]
fn so_is_every_process_of_it() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let (running, _) = waiting(&[]);
    eventually("process 1 and NEXT alone", || running.descendants().len() == 2);
    let inside = running.descendants();
    for process in inside {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        for name in ["Uid:", "Gid:"] {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            let ids: Vec<u32> = line.split_whitespace().skip(1).map(|id| id.parse().unwrap()).collect();
            assert!(ids.iter().all(|id| *id >= FIRST && *id == ids[0]), "{process}: {line}");
        }
        let groups = status.lines().find(|line| line.starts_with("Groups:")).unwrap();
        assert_eq!(groups.trim(), "Groups:");
    }
}

/// A jail whose NEXT waits, and the first of its ids outside.
#[track_caller]
fn waiting(options: &[&str]) -> (Running, u32) {
    let mut running = unshare(&["--jail"])
        .args(options)
        .args(["sh", "-c", "cat /proc/self/uid_map; read line"])
        .hold_input()
        .start();
    running.expect("65536\n");
    let map = running.said();
    let first = map.split_whitespace().nth(1).unwrap().parse().unwrap();
    (running, first)
}

#[test]
fn of_two_jails_none_has_an_id_of_the_other_s() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let running: Vec<(Running, u32)> = (0..40).map(|_| waiting(&[])).collect();
    let mut firsts: Vec<u32> = running.iter().map(|(_, first)| *first).collect();
    firsts.sort_unstable();
    firsts.dedup();
    assert_eq!(firsts.len(), 40);
}

/// A root directory of the host's root, on the file system of the tests: its owner is root inside, what is made inside is the
/// owner's outside.
#[test]
fn a_root_directory_of_root_s_is_one_of_root_s_inside() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    is_root_s_inside(|_| String::new());
    // Where its owner is somebody else, that is who he is inside.
    let cell = cell();
    let file = cell.dir.file("root/of-1000", "");
    std::os::unix::fs::chown(&file, Some(1000), Some(1001)).unwrap();
    let host = Host::new();
    Cmd::tool("hc-rootfs").arg("-f").arg("/bin/stat").arg(cell.path()).arg("/bin/stat").on(&host).run().ok();
    jail(&cell, &["/bin/stat", "-c", "%u %g", "/of-1000"]).on(&host).run().ok().says("1000 1001\n").quiet();
    assert_eq!(file.metadata().unwrap().uid(), 1000);
}

/// The same on a tmpfs.
#[test]
fn so_is_one_on_a_tmpfs() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    require_kernel!((6, 3), "a tmpfs is to be mounted with other ids");
    is_root_s_inside(|place| {
        format!("mount -t tmpfs tmpfs {place} && mkdir {place}/proc {place}/sys {place}/dev &&")
    });
}

fn is_root_s_inside(prepare: fn(&str) -> String) {
    let script =
        "test -O / && test -O /file && echo more >>/file && mkdir /made && stat -c %u:%g /made /file";
    let host = Host::new();
    let cell = cell();
    let place = cell.path().display().to_string();
    let prepare = prepare(&place);
    let fill = format!("hc-rootfs {place} /bin/sh /bin/mkdir /bin/stat && echo file >{place}/file");
    let line = format!(
        "{prepare} {fill} && hc-unshare --jail -R {place} /bin/sh -c '{script}' && stat -c %u:%g {place}/made"
    );
    Cmd::sh(line).on(&host).run().ok().says("0:0\n0:0\n0:0\n").quiet();
}

/// What is given by an option is taken.
#[test]
fn maps_that_are_asked_for_are_the_ones() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let cell = cell();
    for (options, map) in [
        (&["-r"][..], vec![[0, 0, 1]]),
        (
            &["--map-users=0:1000000:10", "--map-groups=0:1000000:10", "-S0", "-G0", "--idmap"],
            vec![[0, 1_000_000, 10]],
        ),
        (&["--map-users=all", "--map-groups=all"], vec![[0, 0, u32::MAX]]),
    ] {
        assert_eq!(view(&cell, options).id_map("uid_map"), map, "{options:?}");
    }
    let seen = view(&cell, &["-S", "1000", "-G", "1001"]);
    private_range(&seen);
    assert_eq!((seen.get("uids"), seen.get("gids")), ("1000 1000 1000", "1001 1001 1001"));
}

#[test]
fn a_user_is_root_inside_and_has_his_subordinate_ids() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let seen = jail(&cell, &["/hc-probe"]).as_nobody().on(&host_with_subids()).view();
    assert_eq!(seen.id_map("uid_map"), [[0, 65534, 1], [1, 100_000, 65536]]);
    assert_eq!(seen.id_map("gid_map"), [[0, 65534, 1], [1, 200_000, 65536]]);
    assert_eq!((seen.get("uids"), seen.get("gids")), ("0 0 0", "0 0 0"));
}

/// Without a line for him, without the files, or without newuidmap(1), he is alone.
#[test]
fn a_user_without_subordinate_ids_is_alone() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let alone = |host: &Host, path: Option<&str>| {
        let line = jail(&cell, &["/hc-probe"]).as_nobody().on(host);
        let seen = path
            .map_or_else(
                || line,
                |path| {
                    unshare(&["--jail"])
                        .arg(cell.option("--root"))
                        .arg("/hc-probe")
                        .as_nobody()
                        .on(host)
                        .env("PATH", path)
                },
            )
            .view();
        assert_eq!(seen.id_map("uid_map"), [[0, 65534, 1]]);
        assert_eq!((seen.get("uids"), seen.get("gids"), seen.get("setgroups")), ("0 0 0", "0 0 0", "deny"));
    };
    let host = Host::new();
    for file in ["/etc/subuid", "/etc/subgid"] {
        std::fs::write(host.path(file), "somebody:100000:65536\n").unwrap();
    }
    alone(&host, None);
    for file in ["/etc/subuid", "/etc/subgid"] {
        let _ = std::fs::remove_file(host.path(file));
    }
    alone(&host, None);
    alone(&host_with_subids(), Some("/nowhere"));
}

/// There is nobody but its own ids: all of them are those of the jail.
#[test]
fn root_of_a_user_namespace_has_its_ids() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let cell = cell();
    let nested = |line: Cmd| {
        line.args(["-rm", "hc-unshare", "--jail"]).arg(cell.option("--root")).arg("/hc-probe").view()
    };
    for seen in [nested(unshare(&[])), nested(unshare(&[]).as_nobody())] {
        assert_eq!(seen.id_map("uid_map"), [[0, 0, 1]]);
        assert_eq!((seen.get("uids"), seen.get("pid"), seen.get("processes")), ("0 0 0", "2", "1 2"));
    }
    let seen = unshare(&["--map-users=0:100000:65536", "--map-groups=0:100000:65536", "-S0", "-G0", "-m"])
        .args(["hc-unshare", "--jail"])
        .next_view();
    assert_eq!(seen.id_map("uid_map"), [[0, 0, 65536]]);
}
