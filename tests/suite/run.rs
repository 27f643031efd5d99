//! hc-run: the whole line, on real programs of this machine.

mod bad_input;
mod combinations;
mod container;
mod limits;
mod network;
mod os;
mod print;
mod remains;
mod storage;
mod terminal;
mod trees;
mod volumes;

use hc_tests::Cmd;

/// Who runs hc-run in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    Root,
    User,
}

impl Who {
    /// `cmd` as that user, who has no home.
    fn runs(self, cmd: Cmd) -> Cmd {
        match self {
            Who::Root => cmd,
            Who::User => cmd.as_nobody(),
        }
    }
}

/// Both, or whoever runs the tests.
fn everybody() -> Vec<Who> {
    if hc_tests::can_make_hosts() { vec![Who::Root, Who::User] } else { vec![Who::User] }
}
