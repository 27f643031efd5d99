//! -T, --monotonic and --boottime: the clocks of the program.

use super::{Stage, as_root};
use hc_tests::{Cmd, can_make_hosts, require, user_namespaces};

const LINES: &[&str] = &[
    "-T",
    "-fT",
    "--time",
    "-T --monotonic=0",
    "-T --boottime=0",
    "-T --monotonic=100000",
    "-T --boottime=100000",
    "-T --monotonic=100000 --boottime=300000",
    "-T --boottime=300000 --monotonic=100000",
    "--monotonic=100000 --time",
    "-fT --monotonic=100000",
    "-fT --boottime=100000",
    "-fT --monotonic=100000 --boottime=300000",
    "-T --monotonic=-1",
    "-T --boottime=-1",
    "-T --monotonic -1",
    "-T --boottime -2 --monotonic -3",
    "-fT --boottime=-1",
    "-T --monotonic=1 --monotonic=200000",
    "-T --boottime=200000 --boottime=1",
    "-T --monotonic=+5",
    "-T --monotonic=007",
    "-Tfp --mount-proc --monotonic=100000",
    "-fpmT --mount-proc --boottime=100000",
];

const REFUSED: &[&str] = &[
    "--monotonic=5",
    "--boottime=5",
    "-f --monotonic=0",
    "-U --boottime=0",
    "-T --monotonic=''",
    "-T --monotonic=x",
    "-T --monotonic=5x",
    "-T --monotonic=1.5",
    "-T --boottime=1e3",
    "-T --boottime=5,6",
    "-T --monotonic=9223372036854775808",
    "-T --boottime=-9223372036854775809",
    // Before the start of the clock, and beyond its end.
    "-T --monotonic=-9999999999",
    "-T --boottime=-9999999999",
    "-T --monotonic=9223372036854775807",
    "-T --boottime=99999999999",
    "-T --boottime=-9223372036854775808",
];

#[test]
fn is_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.alike(as_root, LINES);
    stage.alike(Cmd::as_nobody, &LINES.iter().map(|line| format!("-r {line}")).collect::<Vec<_>>());
}

#[test]
fn is_refused_alike() {
    require!(can_make_hosts() && user_namespaces(), "takes root, and user namespaces for others");
    let stage = Stage::new();
    stage.refused(as_root, REFUSED);
    stage.refused(Cmd::as_nobody, REFUSED);
    stage.refused(Cmd::as_nobody, &["-T", "-T --monotonic=5"]);
}
