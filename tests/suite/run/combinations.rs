//! The printed chain, pasted into sh, is the same container: for many combinations of options.

use super::storage::host_with_ns;
use super::{Who, everybody};
use hc_tests::{Cmd, Dir, View, can_make_hosts, probe, require};
use std::collections::BTreeMap;

/// What stands for a directory of the test: TREE has the probe as /probe, and both are the caller's.
const TREE: &str = "TREE";
const DATA: &str = "DATA";

/// For everybody; the last word is the program.
const FOR_ALL: [&str; 40] = [
    "PROBE",
    "PROBE a b --c",
    "-i PROBE",
    "--rm PROBE",
    "-e A=1 PROBE",
    "-e A=1 -e A=2 PROBE",
    "-e HOME=/x -e PATH=/y PROBE",
    "-e TERM PROBE",
    "-e -x=1 PROBE",
    "--env-file DATA/env PROBE",
    "--env-file DATA/env -e FROM=line PROBE",
    "-w /tmp PROBE",
    "-w /data -v DATA:/data PROBE",
    "-v DATA:/data PROBE",
    "-v DATA:/data:ro PROBE",
    "-v DATA/env:/etc/file -v DATA:/data PROBE",
    "--tmpfs /scratch PROBE",
    "--tmpfs /scratch:size=1m,mode=1777 -w /scratch PROBE",
    "--read-only PROBE",
    "--read-only --tmpfs /scratch -v DATA:/data PROBE",
    "--hostname box PROBE",
    "--ulimit nofile=64 PROBE",
    "--ulimit nofile=64:128 --ulimit core=0 PROBE",
    "--cap-drop all PROBE",
    "--cap-drop all --cap-add chown,kill PROBE",
    "--cap-drop chown PROBE",
    "--cap-add net_raw PROBE",
    "--security-opt no-new-privileges PROBE",
    "--security-opt seccomp=unconfined PROBE",
    "--security-opt seccomp=unconfined --cap-add all PROBE",
    "--no-init PROBE",
    "--network none PROBE",
    "--network host PROBE",
    "-u 0 PROBE",
    "-f DATA/env:/etc/env PROBE",
    "-f DATA PROBE",
    "-r TREE /probe",
    "-r TREE probe x",
    "-r TREE --read-only -w /tmp /probe",
    "-r TREE -u root --hostname tree -e A=b /probe",
];
/// For root alone: other ids, links, names of network namespaces, and cgroups.
const FOR_ROOT: [&str; 17] = [
    "-u 1000 PROBE",
    "-u 1000:100 --cap-add net_bind_service PROBE",
    "-r TREE -u web:www /probe",
    "-r TREE -u web -v DATA:/data -w /data /probe",
    "--network br0 PROBE",
    "--network br0:nat,isolated,mtu=1400 PROBE",
    "--network br0 --ip 10.7.0.9/24 --dns 10.7.0.1 PROBE",
    "--network br0 -p 8080:80 -p 127.0.0.1:53:53/udp PROBE",
    "--network bridge PROBE",
    "-p 8080:80 --read-only -u 65534:65534 PROBE",
    "--name box PROBE",
    "--name box --network none -e A=1 PROBE",
    "--name box --network bridge PROBE",
    "-m 64m PROBE",
    "--pids-limit 50 --cpus 0.5 --network bridge PROBE",
    "-r TREE /sbin/init",
    "-r TREE -m 64m -v DATA:/run /sbin/init",
];

/// A directory tree with the probe in it, and a directory with a file.
fn places(who: Who) -> (Dir, Dir) {
    let make = || if who == Who::Root { Dir::new() } else { Dir::of_nobody() };
    let (tree, data) = (make(), make());
    for name in ["proc", "sys", "dev", "run", "tmp", "etc"] {
        tree.directory(name);
    }
    tree.program("bin/probe", std::fs::read(probe()).unwrap());
    std::os::unix::fs::symlink("bin/probe", tree.join("probe")).unwrap();
    tree.directory("sbin");
    std::os::unix::fs::symlink("/bin/probe", tree.join("sbin/init")).unwrap();
    tree.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:33:44::/:\n");
    tree.file("etc/group", "www:x:55:\n");
    data.file("env", "FROM=file\nWITH=a b\n# none\n");
    (tree, data)
}

/// What is the same for two containers of the same kind: the ids outside are another jail's.
fn seen(view: &View, outside: &View) -> BTreeMap<String, Vec<String>> {
    let mut seen = view.comparable(outside);
    for key in ["uid_map", "gid_map"] {
        let counts = view.id_map(key).iter().map(|[inside, _, count]| format!("{inside} {count}")).collect();
        seen.insert(key.to_owned(), counts);
    }
    // The device number of a tmpfs.
    for root in seen.get_mut("root").into_iter().flatten() {
        *root = root.rsplit(':').next().unwrap_or_default().to_owned();
    }
    for mount in seen.get_mut("mount").into_iter().flatten() {
        let options =
            mount.split(',').filter(|option| !option.starts_with("uid=") && !option.starts_with("gid="));
        *mount = options.collect::<Vec<_>>().join(",");
    }
    seen
}

#[test]
fn the_printed_chain_makes_the_same_container() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    for who in everybody() {
        let (host, _ns) = host_with_ns();
        Cmd::sh("hc-netns bridge br0 --addr=10.7.0.1/24").on(&host).run().ok().quiet();
        let (tree, data) = places(who);
        let outside = who.runs(Cmd::probe()).on(&host).view();
        let own = if who == Who::Root { &FOR_ROOT[..] } else { &[] };
        for line in FOR_ALL.iter().chain(own) {
            let word = |word: &str| {
                let word = word.replace(TREE, tree.path().to_str().unwrap());
                let word = word.replace(DATA, data.path().to_str().unwrap());
                word.replace("PROBE", probe().to_str().unwrap())
            };
            let words: Vec<String> = line.split(' ').map(word).collect();
            let how = |cmd: Cmd| who.runs(cmd.env("TERM", "vt100").on(&host).dir(data.path()));
            let direct = how(Cmd::tool("hc-run").args(&words)).view();
            let printed = how(Cmd::tool("hc-run").arg("--print").args(&words)).run().ok().quiet();
            let pasted = how(Cmd::sh(printed.text())).view();
            assert_eq!(seen(&direct, &outside), seen(&pasted, &outside), "{who:?}: {line}");
        }
    }
}
