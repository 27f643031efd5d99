//! What a program needs: `hc-rootfs -l` beside ldd(1), libtree and lddtree, and the floor that only looks.

use crate::copy::files_of;
use crate::floor::floor;
use crate::line::{Line, words};
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{find, release};
use std::ffi::OsString;

pub(crate) fn rows() -> Vec<Row> {
    [("echo", 300), ("python3", 200), ("ffmpeg", 60)]
        .into_iter()
        .flat_map(|(name, rounds)| of(name, rounds))
        .collect()
}

fn of(program: &str, rounds: usize) -> Vec<Row> {
    let ours = format!("hc-rootfs -l {program}");
    let Some(file) = find(program.as_ref()) else {
        return vec![Row::Missing { ours, other: "floor/walk.c".into(), why: format!("no {program} here") }];
    };
    let files = files_of(&file);
    let walk = std::iter::once(floor("walk").into_os_string()).chain(files.lines().map(OsString::from));
    let mut peers = Peers::of([(Line::new("floor/walk.c", walk), Target::AtMost(2.0))]);
    for (peer, package) in
        [("ldd", "libc-bin"), ("libtree", "libtree"), ("lddtree", "pax-utils, python3-pyelftools")]
    {
        peers.add(peer, package, Target::None, |program| {
            Line::new(peer, words(&[&program, &file])).with_programs_of_the_system()
        });
    }
    let line = Line::new(&ours, words(&[&release("hc-rootfs"), &"-l", &file]));
    compare(rounds, line, peers)
}
