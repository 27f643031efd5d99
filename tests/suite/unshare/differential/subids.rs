//! Maps of subordinate ids, which newuidmap(1) and newgidmap(1) write for others than root. The words are those of
//! util-linux 2.38, `outer,inner,count`; what is newer is in `newer/`.

use super::{Stage, as_root};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

/// A stage on a machine that gives ids to root and to nobody. (Root's come first: the original takes a line of any
/// name for his, for a name is no number.)
fn stage() -> Stage {
    let stage = Stage::new();
    stage.file("/etc/subuid", "root:600000:65536\ndaemon:50000:10\nnobody:100000:65536\nnobody:300000:10\n");
    stage.file("/etc/subgid", "root:700000:65536\ndaemon:50000:10\nnobody:200000:65536\nnobody:400000:10\n");
    stage
}

/// For whoever has a range: `FROM` is its first uid, `GROUPS` its first gid.
const LINES: &[&str] = &[
    "--map-users=FROM,0,1",
    "--map-users=FROM,0,10",
    "--map-users=FROM,1,10",
    "--map-users=FROM,0,65536",
    "--map-users=FROM,FROM,65536",
    "--map-users=FROM,4000000000,10",
    "--map-users FROM,0,10",
    "--map-users=auto",
    "--map-groups=GROUPS,0,1",
    "--map-groups=GROUPS,0,65536",
    "--map-groups=GROUPS,5,10",
    "--map-groups GROUPS,0,10",
    "--map-groups=auto",
    "--map-auto",
    "--map-aut",
    "--map-auto -f",
    "--map-auto -m",
    "--map-users=auto --map-groups=auto",
    "--map-users=FROM,0,10 --map-groups=GROUPS,0,10",
    "--map-users=auto --map-groups=GROUPS,0,10",
    // Those in the one namespace can be anybody of the range.
    "--map-auto -S 0 -G 0",
    "--map-auto -S 1000 -G 1000",
    "--map-auto -S 65535 -G 65535",
    "--map-auto -S 1000",
    "--map-auto -G 1000",
    "--map-auto -S 1000 -G 1000 --keep-caps",
    "--map-auto -S 0 -G 0 -fpm --mount-proc",
    "--map-auto --keep-caps",
    // One id more, for the caller.
    "--map-users=FROM,1,10 --map-user=0",
    "--map-user=0 --map-users=FROM,1,10",
    "--map-users=FROM,1,10 -r",
    "-r --map-users=FROM,1,10 --map-groups=GROUPS,1,10",
    "--map-groups=GROUPS,1,10 --map-group=0",
    "--map-users=auto --map-group=0",
    "--map-groups=auto --map-user=0",
    // One that the range covers: it makes room. (Not of `auto`, which loses no id by it any more: see `newer/`.)
    "-r --map-users=FROM,0,65536",
    "--map-users=FROM,0,65536 -r",
    "-r --map-users=FROM,0,65536 --map-groups=GROUPS,0,65536",
    "-r --map-users=FROM,0,65536 --map-groups=GROUPS,0,65536 -S 0 -G 0",
    "-r --map-users=FROM,0,65536 --map-groups=GROUPS,0,65536 -S 1 -G 1 -f",
    "--map-user=0 --map-users=FROM,0,65536 --keep-caps",
    "--map-users=FROM,0,65536 --map-user=1000 --map-groups=GROUPS,0,65536 --map-group=1000",
    "-c --map-users=FROM,0,65536",
    "-c --map-groups=GROUPS,0,65536",
    "-c --map-users=FROM,FROM,65536",
    "-rfpiumnC --mount-proc --map-users=FROM,0,65536",
    "--map-users=FROM,0,10 -r",
    "--map-users=FROM,0,10 --map-user=5",
    "--map-users=FROM,0,10 --map-user=9",
    "--map-users=FROM,0,2 --map-user=0",
    "--map-users=FROM,0,2 --map-user=1",
    "--map-users=FROM,100,10 --map-user=105",
    "--map-groups=GROUPS,0,10 --map-group=5",
    "--map-auto --setgroups=allow",
    "--map-auto --setgroups=allow -S 0 -G 0",
];

const REFUSED: &[&str] = &[
    "--map-users=''",
    "--map-users=x",
    "--map-users=FROM",
    "--map-users=FROM,0",
    "--map-users=FROM,0,",
    "--map-users=FROM,0,x",
    "--map-users=FROM,0,1x",
    "--map-users=FROM,0,1,2",
    "--map-users=,0,1",
    "--map-users=Auto",
    "--map-users=autox",
    "--map-groups=x",
    "--map-groups=GROUPS,0",
];

/// Not the caller's to give. (Root needs nobody's leave: that is newer.)
const REFUSED_TO_USERS: &[&str] = &[
    "--map-users=0,0,1",
    "--map-users=FROM,0,65537",
    "--map-users=50000,0,10",
    "--map-groups=0,0,1",
    "--map-groups=GROUPS,0,65537",
    "--map-users=auto --map-groups=0,0,1",
    "--map-users=0,0,1 --map-groups=auto",
];

fn lines(table: &[&str], users: &str, groups: &str) -> Vec<String> {
    table.iter().map(|line| line.replace("FROM", users).replace("GROUPS", groups)).collect()
}

#[test]
fn of_a_user_are_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    stage().alike(Cmd::as_nobody, &lines(LINES, "100000", "200000"));
}

#[test]
fn of_root_are_alike() {
    require!(can_make_hosts(), "takes root with CAP_SYS_ADMIN");
    stage().alike(as_root, &lines(LINES, "600000", "700000"));
}

#[test]
fn that_are_none_are_refused() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = stage();
    stage.refused(as_root, &lines(REFUSED, "600000", "700000"));
    stage.refused(Cmd::as_nobody, &lines(REFUSED, "100000", "200000"));
    stage.refused(Cmd::as_nobody, &lines(REFUSED_TO_USERS, "100000", "200000"));
}

/// The files name users by name or by number, have comments and broken lines; the first good line counts.
#[test]
fn are_read_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = stage();
    for content in [
        "65534:100000:10\n",
        "nobody:100000:10",
        "# nobody:1:1\nnobody:100000:10\n",
        "\n\nnobody:100000:10\n",
        "nobodyx:1:1\nnobod:1:1\nnobody:100000:10\n",
        "nobody\nnobody:100000:10\n",
        "nobody:100000\nnobody:100000:10\n",
        "daemon:1:1\n65534:100000:10\nnobody:200000:10\n",
        "nobody:100000:10\n65534:200000:10\n",
    ] {
        stage.file("/etc/subuid", content);
        stage.file("/etc/subgid", content);
        stage.alike(Cmd::as_nobody, &["--map-auto", "--map-users=auto", "--map-groups=auto -f"]);
    }
    for content in ["", "daemon:100000:10\n", "nobody:x:10\n", "nobody:100000:x\n", "nobody:100000:10:5\n"] {
        stage.file("/etc/subuid", content);
        stage.file("/etc/subgid", content);
        stage.refused(
            Cmd::as_nobody,
            &["--map-auto", "-r --map-auto", "--map-users=auto", "--map-groups=auto"],
        );
    }
}

/// The files are others', and are read by root as well: what is odd in them is no map, and no crash.
#[test]
fn of_odd_files_are_none() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = stage();
    let long = "x".repeat(1 << 20);
    let contents: [&[u8]; 14] = [
        b"nobody:4294967295:2\n",
        b"nobody:4294967296:10\n",
        b"nobody:18446744073709551616:10\n",
        b"nobody:100000:4294967296\n",
        b"nobody:100000:18446744073709551626\n",
        b"nobody:-1:5\n",
        b"nobody:100000:-5\n",
        b"nobody:100000:0\n",
        b"nobody::\n",
        b"nobody::10\n",
        b":100000:10\n",
        b"\xff\xfe:100000:10\n",
        b"nobody\0:100000:10\n",
        long.as_bytes(),
    ];
    for content in contents {
        for name in ["/etc/subuid", "/etc/subgid"] {
            std::fs::write(stage.host.path(name), content).unwrap();
        }
        for line in ["--map-users=auto", "--map-groups=subids", "--map-auto"] {
            let output =
                stage.start(Cmd::as_nobody, super::unshare(&[])).args(stage.words(line)).arg("true").run();
            let shown = content.get(..60).unwrap_or(content).escape_ascii();
            assert!(output.ended == hc_tests::Ended::Exit(125), "{shown}: {output:?}");
            output.fails("hc-unshare", 125);
        }
    }
    // A long line is no reason not to see the next.
    stage.file("/etc/subuid", &format!("{long}\nnobody:100000:10\n"));
    stage.alike(Cmd::as_nobody, &["--map-users=auto"]);
    // Nor is one that cannot be read a reason to read on elsewhere.
    std::fs::remove_file(stage.host.path("/etc/subuid")).unwrap();
    std::fs::create_dir(stage.host.path("/etc/subuid")).unwrap();
    let output = stage.start(Cmd::as_nobody, super::unshare(&["--map-users=auto", "true"])).run();
    assert!(output.fails("hc-unshare", 125).starts_with("/etc/subuid: "));
}
