//! Who the program is: single maps, setgroups, -S and -G, and the capabilities that are left.

use super::{Stage, as_root};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

/// Maps of one user and one group, which anybody may make.
const MAPS: &[&str] = &[
    "-U",
    "-r",
    "-c",
    "-rU",
    "-Uc",
    "-rf",
    "-cf",
    "-cfpm --mount-proc",
    "--map-root-user --fork",
    "--map-current-user --fork",
    "--map-user=0",
    "--map-user=1",
    "--map-user=1000",
    "--map-user=65534",
    "--map-user=4294967294",
    "--map-user=daemon",
    "--map-user=root",
    "--map-user=nobody",
    "--map-group=0",
    "--map-group=1",
    "--map-group=1000",
    "--map-group=4294967294",
    "--map-group=daemon",
    "--map-group=nogroup",
    "--map-user=1 --map-group=2",
    "--map-user=daemon --map-group=sys",
    "--map-user=5 --map-group=5 -f",
    // Which of two counts is the later one, each for its kind.
    "--map-user=1 --map-user=2",
    "--map-group=1 --map-group=2",
    "-r -c",
    "-c -r",
    "-rc",
    "-cr",
    "-r --map-user=5",
    "--map-user=5 -r",
    "-r --map-group=5",
    "--map-group=5 -r",
    "-c --map-user=5",
    "--map-user=5 -c",
    "-c --map-group=5",
    "--map-group=5 -c",
    "-c --map-user=daemon --map-group=daemon",
    "--map-user=7 -r --map-group=8",
    // setgroups, where it may be said.
    "-U --setgroups=deny",
    "-U --setgroups=allow",
    "--map-user=0 --setgroups=deny",
    "--map-user=0 --setgroups=allow",
    "-U --setgroups=allow --setgroups=deny",
    "-U --setgroups=deny --setgroups=deny",
    // Capabilities.
    "--keep-caps",
    "-U --keep-caps",
    "-r --keep-caps",
    "-c --keep-caps",
    "-c --keep-caps -f",
    "--keep-caps -c",
    "-c --keep-caps --keep-caps",
    "--keep-caps --map-user=1000",
    "--keep-caps --map-user=1000 --map-group=1000",
    "--keep-caps --map-group=1000",
    "-cm --keep-caps",
    "-cfpm --keep-caps --mount-proc",
    // The ids that there are.
    "-r -S 0",
    "-rS0",
    "-r --setuid=0",
    "-r --setuid=0 -f",
    "--map-user=5 -S 5",
    "--map-user=5 --setuid 5 --keep-caps",
    "-r -S 0 --keep-caps",
];

const REFUSED_MAPS: &[&str] = &[
    "-r --setgroups=allow",
    "--setgroups=allow -r",
    "-c --setgroups=allow",
    "--map-group=0 --setgroups=allow",
    "-r --setgroups=deny --setgroups=allow",
    "--setgroups=bad",
    "--setgroups=''",
    "--setgroups=Deny",
    "--setgroups=den",
    "--setgroups=deny,allow",
    "--map-user=nosuchuser",
    "--map-user=1x",
    "--map-group=nosuchgroup",
    // No such id in there, or no setgroups(2).
    "-r -S 1",
    "-c -S 0 --map-user=5",
    "-r -G 0",
    "-r -G 1",
    "-U -S 0",
    "-U -G 0",
    "-rS x",
];

/// Root becomes another without any map.
const IDS: &[&str] = &[
    "-S 0",
    "-S 1000",
    "-S 65534",
    "-S 4294967294",
    "-G 0",
    "-G 1000",
    "-G 4294967294",
    "-S 1000 -G 1000",
    "-G 1000 -S 1000",
    "-G 1000 -S 1001",
    "-S1000 -G1000 -f",
    "--setuid=1000 --setgid=1000 -m",
    "-S 1 -S 2",
    "-G 1 -G 2",
    "-S 1000 --keep-caps",
    "-S 1000 -G 1000 -fpm --mount-proc",
    "-S 1000 -w /root",
    "-S 1000 -R /",
    "-S 1000 -u",
    "-S 007",
    "-S +7",
];

#[test]
fn a_root_s_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    stage.alike(as_root, MAPS);
    stage.alike(as_root, IDS);
}

#[test]
fn a_user_s_are_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    Stage::new().alike(Cmd::as_nobody, MAPS);
}

#[test]
fn what_cannot_be_is_refused_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.refused(as_root, REFUSED_MAPS);
    stage.refused(Cmd::as_nobody, REFUSED_MAPS);
    stage.refused(Cmd::as_nobody, &["-S 0", "-S 1000", "-G 0", "-G 65534", "-S 0 -G 0"]);
    stage
        .refused(as_root, &["-S x", "-S ''", "-S 1x", "-S -1", "-S 0x1", "-G x", "-G ''", "-G 1x", "-G 0x1"]);
}

/// Groups that the caller is in: only -G drops them.
#[test]
fn supplementary_groups_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    let stage = Stage::new();
    let lines = ["", "-S 1000", "-G 1000", "-S 1000 -G 1000", "-r", "-c", "-U", "-f"];
    for line in lines {
        let run = |tool: &str| {
            let next = [tool].into_iter().map(str::to_owned).chain(stage.words(line));
            let cmd = Cmd::line(["setpriv", "--groups", "7,8,9"]).args(next);
            stage.start(as_root, cmd).next_view()
        };
        let [theirs, ours] = [run("unshare"), run("hc-unshare")];
        assert_eq!(theirs.get("groups"), ours.get("groups"), "{line}");
        let kept = !line.contains("-G");
        assert_eq!(!ours.get("groups").is_empty(), kept, "{line}: {}", ours.get("groups"));
    }
}
