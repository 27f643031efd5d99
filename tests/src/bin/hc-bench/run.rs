//! A container: hc-run of a static program, from the words to its end, with the root directory that it makes each time;
//! beside what others make of a root directory that is there already.

use crate::container::Bundle;
use crate::floor::{floor, hello};
use crate::line::{Line, words};
use crate::machine::Machine;
use crate::peers::Peers;
use crate::table::{Row, Target, compare};
use hc_tests::{Dir, release};
use std::ffi::OsString;

const ROUNDS: usize = 200;

pub(crate) fn rows() -> Vec<Row> {
    let (run, hello) = (release("hc-run"), hello());
    let (run_floor, jail_floor) = (floor("run"), floor("jail"));
    let (bundle, place) = (Bundle::new(), Dir::new());
    let _machine = Machine::with_mounts();
    let ours = words(&[&run, &hello]);
    let waiting: Vec<OsString> = ours.iter().cloned().chain(["wait".into()]).collect();
    let filter = bundle.filter_of(&waiting);
    let line = words(&[&run_floor, &"0", &place.path(), &jail_floor, &filter, &hello]);
    let mut peers = Peers::new();
    peers.try_line(Line::new("floor/run.c", line), Target::AtMost(1.6));
    peers.add("bwrap", "bubblewrap", Target::Faster(1.0), |program| {
        bundle.bubblewrap_as_run(program, &filter)
    });
    bundle.add_runtimes(&mut peers, Target::Faster(3.0), Target::Faster(10.0));
    bundle.add_nspawn(&mut peers);
    compare(ROUNDS, Line::new("hc-run", ours), peers)
}
