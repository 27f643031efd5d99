//! Start: a static program in namespaces, and in a jail. Its root directory is there already.

use crate::container::Bundle;
use crate::floor::floor;
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{find, release};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROUNDS: usize = 300;

pub(crate) fn rows() -> Vec<Row> {
    let bundle = Bundle::new();
    let (post, jail) = (floor("post"), floor("jail"));
    let _machine = Machine::enter();
    let mut rows = unshared(&bundle, &post);
    rows.extend(posts(&bundle));
    rows.extend(jailed(&bundle, &jail));
    rows
}

/// Namespaces and a root directory, by the options that unshare(1) has too.
fn unshared(bundle: &Bundle, floor: &Path) -> Vec<Row> {
    let option = bundle.option("--root=");
    let line = |name: &str, program: PathBuf| {
        Line::new(name, words(&[&program, &"-fpiumn", &"--mount-proc", &option, &"/bin/hello"]))
    };
    let ours = line("hc-unshare -fpiumn --mount-proc --root", release("hc-unshare"));
    let floor = Line::new("floor/post.c", words(&[&floor, &bundle.root(), &"/bin/hello"]));
    let peers = [
        (line("unshare -fpiumn --mount-proc --root", "unshare".into()), Target::AtMost(1.0)),
        (floor, Target::AtMost(1.25)),
    ];
    compare(ROUNDS, ours, Peers::of(peers))
}

/// The post's line, by its own programs and by ours.
fn posts(bundle: &Bundle) -> Vec<Row> {
    let made = Command::new("ip").args(["netns", "add", "handcraft"]).status();
    assert!(made.is_ok_and(|status| status.success()), "ip netns add");
    let [netns, env, unshare] = ["hc-netns", "hc-env", "hc-unshare"].map(release);
    let ours = words(&[
        &netns,
        &"exec",
        &"handcraft",
        &env,
        &"-i",
        &"container=handcraft",
        &unshare,
        &"-fpium",
        &"--mount-proc",
        &bundle.option("--root="),
        &"/bin/hello",
    ]);
    let post = "netns exec handcraft unshare -fpium --mount-proc env -i container=handcraft";
    let post = words(&[&"ip"]).into_iter().chain(post.split(' ').map(OsString::from));
    let post =
        post.chain(words(&[&find("chroot".as_ref()).expect("chroot(8)"), &bundle.root(), &"/bin/hello"]));
    let post = Line::new("the post's: ip netns exec, unshare -fpium, env -i, chroot", post);
    let name = "hc-netns exec, hc-env -i, hc-unshare -fpium --root";
    compare(ROUNDS, Line::new(name, ours), Peers::of([(post, Target::None)]))
}

/// All that a jail is.
fn jailed(bundle: &Bundle, floor: &Path) -> Vec<Row> {
    let jail = words(&[&release("hc-unshare"), &"--jail", &bundle.option("--root=")]);
    let with =
        |program: &[&str]| jail.iter().cloned().chain(program.iter().map(OsString::from)).collect::<Vec<_>>();
    let filter = bundle.filter_of(&with(&["/bin/hello", "wait"]));
    let line = words(&[&floor, &bundle.root(), &filter, &"/bin/hello"]);
    let mut peers = Peers::new();
    peers.try_line(Line::new("floor/jail.c", line), Target::AtMost(1.3));
    peers.add("bwrap", "bubblewrap", Target::Faster(1.0), |program| bundle.bubblewrap(program));
    bundle.add_runtimes(&mut peers, Target::None, Target::None);
    bundle.add_nspawn(&mut peers);
    compare(ROUNDS, Line::new("hc-unshare --jail", with(&["/bin/hello"])), peers)
}
